//! The `select(2)` back end.

use std::io;

use super::platform::system::SELECT_WRITE;
use super::{Backend, Source, Tag, apart};
use crate::index::FdIndex;
use crate::sys::fd::AsRawFd;
use crate::sys::select::{self, SetFlags};
use crate::{Interest, Mode, Readiness, Timeout};

/// `select(2)`: each wait looks at every number up to the highest that is registered.
///
/// The kernel keeps nothing, so registering is no system call, and everything that is open can be registered, whatever
/// its number.
///
/// # Examples
///
/// A selector of this kind:
///
/// ```
/// use selectors::{Interest, SelectSelector};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = SelectSelector::new()?;
/// selector.register(a, Interest::WRITE, ())?;
/// assert_eq!(selector.select(None)?.len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// Everywhere. No edge-triggered mode. Tells no more than readable, writable and exceptional. Regular files are always
/// ready. On illumos a wait fails with `EINVAL` while a number from 65,536 up is registered.
///
/// On Windows only sockets can be registered. They are in lists, each as long as it needs to be: numbers do not matter,
/// nor does `FD_SETSIZE`. A connection attempt that failed is an exception there, so what is registered for
/// [`WRITE`](Interest::WRITE) is also put among the exceptions, and an exception counts as writable; urgent data does so
/// too. Whoever waits for an attempt has to ask for `WRITE`: with [`READ`](Interest::READ) alone, failure goes unnoticed.
///
/// # References
///
/// [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)
#[derive(Debug)]
pub struct Select {
    cache: select::StoredFds,
    // Whether a descriptor in `cache` may be another key's now. That other descriptors are wanted shows by itself.
    changed: bool,
    // Of what is in `cache`. Others may be left from before.
    tags: FdIndex<Tag>,
}

impl Backend for Select {
    fn new() -> io::Result<Self> {
        Ok(Self { cache: select::StoredFds::new(), changed: false, tags: FdIndex::new(Tag::NONE) })
    }

    fn name(&self) -> &'static str {
        "select"
    }

    fn supports(&self, _: Interest, mode: Mode) -> bool {
        mode != Mode::Edge
    }

    fn add(&mut self, _: &Source<'_>) -> io::Result<()> {
        self.changed = true;
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        // If it is not there, the descriptors are others, which shows by itself.
        self.cache.modify(to.fd(), sets(to.interest()));
        Ok(())
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.tags.remove(source.fd().as_raw_fd());
        Ok(())
    }

    #[inline(always)]
    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let Self { cache, changed, tags } = self;
        let kept =
            if *changed { None } else { cache.revalidate(armed.clone().map(|source| Ok(source?.fd())))? };
        let loaded = match kept {
            Some(loaded) => loaded,
            None => apart(|| {
                let loaded = cache.fill(armed.map(|source| {
                    let source = source?;
                    tags.insert(source.fd().as_raw_fd(), source.tag());
                    Ok((source.fd(), sets(source.interest())))
                }))?;
                *changed = false;
                io::Result::Ok(loaded)
            })?,
        };
        for (fd, sets) in loaded.select(timeout)? {
            report(tags.get_or_none(fd), meaning(sets));
        }
        Ok(())
    }
}

fn sets(interest: Interest) -> SetFlags {
    let mut sets = SetFlags::empty();
    sets.set(SetFlags::READ, interest.contains(Interest::READ));
    if interest.contains(Interest::WRITE) {
        sets |= SELECT_WRITE;
    }
    if interest.contains(Interest::PRIORITY) {
        sets |= SetFlags::EXCEPT;
    }
    sets
}

fn meaning(sets: SetFlags) -> Readiness {
    let mut readiness = Readiness::empty();
    readiness.set(Readiness::READ, sets.contains(SetFlags::READ));
    readiness.set(Readiness::WRITE, sets.intersects(SELECT_WRITE));
    readiness.set(Readiness::PRIORITY, sets.contains(SetFlags::EXCEPT));
    readiness
}
