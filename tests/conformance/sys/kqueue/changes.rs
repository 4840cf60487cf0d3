//! Refused changes, and receipts.

use super::{KNOWN, NOW, change, has_user_events, no_emulation, now, with_udata};
use conformance::{NotRun, Run, kernel, pairs};
use selectors::sys::fd::{AsFd, AsRawFd};
use selectors::sys::kqueue::{Filter, Flags, Kevent, Kqueue, Notes};

conformance::scenarios_of!(sys, kqueue_changes:
    errors_without_room_fail_the_call,
    errors_with_room_are_events,
    each_refusal_has_its_error,
    changes_after_a_refused_one,
    more_errors_than_room_fail_the_call,
    receipts_answer_every_change,
    receipts_without_room_end_the_call,
    events_convert_to_errors,
);

const OTHER_ERRORS: &str = "libkqueue has other errors, and returns none of them as events";

/// A descriptor number that is not open: the lowest free one.
fn not_open() -> usize {
    let fd = pairs::streams().0;
    fd.as_raw_fd() as usize
}

fn errors_without_room_fail_the_call() -> Run {
    no_emulation(OTHER_ERRORS)?;
    let queue = Kqueue::new().unwrap();
    let error = change(&queue, Kevent::new(not_open(), Filter::READ, Flags::ADD)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    assert_eq!(now(&queue), []);
    Ok(())
}

fn errors_with_room_are_events() -> Run {
    no_emulation(OTHER_ERRORS)?;
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    change(&queue, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)).unwrap();
    let refused = with_udata(7, Kevent::new(not_open(), Filter::READ, Flags::ADD));
    let mut events = [Kevent::default(); 4];
    // The call does not wait, and reports no other event.
    let events = queue.control(&[refused], &mut events, None).unwrap();
    assert_eq!(events.len(), 1);
    let event = events[0];
    assert_eq!((event.ident, event.filter, event.udata), (refused.ident, Filter::READ, 7));
    assert_eq!(event.error().unwrap().raw_os_error(), Some(libc::EBADF));
    assert!(event.flags.contains(Flags::ERROR));
    if KNOWN {
        // `kqueue_kevent` of FreeBSD, `kevent1` of NetBSD and `sys_kevent` of OpenBSD replace the flags of the change.
        assert_eq!(event.flags, Flags::ERROR);
    }
    assert_eq!(now(&queue).len(), 1);
    Ok(())
}

fn each_refusal_has_its_error() -> Run {
    no_emulation(OTHER_ERRORS)?;
    let (a, _b) = pairs::streams();
    let queue = Kqueue::new().unwrap();
    // Beyond the filters of any system. They count down from -1, on NetBSD up from 0.
    let unknown = if cfg!(target_os = "netbsd") { 200 } else { -200 };
    let unknown = Filter::from_bits(unknown.try_into().unwrap());
    let mut refused = vec![
        (Kevent::for_fd(a.as_fd(), Filter::READ, Flags::DELETE), libc::ENOENT),
        (Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ENABLE), libc::ENOENT),
        (Kevent::new(7, Filter::TIMER, Flags::DELETE), libc::ENOENT),
        (Kevent::for_fd(a.as_fd(), unknown, Flags::ADD), libc::EINVAL),
        (Kevent::new(usize::MAX, Filter::READ, Flags::ADD), libc::EBADF),
        (Kevent::new(not_open(), Filter::READ, Flags::DELETE), kernel::KQUEUE_DELETE_OF_CLOSED),
        // No process has the highest possible number.
        (
            Kevent { fflags: Notes::EXIT, ..Kevent::new(i32::MAX as usize, Filter::PROC, Flags::ADD) },
            libc::ESRCH,
        ),
    ];
    if has_user_events() {
        refused.push((Kevent::new(7, Filter::USER, Flags::DELETE), libc::ENOENT));
    }
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

fn changes_after_a_refused_one() -> Run {
    no_emulation(OTHER_ERRORS)?;
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let refused = Kevent::new(not_open(), Filter::READ, Flags::ADD);
    let changes = [refused, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
    // Without room the call ends at the error; with room it continues.
    assert_eq!(queue.control(&changes, &mut [], NOW).unwrap_err().raw_os_error(), Some(libc::EBADF));
    assert_eq!(now(&queue), []);
    let mut events = [Kevent::default(); 4];
    let events = queue.control(&changes, &mut events, NOW).unwrap();
    assert_eq!(events.len(), 1);
    assert!(events[0].error().is_some());
    assert_eq!(now(&queue).len(), 1);
    Ok(())
}

fn more_errors_than_room_fail_the_call() -> Run {
    no_emulation(OTHER_ERRORS)?;
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let refused = Kevent::new(not_open(), Filter::READ, Flags::ADD);
    let changes = [refused, refused, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
    let error = queue.control(&changes, &mut [Kevent::default()], NOW).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EBADF));
    assert_eq!(now(&queue), []);
    Ok(())
}

fn receipts_answer_every_change() -> Run {
    no_emulation(OTHER_ERRORS)?;
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let add = with_udata(7, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD | Flags::RECEIPT));
    let refused = with_udata(8, Kevent::new(not_open(), Filter::READ, Flags::ADD));
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

fn receipts_without_room_end_the_call() -> Run {
    no_emulation(OTHER_ERRORS)?;
    if !KNOWN {
        return Err(NotRun::because("known of FreeBSD, NetBSD and OpenBSD only"));
    }
    let (a, _b) = pairs::ready();
    let queue = Kqueue::new().unwrap();
    let receipt = Kevent { data: 60_000, ..Kevent::new(1, Filter::TIMER, Flags::ADD | Flags::RECEIPT) };
    let changes = [receipt, Kevent::for_fd(a.as_fd(), Filter::READ, Flags::ADD)];
    // `kqueue_kevent` of FreeBSD, `kevent1` of NetBSD and `sys_kevent` of OpenBSD stop there, with the error 0.
    assert_eq!(queue.control(&changes, &mut [], NOW).unwrap(), []);
    assert_eq!(now(&queue), []);
    change(&queue, Kevent::new(1, Filter::TIMER, Flags::DELETE)).unwrap();
    Ok(())
}

fn events_convert_to_errors() -> Run {
    let error = |flags, data| Kevent { data, ..Kevent::new(1, Filter::READ, flags) }.error();
    assert!(error(Flags::empty(), 9).is_none());
    assert!(error(Flags::EOF, 9).is_none());
    assert!(error(Flags::ERROR, 0).is_none());
    assert_eq!(error(Flags::ERROR, 9).unwrap().raw_os_error(), Some(9));
    assert_eq!(error(Flags::ERROR | Flags::ADD, 9).unwrap().raw_os_error(), Some(9));
    Ok(())
}
