//! Differences between kernels, each with its source. Scenarios read these constants.
//!
//! Systems that are not named are assumed to behave as Linux does.

use selectors::Interest;
use selectors::sys::poll::PollFlags;
use selectors::sys::select::SetFlags;

const FREEBSD: bool = cfg!(target_os = "freebsd");
const NETBSD: bool = cfg!(target_os = "netbsd");
const OPENBSD: bool = cfg!(target_os = "openbsd");
const APPLE: bool = cfg!(target_vendor = "apple");
const SOLARISH: bool = cfg!(any(target_os = "illumos", target_os = "solaris"));

/// Systems whose sockets are those of 4.4BSD.
pub const BSD: bool = cfg!(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd",
    target_vendor = "apple",
));

/// A stream whose other end was closed with something unread in it tells so: `ECONNRESET` once, then the end. On the BSDs
/// it is at its end (`soisdisconnected` in `sys/kern/uipc_socket.c` sets no error).
pub const UNREAD_RESETS: bool = !BSD;

/// A socket that was shut down for reading still has what came before, and the other end cannot write any more
/// (`unix_shutdown` in `net/unix/af_unix.c`). On the BSDs what came before is thrown away, and the other end knows nothing
/// (`sorflush` in `sys/kern/uipc_socket.c`).
pub const SHUTDOWN_IS_MUTUAL: bool = !BSD;

/// A TCP socket that never was connected has hung up (`tcp_poll` in `net/ipv4/tcp.c`). On the BSDs it is ready for nothing
/// (`sowriteable` in `sys/sys/socketvar.h`, `sowritable` of NetBSD).
pub const UNCONNECTED_HAS_HUNG_UP: bool = !BSD;

/// A pipe takes data at both ends: pipe(2) of FreeBSD and of OpenBSD, `fifo_poll` in `fs/fifofs/fifovnops.c` of illumos.
pub const PIPES_GO_BOTH_WAYS: bool = FREEBSD || OPENBSD || SOLARISH;

/// The sets of `select` that a pipe's end to read from is in when nobody can write to it any more.
///
/// FreeBSD counts a hang-up as writable (`select_flags` in `sys/kern/sys_generic.c`), and so does OpenBSD
/// (`filt_pipewrite` in `sys/kern/sys_pipe.c` is ready at the end). NetBSD puts it into whatever set it is
/// asked for in (`selscan` in `sys/kern/sys_select.c` takes any answer of `pipe_poll`), and so does illumos (`pselect` in
/// `lib/libc/port/gen/select.c`). XNU counts an end without a peer as writable (`pipe_select` in `bsd/kern/sys_pipe.c`).
pub const HUNG_UP: SetFlags = if FREEBSD || OPENBSD || APPLE {
    SetFlags::READ.union(SetFlags::WRITE)
} else if NETBSD || SOLARISH {
    SetFlags::all()
} else {
    SetFlags::READ
};

/// The sets of `select` that a pipe's end to write to is in when nobody can read from it any more.
///
/// That is a hang-up on FreeBSD, NetBSD 10, illumos and XNU, as above.
pub const BROKEN: SetFlags =
    if NETBSD || SOLARISH { SetFlags::all() } else { SetFlags::READ.union(SetFlags::WRITE) };

/// `select` puts a socket that has hung up into the third set too, if asked: `pselect` of illumos, as above.
pub const SELECT_FINDS_HANG_UPS_EXCEPTIONAL: bool = SOLARISH;

/// The flags of a pipe's end to read from in `poll` when nobody can write to it any more and `IN` and `OUT` were requested:
/// `pipe_poll` in `sys/kern/sys_pipe.c` of FreeBSD and of NetBSD, `ppollcollect` in `sys/kern/sys_generic.c` of OpenBSD,
/// `poll_callback` in `bsd/kern/sys_generic.c` of XNU.
pub const POLL_HUNG_UP: PollFlags = if FREEBSD || OPENBSD || APPLE {
    PollFlags::HUP.union(PollFlags::IN)
} else if NETBSD {
    PollFlags::HUP.union(PollFlags::IN).union(PollFlags::OUT)
} else {
    PollFlags::HUP
};

