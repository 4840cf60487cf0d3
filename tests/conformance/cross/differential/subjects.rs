//! Connected descriptors of every kind, to be watched while their peers act.

#![expect(unsafe_code, reason = "mkfifo(3) and pseudoterminals have no safe interface on all systems")]

use std::ffi::CString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conformance::{NotRun, pairs};
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use selectors::Interest;
use selectors::sys::fd::{AsFd, OwnedFd};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamSocket,
    DatagramSocket,
    Listener,
    PipeReader,
    PipeWriter,
    FifoReader,
    FifoWriter,
    PtyMaster,
    PtySlave,
    RegularFile,
    NullDevice,
}

pub(super) const KINDS: [Kind; 11] = [
    Kind::StreamSocket,
    Kind::DatagramSocket,
    Kind::Listener,
    Kind::PipeReader,
    Kind::PipeWriter,
    Kind::FifoReader,
    Kind::FifoWriter,
    Kind::PtyMaster,
    Kind::PtySlave,
    Kind::RegularFile,
    Kind::NullDevice,
];

/// A descriptor to watch, and its peer.
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) fd: Arc<OwnedFd>,
    peer: Peer,
}

enum Peer {
    Fd(OwnedFd),
    /// The address of a listener, with the connections to it.
    Clients(PathBuf, Vec<UnixStream>),
    None,
}

/// An action on a subject.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Write,
    Fill,
    Drain,
    PeerWrites,
    PeerDrains,
    PeerCloses,
    ShutDown,
    PeerShutsDown,
}

pub(super) const ACTS: [Act; 8] = [
    Act::Write,
    Act::Fill,
    Act::Drain,
    Act::PeerWrites,
    Act::PeerDrains,
    Act::PeerCloses,
    Act::ShutDown,
    Act::PeerShutsDown,
];

impl Subject {
    pub(super) fn new(kind: Kind) -> Result<Self, NotRun> {
        let fds = |(fd, peer): (OwnedFd, OwnedFd)| (fd, Peer::Fd(peer));
        let swapped = |(peer, fd): (OwnedFd, OwnedFd)| (fd, Peer::Fd(peer));
        let (fd, peer) = match kind {
            Kind::StreamSocket => {
                let (a, b) = pairs::streams();
                fds((a.into(), b.into()))
            }
            Kind::DatagramSocket => {
                let (a, b) = UnixDatagram::pair().unwrap();
                a.set_nonblocking(true).unwrap();
                b.set_nonblocking(true).unwrap();
                fds((a.into(), b.into()))
            }
            Kind::Listener => {
                let path = path("listener");
                let listener = UnixListener::bind(&path).unwrap();
                listener.set_nonblocking(true).unwrap();
                (listener.into(), Peer::Clients(path, Vec::new()))
            }
            Kind::PipeReader => fds(pipe()?),
            Kind::PipeWriter => swapped(pipe()?),
            Kind::FifoReader => fds(fifo()),
            Kind::FifoWriter => swapped(fifo()),
            Kind::PtyMaster => fds(pty()?),
            Kind::PtySlave => swapped(pty()?),
            Kind::RegularFile => (pairs::regular_with("text")?.into(), Peer::None),
            Kind::NullDevice => (pairs::null()?.into(), Peer::None),
        };
        Ok(Self { kind, fd: Arc::new(fd), peer })
    }

    /// The interests that may be requested. The two ends of a FIFO differ from those of a pipe: on FreeBSD `poll` reports the
    /// hang-up for both directions, kqueue for its own one; OpenBSD has no filter for the other one (`fifo_kqfilter` in
    /// `sys/miscfs/fifofs/fifo_vnops.c`).
    pub(super) fn interests(&self) -> &'static [Interest] {
        const READ: Interest = Interest::READ;
        const WRITE: Interest = Interest::WRITE;
        const ANY: &[Interest] = &[READ, WRITE, READ.union(WRITE)];
        match self.kind {
            Kind::FifoReader => &[READ],
            Kind::FifoWriter => &[WRITE],
            _ => ANY,
        }
    }

    pub(super) fn peer_is_closed(&self) -> bool {
        matches!(self.peer, Peer::None)
    }

    /// Acts, as far as the subject can. Errors are results like any other.
    pub(super) fn act(&mut self, act: Act) {
        let peer = match &mut self.peer {
            Peer::Fd(peer) => Some(peer),
            Peer::Clients(path, clients) => {
                match act {
                    // A few, as the queue of the listener is short.
                    Act::PeerWrites if clients.len() < 3 => clients.push(UnixStream::connect(path).unwrap()),
                    Act::Drain => {
                        while rustix::net::accept(&*self.fd).is_ok() {}
                        clients.clear();
                    }
                    _ => {}
                }
                return;
            }
            Peer::None => None,
        };
        let _ = match (act, peer) {
            (Act::Write, _) => rustix::io::write(&*self.fd, b"x\n"),
            // The buffers of terminals and datagram sockets differ too much.
            (Act::Fill, _)
                if matches!(self.kind, Kind::StreamSocket | Kind::PipeWriter | Kind::FifoWriter) =>
            {
                while let Ok(1..) = rustix::io::write(&*self.fd, &[b'x'; 4096]) {}
                Ok(0)
            }
            (Act::Drain, _) => drain(&*self.fd),
            (Act::PeerWrites, Some(peer)) => rustix::io::write(peer, b"x\n"),
            (Act::PeerDrains, Some(peer)) => drain(peer),
            (Act::PeerCloses, Some(peer)) => {
                // With room in it: NetBSD (`pipeclose`) and OpenBSD (`pipe_destroy`) wake nobody who waits for room in a full
                // pipe. Closing a terminal would wait until its output is read (`ttydev_leave` on FreeBSD).
                let _ = (drain(peer), drain(&*self.fd));
                self.peer = Peer::None;
                Ok(0)
            }
            (Act::ShutDown, _) => shutdown(&*self.fd, Shutdown::Write).map(|()| 0),
            (Act::PeerShutsDown, Some(peer)) => shutdown(peer, Shutdown::Write).map(|()| 0),
            _ => Ok(0),
        };
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        if let Peer::Clients(path, _) = &self.peer {
            std::fs::remove_file(path).unwrap();
        }
    }
}

