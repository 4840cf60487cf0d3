//! Changes that the kernel refuses, and answers to changes.

use super::{NOW, change, named, no_emulation, now};
use conformance::{NotRun, Run, pairs};
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue, Notes};
use std::io::Write;

conformance::scenarios_of!(sys, kqueue_changes:
    refused_without_room,
    refused_with_room,
    what_is_refused_and_how,
    the_changes_after_a_refused_one,
    more_refusals_than_room,
    receipts,
    receipts_without_room,
    errors_are_told_by_the_event,
);

/// The number of a descriptor that is not open: the lowest that is free.
fn not_open() -> usize {
    let fd = pairs::streams().0;
    fd.as_raw_fd() as usize
}

fn refused_without_room() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    let queue = Kqueue::new().unwrap();
    let error = change(&queue, Kevent::new(not_open(), Filter::READ, Flags::ADD)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    assert_eq!(now(&queue), []);
    Ok(())
}

fn refused_with_room() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    let refused = named(7, Kevent::new(not_open(), Filter::READ, Flags::ADD));
    let mut events = [Kevent::default(); 4];
    // It does not wait, and tells nothing of what is ready.
    let events = queue.control(&[refused], &mut events, None).unwrap();
    assert_eq!(events.len(), 1);
    let event = events[0];
    assert_eq!((event.ident, event.filter, event.udata), (refused.ident, Filter::READ, 7));
    assert_eq!(event.error().unwrap().raw_os_error(), Some(libc::EBADF));
    assert!(event.flags.contains(Flags::ERROR));
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        // `kqueue_kevent` of FreeBSD and `kevent1` of NetBSD write this over what was asked for.
        assert_eq!(event.flags, Flags::ERROR);
    }
    assert_eq!(now(&queue).len(), 1);
    Ok(())
}

fn what_is_refused_and_how() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    let (a, _b) = pairs::streams();
    let queue = Kqueue::new().unwrap();
    // Far beyond the filters of any system, which count down from -1, on NetBSD up from 0.
    let unknown = if cfg!(target_os = "netbsd") { 200 } else { -200 };
    let unknown = Filter::from_bits(unknown.try_into().unwrap());
    let refused = [
        (Kevent::for_fd(a.as_fd(), Filter::READ, Flags::DELETE), libc::ENOENT),
        (Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ENABLE), libc::ENOENT),
        (Kevent::new(7, Filter::USER, Flags::DELETE), libc::ENOENT),
        (Kevent::for_fd(a.as_fd(), unknown, Flags::ADD), libc::EINVAL),
        (Kevent::new(usize::MAX, Filter::READ, Flags::ADD), libc::EBADF),
        (Kevent::new(not_open(), Filter::READ, Flags::DELETE), libc::EBADF),
        // No process has the highest number of all.
        (
            Kevent { fflags: Notes::EXIT, ..Kevent::new(i32::MAX as usize, Filter::PROC, Flags::ADD) },
            libc::ESRCH,
        ),
    ];
    for (refused, errno) in refused {
        let error = change(&queue, refused).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno), "{refused:?}");
        let mut events = [Kevent::default(); 2];
        let events = queue.control(&[refused], &mut events, NOW).unwrap();
        assert_eq!(events.len(), 1, "{refused:?}");
        assert_eq!(events[0].error().unwrap().raw_os_error(), Some(errno), "{refused:?}");
    }
    Ok(())
}

fn the_changes_after_a_refused_one() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let refused = Kevent::new(not_open(), Filter::READ, Flags::ADD);
    let changes = [refused, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
    // Without room the call ends with it; with room it goes on.
    assert_eq!(queue.control(&changes, &mut [], NOW).unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!(now(&queue), []);
    let mut events = [Kevent::default(); 4];
    let events = queue.control(&changes, &mut events, NOW).unwrap();
    assert_eq!(events.len(), 1);
    assert!(events[0].error().is_some());
    assert_eq!(now(&queue).len(), 1);
    Ok(())
}

fn more_refusals_than_room() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let refused = Kevent::new(not_open(), Filter::READ, Flags::ADD);
    let changes = [refused, refused, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
    let error = queue.control(&changes, &mut [Kevent::default()], NOW).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    assert_eq!(now(&queue), []);
    Ok(())
}

fn receipts() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let add = named(7, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD | Flags::RECEIPT));
    let refused = named(8, Kevent::new(not_open(), Filter::READ, Flags::ADD));
    let mut events = [Kevent::default(); 4];
    let events = queue.control(&[add, refused, add], &mut events, None).unwrap();
    assert_eq!(events.iter().map(|event| event.udata).collect::<Vec<_>>(), [7, 8, 7]);
    assert!(events.iter().all(|event| event.flags.contains(Flags::ERROR)));
    assert!(events[0].error().is_none() && events[0].data == 0);
    assert_eq!(events[1].error().unwrap().raw_os_error(), Some(libc::EBADF));
    let found = now(&queue);
    assert_eq!(found.len(), 1);
    assert!(!found[0].flags.contains(Flags::ERROR) && found[0].data == 1);
    Ok(())
}

fn receipts_without_room() -> Run {
    no_emulation("libkqueue has other errors, and gives none of them as events")?;
    if !cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        return Err(NotRun::because("known of FreeBSD and NetBSD alone"));
    }
    let (a, mut b) = pairs::streams();
    b.write_all(b"x").unwrap();
    let queue = Kqueue::new().unwrap();
    let receipt = Kevent::new(1, Filter::USER, Flags::ADD | Flags::RECEIPT);
    let changes = [receipt, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
    // `kqueue_kevent` of FreeBSD and `kevent1` of NetBSD end there, with the error 0.
    assert_eq!(queue.control(&changes, &mut [], NOW).unwrap(), []);
    assert_eq!(now(&queue), []);
    change(&queue, Kevent::new(1, Filter::USER, Flags::DELETE)).unwrap();
    Ok(())
}

fn errors_are_told_by_the_event() -> Run {
    let told = |flags, data| Kevent { data, ..Kevent::new(1, Filter::READ, flags) }.error();
    assert!(told(Flags::empty(), 9).is_none());
    assert!(told(Flags::EOF, 9).is_none());
    assert!(told(Flags::ERROR, 0).is_none());
    assert_eq!(told(Flags::ERROR, 9).unwrap().raw_os_error(), Some(9));
    assert_eq!(told(Flags::ERROR | Flags::ADD, 9).unwrap().raw_os_error(), Some(9));
    Ok(())
}
