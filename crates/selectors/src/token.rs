//! Tokens, tags and lookups: the names by which a registration is found.

use std::fmt;
use std::num::NonZeroU64;

use select_sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// The name of one registration. A token is never reused, by this selector or any other of the process.
///
/// A token is a small value to copy, compare, hash and keep. It outlives what it names: after
/// [`unregister`](crate::Selector::unregister) it finds nothing, even when the number of the descriptor and the slot in
/// the map have been reused. `Option<Token>` is as large as `Token`: 16 bytes. Tokens are ordered so that they can be
/// keys of an ordered map; the order has no meaning.
///
/// # Examples
///
/// The token of an earlier registration of the same object finds nothing:
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
    // Different for each registration of the process, see `Serials`.
    serial: NonZeroU64,
    slot: u32,
}

impl Token {
    #[inline]
    pub(crate) fn new(serial: NonZeroU64, slot: u32) -> Self {
        Self { serial, slot }
    }

    #[inline]
    pub(crate) fn serial(self) -> NonZeroU64 {
        self.serial
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        self.slot
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({} in slot {})", self.serial, self.slot)
    }
}

/// The name of one arming of a registration, in the 64 bits that a kernel stores.
///
/// A registration gets a new tag when it is registered, changed, rearmed or resumed. A back end passes the tag to the kernel
/// (epoll's `data`, kqueue's `udata`), or keeps it with the descriptor, and reports it when the descriptor is ready. The
/// selector ignores every other tag, such as that of an event which another thread got from the kernel just before the
/// change.
///
/// A tag contains a slot of the registry, and half of a serial number of 64 bits. The selectors of a process take serial
/// numbers in blocks (of 65,536 where the processor has 64-bit atomics), so a tag can repeat when the process has used 2^32
/// numbers, counting whole blocks. If the kernel still reports the earlier one, a key is reported that is not ready.
///
/// # Examples
///
/// Through a kernel that stores 64 bits:
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
    /// The tag of the selector's own waker. No registration has this slot, see [`MAX_SLOTS`].
    pub(crate) const WAKER: Self = Self((MAX_SLOTS as u64) << 32);

    /// A tag that names no registration: it has the slot of the waker, and is not the waker's.
    pub(crate) const NONE: Self = Self(Self::WAKER.0 | 1);

    /// The tag of the registration in `slot`, armed with this serial number.
    #[inline]
    pub(crate) fn new(slot: u32, serial: NonZeroU64) -> Self {
        Self::from_parts(slot, serial.get() as u32) // the lower half
    }

    #[inline]
    pub(crate) fn from_parts(slot: u32, arming: u32) -> Self {
        Self(u64::from(slot) << 32 | u64::from(arming))
    }

    /// Returns the 64 bits.
    #[inline]
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// Returns the tag that [`to_u64`](Self::to_u64) was called on.
    #[inline]
    #[must_use]
    pub const fn from_u64(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.0 >> 32) as u32 // the upper half
    }

    /// The lower half of the serial number of the arming.
    #[inline]
    pub(crate) fn arming(self) -> u32 {
        self.0 as u32 // the lower half
    }
}

/// The number of slots that registrations can have: slots are numbered from 0, and the next number is the waker's.
pub(crate) const MAX_SLOTS: u32 = u32::MAX;

/// Identifies a registration: by its [`Token`], or by a file object or descriptor.
///
/// Implemented for `Token` and `&Token`, for [`BorrowedFd`], and for a reference to anything that implements
/// [`AsFd`]. Only this crate can implement it.
///
/// A file object finds the registration of its *descriptor*: any object with the same descriptor finds the same
/// registration. A token is faster, and never finds a later registration of the same descriptor.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not identify a registration",
    label = "expected a `Token`, a `BorrowedFd`, or a reference to a file object",
    note = "pass the token that `register` returned, or a reference such as `&stream`; a bare number is not enough, as \
            its descriptor may have been closed and reused"
)]
pub trait Lookup: sealed::Lookup {}

impl<L: sealed::Lookup> Lookup for L {}

/// How a registration was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way, see `Lookup`")]
pub enum LookupKey {
    /// By its token.
    Token(Token),
    /// By the number of a descriptor.
    Fd(RawFd),
}

impl fmt::Display for LookupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(token) => write!(f, "{token:?}"),
            Self::Fd(fd) => write!(f, "descriptor {fd}"),
        }
    }
}

pub(crate) mod sealed {
    use super::LookupKey;

    #[diagnostic::on_unimplemented(
        message = "`{Self}` does not identify a registration",
        label = "expected a `Token`, a `BorrowedFd`, or a reference to a file object",
        note = "pass the token that `register` returned, or a reference such as `&stream`; a bare number is not enough, \
                as its descriptor may have been closed and reused"
    )]
    #[expect(
        unnameable_types,
        reason = "sealed: a trait that cannot be named cannot be implemented elsewhere"
    )]
    pub trait Lookup {
        fn key(&self) -> LookupKey;
    }
}

impl sealed::Lookup for Token {
    #[inline]
    fn key(&self) -> LookupKey {
        LookupKey::Token(*self)
    }
}

impl sealed::Lookup for &Token {
    #[inline]
    fn key(&self) -> LookupKey {
        LookupKey::Token(**self)
    }
}

impl sealed::Lookup for BorrowedFd<'_> {
    fn key(&self) -> LookupKey {
        LookupKey::Fd(self.as_raw_fd())
    }
}

impl<T: AsFd + ?Sized> sealed::Lookup for &T {
    fn key(&self) -> LookupKey {
        LookupKey::Fd(self.as_fd().as_raw_fd())
    }
}
