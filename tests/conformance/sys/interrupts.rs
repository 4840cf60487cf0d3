//! Waits that signals interrupt.

use super::waits::ALL;
use conformance::signals::{self, handled};
use conformance::storms::{EVERY, TOO_LONG, after_some_signals, in_a_storm, until_interrupted};
use conformance::{Run, pairs};
use selectors::Timeout;
use selectors::sys::fd::AsFd;
use selectors::sys::poll::{Poll, PollFlags};
use selectors::sys::select::{FdSet, select};
use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, interrupts:
    interrupted_waits_resume_with_the_remaining_time,
    short_waits_never_end_early,
    readiness_ends_an_interrupted_wait,
    zero_timeouts_ignore_signals,
    interruptible_waits_are_interrupted,
    a_resumed_select_empties_its_sets,
    an_interrupted_select_keeps_its_sets,
    an_interruption_leaves_the_polling_object_usable,
);

fn interrupted_waits_resume_with_the_remaining_time() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        for limit in [Duration::from_millis(200), Duration::from_micros(100_500)] {
            until_interrupted(|| {
                let (a, b) = pairs::streams();
                let start = Instant::now();
                let (result, signals) = in_a_storm(&b, || wait(Some(a.as_fd()), limit.into()));
                let elapsed = start.elapsed();
                assert_eq!(result.unwrap(), 0, "{name} restarted its timeout after each signal");
                assert!(elapsed >= limit, "{name} waited {elapsed:?} instead of {limit:?}");
                signals
            });
        }
    }
    Ok(())
}

/// Many of these waits are interrupted near their end, when no time is left.
fn short_waits_never_end_early() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        let (a, b) = pairs::streams();
        let waits = || {
            for _ in 0..20 {
                let (limit, start) = (EVERY - Duration::from_micros(100), Instant::now());
                assert_eq!(wait(Some(a.as_fd()), limit.into()).unwrap(), 0, "{name}");
                assert!(start.elapsed() >= limit, "{name}");
            }
        };
        until_interrupted(|| in_a_storm(&b, waits).1);
    }
    Ok(())
}

fn readiness_ends_an_interrupted_wait() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        for timeout in [Timeout::NEVER, Timeout::after(2 * TOO_LONG)] {
            let (a, b) = pairs::streams();
            let write = || (&b).write_all(b"x").unwrap();
            let found = after_some_signals(write, || wait(Some(a.as_fd()), timeout));
            assert_eq!(found.unwrap(), 1, "{name}");
        }
    }
    Ok(())
}

fn zero_timeouts_ignore_signals() -> Run {
    signals::need()?;
    let (a, b) = pairs::streams();
    let (c, _d) = pairs::ready();
    for &(name, wait) in ALL {
        let before = handled();
        in_a_storm(&b, || {
            while handled() < before + 3 {
                assert_eq!(wait(Some(a.as_fd()), Timeout::ZERO).unwrap(), 0, "{name}");
                assert_eq!(wait(Some(c.as_fd()), Timeout::ZERO).unwrap(), 1, "{name}");
            }
        });
    }
    Ok(())
}

fn interruptible_waits_are_interrupted() -> Run {
    signals::need()?;
    for &(name, wait) in ALL {
        let exact = Timeout::after(2 * TOO_LONG + Duration::from_nanos(1));
        for timeout in [Timeout::NEVER, Timeout::after(2 * TOO_LONG), exact] {
            let (a, b) = pairs::streams();
            let (result, _) = in_a_storm(&b, || wait(Some(a.as_fd()), timeout.interruptible()));
            assert_eq!(result.expect_err(name).kind(), ErrorKind::Interrupted);
        }
    }
    Ok(())
}

/// An interrupted call leaves the sets as they were passed in. They must not be taken for an answer.
fn a_resumed_select_empties_its_sets() -> Run {
    signals::need()?;
    let (a, b) = pairs::streams();
    until_interrupted(|| {
        let mut set = FdSet::from_iter([a.as_fd()]);
        let mut except = set.clone();
        let limit = Duration::from_millis(100);
        let (found, signals) = in_a_storm(&b, || select(Some(&mut set), None, Some(&mut except), limit));
        assert_eq!(found.unwrap(), 0);
        assert!(set.is_empty() && except.is_empty());
        signals
    });
    Ok(())
}

fn an_interrupted_select_keeps_its_sets() -> Run {
    signals::need()?;
    let (a, b) = pairs::streams();
    let mut set = FdSet::from_iter([a.as_fd()]);
    let (result, _) = in_a_storm(&b, || select(Some(&mut set), None, None, Timeout::NEVER.interruptible()));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
    assert!(set.contains(a.as_fd()));
    Ok(())
}

fn an_interruption_leaves_the_polling_object_usable() -> Run {
    signals::need()?;
    let (a, b) = pairs::streams();
    let mut poll = Poll::new();
    poll.register(a.as_fd(), PollFlags::IN);
    let (result, _) = in_a_storm(&b, || poll.poll(Timeout::NEVER.interruptible()).map(drop));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Interrupted);
    assert_eq!(poll.poll(Timeout::ZERO).unwrap().count(), 0);
    poll.modify(a.as_fd(), PollFlags::OUT).unwrap();
    assert_eq!(poll.poll(Timeout::ZERO).unwrap().count(), 1);
    Ok(())
}
