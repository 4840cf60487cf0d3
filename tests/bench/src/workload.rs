//! What is done with a subject, and what that cost.

#![expect(unsafe_code, reason = "rustix's clock_gettime crashes under valgrind, which hides the vDSO")]

use std::io;
use std::time::{Duration, Instant};

use selectors::sys::fd::AsFd;

use crate::Subject;

/// Laps before the clock starts: the first wait over a new set is slower than those that follow.
pub const WARM: u32 = 3;

/// How long so many steps took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// All of them together.
    pub time: Duration,
    /// How many there were: events, waits, pairs of calls, whatever the workload counts.
    pub steps: u64,
}

impl Cost {
    /// Measures the processor's time for what `work` does, in this thread and in the kernel for it; other programs do not
    /// count. It does so many laps and gives back the number of steps; [`WARM`] laps come before the clock starts.
    ///
    /// # Errors
    ///
    /// What `work` gives back.
    pub fn of(laps: u32, mut work: impl FnMut(u32) -> io::Result<u64>) -> io::Result<Self> {
        work(WARM)?;
        Self::of_part(|| work(laps))
    }

    /// As [`of`](Self::of), of something that is measured in parts.
    ///
    /// # Errors
    ///
    /// What `work` gives back.
    pub fn of_part(work: impl FnOnce() -> io::Result<u64>) -> io::Result<Self> {
        let start = processor_time();
        let steps = work()?;
        Ok(Self { time: processor_time().saturating_sub(start), steps })
    }

    /// As [`of`](Self::of), with the time on the clock, for work that sleeps.
    ///
    /// # Errors
    ///
    /// What `work` gives back.
    pub fn on_the_clock(laps: u32, mut work: impl FnMut(u32) -> io::Result<u64>) -> io::Result<Self> {
        work(WARM)?;
        let start = Instant::now();
        let steps = work(laps)?;
        Ok(Self { time: start.elapsed(), steps })
    }

    /// Nanoseconds for each step.
    #[must_use]
    pub fn each(self) -> f64 {
        self.time.as_nanos() as f64 / self.steps as f64
    }
}

/// What this thread has had of the processor until now.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for the time. With this clock the call does not fail, see clock_gettime(2).
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32) // never negative, and below 1e9
}

/// A loop that can be run over any subject.
pub trait Workload {
    /// What it waits for.
    type File: AsFd;

    /// Whether it needs a subject that reports again what is still ready.
    const LEVEL: bool = false;

    /// Fewer laps than these would say little of what a lap takes.
    fn least(&self) -> u32 {
        8
    }

    /// What a program in another language is to do the same: the name of the workload, and numbers, with spaces between.
    /// `None` if there is no such thing.
    fn elsewhere(&self) -> Option<String> {
        None
    }

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
