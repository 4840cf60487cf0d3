//! Wakes from a signal handler, which interrupts its thread anywhere.

use conformance::{READ, Run, Stream, WAIT, interests, pairs, signals};
use selectors::Selector;
use selectors::backend::Backend;
use std::io::Write;
use std::time::Duration;

conformance::scenarios!(wake_handlers:
    a_handler_ends_waits,
    a_handler_wakes_in_the_middle_of_any_call,
    a_handler_wakes_a_selector_that_is_dropped_meanwhile,
);

/// The interval of the signals: about the time of a scenario's calls, so that they meet all of them.
const EVERY: Duration = Duration::from_micros(100);

/// The wakes in each scenario.
const WAKES: u64 = 200;

fn a_handler_ends_waits<B: Backend>() -> Run {
    signals::need()?;
    let mut selector = Selector::<B, Stream>::new().unwrap();
    let waker = selector.waker().unwrap();
    signals::waking(EVERY, &waker, |wakes| {
        while wakes() < WAKES {
            let before = wakes();
            let ready = selector.select(WAIT).unwrap();
            assert!(ready.woken() && ready.is_empty(), "{ready:?}");
            // A wake is reported once, unless it came again.
            let ready = selector.select(Duration::ZERO).unwrap();
            assert!(!ready.woken() || wakes() > before, "{ready:?}");
        }
    });
    Ok(())
}

/// The interrupted call may be in the allocator, in the selector or in the waker itself.
fn a_handler_wakes_in_the_middle_of_any_call<B: Backend>() -> Run {
    signals::need()?;
    let mut selector = Selector::<B, Stream, _>::new().unwrap();
    let waker = selector.waker().unwrap();
    let (kept, mut peer) = pairs::streams();
    let kept = selector.register(kept, READ, vec![0; 64]).unwrap();
    peer.write_all(b"x").unwrap();
    let (mut sockets, mut woken) = (pairs::streams(), 0);
    signals::waking(EVERY, &waker, |wakes| {
        while wakes() < WAKES {
            let token = selector.register(sockets.0, READ, vec![1; 1000]).unwrap();
            waker.clone().wake().unwrap();
            let ready = selector.select(WAIT).unwrap();
            assert_eq!(interests(&ready), [(kept, READ)].into());
            woken += u32::from(ready.woken());
            assert!(ready.woken(), "a wake was lost");
            sockets.0 = selector.unregister(token).unwrap().fileobj;
        }
    });
    assert!(woken > 0);
    Ok(())
}

/// A wake that finds no selector must not free anything in the handler: it may have interrupted the allocator.
fn a_handler_wakes_a_selector_that_is_dropped_meanwhile<B: Backend>() -> Run {
    signals::need()?;
    for _ in 0..20 {
        let mut selector = Selector::<B, Stream>::new().unwrap();
        let waker = selector.waker().unwrap();
        signals::waking(EVERY, &waker, |wakes| {
            while wakes() == 0 {
                drop(vec![0_u8; 100]);
            }
            drop(selector);
            let before = wakes();
            while wakes() == before {
                drop(vec![0_u8; 100]);
            }
        });
    }
    Ok(())
}
