//! A back end that counts the system calls of another back end.

use std::io;

use selectors::backend::{AnyBackend, Backend, Source, Tag};
use selectors::{Interest, Mode, Readiness, Timeout};

/// Counts each wait, and each change if the kernel keeps the set.
pub(crate) struct Counting {
    inner: AnyBackend,
    calls: u64,
}

impl Counting {
    pub(crate) fn over(inner: AnyBackend) -> Self {
        Self { inner, calls: 0 }
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// A back end without a descriptor passes its whole set with each wait, so a change is no system call.
    fn change(&mut self) {
        self.calls += u64::from(self.inner.fd().is_some());
    }
}

impl Backend for Counting {
    fn new() -> io::Result<Self> {
        Ok(Self::over(AnyBackend::new()?))
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.inner.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.change();
        self.inner.add(source)
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.change();
        self.inner.modify(from, to)
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.change();
        self.inner.remove(source)
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        self.calls += 1;
        self.inner.wait(armed, timeout, report)
    }
}
