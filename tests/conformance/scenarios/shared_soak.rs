//! `SharedSelector`: eight threads register, change, wake, close and reopen while three wait. A checker counts every report.
//!
//! Wakes are coalesced, so it sees only that each is followed by some. The models of `tests/loom` prove the rest.
//!
//! `CONFORMANCE_SOAK=SECONDS` makes it last so long. `cargo xtask conformance --soak` does that.

use super::shared::{Shared, shared};
use conformance::signals::{self, storm};
use conformance::storms::EVERY;
use conformance::{READ, Run, WAIT, WRITE, pairs};
use selectors::backend::Backend;
use selectors::{Error, Mode, Ready, Selector, Timeout, Token};
use std::collections::HashMap;
use std::io::Write;
use std::ops::RangeInclusive;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};
use std::{env, thread};

conformance::scenarios!(shared_soak:
    eight_threads_lose_nothing_and_see_nothing_twice,
);

/// The environment variable with the seconds that it lasts. Without it, and with 0, it makes some rounds.
const SOAK: &str = "CONFORMANCE_SOAK";

const CHANGING: usize = 8;

/// The rounds of each changing thread, if there is no time.
const ROUNDS: u32 = 40;

/// The number of reports of each key, and of wakes.
#[derive(Default)]
struct Tally {
    reports: Mutex<Reports>,
    changed: Condvar,
}

#[derive(Default)]
struct Reports {
    keys: HashMap<Token, u64>,
    /// The keys that are unregistered, with the number of reports that each may have at the end.
    ended: HashMap<Token, RangeInclusive<u64>>,
    wakes: u64,
}

impl Reports {
    fn of(&self, token: Token) -> u64 {
        self.keys.get(&token).copied().unwrap_or(0)
    }
}

impl Tally {
    fn add(&self, ready: &Ready) {
        let mut reports = self.reports.lock().unwrap();
        for (token, _) in ready {
            *reports.keys.entry(token).or_default() += 1;
        }
        reports.wakes += u64::from(ready.woken());
        self.changed.notify_all();
    }

    fn wakes(&self) -> u64 {
        self.reports.lock().unwrap().wakes
    }

    /// Waits until the reports are as they must become, within [`WAIT`].
    fn until(&self, lost: &str, condition: impl Fn(&Reports) -> bool) {
        let reports = self.reports.lock().unwrap();
        let waited = self.changed.wait_timeout_while(reports, WAIT, |seen| !condition(seen)).unwrap();
        assert!(!waited.1.timed_out(), "{lost} was lost");
    }

    /// Waits until a key has so many reports. It must not have more.
    fn until_exactly(&self, token: Token, count: u64, name: &str) {
        self.until(name, |reports| reports.of(token) >= count);
        self.assert(token, count, name);
    }

    fn assert(&self, token: Token, count: u64, name: &str) {
        let reported = self.reports.lock().unwrap().of(token);
        assert_eq!(reported, count, "{name} was reported {reported} times instead of {count}");
    }

    /// Notes how many reports an unregistered key may have when all waits have ended.
    fn end(&self, token: Token, allowed: RangeInclusive<u64>) {
        self.reports.lock().unwrap().ended.insert(token, allowed);
    }

    /// Asserts that, when all waits have ended.
    fn assert_ended(&self) {
        let reports = self.reports.lock().unwrap();
        for (token, allowed) in &reports.ended {
            let reported = reports.of(*token);
            assert!(
                allowed.contains(&reported),
                "{token:?} was reported {reported} times instead of {allowed:?}"
            );
        }
    }
}

/// A sequence of numbers that looks random (xorshift).
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % limit
    }
}

