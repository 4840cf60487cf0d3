//! The model of the kernel: the ends of pairs of Unix sockets, and their readiness.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use conformance::{Stream, kernel, pairs};
use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub(super) type Check = Result<(), TestCaseError>;

/// Two ends for each pair. The peer of end `index` is `index ^ 1`.
pub(super) struct Ends(Vec<End>);

struct End {
    // `None` if this end is closed.
    socket: Option<Arc<Stream>>,
    unread: usize,
    // No more data can come in, or go out: either end was shut down, or the peer is closed.
    no_more_in: bool,
    no_more_out: bool,
    // The peer was closed with data unread. The next read fails.
    reset: bool,
}

/// The true readiness of an end.
#[derive(Clone, Copy)]
pub(super) struct Truth {
    pub(super) readable: bool,
    pub(super) has_room: bool,
    pub(super) read_closed: bool,
    pub(super) write_closed: bool,
    pub(super) hung_up: bool,
}

impl Ends {
    pub(super) fn new(pairs: usize) -> Self {
        let mut ends = Self(Vec::new());
        for _ in 0..pairs {
            let (a, b) = pairs::streams();
            ends.0.extend([End::new(a), End::new(b)]);
        }
        ends
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn socket(&self, end: usize) -> Option<&Arc<Stream>> {
        self.0[end].socket.as_ref()
    }

    pub(super) fn write(&mut self, end: usize, length: usize) -> Check {
        if self.peer_reads_no_more(end) {
            return Ok(());
        }
        let Some(mut socket) = self.0[end].socket.as_deref() else { return Ok(()) };
        match socket.write(&vec![b'x'; length]) {
            Ok(written) => {
                prop_assert!(!self.0[end].no_more_out);
                self.0[end ^ 1].unread += written;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => prop_assert!(!self.0[end].no_more_out),
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::BrokenPipe);
                prop_assert!(self.0[end].no_more_out);
            }
        }
        Ok(())
    }

    pub(super) fn fill(&mut self, end: usize) -> Check {
        if self.0[end].no_more_out || self.peer_reads_no_more(end) {
            return self.write(end, 1);
        }
        let Some(socket) = self.0[end].socket.as_deref() else { return Ok(()) };
        let written = pairs::fill(socket);
        prop_assert!(!has_room(socket));
        self.0[end ^ 1].unread += written;
        Ok(())
    }

    /// Reads once, and returns whether there was data.
    pub(super) fn read(&mut self, end: usize, length: usize) -> Result<bool, TestCaseError> {
        let End { socket, unread, no_more_in, reset, .. } = &mut self.0[end];
        let Some(mut socket) = socket.as_deref() else { return Ok(false) };
        match socket.read(&mut vec![0; length]) {
            Ok(read) => {
                prop_assert_eq!(read, length.min(*unread));
                prop_assert!(read > 0 || *no_more_in && !*reset);
                *unread -= read;
                return Ok(read > 0);
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                prop_assert!(*unread == 0 && *reset);
                *reset = false;
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::WouldBlock);
                prop_assert!(*unread == 0 && !*no_more_in);
            }
        }
        Ok(false)
    }

    pub(super) fn drain(&mut self, end: usize) -> Check {
        while self.read(end, 1 << 16)? {}
        Ok(())
    }

    pub(super) fn shutdown(&mut self, end: usize, how: Shutdown) -> Check {
        let Some(socket) = self.socket(end) else { return Ok(()) };
        if let Err(error) = socket.shutdown(how) {
            // Nothing is left to shut down: `soshutdown` in sys/kern/uipc_socket.c of FreeBSD, `sotpi_shutdown` in
            // fs/sockfs/socktpi.c of illumos.
            let may_fail = kernel::BSD || cfg!(any(target_os = "illumos", target_os = "solaris"));
            prop_assert_eq!(error.kind(), ErrorKind::NotConnected);
            prop_assert!(may_fail && self.socket(end ^ 1).is_none());
            return Ok(());
        }
        let (input, output) = (how != Shutdown::Write, how != Shutdown::Read);
        self.0[end].no_more_in |= input;
        self.0[end].no_more_out |= output;
        self.0[end ^ 1].no_more_in |= output;
        if kernel::SHUTDOWN_IS_MUTUAL {
            self.0[end ^ 1].no_more_out |= input;
        } else if input {
            self.0[end].unread = 0;
        }
        Ok(())
    }

    /// Returns whether the peer was shut down for reading without an effect on this end. Whether this end has room then, and
    /// what happens to data that it writes, is not specified.
    fn peer_reads_no_more(&self, end: usize) -> bool {
        !kernel::SHUTDOWN_IS_MUTUAL && self.0[end ^ 1].no_more_in && !self.0[end].no_more_out
    }

    /// Closes an end. Nobody else may own it.
    pub(super) fn close(&mut self, end: usize) -> Check {
        let Some(socket) = self.0[end].socket.take() else { return Ok(()) };
        prop_assert!(Arc::into_inner(socket).is_some(), "a selector kept a file that it returned");
        let lost = std::mem::take(&mut self.0[end].unread) > 0;
        let other = &mut self.0[end ^ 1];
        (other.no_more_in, other.no_more_out) = (true, true);
        other.reset |= lost && kernel::UNREAD_RESETS;
        Ok(())
    }

    /// Replaces a closed pair by new sockets.
    pub(super) fn renew(&mut self, end: usize) {
        if self.socket(end).is_none() && self.socket(end ^ 1).is_none() {
            let (a, b) = pairs::streams();
            (self.0[end], self.0[end ^ 1]) = (End::new(a), End::new(b));
        }
    }

    pub(super) fn truth(&self, end: usize) -> Result<Truth, TestCaseError> {
        let End { socket, unread, no_more_in, no_more_out, .. } = &self.0[end];
        // The kernel decides how much fits. If the peer has read everything, there is room.
        let has_room = socket.as_deref().is_some_and(has_room);
        let full = self.0[end ^ 1].unread > 0 || self.peer_reads_no_more(end);
        prop_assert!(has_room || full || socket.is_none());
        Ok(Truth {
            readable: *unread > 0 || *no_more_in,
            has_room,
            read_closed: *no_more_in,
            write_closed: *no_more_out,
            hung_up: *no_more_in && *no_more_out,
        })
    }
}

impl End {
    fn new(socket: Stream) -> Self {
        Self { socket: Some(socket.into()), unread: 0, no_more_in: false, no_more_out: false, reset: false }
    }
}

/// Asks the kernel directly, without the code under test.
fn has_room(socket: &Stream) -> bool {
    let mut fds = [PollFd::new(socket, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).unwrap();
    let seen = fds[0].revents();
    seen.contains(PollFlags::OUT) || seen.contains(PollFlags::HUP) && !kernel::POLL_HIDDEN_BY_HUP.is_empty()
}
