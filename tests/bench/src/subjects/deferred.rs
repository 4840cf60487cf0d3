//! The bare calls of epoll, with changes deferred until the wait, to see how much that saves.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use selectors::sys::fd::AsFd;

use super::raw_epoll::RawEpoll;
use crate::workload::wrong;
use crate::{Interest, Subject};

/// The wanted and the registered interest of each file, and a list of files for which they may differ.
///
/// A file is removed at once, as nothing keeps it open afterwards.
#[derive(Debug)]
pub(super) struct Deferred {
    epoll: RawEpoll,
    // By index.
    files: Vec<Option<File>>,
    changed: Vec<usize>,
}

#[derive(Debug)]
struct File {
    fd: RawFd,
    wanted: Interest,
    registered: Option<Interest>,
    is_listed: bool,
}

impl Deferred {
    fn list(&mut self, index: usize, change: impl FnOnce(&mut File)) -> io::Result<()> {
        let file = self.files.get_mut(index).and_then(Option::as_mut).ok_or_else(|| wrong("no such file"))?;
        change(file);
        if !file.is_listed {
            file.is_listed = true;
            self.changed.push(index);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        for index in self.changed.drain(..) {
            let Some(file) = self.files[index].as_mut() else { continue };
            file.is_listed = false;
            if file.registered == Some(file.wanted) {
                continue;
            }
            let operation = if file.registered.is_none() { libc::EPOLL_CTL_ADD } else { libc::EPOLL_CTL_MOD };
            self.epoll.control(operation, file.fd, index, super::raw_epoll::events(file.wanted))?;
            file.registered = Some(file.wanted);
        }
        Ok(())
    }
}

impl<F: AsFd> Subject<F> for Deferred {
    fn new(capacity: usize) -> io::Result<Self> {
        let epoll = <RawEpoll as Subject<F>>::new(capacity)?;
        Ok(Self { epoll, files: Vec::new(), changed: Vec::new() })
    }

    fn add(&mut self, file: F, index: usize, wanted: Interest) -> io::Result<()> {
        if index >= self.files.len() {
            self.files.resize_with(index + 1, || None);
        }
        let fd = file.as_fd().as_raw_fd();
        self.files[index] = Some(File { fd, wanted, registered: None, is_listed: false });
        self.list(index, |_| {})
    }

    fn change(&mut self, _: &F, index: usize, wanted: Interest) -> io::Result<()> {
        self.list(index, |file| file.wanted = wanted)
    }

    fn remove(&mut self, file: &F, index: usize) -> io::Result<()> {
        match self.files[index].take() {
            Some(File { registered: Some(_), .. }) => self.epoll.remove(file, index),
            _ => Ok(()),
        }
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, visit: impl FnMut(usize)) -> io::Result<()> {
        self.flush()?;
        <RawEpoll as Subject<F>>::wait(&mut self.epoll, timeout, visit)
    }
}
