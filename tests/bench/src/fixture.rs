//! The descriptors of the workloads.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;

use rustix::event::{EventfdFlags, eventfd};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A pair of connected sockets.
#[derive(Debug)]
pub(crate) struct Pair<T> {
    /// The socket that a subject waits for.
    pub reader: T,
    /// The socket that makes the other one ready.
    pub writer: T,
}

/// Opens `count` pairs of non-blocking sockets.
pub(crate) fn sockets(count: usize) -> io::Result<Vec<Pair<UnixStream>>> {
    let pair = || {
        let (reader, writer) = UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Pair { reader, writer })
    };
    std::iter::repeat_with(pair).take(count).collect()
}

/// Opens `count` pipes, of which `ready`, evenly spread, have a byte in them. Each is one descriptor, open for reading and
/// writing, which Linux allows (fifo(7)). Such a pipe never hangs up, and 10,000 of them fit below usual limits.
pub(crate) fn pipes(count: usize, ready: usize) -> io::Result<Vec<OwnedFd>> {
    let mut pipes = Vec::with_capacity(count);
    for index in 0..count {
        let (reader, _writer) = pipe_with(PipeFlags::CLOEXEC)?;
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let pipe = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        // Exactly `ready` numbers below `count` are where this quotient rises.
        if (index + 1) * ready / count > index * ready / count {
            rustix::io::write(&pipe, b"x")?;
        }
        pipes.push(pipe.into());
    }
    Ok(pipes)
}

/// Opens `count` eventfds with this value. They are readable if it is not 0.
///
/// # Errors
///
/// The system's error.
pub fn eventfds(count: usize, value: u32) -> io::Result<Vec<OwnedFd>> {
    let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
    std::iter::repeat_with(|| Ok(eventfd(value, flags)?)).take(count).collect()
}

/// Raises the limit of descriptors to `count` and some others.
///
/// # Errors
///
/// An error if the hard limit is lower and cannot be raised.
pub fn allow_descriptors(count: usize) -> io::Result<()> {
    const OWN: u64 = 100;
    let wanted = count as u64 + OWN;
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let maximum = now.maximum.map(|maximum| maximum.max(wanted));
    let limit = Rlimit { current: Some(wanted), maximum };
    setrlimit(Resource::Nofile, limit).map_err(|error| {
        io::Error::new(
            io::Error::from(error).kind(),
            format!("{wanted} descriptors are not allowed: {error}"),
        )
    })
}
