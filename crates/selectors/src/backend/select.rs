//! The `select(2)` back end.

use std::io;

use super::{Backend, Source, Tag};
use crate::sys::fd::AsRawFd;
use crate::sys::select::{self, Sets};
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
/// Unix. No edge-triggered mode. Regular files are always ready. Tells no more than readable, writable and exceptional.
///
/// # References
///
/// [select(2)](https://man7.org/linux/man-pages/man2/select.2.html)
#[derive(Debug, Default)]
pub struct Select {
    cache: select::Cache,
    // By number of the descriptor: the tag of that which is in `cache`. Others may be left from before.
    tags: Vec<Option<Tag>>,
}

impl Backend for Select {
    fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    fn name(&self) -> &'static str {
        "select"
    }

    fn supports(&self, _: Interest, mode: Mode) -> bool {
        mode != Mode::Edge
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let tags = &mut self.tags;
        let loaded = self.cache.load(armed.map(|source| {
            let source = source?;
            let at = source.fd().as_raw_fd() as usize; // an open descriptor's number is not negative
            if at >= tags.len() {
                tags.resize(at + 1, None);
            }
            tags[at] = Some(source.tag());
            Ok((source.fd(), sets(source.interest())))
        }))?;
        for (fd, sets) in loaded.select(timeout)? {
            if let Some(tag) = tags.get(fd as usize).copied().flatten() {
                report(tag, meaning(sets));
            }
        }
        Ok(())
    }
}

fn sets(interest: Interest) -> Sets {
    let mut sets = Sets::empty();
    sets.set(Sets::READ, interest.contains(Interest::READ));
    sets.set(Sets::WRITE, interest.contains(Interest::WRITE));
    sets.set(Sets::EXCEPT, interest.contains(Interest::PRIORITY));
    sets
}

fn meaning(sets: Sets) -> Readiness {
    let mut readiness = Readiness::empty();
    readiness.set(Readiness::READ, sets.contains(Sets::READ));
    readiness.set(Readiness::WRITE, sets.contains(Sets::WRITE));
    readiness.set(Readiness::PRIORITY, sets.contains(Sets::EXCEPT));
    readiness
}
