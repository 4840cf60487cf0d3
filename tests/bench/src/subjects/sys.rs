//! The wrappers of `select-sys`, as a program without a registry would use them.

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use selectors::sys::epoll::{Epoll, Event, EventFlags};
use selectors::sys::fd::AsFd;
use selectors::sys::poll::{self, PollFlags};
use selectors::sys::select::{self, SetFlags};

use super::dense::Dense;
use crate::workload::wrong;
use crate::{Interest, Subject};

/// `epoll::Epoll` and a buffer.
#[derive(Debug)]
pub(super) struct SysEpoll {
    epoll: Epoll,
    buffer: Vec<Event>,
}

impl SysEpoll {
    fn flags(interest: Interest) -> EventFlags {
        match interest {
            Interest::Read => EventFlags::IN,
            Interest::Both => EventFlags::IN | EventFlags::OUT,
        }
    }
}

impl<F: AsFd> Subject<F> for SysEpoll {
    fn new(capacity: usize) -> io::Result<Self> {
        Ok(Self { epoll: Epoll::new()?, buffer: vec![Event::default(); capacity + 1] })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        self.epoll.register(&file, Self::flags(interest), index as u64)
    }

    fn change(&mut self, file: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.epoll.modify(file, Self::flags(interest), index as u64)
    }

    fn remove(&mut self, file: &F, _: usize) -> io::Result<()> {
        self.epoll.unregister(file)
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        for event in self.epoll.wait(&mut self.buffer, timeout)? {
            visit(event.data() as usize);
        }
        Ok(())
    }
}

/// The files of a list with their flags.
#[derive(Debug)]
struct Files<F, T> {
    entries: Dense<(F, T)>,
    // Whether `entries` has changed since the last wait.
    changed: bool,
}

impl<F: AsFd, T> Files<F, T> {
    fn new() -> Self {
        Self { entries: Dense::new(), changed: false }
    }

    fn add(&mut self, file: F, index: usize, flags: T) {
        self.changed = true;
        self.entries.add(index, (file, flags));
    }

    fn change(&mut self, index: usize, flags: T) {
        self.changed = true;
        self.entries.get_mut(index).1 = flags;
    }

    fn remove(&mut self, index: usize) {
        self.changed = true;
        self.entries.remove(index);
    }
}

/// A list of files, and `poll::StoredFds` for the calls.
#[derive(Debug)]
pub(super) struct SysPoll<F> {
    files: Files<F, PollFlags>,
    stored: poll::StoredFds,
}

impl<F> SysPoll<F> {
    fn flags(interest: Interest) -> PollFlags {
        match interest {
            Interest::Read => PollFlags::IN,
            Interest::Both => PollFlags::IN | PollFlags::OUT,
        }
    }
}

impl<F: AsFd> Subject<F> for SysPoll<F> {
    fn new(_: usize) -> io::Result<Self> {
        Ok(Self { files: Files::new(), stored: poll::StoredFds::new() })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        self.files.add(file, index, Self::flags(interest));
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.files.change(index, Self::flags(interest));
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.files.remove(index);
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let (files, indices) = self.files.entries.parts();
        if std::mem::take(&mut self.files.changed) {
            self.stored.fill(files.iter().map(|(file, flags)| Ok((file.as_fd(), *flags))))?;
        }
        let list =
            self.stored.revalidate(files.iter().map(|(file, _)| Ok(file.as_fd())))?.ok_or_else(other)?;
        let found = poll::poll(list, timeout)?;
        let ready = list.iter().zip(indices).filter(|(entry, _)| !entry.revents().is_empty());
        for (_, index) in ready.take(found) {
            visit(*index);
        }
        Ok(())
    }
}

/// A list of files, and `select::StoredFds` for the calls.
#[derive(Debug)]
pub(super) struct SysSelect<F> {
    files: Files<F, SetFlags>,
    stored: select::StoredFds,
    // By descriptor.
    indices: Vec<usize>,
}

impl<F> SysSelect<F> {
    fn sets(interest: Interest) -> SetFlags {
        match interest {
            Interest::Read => SetFlags::READ,
            Interest::Both => SetFlags::READ | SetFlags::WRITE,
        }
    }
}

impl<F: AsFd> Subject<F> for SysSelect<F> {
    fn new(_: usize) -> io::Result<Self> {
        Ok(Self { files: Files::new(), stored: select::StoredFds::new(), indices: Vec::new() })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        let number = file.as_fd().as_raw_fd() as usize;
        if number >= self.indices.len() {
            self.indices.resize(number + 1, usize::MAX);
        }
        self.indices[number] = index;
        self.files.add(file, index, Self::sets(interest));
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.files.change(index, Self::sets(interest));
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.files.remove(index);
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let (files, _) = self.files.entries.parts();
        if std::mem::take(&mut self.files.changed) {
            drop(self.stored.fill(files.iter().map(|(file, sets)| Ok((file.as_fd(), *sets))))?);
        }
        let borrowed =
            self.stored.revalidate(files.iter().map(|(file, _)| Ok(file.as_fd())))?.ok_or_else(other)?;
        for (fd, _) in borrowed.select(timeout)? {
            visit(self.indices[fd as usize]);
        }
        Ok(())
    }
}

fn other() -> io::Error {
    wrong("a file has another descriptor than before")
}
