//! Forks of a process with several threads.

use conformance::{
    NotRun, READ, Run, StopAtEnd, Stream, WAIT, in_a_fork_within, pairs, wait_ready, wait_woken,
};
use selectors::Selector;
use selectors::backend::Backend;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

conformance::scenarios!(fork: a_child_makes_a_selector_while_the_parent_makes_others);

/// Children of each back end. A lock in `Selector::new` would stop about one of 40, and so the scenario on most back ends.
const FORKS: usize = 50;

/// A forked child is a copy of one thread. A lock that another thread held at the fork stays locked in the child.
fn a_child_makes_a_selector_while_the_parent_makes_others<B: Backend>() -> Run {
    if std::env::var(conformance::RUNNER).is_ok_and(|runner| runner.contains("qemu")) {
        return Err(NotRun::because(
            "QEMU's user mode has locks of its own, which a fork of a threaded process can find held",
        ));
    }
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stop = StopAtEnd(&stop);
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    drop(Selector::<B, &Stream>::new().unwrap());
                    use_a_selector::<B>();
                }
            });
        }
        for _ in 0..FORKS {
            assert!(in_a_fork_within(WAIT, use_a_selector::<B>)?, "a forked child failed");
        }
        Ok(())
    })
}

fn use_a_selector<B: Backend>() {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(token, READ)]);
    selector.unregister(token).unwrap();
    selector.waker().unwrap().wake().unwrap();
    wait_woken(&mut selector);
}
