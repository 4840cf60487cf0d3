//! What `kqueue(2)` tells of the end of a connection.

use super::{change, named, no_emulation, now, one};
use conformance::{NotRun, Run, kernel, pairs};
use rustix::net::{Shutdown, shutdown, sockopt};
use selectors::sys::fd::AsFd;
use selectors::sys::kqueue::{Data, Filter, Flags, Kevent, Kqueue};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

conformance::scenarios_of!(sys, kqueue_ends:
    a_pipe_that_nobody_writes_to,
    a_pipe_that_nobody_reads,
    a_pipe_that_nobody_reads_any_more,
    the_wrong_end_of_a_pipe,
    a_peer_that_sends_no_more,
    an_end_that_was_shut_down,
    a_connection_that_was_reset,
    a_connection_that_was_refused,
    the_end_of_a_regular_file,
);

/// The kernels whose sources say what is asserted here beyond what all have in common.
const KNOWN: bool = cfg!(any(target_os = "freebsd", target_os = "netbsd"));

fn watch(fd: impl AsFd, filter: Filter) -> Kqueue {
    let queue = Kqueue::new().unwrap();
    change(&queue, named(7, Kevent::for_fd(fd.as_fd(), filter, Flags::ADD))).unwrap();
    queue
}

/// What is told of one direction, as soon as the other end is gone there.
fn end(queue: &Kqueue) -> Kevent {
    loop {
        let event = one(queue);
        if event.flags.contains(Flags::EOF) {
            return event;
        }
    }
}

fn a_pipe_that_nobody_writes_to() -> Run {
    let (mut reader, mut writer) = pairs::pipe()?;
    let queue = watch(&reader, Filter::READ);
    assert_eq!(now(&queue), []);
    writer.write_all(b"hello").unwrap();
    let event = one(&queue);
    assert!(event.data == 5 && !event.flags.contains(Flags::EOF), "{event:?}");
    drop(writer);
    // Together with what there is to read, and each time.
    for left in [5, 0] {
        for _ in 0..2 {
            let event = end(&queue);
            assert_eq!((event.data, event.fflags.bits()), (left, 0), "{event:?}");
        }
        assert_eq!(reader.read(&mut [0; 8]).unwrap() as Data, left);
    }
    Ok(())
}

/// What `pipe_kqfilter` says of it: FreeBSD has `EPIPE`, NetBSD `EBADF` up to version 10 and takes it later.
fn a_pipe_that_nobody_reads() -> Run {
    let (reader, writer) = pairs::pipe()?;
    drop(reader);
    let queue = Kqueue::new().unwrap();
    let result = change(&queue, Kevent::for_fd(writer.as_fd(), Filter::WRITE, Flags::ADD));
    let errno = result.err().and_then(|error| error.raw_os_error());
    let known: &[_] = match () {
        () if cfg!(target_os = "freebsd") => &[Some(libc::EPIPE)],
        () if cfg!(target_os = "netbsd") => &[Some(libc::EBADF), None],
        () => &[Some(libc::EPIPE), None],
    };
    assert!(known.contains(&errno), "{errno:?}");
    if errno.is_none() && !cfg!(target_os = "linux") {
        assert_eq!(end(&queue).fflags.bits(), 0);
    }
    Ok(())
}

fn a_pipe_that_nobody_reads_any_more() -> Run {
    no_emulation("libkqueue tells no end of writing")?;
    let (reader, writer) = pairs::pipe()?;
    let queue = watch(&writer, Filter::WRITE);
    let event = one(&queue);
    assert!(event.data > 0 && !event.flags.contains(Flags::EOF), "{event:?}");
    drop(reader);
    let event = end(&queue);
    assert_eq!((event.udata, event.fflags.bits()), (7, 0));
    // FreeBSD takes it out with that (`knlist_cleardel`), NetBSD does not.
    if KNOWN {
        let taken_out = cfg!(target_os = "freebsd");
        assert_eq!(event.flags.contains(Flags::ONESHOT), taken_out);
        assert_eq!(now(&queue).is_empty(), taken_out);
        let result = change(&queue, Kevent::for_fd(writer.as_fd(), Filter::WRITE, Flags::DELETE));
        assert_eq!(
            result.map_err(|error| error.raw_os_error()).err(),
            taken_out.then_some(Some(libc::ENOENT))
        );
    }
    Ok(())
}

