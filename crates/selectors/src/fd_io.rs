//! Reads and writes through a borrowed descriptor.

use std::io::{self, Read, Write};

use select_sys::fd::{AsFd, BorrowedFd};

use crate::os;

/// Reads and writes through anything that lends a descriptor.
///
/// Most file objects need no adapter: a selector lends them as `&F` and `&mut F`, and streams and the pipes of a child
/// process implement [`Read`] and [`Write`] for one of these. Use this for objects that do not:
///
/// * `OwnedFd`, `BorrowedFd` and `Box<dyn AsFd>`, which know only the descriptor;
/// * `Stdin` and `Stdout` of the standard library, which have a buffer that a selector cannot see;
/// * shared references to the pipes of a child, which implement `Read` and `Write` for `&mut` only.
///
/// There is no buffer: each call is one `read(2)` or `write(2)`, which fails with
/// [`Interrupted`](io::ErrorKind::Interrupted) if a signal handler ran before anything was read or written. On Windows it
/// is one `recv` or `send`.
///
/// [`set_nonblocking`](Self::set_nonblocking) works for every descriptor. The standard library has it for sockets only.
///
/// # Examples
///
/// A socket and the output of a child process in one selector, both as `dyn AsFd`:
///
/// ```
/// use selectors::{DefaultSelector, FdIo, Interest};
/// use std::io::{Read, Write};
/// use std::os::fd::AsFd;
/// use std::os::unix::net::UnixStream;
/// use std::process::{Command, Stdio};
///
/// let (socket, mut peer) = UnixStream::pair()?;
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// let output = child.stdout.take().expect("it is piped");
///
/// let mut selector = DefaultSelector::<Box<dyn AsFd>, &str>::new()?;
/// selector.register(Box::new(socket), Interest::READ, "the socket")?;
/// selector.register(Box::new(output), Interest::READ, "the child")?;
///
/// peer.write_all(b"hello\n")?;
/// while !selector.is_empty() {
///     for (token, _) in &selector.select(None)? {
///         let Some((fileobj, name)) = selector.parts(token) else { continue };
///         let mut buffer = [0; 64];
///         let length = FdIo::new(fileobj).read(&mut buffer)?;
///         println!("{name} said {:?}", String::from_utf8_lossy(&buffer[..length]));
///         selector.unregister(token)?;
///     }
/// }
/// child.wait()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FdIo<T> {
    fd: T,
}

impl<T: AsFd> FdIo<T> {
    /// Makes an adapter for `fd`: a file object, or a reference to one.
    ///
    /// # Examples
    ///
    /// Standard output, without its buffer and its lock:
    ///
    /// ```
    /// use selectors::FdIo;
    /// use std::io::Write;
    ///
    /// let mut output = FdIo::new(std::io::stdout());
    /// output.write_all(b"hello\n")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn new(fd: T) -> Self {
        Self { fd }
    }

    /// Returns the value that was passed to [`new`](Self::new).
    pub fn into_inner(self) -> T {
        self.fd
    }

    /// `ioctl(FIONBIO)`—Makes reads and writes fail instead of blocking, or undoes that.
    ///
    /// A call that would block fails with [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// The setting belongs to the open file: it applies to every duplicate of the descriptor, such as the standard input
    /// that a parent process shares. It has no effect on regular files and directories, which never block.
    ///
    /// # Errors
    ///
    /// * `EBADF`: opened with `O_PATH`.
    /// * `ENOTTY`: a driver without this setting.
    ///
    /// # Examples
    ///
    /// The output of a child process that has written nothing yet:
    ///
    /// ```
    /// use selectors::FdIo;
    /// use std::io::{ErrorKind, Read};
    /// use std::process::{Command, Stdio};
    ///
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    /// let mut output = FdIo::new(child.stdout.take().expect("it is piped"));
    /// output.set_nonblocking(true)?;
    /// assert_eq!(output.read(&mut [0; 64]).unwrap_err().kind(), ErrorKind::WouldBlock);
    /// child.wait()?; // closes the input first
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # References
    ///
    /// [ioctl(2)](https://man7.org/linux/man-pages/man2/ioctl.2.html)
    #[doc(alias = "FIONBIO")]
    #[doc(alias = "O_NONBLOCK")]
    #[doc(alias = "setblocking")]
    pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        Ok(rustix::io::ioctl_fionbio(self.fd.as_fd(), nonblocking)?)
    }
}

impl<T: AsFd> AsFd for FdIo<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl<T: AsFd> Read for FdIo<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        os::read(self.fd.as_fd(), buffer)
    }
}

impl<T: AsFd> Write for FdIo<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        os::write(self.fd.as_fd(), bytes)
    }

    /// Nothing is buffered, so this does nothing.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
