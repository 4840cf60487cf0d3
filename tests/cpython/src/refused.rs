//! Files that epoll refuses because they are always ready. The crate's registry reports them; CPython raises an exception.

use selectors::sys::fd::BorrowedFd;

/// Whether epoll refuses a file with `EPERM`. The file must not be in the set, or it is removed.
///
/// The kernel checks the file before it looks for it in the set (`do_epoll_ctl` in fs/eventpoll.c).
#[cfg(any(target_os = "android", target_os = "linux"))]
pub(crate) fn epoll_refuses(set: BorrowedFd<'_>, file: BorrowedFd<'_>) -> bool {
    rustix::event::epoll::delete(set, file) == Err(rustix::io::Errno::PERM)
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
pub(crate) fn epoll_refuses(_: BorrowedFd<'_>, _: BorrowedFd<'_>) -> bool {
    false
}
