//! A back end that is written with the public trait alone.

use conformance::errno::{self, Errno};
use conformance::storms::until_interrupted;
use conformance::{
    BOTH, PRIORITY, READ, Run, Stream, WAIT, WRITE, assert_idle, assert_ready, assert_times_out, now, pairs,
    signals, soon, wait_ready,
};
use selectors::backend::{Backend, Source, Tag};
use selectors::sys::fd::AsRawFd;
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::{Error, Interest, Mode, Operation, Readiness, Ready, Selector, Timeout};
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios_of!(cross, third_party:
    registers_modifies_unregisters,
    level_and_one_shot_keys,
    refuses_what_it_does_not_support,
    pauses_and_resumes,
    is_never_early,
    is_woken,
    sleeps_through_signals,
    serves_many,
    returns_everything,
    its_errors_are_returned,
    reports_of_a_failed_wait_do_not_count,
    a_back_end_that_does_not_open,
    a_back_end_that_supports_nothing,
);

/// `poll(2)` for reading and writing. It keeps nothing between waits.
#[derive(Debug, Default)]
struct Plain {
    // The error for every file, as epoll refuses regular files.
    refusal: Option<Errno>,
    // The error of a wait after it has reported.
    failure: Option<Errno>,
}

impl Backend for Plain {
    fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    fn name(&self) -> &'static str {
        "plain"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        (READ | WRITE).contains(interest) && mode != Mode::Edge
    }

    fn add(&mut self, _: &Source<'_>) -> io::Result<()> {
        self.refusal.map_or(Ok(()), |errno| Err(errno.into()))
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        assert_eq!(from.fd().as_raw_fd(), to.fd().as_raw_fd());
        assert_ne!(from.tag(), to.tag());
        Ok(())
    }

    fn remove(&mut self, _: &Source<'_>) -> io::Result<()> {
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let sources = armed.collect::<io::Result<Vec<_>>>()?;
        let mut entries: Vec<_> = sources
            .iter()
            .map(|source| {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN, source.interest().contains(READ));
                flags.set(PollFlags::OUT, source.interest().contains(WRITE));
                PollFd::new(source.fd(), flags)
            })
            .collect();
        poll(&mut entries, timeout)?;
        for (source, entry) in sources.iter().zip(&entries) {
            let seen = entry.revents();
            let failed = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
            // It reports each direction on its own, and READ twice. The selector merges the reports.
            if seen.intersects(PollFlags::IN | failed) {
                report(source.tag(), Readiness::READ);
                report(source.tag(), Readiness::READ);
            }
            if seen.intersects(PollFlags::OUT | failed) {
                report(source.tag(), Readiness::WRITE);
            }
        }
        self.failure.map_or(Ok(()), |errno| Err(errno.into()))
    }
}

fn registers_modifies_unregisters() -> Run {
    let ((a, mut a_peer), (b, mut b_peer)) = (pairs::streams(), pairs::streams());
    let mut selector = Selector::<Plain, _, _>::new().unwrap();
    let first = selector.register(&a, READ, 'a').unwrap();
    let second = selector.register(&b, BOTH, 'b').unwrap();
    assert_ready(&mut selector, [(second, WRITE)]);
    a_peer.write_all(b"x").unwrap();
    b_peer.write_all(b"x").unwrap();
    wait_ready(&mut selector, [(first, READ), (second, BOTH)]);
    selector.modify(second, READ).unwrap();
    selector.modify(&a, WRITE).unwrap();
    assert_ready(&mut selector, [(first, WRITE), (second, READ)]);
    assert!(matches!(
        selector.register(&a, READ, 'c').unwrap_err().error,
        Error::AlreadyRegistered { token, .. } if token == first
    ));
    assert_eq!(selector.unregister(&a).unwrap().data, 'a');
    assert_ready(&mut selector, [(second, READ)]);
    assert_eq!(selector.unregister(second).unwrap().data, 'b');
    assert_idle(&mut selector);
    Ok(())
}

fn level_and_one_shot_keys() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<Plain, _>::new().unwrap();
    let level = selector.register(&a, WRITE, ()).unwrap();
    let once = selector.register_with(&b, WRITE, Mode::Oneshot, ()).unwrap();
    let both = [(level, WRITE), (once, WRITE)];
    for _ in 0..2 {
        assert_ready(&mut selector, both);
        assert_ready(&mut selector, [(level, WRITE)]);
        selector.rearm(once).unwrap();
    }
    selector.modify_with(once, WRITE, Mode::Level).unwrap();
    for _ in 0..2 {
        assert_ready(&mut selector, both);
    }
    Ok(())
}

fn refuses_what_it_does_not_support() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<Plain, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    let refused = |error| match error {
        Error::Unsupported { backend: "plain", interest, mode, .. } => (interest, mode),
        error => panic!("{error:?}"),
    };
    let error = selector.modify_with(token, READ, Mode::Edge).unwrap_err();
    assert_eq!(refused(error), (READ, Mode::Edge));
    let error = selector.modify(token, Interest::all()).unwrap_err();
    assert_eq!(refused(error), (Interest::all(), Mode::Level));
    selector.unregister(token).unwrap();
    let error = selector.register(&a, PRIORITY, ()).unwrap_err().error;
    assert_eq!(refused(error), (PRIORITY, Mode::Level));
    assert!(selector.keys().is_empty());
    Ok(())
}

