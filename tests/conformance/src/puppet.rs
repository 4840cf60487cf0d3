//! A back end over another one, with strings to pull: it notes what it is asked, refuses, and lies.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use rustix::io::Errno;
use selectors::backend::{Backend, Source, Tag};
use selectors::sys::fd::{AsRawFd, RawFd};
use selectors::{Interest, Mode, Readiness, Selector, Timeout};

/// The back end.
#[derive(Debug)]
pub struct Puppet<B> {
    inner: B,
    strings: Rc<Strings>,
}

/// What makes it move.
#[derive(Debug, Default)]
pub struct Strings {
    calls: RefCell<Vec<Call>>,
    refusal: Cell<Option<Errno>>,
    silent: Cell<bool>,
    lies: RefCell<Vec<(Tag, Readiness)>>,
    unsupported: Cell<Option<Mode>>,
    failure: Cell<Option<Errno>>,
    changed_from: RefCell<Vec<(Interest, Mode)>>,
}

/// Something that a back end was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// To watch this descriptor.
    Add(RawFd, Tag, Interest, Mode),
    /// To watch this descriptor for something else.
    Modify(RawFd, Tag, Interest, Mode),
    /// To watch this descriptor no more.
    Remove(RawFd, Tag),
    /// To wait for these descriptors.
    Wait(Vec<RawFd>),
}

impl<B: Backend> Puppet<B> {
    /// A selector over one, and its strings.
    pub fn selector<F: selectors::sys::fd::AsFd, D>() -> (Selector<Self, F, D>, Rc<Strings>) {
        let puppet = Self::new().unwrap();
        let strings = Rc::clone(&puppet.strings);
        (Selector::with_backend(puppet), strings)
    }
}

impl Strings {
    /// What it was asked since this was called last.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.take()
    }

    /// It fails with this from now on, without asking the other one.
    pub fn refuse(&self, error: Option<Errno>) {
        self.refusal.set(error);
    }

    /// It says no longer what the other one reports.
    pub fn silence(&self) {
        self.silent.set(true);
    }

    /// At the next wait it does not wait, and reports this, beside what the other one does.
    pub fn lie(&self, reports: impl IntoIterator<Item = (Tag, Readiness)>) {
        self.lies.borrow_mut().extend(reports);
    }

    /// The next wait fails with this, after everything was reported: what a back end must not do.
    pub fn report_and_fail(&self, error: Errno) {
        self.failure.set(Some(error));
    }

    /// It cannot wait in this mode.
    pub fn cannot(&self, mode: Option<Mode>) {
        self.unsupported.set(mode);
    }

    /// What each registration was before that it was asked to modify, since this was called last.
    pub fn changed_from(&self) -> Vec<(Interest, Mode)> {
        self.changed_from.take()
    }

    fn asked(&self, call: Call) -> io::Result<()> {
        self.calls.borrow_mut().push(call);
        self.refusal.get().map_or(Ok(()), |error| Err(error.into()))
    }
}

impl<B: Backend> Backend for Puppet<B> {
    fn new() -> io::Result<Self> {
        Ok(Self { inner: B::new()?, strings: Rc::default() })
    }

    fn name(&self) -> &'static str {
        "puppet"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.strings.unsupported.get() != Some(mode) && self.inner.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        let number = source.fd().as_raw_fd();
        self.strings.asked(Call::Add(number, source.tag(), source.interest(), source.mode()))?;
        self.inner.add(source)
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let number = to.fd().as_raw_fd();
        self.strings.changed_from.borrow_mut().push((from.interest(), from.mode()));
        self.strings.asked(Call::Modify(number, to.tag(), to.interest(), to.mode()))?;
        self.inner.modify(from, to)
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.strings.asked(Call::Remove(source.fd().as_raw_fd(), source.tag()))?;
        self.inner.remove(source)
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let numbers = armed.clone().flatten().map(|source| source.fd().as_raw_fd()).collect();
        self.strings.asked(Call::Wait(numbers))?;
        let lies = self.strings.lies.take();
        let timeout = if lies.is_empty() { timeout } else { Timeout::ZERO };
        let silent = self.strings.silent.get();
        self.inner.wait(armed, timeout, |tag, readiness| {
            if !silent {
                report(tag, readiness);
            }
        })?;
        for (tag, readiness) in lies {
            report(tag, readiness);
        }
        self.strings.failure.take().map_or(Ok(()), |error| Err(error.into()))
    }
}
