//! TCP and UDP over loopback. A change at one end takes a moment to reach the other, so each state is waited for.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, sockopt};
use selectors::sys::poll::{PollFd, PollFlags, poll};

use super::situation::{Made, Situation, fill, made, put, until};

const STREAM: &str = "TCP socket";
const LISTENER: &str = "TCP listener";
const UDP: &str = "UDP socket";

/// Returns a loopback address with any port.
const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

const ENDED: PollFlags = PollFlags::ERR.union(PollFlags::HUP);

pub(super) const SITUATIONS: &[Situation] = &[
    Situation::new(STREAM, "never connected", || made(stream()?, ())),
    Situation::new(STREAM, "connecting", connecting),
    Situation::new(STREAM, "connection refused", refused),
    Situation::new(STREAM, "established, idle", || socket(PollFlags::OUT, |_, _| Ok(()))),
    Situation::new(STREAM, "with data", || socket(PollFlags::IN, |_, peer| put(peer, b"x"))),
    Situation::new(STREAM, "with an urgent byte", || socket(PollFlags::PRI, |_, peer| urgent(peer))),
    Situation::new(STREAM, "with data, then an urgent byte", || {
        socket(PollFlags::IN.union(PollFlags::PRI), |_, peer| put(peer, b"x").and_then(|()| urgent(peer)))
    }),
    Situation::new(STREAM, "full", full),
    Situation::new(STREAM, "peer half-closed", || {
        socket(PollFlags::RDHUP, |_, peer| peer.shutdown(Shutdown::Write))
    }),
    Situation::new(STREAM, "self half-closed", || {
        socket(PollFlags::OUT, |here, _| here.shutdown(Shutdown::Write))
    }),
    Situation::new(STREAM, "both half-closed", || {
        socket(PollFlags::HUP, |here, peer| {
            peer.shutdown(Shutdown::Write)?;
            until(here, PollFlags::RDHUP)?;
            here.shutdown(Shutdown::Write)
        })
    }),
    Situation::new(STREAM, "self closed for reading", || {
        socket(PollFlags::RDHUP, |here, _| here.shutdown(Shutdown::Read))
    }),
    Situation::new(STREAM, "peer closed", || {
        let (here, peer) = pair()?;
        drop(peer);
        until(&here, PollFlags::RDHUP)?;
        made(here, ())
    }),
    Situation::new(STREAM, "reset", || made(reset()?, ())),
    Situation::new(STREAM, "reset, and its error taken (`SO_ERROR`)", || {
        let here = reset()?;
        here.take_error()?;
        made(here, ())
    }),
    Situation::new(LISTENER, "idle", || made(TcpListener::bind(ANY)?, ())),
    Situation::new(LISTENER, "with a connection", || {
        let listener = TcpListener::bind(ANY)?;
        let client = TcpStream::connect(listener.local_addr()?)?;
        until(&listener, PollFlags::IN)?;
        made(listener, client)
    }),
    Situation::new(UDP, "idle", || made(UdpSocket::bind(ANY)?, ())),
    Situation::new(UDP, "with a datagram", || datagram(b"x")),
    Situation::new(UDP, "with an empty datagram", || datagram(b"")),
    Situation::new(UDP, "with a pending ICMP error", || {
        // The socket keeps its port, but accepts datagrams from its peer only, so the kernel answers "unreachable".
        let (deaf, somebody, here) = (UdpSocket::bind(ANY)?, UdpSocket::bind(ANY)?, UdpSocket::bind(ANY)?);
        deaf.connect(somebody.local_addr()?)?;
        here.connect(deaf.local_addr()?)?;
        here.send(b"x")?;
        until(&here, PollFlags::ERR)?;
        made(here, (deaf, somebody))
    }),
];

fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind(ANY)?;
    let here = TcpStream::connect(listener.local_addr()?)?;
    let (peer, _) = listener.accept()?;
    here.set_nonblocking(true)?;
    until(&here, PollFlags::OUT)?;
    Ok((here, peer))
}

/// Makes a connection, runs `before`, and returns when poll reports `state`.
fn socket(state: PollFlags, before: fn(&TcpStream, &TcpStream) -> io::Result<()>) -> io::Result<Made> {
    let (here, peer) = pair()?;
    before(&here, &peer)?;
    until(&here, state)?;
    made(here, peer)
}

fn urgent(peer: impl AsFd) -> io::Result<()> {
    rustix::net::send(peer, b"!", SendFlags::OOB)?;
    Ok(())
}

fn reset() -> io::Result<TcpStream> {
    let (here, peer) = pair()?;
    // Closing without lingering sends a reset: socket(7), tcp(7).
    sockopt::set_socket_linger(&peer, Some(Duration::ZERO))?;
    drop(peer);
    until(&here, ENDED)?;
    Ok(here)
}

fn stream() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?)
}

/// A listener whose queue is full drops further attempts (`tcp_conn_request` in `net/ipv4/tcp_input.c`). The kernel repeats
/// them for minutes.
fn connecting() -> io::Result<Made> {
    let listener = stream()?;
    rustix::net::bind(&listener, &ANY)?;
    rustix::net::listen(&listener, 0)?; // room for one connection
    let address = SocketAddr::try_from(rustix::net::getsockname(&listener)?)?;
    let first = TcpStream::connect(address)?;
    until(&listener, PollFlags::IN)?;

    let here = stream()?;
    match rustix::net::connect(&here, &address) {
        Err(Errno::INPROGRESS) => made(here, (listener, first)),
        result => Err(io::Error::other(format!("connect: {result:?}"))),
    }
}

/// Returns a port that is bound, but not listening.
fn refused() -> io::Result<Made> {
    let bound = stream()?;
    rustix::net::bind(&bound, &ANY)?;
    let address = SocketAddr::try_from(rustix::net::getsockname(&bound)?)?;
    let here = stream()?;
    match rustix::net::connect(&here, &address) {
        Err(Errno::INPROGRESS) => {}
        result => return Err(io::Error::other(format!("connect: {result:?}"))),
    }
    until(&here, ENDED)?;
    made(here, bound)
}

/// Fills a connection that nobody reads. It is full if no room appears for a while, in which the peer could acknowledge data.
fn full() -> io::Result<Made> {
    let (here, peer) = pair()?;
    loop {
        fill(&here)?;
        if poll(&mut [PollFd::new(here.as_fd(), PollFlags::OUT)], Duration::from_millis(250))? == 0 {
            return made(here, peer);
        }
    }
}

fn datagram(bytes: &[u8]) -> io::Result<Made> {
    let (here, peer) = (UdpSocket::bind(ANY)?, UdpSocket::bind(ANY)?);
    peer.send_to(bytes, here.local_addr()?)?;
    until(&here, PollFlags::IN)?;
    made(here, peer)
}
