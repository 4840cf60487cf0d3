//! Back ends: what a kernel interface must do to carry a [`Selector`](crate::Selector), and those of this platform.
//!
//! [`Backend`] is public, so a selector can be put over something else: a wrapper that counts or traces, a simulation
//! for tests, an interface that this crate does not know.
//!
//! # Examples
//!
//! A back end over another one, which counts what it is asked to do:
//!
//! ```
//! use selectors::backend::{Backend, Poll, Source, Tag};
//! use selectors::{Interest, Mode, Readiness, Selector, Timeout};
//! use std::io;
//! use std::os::unix::net::UnixStream;
//!
//! struct Counting<B> {
//!     inner: B,
//!     changes: u32,
//!     waits: u32,
//! }
//!
//! impl<B: Backend> Backend for Counting<B> {
//!     fn new() -> io::Result<Self> {
//!         Ok(Self { inner: B::new()?, changes: 0, waits: 0 })
//!     }
//!     fn name(&self) -> &'static str {
//!         self.inner.name()
//!     }
//!     fn supports(&self, interest: Interest, mode: Mode) -> bool {
//!         self.inner.supports(interest, mode)
//!     }
//!     fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
//!         self.changes += 1;
//!         self.inner.add(source)
//!     }
//!     fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
//!         self.changes += 1;
//!         self.inner.modify(from, to)
//!     }
//!     fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
//!         self.changes += 1;
//!         self.inner.remove(source)
//!     }
//!     fn wait<'fd>(
//!         &mut self,
//!         armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
//!         timeout: Timeout,
//!         report: impl FnMut(Tag, Readiness),
//!     ) -> io::Result<()> {
//!         self.waits += 1;
//!         self.inner.wait(armed, timeout, report)
//!     }
//! }
//!
//! let (a, _b) = UnixStream::pair()?;
//! let mut selector = Selector::<Counting<Poll>, UnixStream>::new()?;
//! let token = selector.register(a, Interest::WRITE, ())?;
//! assert_eq!(selector.select(None)?.len(), 1);
//! selector.modify(token, Interest::WRITE)?; // nothing changes, so the back end is not asked
//! assert_eq!((selector.backend().changes, selector.backend().waits), (1, 1));
//! # Ok::<(), std::io::Error>(())
//! ```

use std::fmt;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use crate::sys::fd::{AsRawFd, BorrowedFd};
use crate::{Interest, Mode, Readiness, Timeout};

pub use crate::token::Tag;
pub use any::{AnyBackend, BackendKind};

// The table of platforms: the only place in this crate that names any, but for single constants. Each module has the back
// ends of its platform, `Best` among them, the `aliases` of selectors over them, what differs in the `system` and in the
// `signal` of the waker, and the macro `back_ends`: it calls another macro with its arguments, a semicolon, and the names
// of the back ends, the one to be preferred first, those that are behind a feature with their `#[cfg]`.

#[cfg(target_os = "android")]
#[path = "backend/platform/android.rs"]
#[macro_use]
mod platform;
#[cfg(target_os = "linux")]
#[path = "backend/platform/linux.rs"]
#[macro_use]
mod platform;
#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
))]
#[path = "backend/platform/bsd.rs"]
#[macro_use]
mod platform;
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
#[path = "backend/platform/illumos.rs"]
#[macro_use]
mod platform;
#[cfg(windows)]
#[path = "backend/platform/windows.rs"]
#[macro_use]
mod platform;

mod any;
mod meaning;
mod poll;
mod select;

#[allow(unused_imports, unreachable_pub, reason = "Windows has no other back ends than the two below")]
pub use platform::*;
pub use poll::Poll;
pub use select::Select;

/// Does what is rare in a function of its own, so that a wait is small enough to be inlined.
#[cold]
#[inline(never)]
fn apart<T>(rare: impl FnOnce() -> T) -> T {
    rare()
}

/// The back end that serves most programs of this platform best.
///
/// `Kqueue` on the BSDs and Apple's systems, `Epoll` on Linux and Android, `Devpoll` on illumos and Solaris: the first that
/// there is of kqueue, epoll, /dev/poll, poll and select, the order of Python's `DefaultSelector`. On Windows [`Select`],
/// as there: [`Poll`] (`WSAPoll`) does not tell that a connection attempt failed before Windows 10 version 2004, takes a
/// peer that sends no more for one that is gone, and does nothing better. It is chosen at compile time; [`AnyBackend`] tries at run time.
pub type DefaultBackend = Best;

