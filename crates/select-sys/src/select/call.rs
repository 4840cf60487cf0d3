//! The call.

use std::io;

use super::set::FdSet;
use crate::sys::select as sys;
use crate::timeout::{Deadline, Timeout};

/// `pselect(2)`—Waits until a descriptor is ready, and leaves the ready ones in each set.
///
/// `read` waits for data to read or the end of the stream, `write` until writing will not block, `except` for an exceptional
/// condition such as urgent data on a TCP socket. Returns the number of descriptors left in the three sets together: one that
/// is in two of them counts twice. When the time runs out, the sets are empty.
///
/// `None` is an empty set. With three of them the call waits for its timeout. The kernel gets the timeout in nanoseconds (on
/// Windows, in microseconds, rounded up).
///
/// # Errors
///
/// An error leaves the sets as they were.
///
/// * [`OutOfMemory`](io::ErrorKind::OutOfMemory) (`ENOMEM`; `WSAENOBUFS`): no memory left in the kernel.
/// * `EINVAL`: on illumos, a number is 65,536 or higher.
/// * [`Interrupted`](io::ErrorKind::Interrupted): a signal handler ran and the timeout is
///   [`interruptible`](Timeout::interruptible).
///
/// # Examples
///
/// The sets are overwritten, so keep the originals:
///
/// ```
/// use select_sys::fd::AsFd;
/// use select_sys::select::{FdSet, select};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
///
/// let (a, b) = UnixStream::pair()?;
/// let sockets: FdSet = [a.as_fd(), b.as_fd()].into_iter().collect();
///
/// (&b).write_all(b"hello")?;
/// let (mut read, mut write) = (sockets.clone(), sockets.clone());
/// assert_eq!(select(Some(&mut read), Some(&mut write), None, None)?, 3);
/// assert!(read.contains(a.as_fd()) && !read.contains(b.as_fd()));
/// assert_eq!(write.len(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # References
///
/// [select(2)](https://man7.org/linux/man-pages/man2/select.2.html),
/// [Winsock](https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-select)
#[doc(alias = "pselect")]
pub fn select(
    read: Option<&mut FdSet<'_>>,
    write: Option<&mut FdSet<'_>>,
    except: Option<&mut FdSet<'_>>,
    timeout: impl Into<Timeout>,
) -> io::Result<usize> {
    let mut sets =
        [read.map(FdSet::numbers_mut), write.map(FdSet::numbers_mut), except.map(FdSet::numbers_mut)];
    let mut deadline = Deadline::new(timeout.into());
    // A call that finds nothing empties the sets.
    let requested =
        deadline.may_retry_after_nothing().then(|| sets.each_ref().map(|set| set.as_deref().cloned()));
    loop {
        let result = sys::select(sets.each_mut().map(Option::as_deref_mut), deadline.left());
        if !deadline.should_retry(&result) {
            return result;
        }
        for (set, requested) in sets.iter_mut().zip(requested.iter().flatten()) {
            if let (Some(set), Some(requested)) = (set, requested) {
                set.clone_from(requested);
            }
        }
    }
}
