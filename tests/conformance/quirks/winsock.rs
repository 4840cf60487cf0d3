//! Scenarios for Winsock only.

use conformance::errno::{self, Errno};
use conformance::{
    ACTIONS, BOTH, NotRun, Run, WAIT, WRITE, assert_ready, now, pairs, unless_wine, wait_ready,
};
use rustix::net::connect;
use selectors::backend::Backend as _;
use selectors::sys::fd::{AsFd, OwnedFd};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::sys::select::{FdSet, select};
use selectors::{DefaultSelector, PollSelector, Readiness, SelectSelector, Timeout};
use std::io::Write;
use std::net::{Shutdown, TcpStream};

conformance::scenarios_of!(sys, winsock:
    sets_hold_more_than_64_sockets,
    selectors_hold_more_than_64_sockets,
    failed_connections_are_exceptional,
    failed_connections_are_writable,
    urgent_data_sets_rdband,
    unsupported_events_are_refused,
    half_close_is_reported_as_a_hang_up,
    the_default_back_end_is_select,
);

/// `FD_SETSIZE` of winsock2.h is 64.
const MANY: usize = 650;

fn sets_hold_more_than_64_sockets() -> Run {
    let ends: Vec<_> = (0..MANY).map(|_| pairs::streams()).collect();
    for (_, b) in ends.iter().step_by(3) {
        (&mut &*b).write_all(b"x").unwrap();
    }
    // All are writable, so the call does not wait. Data on loopback may arrive later, so the loop repeats.
    let ready: Vec<_> = ends.iter().step_by(3).map(|(a, _)| a.as_fd()).collect();
    let all: FdSet<'_> = ends.iter().map(|(a, _)| a.as_fd()).collect();
    let mut read;
    let found = loop {
        let mut write = all.clone();
        read = all.clone();
        let found = select(Some(&mut read), Some(&mut write), None, Timeout::ZERO).unwrap();
        assert_eq!(write.len(), MANY);
        if found == MANY + ready.len() {
            break found;
        }
    };
    assert_eq!((found, read.len()), (MANY + ready.len(), ready.len()));
    assert!(ready.iter().all(|fd| read.contains(*fd)));
    Ok(())
}

fn selectors_hold_more_than_64_sockets() -> Run {
    let ends: Vec<_> = (0..MANY).map(|_| pairs::streams()).collect();
    let mut selector = SelectSelector::new().unwrap();
    let tokens: Vec<_> =
        ends.iter().map(|(a, _)| (selector.register(a, WRITE, ()).unwrap(), WRITE)).collect();
    assert_ready(&mut selector, tokens);
    Ok(())
}

/// A socket that is connecting to a port where nobody listens, and the socket that keeps the port taken.
fn refused() -> Result<(OwnedFd, TcpStream), NotRun> {
    let (taken, address) = pairs::refusing();
    let socket = pairs::unconnected();
    match connect(&socket, &address) {
        Err(errno::CONNECTING) => Ok((socket, taken)),
        Err(Errno::CONNREFUSED) => Err(NotRun::because("the connection was refused without delay")),
        other => panic!("{other:?}"),
    }
}

/// A failed connection is in the third set only: the `select` function of winsock2.h, Remarks.
fn failed_connections_are_exceptional() -> Run {
    let (socket, _taken) = refused()?;
    let mut sets = [(); 3].map(|()| FdSet::from_iter([socket.as_fd()]));
    let [read, write, except] = &mut sets;
    select(Some(read), Some(write), Some(except), WAIT).unwrap();
    assert!(except.contains(socket.as_fd()));
    unless_wine("Wine 8 puts it in all three sets")?;
    assert!(read.is_empty() && write.is_empty());
    Ok(())
}

fn failed_connections_are_writable() -> Run {
    let (socket, _taken) = refused()?;
    let socket = TcpStream::from(socket);
    let mut selector = SelectSelector::new().unwrap();
    let token = selector.register(&socket, WRITE, ()).unwrap();
    wait_ready(&mut selector, [(token, WRITE)]);
    assert!(socket.take_error().unwrap().is_some());
    Ok(())
}

/// `POLLRDBAND` and not `POLLPRI`: WSAPOLLFD, Members.
fn urgent_data_sets_rdband() -> Run {
    let (a, b) = pairs::tcp();
    rustix::net::send(&b, b"!", rustix::net::SendFlags::OOB).unwrap();
    let mut selector = PollSelector::new().unwrap();
    let token = selector.register(&a, ACTIONS, ()).unwrap();
    let found = loop {
        let found = selector.select(WAIT).unwrap().get(token).unwrap();
        // The socket is writable before the urgent data arrives.
        if found != Readiness::WRITE {
            break found;
        }
    };
    assert_eq!(found, Readiness::WRITE | Readiness::PRIORITY);
    Ok(())
}

/// `WSAEINVAL`: WSAPOLLFD, Members.
fn unsupported_events_are_refused() -> Run {
    unless_wine("Wine 8 ignores what WSAPoll refuses")?;
    let (a, _b) = pairs::tcp();
    for flags in [PollFlags::PRI, PollFlags::HUP, PollFlags::ERR, PollFlags::WRBAND] {
        let mut entry = [PollFd::new(a.as_fd(), flags | PollFlags::OUT)];
        let error = poll(&mut entry, Timeout::ZERO).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::INVAL.raw_os_error()), "{flags:?}");
    }
    Ok(())
}

/// WSAPOLLFD, Members: `POLLHUP`, "disconnected or aborted". The other direction still works, so the back end reports only
/// the read half as closed.
fn half_close_is_reported_as_a_hang_up() -> Run {
    let (a, b) = pairs::tcp();
    b.shutdown(Shutdown::Write).unwrap();
    let mut entry = [PollFd::new(a.as_fd(), PollFlags::RDNORM)];
    assert_eq!(poll(&mut entry, WAIT).unwrap(), 1);
    assert!(entry[0].revents().contains(PollFlags::HUP), "{entry:?}");
    let mut selector = PollSelector::new().unwrap();
    let token = selector.register(&a, BOTH, ()).unwrap();
    let both = Readiness::READ | Readiness::WRITE;
    assert_eq!(now(&mut selector).get(token), Some(both | Readiness::READ_CLOSED));
    Ok(())
}

fn the_default_back_end_is_select() -> Run {
    let selector = DefaultSelector::<TcpStream>::new().unwrap();
    assert_eq!(selector.backend().name(), "select");
    Ok(())
}
