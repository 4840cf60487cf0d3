//! The ends of pairs of Unix sockets, and what must be true of them: the model of the kernel.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;

use conformance::{Stream, kernel, pairs};
use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub(super) type Check = Result<(), TestCaseError>;

/// Two ends for each pair: the other end of `index` is `index ^ 1`.
pub(super) struct Ends(Vec<End>);

struct End {
    // Closed ends have none.
    socket: Option<Arc<Stream>>,
    unread: usize,
    // Nothing more will come in, or can go out: shut down from either end, or the other end is closed.
    no_more_in: bool,
    no_more_out: bool,
    // The other end was closed with something unread, which the next read tells.
    reset: bool,
}

/// What an end is ready for.
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
        if self.peer_closed(end) {
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
        if self.0[end].no_more_out || self.peer_closed(end) {
            return self.write(end, 1);
        }
        let Some(socket) = self.0[end].socket.as_deref() else { return Ok(()) };
        let written = pairs::fill(socket);
        prop_assert!(!has_room(socket));
        self.0[end ^ 1].unread += written;
        Ok(())
    }

    /// Reads once, and says whether there was something.
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
            // Nothing is left to shut down: `soshutdown` in sys/kern/uipc_socket.c of FreeBSD.
            prop_assert_eq!(error.kind(), ErrorKind::NotConnected);
            prop_assert!(kernel::BSD && self.socket(end ^ 1).is_none());
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

    /// Whether the other end was shut down for reading, and this one does not know. What becomes of what it writes is told
    /// nowhere, nor whether it still has room.
    fn peer_closed(&self, end: usize) -> bool {
        !kernel::SHUTDOWN_IS_MUTUAL && self.0[end ^ 1].no_more_in && !self.0[end].no_more_out
    }

    /// Closes an end, unless somebody else has it too.
    pub(super) fn close(&mut self, end: usize) -> Check {
        let Some(socket) = self.0[end].socket.take() else { return Ok(()) };
        prop_assert!(Arc::into_inner(socket).is_some(), "a selector kept what it gave back");
        let lost = std::mem::take(&mut self.0[end].unread) > 0;
        let other = &mut self.0[end ^ 1];
        (other.no_more_in, other.no_more_out) = (true, true);
        other.reset |= lost && kernel::UNREAD_RESETS;
        Ok(())
    }

    /// Puts new sockets in the place of a pair that is closed.
    pub(super) fn renew(&mut self, end: usize) {
        if self.socket(end).is_none() && self.socket(end ^ 1).is_none() {
            let (a, b) = pairs::streams();
            (self.0[end], self.0[end ^ 1]) = (End::new(a), End::new(b));
        }
    }

    pub(super) fn truth(&self, end: usize) -> Result<Truth, TestCaseError> {
        let End { socket, unread, no_more_in, no_more_out, .. } = &self.0[end];
        // How much fits is the kernel's matter. But when all is read there is room.
        let has_room = socket.as_deref().is_some_and(has_room);
        let full = self.0[end ^ 1].unread > 0 || self.peer_closed(end);
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

/// Asks the kernel, past everything that is to be tested.
fn has_room(socket: &Stream) -> bool {
    let mut fds = [PollFd::new(socket, PollFlags::OUT)];
    poll(&mut fds, Some(&Timespec::default())).unwrap();
    let seen = fds[0].revents();
    seen.contains(PollFlags::OUT) || seen.contains(PollFlags::HUP) && !kernel::POLL_UNSAID.is_empty()
}
