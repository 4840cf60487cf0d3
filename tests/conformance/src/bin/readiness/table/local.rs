//! Pipes, named pipes and pairs of Unix sockets. A change at one end is visible at the other at once.

use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{Mode, OFlags};
use rustix::pipe::{PipeFlags, pipe_with};
use selectors::sys::poll::PollFlags;

use super::situation::{Made, Situation, fill, made, put, until};

const READ_END: &str = "pipe, read end";
const WRITE_END: &str = "pipe, write end";
const FIFO_READ: &str = "FIFO, read end";
const FIFO_WRITE: &str = "FIFO, write end";

pub(super) const PIPES: &[Situation] = &[
    Situation::new(READ_END, "empty", || reading(pipe, |_| Ok(()), false)),
    Situation::new(READ_END, "with data", || reading(pipe, |write| put(write, b"x"), false)),
    Situation::new(READ_END, "with data, writer gone", || reading(pipe, |write| put(write, b"x"), true)),
    Situation::new(READ_END, "writer gone", || reading(pipe, |_| Ok(()), true)),
    Situation::new(WRITE_END, "with room", || writing(pipe, |_| Ok(()), false)),
    Situation::new(WRITE_END, "full", || writing(pipe, |write| fill(write), false)),
    Situation::new(WRITE_END, "reader gone", || writing(pipe, |_| Ok(()), true)),
    Situation::new(WRITE_END, "full, reader gone", || writing(pipe, |write| fill(write), true)),
    Situation::new(FIFO_READ, "no writer yet", || {
        let path = named_pipe()?;
        let read = open(&path, OFlags::RDONLY);
        fs::remove_file(path)?;
        made(read?, ())
    }),
    Situation::new(FIFO_READ, "empty", || reading(fifo, |_| Ok(()), false)),
    Situation::new(FIFO_READ, "with data", || reading(fifo, |write| put(write, b"x"), false)),
    Situation::new(FIFO_READ, "writer gone", || reading(fifo, |_| Ok(()), true)),
    Situation::new(FIFO_WRITE, "with room", || writing(fifo, |_| Ok(()), false)),
    Situation::new(FIFO_WRITE, "full", || writing(fifo, |write| fill(write), false)),
    Situation::new(FIFO_WRITE, "reader gone", || writing(fifo, |_| Ok(()), true)),
];

/// Returns the two ends, the one to read from first.
type Ends = io::Result<(OwnedFd, OwnedFd)>;

fn reading(ends: fn() -> Ends, before: fn(&OwnedFd) -> io::Result<()>, close: bool) -> io::Result<Made> {
    let (read, write) = ends()?;
    before(&write)?;
    if close {
        drop(write);
        until(&read, PollFlags::HUP)?;
        return made(read, ());
    }
    made(read, write)
}

fn writing(ends: fn() -> Ends, before: fn(&OwnedFd) -> io::Result<()>, close: bool) -> io::Result<Made> {
    let (read, write) = ends()?;
    before(&write)?;
    if close {
        drop(read);
        until(&write, PollFlags::ERR)?;
        return made(write, ());
    }
    made(write, read)
}

fn pipe() -> Ends {
    Ok(pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?)
}

fn fifo() -> Ends {
    let path = named_pipe()?;
    // The reader first: opening a non-blocking writer fails without a reader, fifo(7).
    let ends = open(&path, OFlags::RDONLY).and_then(|read| Ok((read, open(&path, OFlags::WRONLY)?)));
    fs::remove_file(path)?;
    ends
}

fn open(path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, flags | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?)
}

fn named_pipe() -> io::Result<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("readiness-{}-{count}", std::process::id());
    let path = std::env::temp_dir().join(name).display().to_string();
    rustix::fs::mkfifoat(rustix::fs::CWD, path.as_str(), Mode::RUSR | Mode::WUSR)?;
    Ok(path)
}

const PAIR: &str = "Unix stream socket";

pub(super) const SOCKETS: &[Situation] = &[
    Situation::new(PAIR, "idle", || socket(|_, _| Ok(()), false)),
    Situation::new(PAIR, "with data", || socket(|_, peer| put(peer, b"x"), false)),
    Situation::new(PAIR, "full", || socket(|here, _| fill(here), false)),
    Situation::new(PAIR, "peer half-closed", || socket(|_, peer| peer.shutdown(Shutdown::Write), false)),
    Situation::new(PAIR, "self half-closed", || socket(|here, _| here.shutdown(Shutdown::Write), false)),
    Situation::new(PAIR, "both half-closed", || {
        socket(|here, peer| peer.shutdown(Shutdown::Write).and(here.shutdown(Shutdown::Write)), false)
    }),
    Situation::new(PAIR, "peer closed", || socket(|_, _| Ok(()), true)),
    Situation::new(PAIR, "with data, peer closed", || socket(|_, peer| put(peer, b"x"), true)),
    Situation::new(PAIR, "peer closed before it read all", || socket(|here, _| put(here, b"x"), true)),
];

fn socket(before: fn(&UnixStream, &UnixStream) -> io::Result<()>, close: bool) -> io::Result<Made> {
    let (here, peer) = UnixStream::pair()?;
    here.set_nonblocking(true)?;
    before(&here, &peer)?;
    if close {
        drop(peer);
        until(&here, PollFlags::HUP)?;
        return made(here, ());
    }
    made(here, peer)
}
