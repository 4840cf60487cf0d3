//! The entry that ends a wait while an always-ready filter is armed.

use std::io;
use std::os::unix::net::UnixStream;

use select_sys::Timeout;
use select_sys::fd::AsFd;
use select_sys::kqueue::{Filter, Flags, Kevent, Kqueue};

use super::filters::ident;
use crate::interest::Mode;

/// A socket without a peer, and so at its end, in the queue: it ends a wait, and makes the queue's descriptor readable.
///
/// It needs no `EVFILT_USER`, which OpenBSD before 7.8 and NetBSD before 10 lack.
#[derive(Debug, Default)]
pub(super) struct Beacon {
    socket: Option<UnixStream>,
    /// The mode in which the kernel watches the socket, if it does.
    armed: Option<Mode>,
}

impl Beacon {
    /// Arms the beacon in this mode, or disarms it. Closes it if it is not needed any more.
    pub(super) fn update(&mut self, queue: &Kqueue, mode: Option<Mode>, is_last: bool) -> io::Result<()> {
        if self.armed != mode {
            self.armed = None;
            self.armed = self.arm(queue, mode)?;
        }
        if is_last {
            self.socket = None;
        }
        Ok(())
    }

    fn arm(&mut self, queue: &Kqueue, mode: Option<Mode>) -> io::Result<Option<Mode>> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => UnixStream::pair()?.0,
        };
        let socket = self.socket.insert(socket);
        let change = |flags| {
            let entry = Kevent::for_fd(socket.as_fd(), Filter::READ, flags);
            queue.control(&[entry], &mut [], Timeout::ZERO).map(drop)
        };
        // An existing entry keeps its flags when it is added again, so another mode needs another entry.
        let _ = change(Flags::DELETE);
        match mode {
            None => {}
            Some(Mode::Oneshot) => change(Flags::ADD | Flags::DISPATCH)?,
            Some(_) => change(Flags::ADD)?,
        }
        Ok(mode)
    }

    /// Whether an event is that of the beacon. Notes that the kernel has disarmed it, if it has.
    pub(super) fn has_event(&mut self, event: &Kevent) -> bool {
        let socket = self.socket.as_ref().map(|socket| ident(socket.as_fd()));
        let is_its = event.filter == Filter::READ && Some(event.ident) == socket;
        if is_its && event.flags.contains(Flags::DISPATCH) {
            self.armed = None;
        }
        is_its
    }
}