fn pauses_and_resumes() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<Plain, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    selector.pause(token).unwrap();
    drop(b);
    assert_idle(&mut selector);
    selector.modify(token, BOTH).unwrap();
    wait_ready(&mut selector, [(token, BOTH)]);
    Ok(())
}

fn is_never_early() -> Run {
    const LIMIT: Duration = Duration::from_millis(5);
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<Plain, _>::new().unwrap();
    for _ in 0..2 {
        assert_times_out(&mut selector, LIMIT);
        if selector.keys().is_empty() {
            selector.register(&a, READ, ()).unwrap();
        }
    }
    Ok(())
}

fn is_woken() -> Run {
    let mut selector = Selector::<Plain, &Stream>::new().unwrap();
    let waker = selector.waker().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| waker.wake().unwrap());
        let ready = selector.select(WAIT).unwrap();
        assert!(ready.woken() && ready.is_empty());
    });
    assert!(!now(&mut selector).woken());
    waker.wake().unwrap();
    assert!(soon(&mut selector).woken());
    Ok(())
}

fn sleeps_through_signals() -> Run {
    signals::need()?;
    // NetBSD counts in ticks of 10 ms, and a wait has to be interrupted several times.
    const LIMIT: Duration = Duration::from_millis(200);
    let mut selector = Selector::<Plain, &Stream>::new().unwrap();
    until_interrupted(|| {
        let start = Instant::now();
        let (ready, signals) = signals::storm(Duration::from_millis(1), || selector.select(LIMIT).unwrap());
        assert!(ready.is_empty() && start.elapsed() >= LIMIT);
        signals
    });
    let (result, handled) =
        signals::storm(Duration::from_millis(1), || selector.select(Timeout::from(WAIT).interruptible()));
    assert!(matches!(result, Err(Error::Interrupted)), "{result:?}");
    assert!(handled > 0);
    Ok(())
}

fn serves_many() -> Run {
    let files: Vec<_> = (0..50).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<Plain, _, _>::new().unwrap();
    for (at, (a, _)) in files.iter().enumerate() {
        selector.register(a, READ, at).unwrap();
    }
    for at in [7, 49, 0, 31] {
        (&files[at].1).write_all(b"x").unwrap();
    }
    let mut ready = Ready::new();
    assert_eq!(selector.select_into(&mut ready, WAIT).unwrap(), 4);
    let mut found: Vec<_> = ready.iter().map(|(token, _)| *selector.data(token).unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, [0, 7, 31, 49]);
    Ok(())
}

fn returns_everything() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::with_backend(Plain::default());
    selector.register(a, READ, 1).unwrap();
    selector.register(b, READ, 2).unwrap();
    assert_eq!(selector.into_keys().map(|key| key.data).sum::<i32>(), 3);
    Ok(())
}

fn its_errors_are_returned() -> Run {
    let refusal = errno::unsupported_file()?;
    let (a, _b) = pairs::streams();
    let mut selector = Selector::with_backend(Plain { refusal: Some(refusal), ..Plain::default() });
    let rejected = selector.register(&a, READ, "data").unwrap_err();
    assert!(matches!(rejected.error, Error::UnsupportedFile { backend: "plain", .. }));
    assert_eq!(rejected.error.raw_os_error(), Some(refusal.raw_os_error()));
    assert_eq!((rejected.data, selector.keys().len()), ("data", 0));
    Ok(())
}

fn reports_of_a_failed_wait_do_not_count() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::with_backend(Plain { failure: Some(errno::UNHEARD_OF), ..Plain::default() });
    let level = selector.register(&a, WRITE, ()).unwrap();
    let once = selector.register_with(&b, WRITE, Mode::Oneshot, ()).unwrap();
    let mut ready = Ready::new();
    let error = selector.select_into(&mut ready, WAIT).unwrap_err();
    assert!(matches!(error, Error::Os { during: Operation::Wait, .. }), "{error:?}");
    assert!(ready.is_empty() && !ready.woken());
    assert!([level, once].iter().all(|token| selector.key(token).unwrap().is_armed()));
    Ok(())
}

/// A back end that never opens, with the required methods only.
#[derive(Debug)]
struct Absent;

impl Backend for Absent {
    fn new() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "not on this machine"))
    }

    fn name(&self) -> &'static str {
        "absent"
    }

    fn supports(&self, _: Interest, _: Mode) -> bool {
        false
    }

    fn wait<'fd>(
        &mut self,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        _: Timeout,
        _: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        Ok(())
    }
}

fn a_back_end_that_does_not_open() -> Run {
    let error = Selector::<Absent, Stream>::new().unwrap_err();
    assert!(matches!(error, Error::Os { during: Operation::Open, .. }), "{error:?}");
    assert_eq!((error.kind(), error.raw_os_error()), (io::ErrorKind::Unsupported, None));
    assert_eq!(error.to_string(), "cannot open the back end: not on this machine");
    Ok(())
}

fn a_back_end_that_supports_nothing() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::with_backend(Absent);
    for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
        let rejected = selector.register_with(&a, READ, mode, ()).unwrap_err();
        assert!(matches!(rejected.error, Error::Unsupported { backend: "absent", .. }));
    }
    assert!(selector.keys().is_empty() && selector.select(WAIT).unwrap().is_empty());
    Ok(())
}
