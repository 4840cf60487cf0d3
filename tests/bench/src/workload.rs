//! The trait of the workloads, and the measurement of their cost.

#![expect(unsafe_code, reason = "rustix's clock_gettime crashes under valgrind, which hides the vDSO")]

use std::io;
use std::time::{Duration, Instant};

use selectors::sys::fd::AsFd;

use crate::Subject;

/// The warm-up laps of each measurement: the first wait over a new set is slower than the following ones.
pub const WARM: u32 = 3;

/// The cost of a number of steps.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// The time of all steps together.
    pub time: Duration,
    /// The number of steps: events, waits or pairs of calls, as the workload says.
    pub steps: u64,
}

impl Cost {
    /// Measures the processor time of this thread, in the program and in the kernel, for `laps` laps of `work`, which returns
    /// the number of steps. [`WARM`] laps come first.
    ///
    /// # Errors
    ///
    /// The error of `work`.
    pub fn of(laps: u32, mut work: impl FnMut(u32) -> io::Result<u64>) -> io::Result<Self> {
        work(WARM)?;
        Self::of_part(|| work(laps))
    }

    /// Measures one call of `work` as [`of`](Self::of) does, without warm-up laps.
    ///
    /// # Errors
    ///
    /// The error of `work`.
    pub fn of_part(work: impl FnOnce() -> io::Result<u64>) -> io::Result<Self> {
        let start = processor_time(libc::CLOCK_THREAD_CPUTIME_ID);
        let steps = work()?;
        Ok(Self { time: processor_time(libc::CLOCK_THREAD_CPUTIME_ID).saturating_sub(start), steps })
    }

    /// Measures the processor time of all threads of the process. Otherwise as [`of`](Self::of).
    ///
    /// # Errors
    ///
    /// The error of `work`.
    pub fn of_all_threads(laps: u32, mut work: impl FnMut(u32) -> io::Result<u64>) -> io::Result<Self> {
        work(WARM)?;
        let start = processor_time(libc::CLOCK_PROCESS_CPUTIME_ID);
        let steps = work(laps)?;
        Ok(Self { time: processor_time(libc::CLOCK_PROCESS_CPUTIME_ID).saturating_sub(start), steps })
    }

    /// Measures elapsed time, not processor time, for work that sleeps. Otherwise as [`of`](Self::of).
    ///
    /// # Errors
    ///
    /// The error of `work`.
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

/// The processor time of this thread, or of the process.
fn processor_time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`. It does not fail with these clocks, see clock_gettime(2).
    unsafe { libc::clock_gettime(clock, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32) // never negative, and below 1e9
}

/// A loop that runs over any subject.
pub trait Workload {
    /// The type of the files.
    type File: AsFd;

    /// Whether it needs a level-triggered subject.
    const LEVEL: bool = false;

    /// The least number of laps that gives a stable figure.
    fn least(&self) -> u32 {
        8
    }

    /// The arguments with which the programs in other languages run this workload: its name and numbers, separated by
    /// spaces. `None` if they do not have it.
    fn peer_arguments(&self) -> Option<String> {
        None
    }

    /// Sets up a subject, then measures `laps` laps.
    ///
    /// # Errors
    ///
    /// The system's error, or [`Unsupported`](io::ErrorKind::Unsupported) if the subject does not support the workload.
    fn run<S: Subject<Self::File>>(&self, laps: u32) -> io::Result<Cost>;
}

/// An error for a subject that behaved wrongly.
pub(crate) fn wrong(message: impl Into<String>) -> io::Error {
    io::Error::other(message.into())
}
