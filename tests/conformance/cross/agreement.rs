//! Agreement of all back ends on the readiness of a file.

use conformance::{
    ACTIONS, HANG_UP, NotRun, PRIORITY, READ, READ_CLOSED, Run, WAIT, WRITE, assert_unsupported, darwin,
    errno, kernel, pairs, unless_wine, unless_winsock,
};
use rustix::net::{SendFlags, send, sockopt};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, OwnedFd};
use selectors::sys::select::SetFlags;
use selectors::{AnySelector, BackendKind, DefaultSelector, Interest, Mode, Readiness};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios_of!(cross, agreement:
    unix_sockets,
    tcp_sockets,
    half_closed_tcp_sockets,
    tcp_resets,
    an_unconnected_tcp_socket,
    tcp_connections,
    urgent_data,
    udp_sockets,
    pipes,
    other_files,
    each_supports_what_is_documented,
);

const NOTHING: Interest = Interest::empty();

/// Back end, interest, mode, and the interests that were reported.
type Answers = Vec<(BackendKind, Interest, Mode, Interest)>;

/// Returns the answers of each back end for a file and each part of `everything`.
fn answers(file: impl AsFd, everything: Interest) -> Answers {
    let fd = file.as_fd();
    let mut answers = Vec::new();
    for kind in conformance::comparable() {
        let parts = (1..=everything.bits()).filter_map(Interest::from_bits);
        for interest in parts.filter(|interest| everything.contains(*interest)) {
            for mode in [Mode::Level, Mode::Oneshot] {
                let mut selector = AnySelector::open(kind).unwrap();
                let token = match selector.register_with(fd, interest, mode, ()) {
                    Ok(token) => token,
                    Err(rejected) => {
                        assert_unsupported(&selector, &rejected.error, interest, mode);
                        assert!(interest.contains(PRIORITY), "everyone has the rest");
                        continue;
                    }
                };
                let readiness = selector.select(Duration::ZERO).unwrap().get(token);
                answers.push((kind, interest, mode, readiness.map_or(NOTHING, Readiness::interest)));
            }
        }
    }
    answers
}

fn assert_answers(answers: &Answers, expected: Interest, situation: &str) {
    for &(kind, interest, mode, found) in answers {
        let hung_up = kernel::SELECT_FINDS_HANG_UPS_EXCEPTIONAL && expected.contains(READ | WRITE);
        let found =
            if hung_up && kind == BackendKind::Select { found - (PRIORITY - expected) } else { found };
        assert_eq!(found, expected & interest, "{kind}, {situation}, interest {interest:?}, {mode}");
    }
}

/// Asserts that all back ends report this readiness as soon as one does. Data on a network takes time.
fn assert_all_agree(file: impl AsFd, expected: Interest, situation: &str) {
    assert_all_agree_on(file, ACTIONS, expected, situation);
}

