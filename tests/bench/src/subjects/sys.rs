//! The wrappers of `select-sys` alone, as a program would use them that has no registry.

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use selectors::sys::epoll::{Epoll, Event, EventFlags};
use selectors::sys::fd::AsFd;
use selectors::sys::poll::{self, PollFlags};
use selectors::sys::select::{self, Sets};

use super::dense::Dense;
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

    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        for event in self.epoll.wait(&mut self.buffer, timeout)? {
            visit(event.data() as usize);
        }
        Ok(())
    }
}

/// `poll::Cache` beside the files.
#[derive(Debug)]
pub(super) struct SysPoll<F> {
    files: Dense<(F, PollFlags)>,
    cache: poll::Cache,
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
        Ok(Self { files: Dense::new(), cache: poll::Cache::new() })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        self.files.add(index, (file, Self::flags(interest)));
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.files.get_mut(index).1 = Self::flags(interest);
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.files.remove(index);
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let (files, indices) = self.files.parts();
        let list = self.cache.load(files.iter().map(|(file, flags)| Ok((file.as_fd(), *flags))))?;
        let found = poll::poll(list, timeout)?;
        let ready = list.iter().zip(indices).filter(|(entry, _)| !entry.revents().is_empty());
        for (_, index) in ready.take(found) {
            visit(*index);
        }
        Ok(())
    }
}

/// `select::Cache` beside the files.
#[derive(Debug)]
pub(super) struct SysSelect<F> {
    files: Dense<(F, Sets)>,
    cache: select::Cache,
    // By number.
    indices: Vec<usize>,
}

impl<F> SysSelect<F> {
    fn sets(interest: Interest) -> Sets {
        match interest {
            Interest::Read => Sets::READ,
            Interest::Both => Sets::READ | Sets::WRITE,
        }
    }
}

impl<F: AsFd> Subject<F> for SysSelect<F> {
    fn new(_: usize) -> io::Result<Self> {
        Ok(Self { files: Dense::new(), cache: select::Cache::new(), indices: Vec::new() })
    }

    fn add(&mut self, file: F, index: usize, interest: Interest) -> io::Result<()> {
        let number = file.as_fd().as_raw_fd() as usize;
        if number >= self.indices.len() {
            self.indices.resize(number + 1, usize::MAX);
        }
        self.indices[number] = index;
        self.files.add(index, (file, Self::sets(interest)));
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, interest: Interest) -> io::Result<()> {
        self.files.get_mut(index).1 = Self::sets(interest);
        Ok(())
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.files.remove(index);
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        let files = self.files.things.iter();
        let loaded = self.cache.load(files.map(|(file, sets)| Ok((file.as_fd(), *sets))))?;
        for (fd, _) in loaded.select(timeout)? {
            visit(self.indices[fd as usize]);
        }
        Ok(())
    }
}
