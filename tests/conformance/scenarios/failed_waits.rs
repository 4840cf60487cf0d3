//! Waits that succeed in the kernel and fail on the way back.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use conformance::{Run, Stream, WAIT};
use selectors::backend::{Backend, Source, Tag};
use selectors::{Error, Interest, Mode, Readiness, Selector, Timeout};

conformance::scenarios!(failed_waits: a_wake_outlives_a_wait_that_fails, a_wake_outlives_a_wait_that_panics);

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Fails,
    Panics,
}

/// A back end over another one that loses what that one told.
struct Forgetful<B> {
    inner: B,
    mood: Rc<Cell<Mood>>,
}

impl<B: Backend> Backend for Forgetful<B> {
    fn new() -> io::Result<Self> {
        Ok(Self { inner: B::new()?, mood: Rc::new(Cell::new(Mood::Well)) })
    }

    fn name(&self) -> &'static str {
        "forgetful"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.inner.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.inner.add(source)
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.inner.remove(source)
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        self.inner.wait(armed, timeout, report)?;
        match self.mood.get() {
            Mood::Well => Ok(()),
            Mood::Fails => Err(io::ErrorKind::Other.into()),
            Mood::Panics => panic!("the back end panics, as it is meant to"),
        }
    }
}

fn a_wake_outlives<B: Backend>(mood: Mood, wait: impl FnOnce(&mut Selector<Forgetful<B>, Stream>)) -> Run {
    let backend = Forgetful::<B>::new().unwrap();
    let current = Rc::clone(&backend.mood);
    let mut selector = Selector::with_backend(backend);
    let waker = selector.waker().unwrap();
    waker.wake().unwrap();
    current.set(mood);
    wait(&mut selector);
    current.set(Mood::Well);
    assert!(selector.select(WAIT).unwrap().woken(), "the wake is lost");
    waker.wake().unwrap();
    assert!(selector.select(WAIT).unwrap().woken(), "the next wake is lost");
    Ok(())
}

fn a_wake_outlives_a_wait_that_fails<B: Backend>() -> Run {
    a_wake_outlives::<B>(Mood::Fails, |selector| {
        assert!(matches!(selector.select(WAIT), Err(Error::Os { .. })));
    })
}

fn a_wake_outlives_a_wait_that_panics<B: Backend>() -> Run {
    a_wake_outlives::<B>(Mood::Panics, |selector| {
        assert!(catch_unwind(AssertUnwindSafe(|| selector.select(WAIT))).is_err());
    })
}
