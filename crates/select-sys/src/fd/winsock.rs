//! The descriptor types that the signatures of this crate use: sockets, from the standard library, under the names that
//! descriptors have elsewhere.
//!
//! Only sockets can be waited for here. Whatever lends a socket ([`AsSocket`]) lends a descriptor; to make a type of
//! yours a file object, implement [`AsSocket`]. Sockets of several types can be lent as `Box<dyn AsFd>`.

#![expect(unsafe_code, reason = "taking a number for a socket is for the caller to vouch for")]

use std::io;

pub use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket as BorrowedFd, FromRawSocket, IntoRawSocket,
    OwnedSocket as OwnedFd, RawSocket as RawFd,
};

/// Lends a descriptor: every [`AsSocket`] does.
///
/// # Examples
///
/// A socket lends itself:
///
/// ```
/// use select_sys::fd::AsFd;
/// use std::net::UdpSocket;
///
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
/// let duplicate = socket.as_fd().try_clone_to_owned()?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsFd {
    /// Lends the descriptor.
    fn as_fd(&self) -> BorrowedFd<'_>;
}

impl<T: AsSocket + ?Sized> AsFd for T {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.as_socket()
    }
}

impl AsFd for Box<dyn AsFd + '_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl AsFd for Box<dyn AsFd + Send + '_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl AsFd for Box<dyn AsFd + Send + Sync + '_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl AsFd for &(dyn AsFd + '_) {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (**self).as_fd()
    }
}

impl AsFd for &Box<dyn AsFd + '_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        (***self).as_fd()
    }
}

/// Tells a descriptor's number: every [`AsRawSocket`] does.
///
/// # Examples
///
/// Of a socket, and of what it lends:
///
/// ```
/// use select_sys::fd::{AsFd, AsRawFd};
/// use std::net::UdpSocket;
///
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
/// assert_eq!(socket.as_raw_fd(), socket.as_fd().as_raw_fd());
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait AsRawFd {
    /// The number.
    fn as_raw_fd(&self) -> RawFd;
}

impl<T: AsRawSocket + ?Sized> AsRawFd for T {
    fn as_raw_fd(&self) -> RawFd {
        self.as_raw_socket()
    }
}

/// Gives a descriptor's number, and the ownership of it, away: every [`IntoRawSocket`] does.
///
/// # Examples
///
/// From now on nobody closes it:
///
/// ```
/// use select_sys::fd::IntoRawFd;
/// use std::net::UdpSocket;
///
/// let number = UdpSocket::bind("127.0.0.1:0")?.into_raw_fd();
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait IntoRawFd {
    /// The number, which the caller now owns.
    fn into_raw_fd(self) -> RawFd;
}

impl<T: IntoRawSocket> IntoRawFd for T {
    fn into_raw_fd(self) -> RawFd {
        self.into_raw_socket()
    }
}

/// Takes over a descriptor by its number: every [`FromRawSocket`] does.
///
/// # Examples
///
/// Given away, and taken back:
///
/// ```
/// use select_sys::fd::{FromRawFd, IntoRawFd};
/// use std::net::UdpSocket;
///
/// let number = UdpSocket::bind("127.0.0.1:0")?.into_raw_fd();
/// // SAFETY: the number was given away just now, and nobody else has taken it.
/// let socket = unsafe { UdpSocket::from_raw_fd(number) };
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait FromRawFd {
    /// Takes it over.
    ///
    /// # Safety
    ///
    /// As [`FromRawSocket::from_raw_socket`]: the number is that of an open socket, which the caller owns.
    unsafe fn from_raw_fd(fd: RawFd) -> Self;
}

impl<T: FromRawSocket> FromRawFd for T {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: the same promise, passed on by the caller.
        unsafe { T::from_raw_socket(fd) }
    }
}

/// The number of a socket. Each that can be lent may be one.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere some are none")]
pub(crate) fn number(fd: BorrowedFd<'_>) -> io::Result<RawFd> {
    Ok(fd.as_raw_fd())
}
