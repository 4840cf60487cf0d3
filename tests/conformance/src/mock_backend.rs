//! A back end over a real one, controlled by the scenario: it records calls, refuses them, and injects reports.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use rustix::io::Errno;
use selectors::backend::{Backend, Source, Tag};
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::{Interest, Mode, Readiness, Selector, Timeout};

/// A back end that passes all calls on to `B`, unless its [`Control`] says otherwise.
#[derive(Debug)]
pub struct MockBackend<B> {
    inner: B,
    control: Rc<Control>,
}

/// Controls a [`MockBackend`], and returns the calls that it recorded.
#[derive(Debug, Default)]
pub struct Control {
    calls: RefCell<Vec<Call>>,
    modified_from: RefCell<Vec<(Interest, Mode)>>,
    refusal: Cell<Option<Errno>>,
    denied_mode: Cell<Option<Mode>>,
    silent: Cell<bool>,
    injected: RefCell<Vec<(Tag, Readiness)>>,
    reported: RefCell<Vec<Tag>>,
    late_failure: Cell<Option<Failure>>,
}

/// How a wait ends after it has reported.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Error(Errno),
    Panic,
}

/// A call of a back end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// Watch this descriptor.
    Add(RawFd, Tag, Interest, Mode),
    /// Watch this descriptor for something else.
    Modify(RawFd, Tag, Interest, Mode),
    /// Stop watching this descriptor.
    Remove(RawFd, Tag),
    /// Wait for these descriptors.
    Wait(Vec<RawFd>),
}

impl<B: Backend> MockBackend<B> {
    /// Returns a selector over a mock back end, and its control.
    pub fn selector<F: AsFd, D>() -> (Selector<Self, F, D>, Rc<Control>) {
        let mock = Self::new().unwrap();
        let control = Rc::clone(&mock.control);
        (Selector::with_backend(mock), control)
    }
}

impl Control {
    /// Returns the calls since the last `take_calls` or `clear_calls`.
    pub fn take_calls(&self) -> Vec<Call> {
        self.calls.take()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.calls.take();
    }

    /// Returns the tag of the descriptor that was added or modified last, and forgets the calls so far.
    ///
    /// # Panics
    ///
    /// There was none since the calls were taken last.
    pub fn take_tag(&self) -> Tag {
        let armed = |call: &Call| match call {
            Call::Add(_, tag, ..) | Call::Modify(_, tag, ..) => Some(*tag),
            _ => None,
        };
        self.take_calls().iter().rev().find_map(armed).expect("a descriptor was added or modified")
    }

    /// Returns the interest and mode that each modified registration had before, since the last call of this.
    pub fn modified_from(&self) -> Vec<(Interest, Mode)> {
        self.modified_from.take()
    }

    /// Makes all calls fail with this error from now on, or succeed again. The inner back end is not called.
    pub fn refuse(&self, error: Option<Errno>) {
        self.refusal.set(error);
    }

    /// Makes `supports` answer no for this mode from now on, or for none.
    pub fn deny_mode(&self, mode: Option<Mode>) {
        self.denied_mode.set(mode);
    }

    /// Drops all reports of the inner back end from now on.
    pub fn silence(&self) {
        self.silent.set(true);
    }

    /// Makes the next wait return at once, and report these after the reports of the inner back end.
    pub fn inject(&self, reports: impl IntoIterator<Item = (Tag, Readiness)>) {
        self.injected.borrow_mut().extend(reports);
    }

    /// Returns the tags that the inner back end has reported, in order, since the last call of this.
    pub fn take_reported(&self) -> Vec<Tag> {
        self.reported.take()
    }

    /// Makes the next wait fail with this error after it has reported, which the rules of back ends forbid.
    pub fn report_and_fail(&self, error: Errno) {
        self.late_failure.set(Some(Failure::Error(error)));
    }

    /// Makes the next wait panic after it has reported.
    pub fn report_and_panic(&self) {
        self.late_failure.set(Some(Failure::Panic));
    }

    fn record(&self, call: Call) -> io::Result<()> {
        self.calls.borrow_mut().push(call);
        self.refusal.get().map_or(Ok(()), |error| Err(error.into()))
    }
}

impl<B: Backend> Backend for MockBackend<B> {
    fn new() -> io::Result<Self> {
        Ok(Self { inner: B::new()?, control: Rc::default() })
    }

    fn name(&self) -> &'static str {
        "mock"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.control.denied_mode.get() != Some(mode) && self.inner.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        let fd = source.fd().as_raw_fd();
        self.control.record(Call::Add(fd, source.tag(), source.interest(), source.mode()))?;
        self.inner.add(source)
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.control.modified_from.borrow_mut().push((from.interest(), from.mode()));
        self.control.record(Call::Modify(to.fd().as_raw_fd(), to.tag(), to.interest(), to.mode()))?;
        self.inner.modify(from, to)
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.control.record(Call::Remove(source.fd().as_raw_fd(), source.tag()))?;
        self.inner.remove(source)
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let mut fds: Vec<_> = armed.clone().flatten().map(|source| source.fd().as_raw_fd()).collect();
        fds.sort_unstable(); // the order is not promised
        self.control.record(Call::Wait(fds))?;
        let injected = self.control.injected.take();
        let timeout = if injected.is_empty() { timeout } else { Timeout::ZERO };
        let silent = self.control.silent.get();
        self.inner.wait(armed, timeout, |tag, readiness| {
            self.control.reported.borrow_mut().push(tag);
            if !silent {
                report(tag, readiness);
            }
        })?;
        injected.into_iter().for_each(|(tag, readiness)| report(tag, readiness));
        match self.control.late_failure.take() {
            None => Ok(()),
            Some(Failure::Error(error)) => Err(error.into()),
            Some(Failure::Panic) => panic!("the back end panics, as the scenario wants"),
        }
    }

    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        self.inner.rebuild(armed)
    }
}