/// One round of a changing thread: a pair of streams is opened, registered, changed, and closed.
fn round<B: Backend>(shared: &Shared<B>, tally: &Tally, numbers: &mut Numbers, edges: bool) {
    let (a, mut b) = pairs::streams();
    let mode = if edges && numbers.below(2) == 0 { Mode::Edge } else { Mode::Oneshot };
    let name = format!("a {mode} key");
    let token = shared.with(|selector| selector.register_with(a, READ, mode, 0)).unwrap();
    let drain = || shared.with(|selector| pairs::drain(selector.fileobj(token).unwrap()));
    let mut expected = 0;
    for _ in 0..numbers.below(4) {
        match numbers.below(5) {
            // Readiness after arming.
            0 => {
                b.write_all(b"x").unwrap();
                expected += 1;
                tally.until_exactly(token, expected, &name);
                assert_eq!(drain(), 1);
                shared.with(|selector| selector.rearm(token)).unwrap();
            }
            // Arming after readiness.
            1 => {
                shared.with(|selector| selector.pause(token)).unwrap();
                b.write_all(b"x").unwrap();
                tally.assert(token, expected, "a paused key");
                shared.with(|selector| selector.rearm(token)).unwrap();
                expected += 1;
                tally.until_exactly(token, expected, &name);
                assert_eq!(drain(), 1);
                shared.with(|selector| selector.rearm(token)).unwrap();
            }
            // Another interest, which is ready at once.
            2 => {
                shared.with(|selector| selector.modify_with(token, WRITE, Mode::Oneshot)).unwrap();
                expected += 1;
                tally.until_exactly(token, expected, "a changed key");
                shared.with(|selector| selector.modify_with(token, READ, mode)).unwrap();
            }
            // Many changes without readiness.
            3 => {
                for _ in 0..numbers.below(4) {
                    shared.with(|selector| selector.rearm(token)).unwrap();
                    shared.with(|selector| selector.pause(token)).unwrap();
                    shared.with(|selector| selector.modify_with(token, READ, mode)).unwrap();
                }
            }
            _ => {
                let before = tally.wakes();
                shared.waker().wake().unwrap();
                tally.until("a wake", |reports| reports.wakes > before);
            }
        }
    }
    tally.assert(token, expected, &name);
    match numbers.below(4) {
        // The next stream of any thread may get its number.
        0 => {
            drop(shared.with(|selector| selector.unregister(token)).unwrap());
            tally.end(token, expected..=expected);
        }
        // A level is reported at least once.
        1 => {
            shared.with(|selector| selector.modify_with(token, WRITE, Mode::Level)).unwrap();
            tally.until("a level", |reports| reports.of(token) > expected);
            drop(shared.with(|selector| selector.unregister(token)).unwrap());
            tally.end(token, expected + 1..=u64::MAX);
        }
        // A report may be under way. The next key of any thread may get the slot of this one.
        2 => {
            b.write_all(b"x").unwrap();
            drop(shared.with(|selector| selector.unregister(token)).unwrap());
            tally.end(token, expected..=expected + 1);
        }
        // It becomes ready when nobody waits for it.
        _ => {
            let key = shared.with(|selector| selector.unregister(token)).unwrap();
            b.write_all(b"x").unwrap();
            drop(key);
            tally.end(token, expected..=expected);
        }
    }
}

/// Waits again and again, until it is woken after the end.
fn wait<B: Backend>(shared: &Shared<B>, tally: &Tally, timeout: Timeout, is_over: impl Fn() -> bool) {
    let mut ready = Ready::new();
    loop {
        let start = Instant::now();
        match shared.select_into(&mut ready, timeout) {
            Ok(count) => {
                let is_empty = count == 0 && !ready.woken();
                assert!(!is_empty || timeout.limit().is_some_and(|limit| start.elapsed() >= limit));
            }
            Err(Error::Interrupted) => assert!(timeout.is_interruptible()),
            Err(error) => panic!("{error:?}"),
        }
        tally.add(&ready);
        if is_over() {
            return;
        }
    }
}

fn eight_threads_lose_nothing_and_see_nothing_twice<B: Backend + Send>() -> Run {
    let seconds = env::var(SOAK).ok().and_then(|seconds| seconds.parse().ok());
    let seconds = seconds.filter(|&seconds| seconds > 0).map(Duration::from_secs);
    let end = seconds.map(|seconds| Instant::now() + seconds);
    let shared = shared::<B>();
    let edges = conformance::supports(&Selector::<B, conformance::Stream>::new().unwrap(), READ, Mode::Edge);
    let tally = Tally::default();
    let (changing, waiting) = (AtomicUsize::new(CHANGING), AtomicUsize::new(3));
    let wait = |timeout| {
        wait(&shared, &tally, timeout, || changing.load(Ordering::Relaxed) == 0);
        waiting.fetch_sub(1, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        scope.spawn(|| wait(Timeout::NEVER));
        scope.spawn(|| wait(Timeout::after(Duration::from_micros(1_500))));
        scope.spawn(|| match signals::need() {
            Ok(()) => drop(storm(EVERY, || wait(Timeout::NEVER.interruptible()))),
            Err(_) => wait(Timeout::ZERO),
        });
        let threads: Vec<_> = (0..CHANGING as u32)
            .map(|number| {
                let (shared, tally) = (&shared, &tally);
                scope.spawn(move || {
                    let mut numbers = Numbers(0x9E37_79B9 ^ number);
                    for done in 0.. {
                        if end.map_or(done == ROUNDS, |end| Instant::now() >= end) {
                            break;
                        }
                        round(shared, tally, &mut numbers, edges);
                    }
                })
            })
            .collect();
        let results: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        changing.store(0, Ordering::Relaxed);
        while waiting.load(Ordering::Relaxed) > 0 {
            shared.waker().wake().unwrap();
            thread::yield_now();
        }
        if let Some(panic) = results.into_iter().find_map(Result::err) {
            resume_unwind(panic);
        }
    });
    tally.assert_ended();
    assert!(shared.with(|selector| selector.is_empty()));
    Ok(())
}
