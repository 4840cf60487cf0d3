//! Changes of registrations.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use crate::fixture::eventfds;
use crate::subject::of_all;
use crate::{Cost, Interest, Subject, Workload};

/// Registers a file while others are registered, and unregisters it. A step is both.
#[derive(Debug)]
pub struct Register {
    files: Vec<OwnedFd>,
}

impl Register {
    /// Opens the file and the others.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(others: usize) -> io::Result<Self> {
        Ok(Self { files: eventfds(others + 1, 0)? })
    }
}

impl<'a> Workload for &'a Register {
    type File = &'a OwnedFd;

    fn peer_arguments(&self) -> Option<String> {
        Some(format!("register {}", self.files.len()))
    }

    fn run<S: Subject<&'a OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject: S = of_all(&self.files)?;
        let (index, file) = (self.files.len() / 2, &self.files[self.files.len() / 2]);
        subject.remove(&file, index)?;
        Cost::of(laps, |laps| {
            for _ in 0..laps {
                subject.add(file, index, Interest::Read)?;
                subject.remove(&file, index)?;
            }
            Ok(laps.into())
        })
    }
}

/// Changes the interest in one of 100 files and changes it back, or sets the same interest twice, and waits without blocking.
/// A step is both changes and the wait.
#[derive(Debug)]
pub struct Change {
    files: Vec<OwnedFd>,
    between: Interest,
}

impl Change {
    /// Opens the files. The first change is to this interest.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(between: Interest) -> io::Result<Self> {
        Ok(Self { files: eventfds(100, 0)?, between })
    }
}

impl<'a> Workload for &'a Change {
    type File = &'a OwnedFd;

    fn peer_arguments(&self) -> Option<String> {
        Some(format!("interest {} {}", self.files.len(), u8::from(self.between == Interest::Both)))
    }

    fn run<S: Subject<&'a OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject: S = of_all(&self.files)?;
        let (index, file) = (self.files.len() / 2, &self.files[self.files.len() / 2]);
        Cost::of(laps, |laps| {
            for _ in 0..laps {
                subject.change(&file, index, self.between)?;
                subject.change(&file, index, Interest::Read)?;
                subject.wait(Some(Duration::ZERO), |_| {})?;
            }
            Ok(laps.into())
        })
    }
}