/// It is taken. With both ends there, only that of FreeBSD to read from is ready, to be written to.
fn the_wrong_end_of_a_pipe() -> Run {
    if !KNOWN {
        return Err(NotRun::because("known of FreeBSD and NetBSD alone"));
    }
    let (reader, mut writer) = pairs::pipe()?;
    writer.write_all(b"x").unwrap();
    assert_eq!(now(&watch(&reader, Filter::WRITE)).len(), usize::from(kernel::PIPES_GO_BOTH_WAYS));
    assert_eq!(now(&watch(&writer, Filter::READ)), []);
    Ok(())
}

fn a_peer_that_sends_no_more() -> Run {
    let (a, mut b) = pairs::streams();
    let (reading, writing) = (watch(&a, Filter::READ), watch(&a, Filter::WRITE));
    b.write_all(b"x").unwrap();
    shutdown(&b, Shutdown::Write).unwrap();
    let event = end(&reading);
    assert_eq!((event.data, event.fflags.bits()), (1, 0));
    assert!(!one(&writing).flags.contains(Flags::EOF));
    Ok(())
}

fn an_end_that_was_shut_down() -> Run {
    no_emulation("libkqueue tells no end of writing")?;
    for tcp in [false, true] {
        let (a, _b): (OwnedFd, OwnedFd) = if tcp {
            let (a, b) = pairs::tcp();
            (a.into(), b.into())
        } else {
            let (a, b) = pairs::streams();
            (a.into(), b.into())
        };
        let (reading, writing) = (watch(&a, Filter::READ), watch(&a, Filter::WRITE));
        assert!(!one(&writing).flags.contains(Flags::EOF));
        shutdown(&a, Shutdown::Write).unwrap();
        assert_eq!(end(&writing).fflags.bits(), 0);
        assert_eq!(now(&reading), []);
    }
    Ok(())
}

fn a_connection_that_was_reset() -> Run {
    no_emulation("libkqueue takes the error from the socket")?;
    let (here, peer) = pairs::tcp();
    let (reading, writing) = (watch(&here, Filter::READ), watch(&here, Filter::WRITE));
    // Closing without lingering sends a reset.
    sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
    drop(peer);
    let read = end(&reading);
    assert!(read.error().is_none(), "it is no answer to a change");
    if KNOWN {
        // The socket's error, which stays for who reads.
        let expected = libc::ECONNRESET as u32;
        assert_eq!((read.fflags.bits(), end(&writing).fflags.bits()), (expected, expected));
    }
    assert_eq!((&here).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    Ok(())
}

fn a_connection_that_was_refused() -> Run {
    no_emulation("libkqueue takes the error from the socket")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let socket = pairs::unconnected();
    match rustix::net::connect(&socket, &address) {
        Err(rustix::io::Errno::INPROGRESS) => {}
        Err(rustix::io::Errno::CONNREFUSED) => return Err(NotRun::because("it was refused at once")),
        result => panic!("{result:?}"),
    }
    let queue = watch(&socket, Filter::WRITE);
    let event = one(&queue);
    if KNOWN {
        assert!(event.flags.contains(Flags::EOF), "{event:?}");
        assert_eq!(event.fflags.bits(), libc::ECONNREFUSED as u32);
    }
    let error = TcpStream::from(socket).take_error().unwrap().unwrap();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    Ok(())
}

/// Ready while the position is not at the end, and not at an end that is told.
fn the_end_of_a_regular_file() -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut more = file.reopen().unwrap();
    let mut reader = file.reopen().unwrap();
    more.write_all(b"hello").unwrap();
    let queue = watch(&reader, Filter::READ);
    for left in [5, 3] {
        let event = one(&queue);
        assert!(event.data == left && !event.flags.contains(Flags::EOF), "{event:?}");
        assert_eq!(reader.read(&mut [0; 2]).unwrap(), 2);
    }
    assert_eq!(reader.read(&mut [0; 2]).unwrap(), 1);
    assert_eq!(now(&queue), []);
    no_emulation("libkqueue does not look again")?;
    more.write_all(b"!").unwrap();
    assert_eq!(one(&queue).data, 1);
    Ok(())
}