/// What a selector asks of a kernel interface.
///
/// A back end does what its kernel does differently, and nothing else: the selector keeps the keys, checks interests
/// and tokens, knows which keys are paused or spent, merges and filters what is reported. It calls a back end like this:
///
/// * Interests are not empty and have named bits only, and [`supports`](Self::supports) said yes to interest and mode.
/// * `add` is for a descriptor that is not added, `modify` and `remove` for one that is.
/// * The descriptor in a [`Source`] is open for the duration of the call. A back end that keeps its number does not know
///   whether it still is, and must not use it: `wait` is shown the descriptors again for that reason.
///
/// `add`, `modify` and `remove` do nothing unless a back end says otherwise: one whose kernel keeps no set needs only
/// `wait`. One that is built over another passes on all of them: that may keep what it was shown until it hears of a change.
///
/// Implementing it is safe, and cannot break a selector: a tag that is reported without cause, twice, or long after its
/// key is gone finds its key, is merged, or finds nothing.
///
/// # Errors
///
/// A method that fails must leave everything as it was. A wait that fails after its kernel has told something loses that,
/// where it is told only once: edges, and one-shot keys. (A wake is sent again.)
///
/// `add`, `modify`, `remove` and `wait` may pass on whatever the system says.
///
/// # Examples
///
/// The [module](self) shows one.
pub trait Backend: Sized {
    /// Opens the kernel interface.
    ///
    /// # Errors
    ///
    /// Where it does not work: descriptors have run out, a kernel without it, a sandbox that refuses it.
    fn new() -> io::Result<Self>;

    /// A short name for messages, such as `epoll`.
    fn name(&self) -> &'static str;

    /// Whether it can wait for all of `interest` in this `mode`.
    fn supports(&self, interest: Interest, mode: Mode) -> bool;

    /// Begins to watch a descriptor.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        let _ = source;
        Ok(())
    }

    /// Changes how a descriptor is watched, and arms it again. Descriptor and tag are the same in `from` and `to`.
    ///
    /// # Errors
    ///
    /// What the system says; `ENOENT` if it does not watch the descriptor any more. A change that was half made is undone.
    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let _ = (from, to);
        Ok(())
    }

    /// Ends watching a descriptor. That the kernel does not watch it (any more) is no error.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        let _ = source;
        Ok(())
    }

    /// Waits until something is ready, or the time is over, and reports each with its tag.
    ///
    /// `armed` has every source that is to be waited for, in an order that stays the same until something is
    /// registered, unregistered, paused, resumed or spent. Back ends whose kernel keeps the set have no use for it. An
    /// item is an error when a file object lends another descriptor than it was registered with: pass that on, without
    /// waiting.
    ///
    /// # Errors
    ///
    /// The first error of `armed`, or what the system says; nothing may have been reported then.
    /// [`Interrupted`](io::ErrorKind::Interrupted) is for an [interruptible](Timeout::interruptible) timeout only.
    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()>;

    /// The back end's own descriptor, if it has one: readable when a wait would find something.
    ///
    /// # Panics
    ///
    /// That of a kqueue, in a forked child, where there is none.
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// A way of the back end's own to end a wait from another thread, if it has one: it reports `tag` then.
    ///
    /// Otherwise the selector adds a descriptor for that.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        let _ = tag;
        Ok(None)
    }
}

/// Ends a wait of a [`Backend`], from any thread.
///
/// # Examples
///
/// A wake that counts, for a back end of a test:
///
/// ```
/// use selectors::backend::Wake;
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// #[derive(Debug, Default)]
/// struct Count(AtomicU32);
///
/// impl Wake for Count {
///     fn wake(&self) -> std::io::Result<()> {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         Ok(())
///     }
/// }
/// # assert!(Count::default().wake().is_ok());
/// ```
pub trait Wake: fmt::Debug + Send + Sync + UnwindSafe + RefUnwindSafe {
    /// Ends the wait, or the next one.
    ///
    /// # Errors
    ///
    /// What the system says. That the back end is gone is no error.
    fn wake(&self) -> io::Result<()>;
}

/// A registration, as a back end sees it. Only a selector makes one.
///
/// # Examples
///
/// What there is to know of it:
///
/// ```
/// use selectors::backend::Source;
///
/// fn show(source: &Source<'_>) {
///     println!("{:?}: {:?}, {}, tag {:#x}", source.fd(), source.interest(), source.mode(), source.tag().to_u64());
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Source<'fd> {
    fd: BorrowedFd<'fd>,
    tag: Tag,
    interest: Interest,
    mode: Mode,
}

impl<'fd> Source<'fd> {
    pub(crate) fn new(fd: BorrowedFd<'fd>, tag: Tag, interest: Interest, mode: Mode) -> Self {
        Self { fd, tag, interest, mode }
    }

    /// The descriptor, open for as long as it is lent.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'fd> {
        self.fd
    }

    /// What to report it by.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// What to watch for.
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// How often to report it.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("fd", &self.fd.as_raw_fd())
            .field("tag", &self.tag)
            .field("interest", &self.interest)
            .field("mode", &self.mode)
            .finish()
    }
}
