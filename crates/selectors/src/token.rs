//! Names: of a registration, of a selector, and what of them travels through the kernel.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::{Mutex, PoisonError};

use crate::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// The name of one registration: it never comes to name another, of this selector or any other.
///
/// A token is a number to copy, compare, hash and keep. It outlives what it names: after
/// [`unregister`](crate::Selector::unregister) it finds nothing, also when the file descriptor's number and the
/// place in the map have been given to somebody else since. `Option<Token>` is no larger than `Token`: 16 bytes. The
/// order of tokens means nothing; it is for maps that need one.
///
/// # Examples
///
/// A token of an earlier registration of the same object:
///
/// ```
/// use selectors::{DefaultSelector, Interest};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// let first = selector.register(&a, Interest::READ, ())?;
/// selector.unregister(first)?;
/// let second = selector.register(&a, Interest::READ, ())?;
/// assert_ne!(first, second);
/// assert!(selector.key(first).is_none());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    selector: SelectorId,
    slot: u32,
    generation: u32,
}

impl Token {
    #[inline]
    pub(crate) fn new(selector: SelectorId, slot: u32, generation: u32) -> Self {
        Self { selector, slot, generation }
    }

    #[inline]
    pub(crate) fn selector(self) -> SelectorId {
        self.selector
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        self.slot
    }

    #[inline]
    pub(crate) fn tag(self) -> Tag {
        Tag::new(self.slot, self.generation)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}.{} of selector {})", self.slot, self.generation, self.selector.0)
    }
}

/// Which selector: counted from 1 in each process; the highest number is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SelectorId(NonZeroU64);

impl Default for SelectorId {
    fn default() -> Self {
        Self(NonZeroU64::MAX)
    }
}

impl SelectorId {
    /// One that was never given before. 64 bits do not run out.
    pub(crate) fn unique() -> Self {
        // Not an atomic: not every target has them with 64 bits.
        static NEXT: Mutex<NonZeroU64> = Mutex::new(NonZeroU64::MIN);
        let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
        let this = Self(*next);
        *next = next.saturating_add(1);
        this
    }
}

/// What of a [`Token`] travels through the kernel, in 64 bits: the slot and its generation.
///
/// A back end gives it to the kernel with a registration (epoll's `data`, kqueue's `udata`), or keeps it beside the
/// descriptor, and reports it when the descriptor is ready. A tag that names nothing, or nothing any more, does no
/// harm: the selector drops it.
///
/// # Examples
///
/// Through a kernel that keeps 64 bits:
///
/// ```
/// use selectors::backend::Tag;
///
/// let tag = Tag::from_u64(0x2_0000_0001);
/// assert_eq!(tag.to_u64(), 0x2_0000_0001);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(u64);

impl Tag {
    /// The selector's own waker. No slot has this number: slots are numbered from 0, and a process has no 2^32 - 1
    /// descriptors.
    pub(crate) const WAKER: Self = Self((WAKER_SLOT as u64) << 32 | 1);

    /// That of no registration.
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    pub(crate) fn new(slot: u32, generation: u32) -> Self {
        Self(u64::from(slot) << 32 | u64::from(generation))
    }

    /// The 64 bits.
    #[inline]
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// The tag that [`to_u64`](Self::to_u64) gave.
    #[inline]
    #[must_use]
    pub const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.0 >> 32) as u32 // the upper half
    }

    /// An even one is that of no registration, see [`Map`](crate::map::Map).
    #[inline]
    pub(crate) fn generation(self) -> u32 {
        self.0 as u32 // the lower half
    }
}

/// The slot in [`Tag::WAKER`].
pub(crate) const WAKER_SLOT: u32 = u32::MAX;

/// What a registration can be found by: its [`Token`], or a file object with its descriptor.
///
/// Implemented for `Token` and `&Token`, for [`BorrowedFd`], and for a reference to anything that implements
/// [`AsFd`]. Only this crate can implement it.
///
/// A file object finds the registration of its *descriptor*: any object that lends the same descriptor will do. A
/// token is the faster and the stricter way.
///
/// # Examples
///
/// Three ways to find a key:
///
/// ```
/// use selectors::{DefaultSelector, Interest};
/// use std::os::fd::AsFd;
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// let token = selector.register(&a, Interest::READ, 5)?;
/// assert_eq!(selector.data(token), Some(&5));
/// assert_eq!(selector.data(&a), Some(&5));
/// assert_eq!(selector.data(a.as_fd()), Some(&5));
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Lookup: sealed::Lookup {}

impl<L: sealed::Lookup> Lookup for L {}

pub(crate) mod sealed {
    use super::{RawFd, Token};

    /// `Ok` with a token, `Err` with a descriptor's number.
    #[expect(unnameable_types, reason = "sealed: what cannot be named cannot be implemented elsewhere")]
    pub trait Lookup {
        fn name(&self) -> Result<Token, RawFd>;
    }
}

impl sealed::Lookup for Token {
    #[inline]
    fn name(&self) -> Result<Token, RawFd> {
        Ok(*self)
    }
}

impl sealed::Lookup for &Token {
    #[inline]
    fn name(&self) -> Result<Token, RawFd> {
        Ok(**self)
    }
}

impl sealed::Lookup for BorrowedFd<'_> {
    fn name(&self) -> Result<Token, RawFd> {
        Err(self.as_raw_fd())
    }
}

impl<T: AsFd + ?Sized> sealed::Lookup for &T {
    fn name(&self) -> Result<Token, RawFd> {
        Err(self.as_fd().as_raw_fd())
    }
}
