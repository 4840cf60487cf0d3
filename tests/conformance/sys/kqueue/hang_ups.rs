//! Events of `kqueue(2)` for the end of a connection.

use super::{KNOWN, change, no_emulation, now, one, with_udata};
use conformance::{NotRun, Run, kernel, pairs};
use rustix::net::{Shutdown, shutdown, sockopt};
use selectors::sys::fd::AsFd;
use selectors::sys::kqueue::{Data, Filter, Flags, Kevent, Kqueue};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

conformance::scenarios_of!(sys, kqueue_hang_ups:
    closing_the_writer_ends_a_pipe,
    a_pipe_without_a_reader_is_watched_or_refused,
    closing_the_reader_ends_a_pipe,
    the_wrong_end_of_a_pipe_is_accepted,
    half_close_ends_reading_only,
    shutdown_ends_writing,
    a_reset_is_reported_with_its_error,
    a_refused_connection_is_reported_with_its_error,
    regular_files_report_the_bytes_left,
);

fn watch(fd: impl AsFd, filter: Filter) -> Kqueue {
    let queue = Kqueue::new().unwrap();
    change(&queue, with_udata(7, Kevent::for_fd(fd.as_fd(), filter, Flags::ADD))).unwrap();
    queue
}

/// Waits for the event with `EV_EOF`.
fn end(queue: &Kqueue) -> Kevent {
    loop {
        let event = one(queue);
        if event.flags.contains(Flags::EOF) {
            return event;
        }
    }
}

fn closing_the_writer_ends_a_pipe() -> Run {
    let (mut reader, mut writer) = pairs::pipe()?;
    let queue = watch(&reader, Filter::READ);
    assert_eq!(now(&queue), []);
    writer.write_all(b"hello").unwrap();
    let event = one(&queue);
    assert!(event.data == 5 && !event.flags.contains(Flags::EOF), "{event:?}");
    drop(writer);
    // `EV_EOF` comes together with the data that is left, and in each wait.
    for left in [5, 0] {
        for _ in 0..2 {
            let event = end(&queue);
            assert_eq!((event.data, event.fflags.bits()), (left, 0), "{event:?}");
        }
        assert_eq!(reader.read(&mut [0; 8]).unwrap() as Data, left);
    }
    Ok(())
}

/// `pipe_kqfilter` in `sys/kern/sys_pipe.c`: `EPIPE` on FreeBSD and OpenBSD, `EBADF` on NetBSD (10.99.12 too).
fn a_pipe_without_a_reader_is_watched_or_refused() -> Run {
    let (reader, writer) = pairs::pipe()?;
    drop(reader);
    let queue = Kqueue::new().unwrap();
    let result = change(&queue, Kevent::for_fd(writer.as_fd(), Filter::WRITE, Flags::ADD));
    let errno = result.err().and_then(|error| error.raw_os_error());
    let known: &[_] = match () {
        () if cfg!(any(target_os = "freebsd", target_os = "openbsd")) => &[Some(libc::EPIPE)],
        () if cfg!(target_os = "netbsd") => &[Some(libc::EBADF)],
        () => &[Some(libc::EPIPE), None],
    };
    assert!(known.contains(&errno), "{errno:?}");
    if errno.is_none() && !cfg!(target_os = "linux") {
        assert_eq!(end(&queue).fflags.bits(), 0);
    }
    Ok(())
}

fn closing_the_reader_ends_a_pipe() -> Run {
    no_emulation("libkqueue does not report the end of writing")?;
    let (reader, writer) = pairs::pipe()?;
    let queue = watch(&writer, Filter::WRITE);
    let event = one(&queue);
    assert!(event.data > 0 && !event.flags.contains(Flags::EOF), "{event:?}");
    drop(reader);
    let event = end(&queue);
    assert_eq!((event.udata, event.fflags.bits()), (7, 0));
    // FreeBSD removes the filter with that event (`knlist_cleardel`); NetBSD and OpenBSD do not.
    if KNOWN {
        let removed = cfg!(target_os = "freebsd");
        assert_eq!(event.flags.contains(Flags::ONESHOT), removed);
        assert_eq!(now(&queue).is_empty(), removed);
        let result = change(&queue, Kevent::for_fd(writer.as_fd(), Filter::WRITE, Flags::DELETE));
        assert_eq!(result.map_err(|error| error.raw_os_error()).err(), removed.then_some(Some(libc::ENOENT)));
    }
    Ok(())
}

/// With both ends open, the read end of a pipe is writable on kernels whose pipes go both ways.
fn the_wrong_end_of_a_pipe_is_accepted() -> Run {
    if !KNOWN {
        return Err(NotRun::because("known of FreeBSD, NetBSD and OpenBSD only"));
    }
    let (reader, mut writer) = pairs::pipe()?;
    writer.write_all(b"x").unwrap();
    assert_eq!(now(&watch(&reader, Filter::WRITE)).len(), usize::from(kernel::PIPES_GO_BOTH_WAYS));
    assert_eq!(now(&watch(&writer, Filter::READ)), []);
    Ok(())
}

fn half_close_ends_reading_only() -> Run {
    let (a, mut b) = pairs::streams();
    let (reading, writing) = (watch(&a, Filter::READ), watch(&a, Filter::WRITE));
    b.write_all(b"x").unwrap();
    shutdown(&b, Shutdown::Write).unwrap();
    let event = end(&reading);
    assert_eq!((event.data, event.fflags.bits()), (1, 0));
    assert!(!one(&writing).flags.contains(Flags::EOF));
    Ok(())
}

fn shutdown_ends_writing() -> Run {
    no_emulation("libkqueue does not report the end of writing")?;
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

fn a_reset_is_reported_with_its_error() -> Run {
    no_emulation("libkqueue takes the error from the socket")?;
    let (here, peer) = pairs::tcp();
    let (reading, writing) = (watch(&here, Filter::READ), watch(&here, Filter::WRITE));
    // Closing with a linger time of 0 sends a reset.
    sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
    drop(peer);
    let read = end(&reading);
    assert!(read.error().is_none(), "the event is no answer to a change");
    if KNOWN {
        // The error of the socket, which stays for the next read.
        let expected = libc::ECONNRESET as u32;
        assert_eq!((read.fflags.bits(), end(&writing).fflags.bits()), (expected, expected));
    }
    assert_eq!((&here).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    Ok(())
}

fn a_refused_connection_is_reported_with_its_error() -> Run {
    no_emulation("libkqueue takes the error from the socket")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let socket = pairs::unconnected();
    match rustix::net::connect(&socket, &address) {
        Err(rustix::io::Errno::INPROGRESS) => {}
        Err(rustix::io::Errno::CONNREFUSED) => {
            return Err(NotRun::because("the connection was refused at once"));
        }
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

/// A regular file is ready while its position is before the end. The end itself is not reported.
fn regular_files_report_the_bytes_left() -> Run {
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
    no_emulation("libkqueue does not check the file again")?;
    more.write_all(b"!").unwrap();
    assert_eq!(one(&queue).data, 1);
    Ok(())
}