fn drain(fd: impl AsFd) -> Result<usize, Errno> {
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(&fd, &mut buffer) {
            Ok(1..) => {}
            result => return result,
        }
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), NotRun> {
    let (reader, writer) = pairs::pipe()?;
    Ok((reader.into(), writer.into()))
}

/// Returns a path that nobody else uses.
fn path(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("differential-{name}-{}-{count}", std::process::id()))
}

fn fifo() -> (OwnedFd, OwnedFd) {
    let path = path("fifo");
    let name = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: a string that ends with a zero.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let open = |write: bool| {
        let mut options = File::options();
        options.read(!write).write(write).custom_flags(libc::O_NONBLOCK).open(&path).unwrap()
    };
    // The reader first: without one, a non-blocking open for writing fails.
    let ends = (open(false).into(), open(true).into());
    std::fs::remove_file(path).unwrap();
    ends
}

/// Opens a pseudoterminal, and returns the master and the slave.
fn pty() -> Result<(OwnedFd, OwnedFd), NotRun> {
    let (master, slave) =
        open_pty().map_err(|error| NotRun::because(format!("no pseudoterminal: {error}")))?;
    for fd in [&master, &slave] {
        let flags = rustix::fs::fcntl_getfl(fd).unwrap();
        rustix::fs::fcntl_setfl(fd, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    }
    Ok((master, slave))
}

#[cfg(any(target_os = "freebsd", target_os = "linux"))]
fn open_pty() -> Result<(OwnedFd, OwnedFd), Errno> {
    use rustix::pty::{OpenptFlags, openpt, unlockpt};
    use selectors::sys::fd::AsRawFd;

    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    if cfg!(target_os = "linux") {
        unlockpt(&master)?;
    }
    let mut number: libc::c_int = 0;
    // SAFETY: the request writes an int.
    assert_eq!(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTN, &raw mut number) }, 0);
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let slave = rustix::fs::open(format!("/dev/pts/{number}"), flags, rustix::fs::Mode::empty())?;
    Ok((master, slave))
}

/// `/dev/ptm` opens both sides: ptm(4) of NetBSD, pty(4) of OpenBSD.
#[cfg(any(target_os = "netbsd", target_os = "openbsd"))]
fn open_pty() -> Result<(OwnedFd, OwnedFd), Errno> {
    use selectors::sys::fd::AsRawFd;
    use std::os::fd::FromRawFd;

    /// `struct ptmget`, and the number of its request: `_IOR('t', ...)` in `sys/ttycom.h` and `sys/tty.h`.
    #[repr(C)]
    struct Pair {
        master: libc::c_int,
        slave: libc::c_int,
        names: [[u8; NAME]; 2],
    }
    const NAME: usize = if cfg!(target_os = "netbsd") { 1024 } else { 16 };
    const NUMBER: libc::c_ulong = if cfg!(target_os = "netbsd") { 70 } else { 1 };
    const PTMGET: libc::c_ulong = 0x4000_0000 | (size_of::<Pair>() as libc::c_ulong) << 16 | 0x7400 | NUMBER;

    let device = File::options().read(true).write(true).open("/dev/ptm");
    let device = device.map_err(|error| Errno::from_io_error(&error).unwrap())?;
    let mut pair = Pair { master: -1, slave: -1, names: [[0; NAME]; 2] };
    // SAFETY: the request writes this struct.
    if unsafe { libc::ioctl(device.as_raw_fd(), PTMGET, &raw mut pair) } != 0 {
        return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap());
    }
    // SAFETY: the request opened both, and nobody else owns them.
    let [master, slave] = [pair.master, pair.slave].map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    Ok((master, slave))
}

/// Others differ in how, and in what their kqueue says of terminals: XNU refuses them.
#[cfg(not(any(target_os = "freebsd", target_os = "linux", target_os = "netbsd", target_os = "openbsd")))]
fn open_pty() -> Result<(OwnedFd, OwnedFd), Errno> {
    Err(Errno::NOSYS)
}
