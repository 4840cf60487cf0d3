//! The `select(2)` back end.

use std::io;

use select_sys::Timeout;
use select_sys::fd::AsRawFd;
use select_sys::select::{SetFlags, StoredFds};

use super::interface::{Backend, Source};
use crate::fd_index::FdIndex;
use crate::interest::{Interest, Mode};
use crate::os::SELECT_WRITE;
use crate::readiness::Readiness;
use crate::token::Tag;

/// `select(2)`: each wait looks at every number up to the highest armed descriptor.
///
/// The kernel keeps no set. So registering is no system call, and any open file can be registered, whatever its number.
///
/// # Examples
///
/// A selector with this back end:
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
/// All platforms. No edge-triggered mode. It reports readable, writable and exceptional, and nothing else, so it can wait for
/// neither [`READ_CLOSED`](Interest::READ_CLOSED) nor [`HANG_UP`](Interest::HANG_UP). Regular files are
/// always ready, on Apple's systems with [`PRIORITY`](Interest::PRIORITY) too. On illumos a wait fails with `EINVAL` while a
/// descriptor of 65,536 or higher is armed.
///
/// On Windows only sockets can be registered. The sets are lists of any length: numbers and `FD_SETSIZE` do not matter. A
/// failed connection attempt is reported as an exception there. So a socket that is registered for
/// [`WRITE`](Interest::WRITE) is also in the exception set, and an exception counts as writable, as does urgent data. To
/// wait for a connection attempt, ask for `WRITE`: with [`READ`](Interest::READ) alone, a failure is not reported.
///
/// # References
///
/// [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)
#[derive(Debug)]
pub struct Select {
    stored: StoredFds,
    /// Whether a descriptor in `stored` may belong to another key now. (`StoredFds` notices that it is another descriptor.)
    changed: bool,
    /// The tag of each stored descriptor. May contain descriptors that are not stored any more.
    tags: FdIndex<Tag>,
}

impl Backend for Select {
    fn new() -> io::Result<Self> {
        Ok(Self { stored: StoredFds::new(), changed: false, tags: FdIndex::new(Tag::NONE) })
    }

    fn name(&self) -> &'static str {
        "select"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        // There is no set for the end alone.
        mode != Mode::Edge && !interest.intersects(Interest::READ_CLOSED | Interest::HANG_UP)
    }

    fn add(&mut self, _: &Source<'_>) -> io::Result<()> {
        self.changed = true;
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        // If the descriptor is not stored, the next wait fills the sets again.
        self.stored.modify(to.fd(), set_flags(to.interest()));
        self.tags.insert(to.fd().as_raw_fd(), to.tag());
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
        let Self { stored, changed, tags } = self;
        let valid = match *changed {
            true => None,
            false => stored.revalidate(armed.clone().map(|source| Ok(source?.fd())))?,
        };
        let sets = match valid {
            Some(sets) => sets,
            None => {
                let sets = stored.fill(armed.map(|source| {
                    let source = source?;
                    tags.insert(source.fd().as_raw_fd(), source.tag());
                    Ok((source.fd(), set_flags(source.interest())))
                }))?;
                *changed = false;
                sets
            }
        };
        for (fd, flags) in sets.select(timeout)? {
            report(tags.get_or_none(fd), from_set_flags(flags));
        }
        Ok(())
    }
}

fn set_flags(interest: Interest) -> SetFlags {
    let mut flags = SetFlags::empty();
    flags.set(SetFlags::READ, interest.contains(Interest::READ));
    if interest.contains(Interest::WRITE) {
        flags |= SELECT_WRITE;
    }
    if interest.contains(Interest::PRIORITY) {
        flags |= SetFlags::EXCEPT;
    }
    flags
}

fn from_set_flags(flags: SetFlags) -> Readiness {
    let mut readiness = Readiness::empty();
    readiness.set(Readiness::READ, flags.contains(SetFlags::READ));
    readiness.set(Readiness::WRITE, flags.intersects(SELECT_WRITE));
    readiness.set(Readiness::PRIORITY, flags.contains(SetFlags::EXCEPT));
    readiness
}