fn assert_all_agree_on(file: impl AsFd, everything: Interest, expected: Interest, situation: &str) {
    // `poll` of XNU reports no urgent data.
    let first = if darwin::APPLE { BackendKind::Select } else { BackendKind::Poll };
    let deadline = Instant::now() + WAIT;
    loop {
        let mut selector = AnySelector::open(first).unwrap();
        let token = selector.register(file.as_fd(), everything, ()).unwrap();
        let found = selector.select(Duration::ZERO).unwrap().get(token);
        if found.map_or(NOTHING, Readiness::interest) == expected || Instant::now() > deadline {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    assert_answers(&answers(file, everything), expected, situation);
}

fn unix_sockets() -> Run {
    let (a, mut b) = pairs::at_once()?;
    assert_all_agree(&a, WRITE, "a fresh socket");
    b.write_all(b"x").unwrap();
    assert_all_agree(&a, READ | WRITE, "something to read");
    pairs::fill(&a);
    assert_all_agree(&a, READ, "no room to write");
    pairs::drain(&a);
    assert_all_agree(&a, NOTHING, "neither");
    pairs::drain(&b);
    assert_all_agree(&a, WRITE, "room again");

    b.shutdown(Shutdown::Write).unwrap();
    assert_all_agree(&a, READ | WRITE, "the peer shut down writing");
    assert_all_agree(&b, WRITE, "shut down writing");
    pairs::fill(&a);
    let everything = if darwin::POLL_HANGS_UP_HALF_CLOSED { READ } else { ACTIONS };
    assert_all_agree_on(&a, everything, READ, "the peer shut down writing, and a full buffer");
    drop(b);
    assert_all_agree(&a, READ | WRITE, "the peer is closed, and left data unread");
    let end = (&a).read(&mut [0; 8]).map_err(|error| error.kind());
    assert_eq!(end, if kernel::UNREAD_RESETS { Err(ErrorKind::ConnectionReset) } else { Ok(0) });
    assert_all_agree(&a, READ | WRITE, "the peer is gone");
    Ok(())
}

fn tcp_sockets() -> Run {
    let (a, mut b) = pairs::tcp();
    assert_all_agree(&a, WRITE, "a fresh connection");
    b.write_all(b"x").unwrap();
    assert_all_agree(&a, READ | WRITE, "something to read");
    pairs::drain(&a);
    // Room appears while data moves to the buffer of the peer.
    let mut written = 0;
    loop {
        written += pairs::fill(&a);
        let answers = answers(&a, ACTIONS);
        match pairs::fill(&a) {
            0 => break assert_answers(&answers, NOTHING, "no room to write"),
            more => written += more,
        }
    }
    assert_all_agree(&b, READ | WRITE, "much to read");
    let mut read = 0;
    while read < written {
        read += pairs::drain(&b);
    }
    assert_all_agree(&a, WRITE, "room again");
    assert_all_agree(&b, WRITE, "all is read");
    Ok(())
}

fn half_closed_tcp_sockets() -> Run {
    for first_is_server in [false, true] {
        let (a, mut b) = if first_is_server { swapped(pairs::tcp()) } else { pairs::tcp() };
        a.shutdown(Shutdown::Write).unwrap();
        assert_all_agree(&a, WRITE, "shut down writing");
        assert_all_agree(&b, READ | WRITE, "the peer shut down writing");
        b.write_all(b"x").unwrap();
        assert_all_agree(&a, READ | WRITE, "shut down writing, and data to read");
        pairs::drain(&a);
        assert_all_agree(&a, WRITE, "shut down writing, and nothing more to read");
        b.shutdown(Shutdown::Write).unwrap();
        assert_all_agree(&a, READ | WRITE, "both shut down writing");
        assert_all_agree(&b, READ | WRITE, "both shut down writing");
        drop(b);
        assert_all_agree(&a, READ | WRITE, "both shut down writing, and the peer is closed");
    }
    let (a, b) = pairs::tcp();
    drop(b);
    assert_all_agree(&a, READ | WRITE, "the peer is gone");
    let (a, _b) = pairs::tcp();
    a.shutdown(Shutdown::Read).unwrap();
    unless_wine("Wine 8 does not report that this end was shut down for reading")?;
    assert_all_agree(&a, READ | WRITE, "shut down reading");
    Ok(())
}

fn swapped<T>((a, b): (T, T)) -> (T, T) {
    (b, a)
}

fn tcp_resets() -> Run {
    let (mut a, b) = pairs::tcp();
    a.write_all(b"x").unwrap();
    assert_all_agree(&b, READ | WRITE, "something to read");
    // Closing without lingering sends a reset: tcp(7), socket(7).
    sockopt::set_socket_linger(&b, Some(Duration::ZERO)).unwrap();
    drop(b);
    assert_all_agree(&a, READ | WRITE, "reset");
    unless_wine("Wine 8 takes the error of a socket before the program can")?;
    assert!(a.take_error().unwrap().is_some());
    assert_all_agree(&a, READ | WRITE, "reset, and the error was taken");
    Ok(())
}

fn an_unconnected_tcp_socket() -> Run {
    unless_winsock("Winsock waits for sockets that are connected, connecting or listening")?;
    let expected = if kernel::UNCONNECTED_HAS_HUNG_UP { READ | WRITE } else { NOTHING };
    assert_all_agree(pairs::unconnected(), expected, "a socket that never was connected");
    Ok(())
}

fn tcp_connections() -> Run {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert_all_agree(&listener, NOTHING, "a listener");
    let _stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_all_agree(&listener, READ, "a listener with a connection");

    let address = listener.local_addr().unwrap();
    let connecting = pairs::unconnected();
    let result = rustix::net::connect(&connecting, &address);
    assert!(matches!(result, Ok(()) | Err(errno::CONNECTING)), "{result:?}");
    assert_all_agree(&connecting, WRITE, "an established connection");

    // Bound first: otherwise it might get the port of the listener and connect to itself.
    let refused = pairs::unconnected();
    rustix::net::bind(&refused, &std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    drop(listener);
    let result = rustix::net::connect(&refused, &address);
    assert!(matches!(result, Err(errno::CONNECTING | errno::Errno::CONNREFUSED)), "{result:?}");
    unless_winsock("select of Winsock reports a failed connection to writers only")?;
    assert_all_agree(&refused, READ | WRITE, "a refused connection");
    Ok(())
}

fn urgent_data() -> Run {
    let (a, mut b) = pairs::tcp();
    send(&b, b"!", SendFlags::OOB).unwrap();
    assert_all_agree(&a, WRITE | PRIORITY, "urgent data");
    b.write_all(b"x").unwrap();
    assert_all_agree(&a, READ | WRITE | PRIORITY, "urgent data, and other data after it");
    Ok(())
}

fn udp_sockets() -> Run {
    let (a, b) = pairs::udp();
    assert_all_agree(&a, WRITE, "a fresh socket");
    b.send(b"x").unwrap();
    assert_all_agree(&a, READ | WRITE, "a datagram");
    a.recv(&mut [0]).unwrap();
    b.send(b"").unwrap();
    assert_all_agree(&a, READ | WRITE, "an empty datagram");
    a.recv(&mut [0]).unwrap();
    assert_all_agree(&a, WRITE, "all is read");
    let lone = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert_all_agree(&lone, WRITE, "a socket without a peer");
    unless_wine("Wine 8 takes the error of a socket before the program can")?;
    // The peer is closed, so the answer to a datagram is an error.
    drop(b);
    a.send(b"x").unwrap();
    assert_all_agree(&a, READ | WRITE, "a refused datagram");
    Ok(())
}

/// Without the hang-up of the reading end, which select does not report as writable.
fn pipes() -> Run {
    let (reader, mut writer) = pairs::pipe()?;
    let room = if kernel::PIPES_GO_BOTH_WAYS { WRITE } else { NOTHING };
    let asked = if darwin::SELECT_FINDS_READ_ENDS_WRITABLE { READ } else { ACTIONS };
    assert_all_agree_on(&reader, asked, room, "an empty pipe");
    assert_all_agree(&writer, WRITE, "an empty pipe");
    writer.write_all(b"x").unwrap();
    assert_all_agree_on(&reader, asked, READ | room, "something to read");
    pairs::fill(&writer);
    assert_all_agree(&writer, NOTHING, "a full pipe");
    drop(reader);
    let everything = if kernel::BROKEN.contains(SetFlags::EXCEPT) { READ | WRITE } else { ACTIONS };
    assert_all_agree_on(&writer, everything, READ | WRITE, "nobody reads");
    Ok(())
}

fn other_files() -> Run {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    events_and_timers();

    let mut inner = DefaultSelector::new().unwrap();
    let (a, mut b) = pairs::streams();
    inner.register(&a, READ, ()).unwrap();
    let fd = inner.backend().fd().ok_or_else(|| NotRun::because("this back end has no descriptor"))?;
    // A kqueue refuses WRITE for another one (`kqueue_kqfilter` in sys/kern/kern_event.c).
    let everything = if kernel::BSD { READ } else { ACTIONS };
    assert_all_agree_on(fd, everything, NOTHING, "a selector with nothing ready in it");
    b.write_all(b"x").unwrap();
    assert_all_agree_on(fd, everything, READ, "a selector with something ready in it");
    Ok(())
}

/// Scenarios about optional features are not run where `supports` says no, so its answers are asserted here.
fn each_supports_what_is_documented() -> Run {
    let filter = cfg!(any(target_os = "dragonfly", target_os = "openbsd", target_vendor = "apple"));
    for kind in BackendKind::available() {
        let edges = matches!(kind, BackendKind::Epoll | BackendKind::Kqueue);
        let priority = match kind {
            BackendKind::Kqueue => filter,
            BackendKind::Poll => darwin::POLL_REPORTS_URGENT_DATA,
            _ => true,
        };
        // The end alone, and hang-ups together with something else.
        let (read_closed, hang_up, hang_up_alone) = match kind {
            BackendKind::Select => (false, false, false),
            BackendKind::Poll | BackendKind::Devpoll => (
                kernel::POLL_WAITS_FOR_READ_CLOSED,
                kernel::POLL_WAITS_FOR_HANG_UPS,
                kernel::POLL_WAITS_FOR_HANG_UPS_ALONE,
            ),
            BackendKind::Kqueue if cfg!(target_os = "linux") => (false, false, false), // libkqueue
            _ => (true, true, true),
        };
        let selector = AnySelector::<OwnedFd>::open(kind).unwrap();
        for interest in (1..=Interest::all().bits()).filter_map(Interest::from_bits) {
            for mode in [Mode::Level, Mode::Edge, Mode::Oneshot] {
                let has = (edges || mode != Mode::Edge)
                    && (priority || !interest.contains(PRIORITY))
                    && (read_closed || !interest.contains(READ_CLOSED))
                    && (hang_up || !interest.contains(HANG_UP))
                    && (hang_up_alone || interest != HANG_UP);
                assert_eq!(selector.backend().supports(interest, mode), has, "{kind}, {interest:?}, {mode}");
            }
        }
    }
    Ok(())
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn events_and_timers() {
    use rustix::event::{EventfdFlags, eventfd};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    };

    let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).unwrap();
    assert_all_agree(&event, WRITE, "an eventfd at 0");
    rustix::io::write(&event, &1_u64.to_ne_bytes()).unwrap();
    assert_all_agree(&event, READ | WRITE, "an eventfd at 1");
    rustix::io::write(&event, &(u64::MAX - 2).to_ne_bytes()).unwrap();
    assert_all_agree(&event, READ, "an eventfd that is full");

    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC).unwrap();
    assert_all_agree(&timer, NOTHING, "a timer that is not set");
    let at = |tv_nsec| Timespec { tv_sec: 0, tv_nsec };
    let once = Itimerspec { it_interval: at(0), it_value: at(1) };
    rustix::time::timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once).unwrap();
    assert_all_agree(&timer, READ, "a timer that ran out");
}