/// The flags of a pipe's end to write to in `poll`, without a request, when nobody can read from it any more: as above, and
/// `fifo_poll` in `fs/fifofs/fifovnops.c` of illumos. XNU reports them only if `OUT` is requested.
pub const POLL_BROKEN: PollFlags =
    if FREEBSD || NETBSD || OPENBSD || APPLE || SOLARISH { PollFlags::HUP } else { PollFlags::ERR };

/// Flags that `poll` does not report together with `HUP`: `pollscan` in `sys/kern/sys_generic.c` of FreeBSD, `ppollcollect`
/// there of OpenBSD, `poll_callback` in `bsd/kern/sys_generic.c` of XNU, `fifo_poll` of illumos.
pub const POLL_HIDDEN_BY_HUP: PollFlags =
    if FREEBSD || OPENBSD || APPLE || SOLARISH { PollFlags::OUT } else { PollFlags::empty() };

/// `poll` reports when both directions of a socket are closed. NetBSD does not (`sodopoll` in `sys/kern/uipc_socket.c`).
pub const POLL_REPORTS_HANG_UPS: bool = !NETBSD;

/// `poll` tells, when asked, that the other end of a socket sends no more. The BSDs have no word for that, or FreeBSD one
/// that regular files do not understand (`poll_no_poll` in `sys/kern/sys_generic.c`), so that the back end does not use it.
pub const POLL_REPORTS_HALF_CLOSES: bool = !BSD;

/// `poll` refuses more entries than the process may have descriptors. FreeBSD takes as many as the system lets any process
/// have, at least 1024 (`kern_poll_maxfds` in `sys/kern/sys_generic.c`), and NetBSD 1000 more than there is room for in the
/// process's table (`pollcommon` in `sys/kern/sys_select.c`).
pub const POLL_CHECKS_LIMIT: bool = !(FREEBSD || NETBSD);

/// The filters of kqueue for a terminal that report that its master is gone, as `poll` does. Those of NetBSD set no `EV_EOF`
/// (`filt_ttyread` and `filt_ttywrite` in `sys/kern/tty.c`).
pub const KQUEUE_REPORTS_MASTER_GONE: Interest =
    if NETBSD { Interest::empty() } else { Interest::READ.union(Interest::WRITE) };

/// The filters of kqueue for a master that report that its slave is gone. On NetBSD and OpenBSD the one for writing does not
/// (`filt_ptcwrite` in `sys/kern/tty_pty.c`).
pub const KQUEUE_REPORTS_SLAVE_GONE: Interest =
    if NETBSD || OPENBSD { Interest::READ } else { Interest::READ.union(Interest::WRITE) };

/// `poll` waits for a peer that sends no more and for nothing else: it has `RDHUP`.
pub const POLL_WAITS_FOR_READ_CLOSED: bool =
    cfg!(any(target_os = "android", target_os = "linux", target_os = "illumos", target_os = "freebsd"));

/// `poll` reports hang-ups and errors in addition to what was requested. NetBSD does not of sockets (`sodopoll` in
/// `sys/kern/uipc_socket.c`), XNU only of the direction that was requested (`poll_callback` in `bsd/kern/sys_generic.c`), and
/// Windows counts a half-close as a hang-up (WSAPOLLFD, Members).
pub const POLL_WAITS_FOR_HANG_UPS: bool =
    !cfg!(any(target_os = "dragonfly", target_os = "netbsd", target_vendor = "apple", windows));

/// A hang-up wakes a `poll` that requests nothing. FreeBSD does not record such a thread (`sopoll_generic` in
/// `sys/kern/uipc_socket.c`).
pub const POLL_WAITS_FOR_HANG_UPS_ALONE: bool = POLL_WAITS_FOR_HANG_UPS && !FREEBSD;

/// The error of deleting an entry of kqueue whose descriptor is closed. XNU looks for the entry, and not for the file
/// (`kevent_register` in `bsd/kern/kern_event.c`).
#[cfg(unix)]
pub const KQUEUE_DELETE_OF_CLOSED: i32 = if APPLE { libc::ENOENT } else { libc::EBADF };
