//! The subjects: the back ends of `selectors`, the wrappers of `select-sys`, the bare calls, and other libraries.

use std::io;

use selectors::backend;

use crate::{Cost, Workload};

mod deferred;
mod dense;
mod external;
#[cfg(feature = "peers")]
mod mio;
mod ours;
#[cfg(feature = "peers")]
mod polling;
#[cfg(feature = "peers")]
mod popol;
mod raw_epoll;
mod raw_poll;
mod raw_select;
mod sys;

pub use external::Program;
pub use ours::Ours;

/// A measurement: usually one workload over one subject.
pub struct Entry<'a> {
    /// The name of the subject.
    pub name: &'a str,
    /// Runs this number of laps.
    pub run: Box<dyn Fn(u32) -> io::Result<Cost> + 'a>,
}

impl<'a> Entry<'a> {
    /// Makes an entry from a function that runs a number of laps.
    pub fn new(name: &'a str, run: impl Fn(u32) -> io::Result<Cost> + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The workload over every subject that supports it.
pub fn all<W: Workload>(workload: &W) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    macro_rules! subjects {
        ($($name:literal: $subject:ty,)+) => {
            $(if !W::LEVEL || <$subject as crate::Subject<W::File>>::LEVEL {
                entries.push(Entry::new($name, |laps| workload.run::<$subject>(laps)));
            })+
        };
    }
    subjects! {
        "raw-epoll": raw_epoll::RawEpoll,
        "deferred-epoll": deferred::Deferred,
        "sys-epoll": sys::SysEpoll,
        "epoll": Ours<backend::Epoll, W::File>,
        "edge-epoll": Ours<backend::Epoll, W::File, true>,
        "raw-poll": raw_poll::RawPoll,
        "sys-poll": sys::SysPoll<W::File>,
        "poll": Ours<backend::Poll, W::File>,
        "raw-select": raw_select::RawSelect,
        "sys-select": sys::SysSelect<W::File>,
        "select": Ours<backend::Select, W::File>,
    }
    #[cfg(feature = "peers")]
    subjects! {
        "mio": mio::Mio,
        "polling": polling::Polling<W::File>,
        "popol": popol::Popol,
    }
    entries
}
