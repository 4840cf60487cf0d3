//! Waits that find many files, one or none ready.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use crate::fixture::{eventfds, pipes};
use crate::subject::of_all;
use crate::workload::wrong;
use crate::{Cost, Subject, Workload};

/// Waits for pipes, some of which stay readable. A step is an event.
#[derive(Debug)]
pub struct Ready {
    pipes: Vec<OwnedFd>,
    ready: usize,
    limit: Duration,
}

impl Ready {
    /// Opens `count` pipes, of which `ready` are readable. The waits do not block.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(count: usize, ready: usize) -> io::Result<Self> {
        Ok(Self { pipes: pipes(count, ready)?, ready, limit: Duration::ZERO })
    }

    /// Sets the timeout of the waits.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

impl<'a> Workload for &'a Ready {
    type File = &'a OwnedFd;

    const LEVEL: bool = true;

    fn peer_arguments(&self) -> Option<String> {
        self.limit.is_zero().then(|| format!("ready {} {}", self.pipes.len(), self.ready))
    }

    fn run<S: Subject<&'a OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject: S = of_all(&self.pipes)?;
        Cost::of(laps, |laps| {
            let (mut found, mut sum) = (0, 0);
            for _ in 0..laps {
                subject.wait(Some(self.limit), |index| {
                    found += 1;
                    sum += index;
                })?;
            }
            std::hint::black_box(sum);
            if found != self.ready * laps as usize {
                return Err(wrong(format!("{found} events in {laps} waits with {} ready", self.ready)));
            }
            Ok(found as u64)
        })
    }
}

/// Waits for eventfds. The program writes to all of them before each wait and never reads, so an edge-triggered subject
/// reports them as well. A step is an event, with its write.
#[derive(Debug)]
pub struct Refreshed {
    files: Vec<OwnedFd>,
}

impl Refreshed {
    /// Opens `count` files, which are not ready yet.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(count: usize) -> io::Result<Self> {
        Ok(Self { files: eventfds(count, 0)? })
    }
}

impl<'a> Workload for &'a Refreshed {
    type File = &'a OwnedFd;

    fn run<S: Subject<&'a OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject: S = of_all(&self.files)?;
        Cost::of(laps, |laps| {
            let (mut found, mut sum) = (0, 0);
            for _ in 0..laps {
                for file in &self.files {
                    rustix::io::write(file, &1_u64.to_ne_bytes())?;
                }
                subject.wait(Some(Duration::ZERO), |index| {
                    found += 1;
                    sum += index;
                })?;
            }
            std::hint::black_box(sum);
            if found != self.files.len() * laps as usize {
                return Err(wrong(format!("{found} events in {laps} waits with {} ready", self.files.len())));
            }
            Ok(found as u64)
        })
    }
}

/// Waits of a given time, which may be zero, for files that are never ready. A step is a wait.
#[derive(Debug)]
pub struct Sleep {
    files: Vec<OwnedFd>,
    time: Duration,
}

impl Sleep {
    /// Opens `count` files, and sets the time of the waits.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(count: usize, time: Duration) -> io::Result<Self> {
        Ok(Self { files: eventfds(count, 0)?, time })
    }
}

impl<'a> Workload for &'a Sleep {
    type File = &'a OwnedFd;

    fn peer_arguments(&self) -> Option<String> {
        Some(format!("sleep {} {}", self.files.len(), self.time.as_micros()))
    }

    fn run<S: Subject<&'a OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject: S = of_all(&self.files)?;
        let work = |laps: u32| {
            for _ in 0..laps {
                subject.wait(Some(self.time), |_| {})?;
            }
            Ok(laps.into())
        };
        if self.time.is_zero() { Cost::of(laps, work) } else { Cost::on_the_clock(laps, work) }
    }
}
