//! The interface between a selector and its back end.

use std::fmt;
use std::io;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use select_sys::Timeout;
use select_sys::fd::{AsRawFd, BorrowedFd};

use super::events::Events;
use super::waiter::Waiter;
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// The calls of a selector on a kernel interface.
///
/// A back end implements what is specific to its kernel, and nothing else. The selector keeps the keys, validates interests
/// and tokens, knows which keys are paused or fired, and merges and filters reports. It calls a back end by these rules:
///
/// * An interest is not empty and has known bits only. [`supports`](Self::supports) returned true for it and the mode.
/// * `add` is called for a descriptor that is not added, `modify` and `remove` for one that is.
/// * The descriptor in a [`Source`] is open during the call. A back end that keeps its number must not use it later,
///   because it may have been closed and reused. `wait` gets the open descriptors again.
///
/// The default methods `add`, `modify` and `remove` do nothing: a back end whose kernel keeps no set needs only `wait`. A
/// back end that wraps another one must pass on all three, because the inner one may depend on them. It should pass on
/// [`rebuild`](Self::rebuild). It passes on [`waiter`](Self::waiter) and [`report`](Self::report) together or not at all.
///
/// Implementing this trait is safe, and no implementation can break a selector: a tag that is reported without reason,
/// twice, or after its key was removed reports that key, is merged, or is ignored.
///
/// # Errors
///
/// A method that fails must change nothing. Edges and one-shot keys are reported once: a wait that fails after the kernel
/// has reported them loses them. (The selector sends a wake again.)
///
/// `add`, `modify`, `remove` and `wait` may return any error of the system.
///
/// # Examples
///
/// See the example of the [module](crate::backend).
pub trait Backend: Sized {
    /// Opens the kernel interface.
    ///
    /// # Errors
    ///
    /// Fails if descriptors ran out, if the kernel does not have the interface, or if a sandbox refuses it.
    fn new() -> io::Result<Self>;

    /// Returns a short name for messages, such as `epoll`.
    fn name(&self) -> &'static str;

    /// Returns whether it can wait for all of `interest` in this `mode`.
    ///
    /// Return `true` only for flags that the back end knows: [`Interest`] may get more of them.
    fn supports(&self, interest: Interest, mode: Mode) -> bool;

    /// Starts watching a descriptor.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        let _ = source;
        Ok(())
    }

    /// Changes the interest or the mode of a descriptor, and rearms it: if it is ready, it is reported, with the tag of `to`.
    ///
    /// `from` and `to` have the same descriptor. The tag of `to` is new, and that of `from` is not reported any more.
    ///
    /// # Errors
    ///
    /// Any error of the system; `ENOENT` if the kernel does not watch the descriptor any more. A change that fails half-way
    /// must be undone.
    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        let _ = (from, to);
        Ok(())
    }

    /// Stops watching a descriptor. It is no error if the kernel does not watch it any more.
    ///
    /// # Errors
    ///
    /// Any other error of the system.
    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        let _ = source;
        Ok(())
    }

    /// Waits until a source is ready or the timeout elapses, and calls `report` for each source that is ready.
    ///
    /// `armed` yields every source to wait for. The order stays the same until a key is registered, unregistered, paused,
    /// resumed or fired. A back end whose kernel keeps the set ignores it. An item is an error if a file object lends
    /// another descriptor than the one that was registered: return that error without waiting.
    ///
    /// # Errors
    ///
    /// The first error of `armed`, or any error of the system. Nothing may have been reported before.
    /// [`Interrupted`](io::ErrorKind::Interrupted) is for an [interruptible](Timeout::interruptible) timeout only.
    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()>;

    /// Rebuilds the kernel's set from `armed` and nothing else, and returns whether it did so.
    ///
    /// The selector calls it after a wait that reported a tag of no armed key. Such a report may come again, and end every
    /// wait: epoll watches a file that was replaced (`dup2`) while it stays open elsewhere, and no descriptor is left to
    /// remove it by. After `Ok(true)`, a one-shot key that had fired is not added any more: `add` is called when it is rearmed.
    ///
    /// Sources that cannot be added any more, because their descriptor was closed by its number, are left out. The default
    /// does nothing and returns `Ok(false)`.
    ///
    /// # Errors
    ///
    /// Any error of the system. The earlier set stays in use.
    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        let _ = armed;
        Ok(false)
    }

    /// Returns the back end's own descriptor, if it has one. It is readable when a wait would return something.
    ///
    /// # Panics
    ///
    /// Panics for a kqueue in a forked child, which does not inherit it.
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Makes the back end's own means to end a wait from another thread, if it has one. The wait then reports `tag`.
    ///
    /// The default returns `None`: the selector adds a descriptor to be woken by.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    fn native_waker(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        let _ = tag;
        Ok(None)
    }

    /// Returns the part of the back end that waits without the rest, if the kernel permits changes during a wait.
    ///
    /// A [`SharedSelector`](crate::SharedSelector) waits by it without its lock, so other threads can change registrations
    /// meanwhile, and [`report`](Self::report) translates the events under the lock. It asks once. The default returns
    /// `None`: a `SharedSelector` interrupts [`wait`](Self::wait) for each change, and resumes it.
    ///
    /// A back end that returns one promises the following. [`add`](Self::add), [`modify`](Self::modify) and
    /// [`remove`](Self::remove) take effect in waits that have begun. An event carries the tag of the last `add` or `modify`
    /// that was completed before the kernel reported it. Several threads may wait at once. An edge and a one-shot event are
    /// reported to one of them. So is the tag of the waker: of the [`native_waker`](Self::native_waker), or of the descriptor
    /// that the selector adds in its place.
    fn waiter(&self) -> Option<Waiter> {
        None
    }

    /// Reports the events of a wait of the [`waiter`](Self::waiter). `armed` yields every source, as for [`wait`](Self::wait).
    ///
    /// `report` returns whether the tag is that of an armed registration. Otherwise the registration was changed or removed
    /// since the kernel reported the event: a back end must not act on such an event. It may ask the kernel for more events,
    /// without waiting, and report these as well.
    ///
    /// The default fails: a back end that has a [`waiter`](Self::waiter) must implement this.
    ///
    /// # Errors
    ///
    /// Any error of the system. Nothing may have been reported before.
    fn report<'fd>(
        &mut self,
        events: &mut Events,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        report: impl FnMut(Tag, Readiness) -> bool,
    ) -> io::Result<()> {
        let _ = (events, armed, report);
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Ends a wait of a [`Backend`], from any thread.
///
/// # Examples
///
/// A wake that counts, for a back end in a test:
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
    /// Any error of the system. It is no error if the back end was dropped.
    fn wake(&self) -> io::Result<()>;
}

/// A registration, as a back end sees it. Only a selector makes one.
///
/// # Examples
///
/// All that it contains:
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

    /// Returns the descriptor, which is open for `'fd`.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'fd> {
        self.fd
    }

    /// Returns the tag to report it with.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// Returns the interest.
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// Returns the mode.
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
