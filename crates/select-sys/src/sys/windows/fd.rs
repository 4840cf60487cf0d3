//! Sockets, under the names that descriptors have on Unix.

#![expect(unsafe_code, reason = "the trait `FromRawFd` has an unsafe method")]

use std::io;

use std::os::windows::io::{AsRawSocket, AsSocket, FromRawSocket, IntoRawSocket};
pub use std::os::windows::io::{BorrowedSocket as BorrowedFd, OwnedSocket as OwnedFd, RawSocket as RawFd};

/// A trait to borrow the descriptor of an object. Every [`AsSocket`] implements it.
///
/// # Examples
///
/// Duplicate the socket of an object:
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
    /// Borrows the descriptor.
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

/// A trait to get the number of a descriptor. Every [`AsRawSocket`] implements it.
///
/// # Examples
///
/// An object and its borrowed descriptor have the same number:
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
    /// Returns the number.
    fn as_raw_fd(&self) -> RawFd;
}

impl<T: AsRawSocket + ?Sized> AsRawFd for T {
    fn as_raw_fd(&self) -> RawFd {
        self.as_raw_socket()
    }
}

/// A trait to give up the ownership of a descriptor. Every [`IntoRawSocket`] implements it.
///
/// # Examples
///
/// The caller must close the descriptor:
///
/// ```
/// use select_sys::fd::IntoRawFd;
/// use std::net::UdpSocket;
///
/// let number = UdpSocket::bind("127.0.0.1:0")?.into_raw_fd();
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait IntoRawFd {
    /// Returns the number, which the caller now owns.
    fn into_raw_fd(self) -> RawFd;
}

impl<T: IntoRawSocket> IntoRawFd for T {
    fn into_raw_fd(self) -> RawFd {
        self.into_raw_socket()
    }
}

/// A trait to take ownership of a descriptor by its number. Every [`FromRawSocket`] implements it.
///
/// # Examples
///
/// Give up a socket, and take it back:
///
/// ```
/// use select_sys::fd::{FromRawFd, IntoRawFd};
/// use std::net::UdpSocket;
///
/// let number = UdpSocket::bind("127.0.0.1:0")?.into_raw_fd();
/// // SAFETY: the number is that of an open socket, which nobody else owns.
/// let socket = unsafe { UdpSocket::from_raw_fd(number) };
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait FromRawFd {
    /// Takes ownership.
    ///
    /// # Safety
    ///
    /// As for [`FromRawSocket::from_raw_socket`]: the number is that of an open socket, which the caller owns.
    unsafe fn from_raw_fd(fd: RawFd) -> Self;
}

impl<T: FromRawSocket> FromRawFd for T {
    unsafe fn from_raw_fd(fd: RawFd) -> Self {
        // SAFETY: passed on.
        unsafe { T::from_raw_socket(fd) }
    }
}

/// The number of a socket. Every number is valid.
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(crate) fn number(fd: BorrowedFd<'_>) -> io::Result<RawFd> {
    Ok(fd.as_raw_fd())
}
