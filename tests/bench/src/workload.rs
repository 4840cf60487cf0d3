//! What is done with a subject, and what that cost.

use std::io;
use std::time::{Duration, Instant};

use selectors::sys::fd::AsFd;

use crate::Subject;

/// How long so many steps took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// All of them together.
    pub time: Duration,
    /// How many there were: events, waits, pairs of calls, whatever the workload counts.
    pub steps: u64,
}

impl Cost {
    /// Measures what `work` does; it gives back the number of steps.
    ///
    /// # Errors
    ///
    /// What `work` gives back.
    pub fn of(work: impl FnOnce() -> io::Result<u64>) -> io::Result<Self> {
        let start = Instant::now();
        let steps = work()?;
        Ok(Self { time: start.elapsed(), steps })
    }

    /// Nanoseconds for each step.
    #[must_use]
    pub fn each(self) -> f64 {
        self.time.as_nanos() as f64 / self.steps as f64
    }
}

/// A loop that can be run over any subject.
pub trait Workload {
    /// What it waits for.
    type File: AsFd;

    /// Whether it needs a subject that reports again what is still ready.
    const LEVEL: bool = false;

    /// Sets up a subject, then measures `laps` laps.
    ///
    /// # Errors
    ///
    /// What the system says; [`Unsupported`](io::ErrorKind::Unsupported) if the subject cannot do this.
    fn run<S: Subject<Self::File>>(&self, laps: u32) -> io::Result<Cost>;
}

/// An error for a subject that did not do what it was asked to do.
pub(crate) fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}
