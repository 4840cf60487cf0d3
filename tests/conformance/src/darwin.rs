//! Apple's systems: how XNU differs from other kernels in `poll` and `select`, read from its sources.

/// This is one of Apple's systems.
pub const APPLE: bool = cfg!(target_vendor = "apple");

/// `poll` reports what nobody requested: `HUP`, `ERR`, `NVAL`. XNU asks nothing for an entry without events, and reports a
/// hang-up only in the direction that was requested (`poll_nocancel` in `bsd/kern/sys_generic.c`).
pub const POLL_REPORTS_UNREQUESTED: bool = !APPLE;

/// `poll` reports `HUP` instead of `OUT` when the peer of a socket sends no more, although there may be room
/// (`poll_callback` in `bsd/kern/sys_generic.c`).
pub const POLL_HANGS_UP_HALF_CLOSED: bool = APPLE;

/// `poll` reports urgent data. XNU sets `EV_OOBAND` for it, which sockets ignore (`filt_soread_common` in
/// `bsd/kern/uipc_socket.c`).
pub const POLL_REPORTS_URGENT_DATA: bool = !APPLE;

/// `poll` answers each entry. XNU adds a filter for each, and a filter that comes again gets the index of the last entry
/// (`kevent_register` in `bsd/kern/kern_event.c`).
pub const POLL_ANSWERS_EACH_ENTRY: bool = !APPLE;

/// `select` reports the read end of a pipe as writable: `pipe_select` in `bsd/kern/sys_pipe.c` looks at the buffer of the
/// other direction, which is empty. kqueue and `poll` do not (`filt_pipenotsup`).
pub const SELECT_FINDS_READ_ENDS_WRITABLE: bool = APPLE;

/// `select` reports a file that is always ready in the third set too (`spec_select` in `bsd/miscfs/specfs/spec_vnops.c`; the
/// file systems answer without looking at the set).
pub const SELECT_FINDS_FILES_EXCEPTIONAL: bool = APPLE;

/// The most descriptors that a process gets and that `poll` takes, whatever the limit says: `OPEN_MAX` in
/// `bsd/sys/syslimits.h`. More than that depends on `kern.maxfilesperproc`, which `getrlimit` does not report
/// (`proc_limitgetcur_nofile` in `bsd/kern/kern_resource.c`), and `poll` refuses it.
pub const MOST_DESCRIPTORS: Option<u64> = if APPLE { Some(10_240) } else { None };
