//! The wrappers of `select-sys` alone, as a program would use them that has no registry.

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
        self.epoll.register(file, Self::flags(interest), index as u64)
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

/// `poll::StoredFds` beside the files.
#[derive(Debug)]
pub(super) struct SysPoll<F> {
    files: Dense<(F, PollFlags)>,
    cache: poll::StoredFds,
    // Whether `files` is another list than that in `cache`.
    changed: bool,
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
        Ok(Self { files: Dense::new(), cache: poll::StoredFds::new(), changed: false })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        self.changed = true;
        self.files.add(index, (file, Self::flags(interest)));
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.changed = true;
        self.files.get_mut(index).1 = Self::flags(interest);
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.changed = true;
        self.files.remove(index);
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let (files, indices) = self.files.parts();
        if std::mem::take(&mut self.changed) {
            self.cache.fill(files.iter().map(|(file, flags)| Ok((file.as_fd(), *flags))))?;
        }
        let list =
            self.cache.revalidate(files.iter().map(|(file, _)| Ok(file.as_fd())))?.ok_or_else(other)?;
        let found = poll::poll(list, timeout)?;
        let ready = list.iter().zip(indices).filter(|(entry, _)| !entry.revents().is_empty());
        for (_, index) in ready.take(found) {
            visit(*index);
        }
        Ok(())
    }
}

/// `select::StoredFds` beside the files.
#[derive(Debug)]
pub(super) struct SysSelect<F> {
    files: Dense<(F, SetFlags)>,
    cache: select::StoredFds,
    // Whether `files` are others than those in `cache`.
    changed: bool,
    // By number.
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
        let (files, indices) = (Dense::new(), Vec::new());
        Ok(Self { files, cache: select::StoredFds::new(), changed: false, indices })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        let number = file.as_fd().as_raw_fd() as usize;
        if number >= self.indices.len() {
            self.indices.resize(number + 1, usize::MAX);
        }
        self.indices[number] = index;
        self.changed = true;
        self.files.add(index, (file, Self::sets(interest)));
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.changed = true;
        self.files.get_mut(index).1 = Self::sets(interest);
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.changed = true;
        self.files.remove(index);
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let files = self.files.things.iter();
        if std::mem::take(&mut self.changed) {
            drop(self.cache.fill(files.clone().map(|(file, sets)| Ok((file.as_fd(), *sets))))?);
        }
        let loaded = self.cache.revalidate(files.map(|(file, _)| Ok(file.as_fd())))?.ok_or_else(other)?;
        for (fd, _) in loaded.select(timeout)? {
            visit(self.indices[fd as usize]);
        }
        Ok(())
    }
}

fn other() -> io::Error {
    wrong("a file has another descriptor than before")
}
