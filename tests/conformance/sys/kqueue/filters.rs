//! User events, timers, signals and file changes of `kqueue(2)`.

use super::{KNOWN, NOW, change, has_user_events, no_emulation, now, one, with_udata};
use conformance::{NotRun, Run, WAIT, signals};
use selectors::sys::fd::AsFd;
use selectors::sys::kqueue::{Data, Filter, Flags, Kevent, Kqueue, Notes};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, kqueue_filters:
    user_events_are_triggered,
    user_events_carry_24_bits_and_a_number,
    user_events_without_clear_repeat,
    another_thread_can_trigger_a_user_event,
    timers_repeat,
    one_shot_timers_end,
    adding_a_timer_again_restarts_it,
    timers_use_the_requested_unit,
    signals_are_counted,
    changes_to_a_file_are_reported,
);

/// Kernels whose sources were read for the details of `EVFILT_USER`. OpenBSD 7.8 has them otherwise.
const KNOWN_USER: bool = cfg!(any(target_os = "freebsd", target_os = "netbsd"));

fn need_user_events() -> Run {
    if has_user_events() { Ok(()) } else { Err(NotRun::because("this kernel has no EVFILT_USER")) }
}

/// A change of the user event that these scenarios use.
fn user(flags: Flags, fflags: Notes) -> Kevent {
    Kevent { fflags, ..with_udata(7, Kevent::new(3, Filter::USER, flags)) }
}

fn user_events_are_triggered() -> Run {
    need_user_events()?;
    let queue = Kqueue::new().unwrap();
    change(&queue, user(Flags::ADD | Flags::CLEAR, Notes::empty())).unwrap();
    assert_eq!(now(&queue), []);
    for _ in 0..2 {
        // Several triggers make one event.
        for _ in 0..3 {
            change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
        }
        let event = one(&queue);
        assert_eq!((event.ident, event.filter, event.udata), (3, Filter::USER, 7));
        assert!(event.flags.contains(Flags::CLEAR));
        assert_eq!(now(&queue), []);
    }
    if KNOWN_USER {
        // `kqueue_register` replaces `udata` in every change.
        change(&queue, with_udata(8, user(Flags::empty(), Notes::TRIGGER))).unwrap();
        assert_eq!(one(&queue).udata, 8);
        // The change that adds passes no notes to the filter (`filt_userattach`), so it does not trigger.
        let another = Kevent { ident: 4, ..user(Flags::ADD | Flags::CLEAR, Notes::TRIGGER) };
        change(&queue, another).unwrap();
        assert_eq!(now(&queue), []);
    }
    change(&queue, user(Flags::DELETE, Notes::empty())).unwrap();
    let error = change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    Ok(())
}

/// The program has 24 bits of the notes, and the number in `data`.
fn user_events_carry_24_bits_and_a_number() -> Run {
    need_user_events()?;
    let queue = Kqueue::new().unwrap();
    change(&queue, user(Flags::ADD | Flags::CLEAR, Notes::empty())).unwrap();
    let bits = Notes::from_bits_retain;
    for (how, given, expected) in [
        (Notes::FFCOPY, 0x00ff_0ff0, 0x00ff_0ff0),
        (Notes::FFNOP, 0x00f0_000f, 0x00ff_0ff0),
        (Notes::FFOR, 0x0000_000f, 0x00ff_0fff),
        (Notes::FFAND, 0x000f_f00f, 0x000f_000f),
    ] {
        let trigger = user(Flags::empty(), Notes::TRIGGER | how | bits(given));
        change(&queue, Kevent { data: 5, ..trigger }).unwrap();
        let event = one(&queue);
        assert_eq!((event.fflags & Notes::FFLAGSMASK).bits(), expected, "{how:?}");
        if KNOWN_USER {
            // `filt_usertouch`: "On output, the top two bits will always be 0". The trigger bit is clear too.
            assert_eq!((event.fflags.bits(), event.data), (expected, 5));
        }
    }
    Ok(())
}

fn user_events_without_clear_repeat() -> Run {
    need_user_events()?;
    let queue = Kqueue::new().unwrap();
    change(&queue, user(Flags::ADD, Notes::empty())).unwrap();
    change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
    for _ in 0..3 {
        assert_eq!(one(&queue).udata, 7);
    }
    if KNOWN_USER {
        // `filt_usertouch` resets the event for `EV_CLEAR` in any change.
        change(&queue, user(Flags::CLEAR, Notes::empty())).unwrap();
        assert_eq!(now(&queue), []);
        change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
    }
    change(&queue, user(Flags::DELETE, Notes::empty())).unwrap();
    assert_eq!(now(&queue), []);
    no_emulation("libkqueue removes the event when it reports it")?;
    // With `DISPATCH` it is reported once, until it is enabled.
    change(&queue, user(Flags::ADD | Flags::DISPATCH, Notes::empty())).unwrap();
    change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
    for _ in 0..2 {
        assert_eq!(one(&queue).udata, 7);
        assert_eq!(now(&queue), []);
        change(&queue, user(Flags::ENABLE, Notes::TRIGGER)).unwrap();
    }
    Ok(())
}

fn another_thread_can_trigger_a_user_event() -> Run {
    need_user_events()?;
    let queue = Kqueue::new().unwrap();
    change(&queue, user(Flags::ADD | Flags::CLEAR, Notes::empty())).unwrap();
    for _ in 0..10 {
        thread::scope(|scope| {
            scope.spawn(|| change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap());
            assert_eq!(one(&queue).udata, 7);
        });
    }
    Ok(())
}

/// A timer. The unit is the millisecond unless the notes name another.
fn timer(flags: Flags, fflags: Notes, data: i32) -> Kevent {
    let change = with_udata(7, Kevent::new(5, Filter::TIMER, flags));
    Kevent { fflags, data: data as Data, ..change }
}

fn timers_repeat() -> Run {
    let queue = Kqueue::new().unwrap();
    change(&queue, timer(Flags::ADD, Notes::empty(), 3)).unwrap();
    for _ in 0..3 {
        let event = one(&queue);
        assert_eq!((event.ident, event.filter, event.udata), (5, Filter::TIMER, 7));
        // The number of expirations since the last report.
        assert!(event.data >= 1, "{event:?}");
    }
    change(&queue, timer(Flags::DELETE, Notes::empty(), 0)).unwrap();
    let error = change(&queue, timer(Flags::DELETE, Notes::empty(), 0)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    assert_eq!(now(&queue), []);
    Ok(())
}

fn one_shot_timers_end() -> Run {
    let queue = Kqueue::new().unwrap();
    change(&queue, timer(Flags::ADD | Flags::ONESHOT, Notes::empty(), 3)).unwrap();
    let event = one(&queue);
    assert!(event.udata == 7 && event.data >= 1, "{event:?}"); // XNU counts the periods (`filt_timerprocess`)
    assert!(event.flags.contains(Flags::ONESHOT));
    let error = change(&queue, timer(Flags::DELETE, Notes::empty(), 0)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    Ok(())
}

/// FreeBSD since 12 and NetBSD since 10 (`filt_timertouch`), and OpenBSD (`filt_timermodify`).
fn adding_a_timer_again_restarts_it() -> Run {
    if !KNOWN {
        return Err(NotRun::because("known of FreeBSD, NetBSD and OpenBSD only"));
    }
    let queue = Kqueue::new().unwrap();
    change(&queue, timer(Flags::ADD | Flags::ONESHOT, Notes::empty(), 60_000)).unwrap();
    assert_eq!(now(&queue), []);
    change(&queue, timer(Flags::ADD | Flags::ONESHOT, Notes::empty(), 3)).unwrap();
    assert!(one(&queue).data >= 1);
    Ok(())
}

fn timers_use_the_requested_unit() -> Run {
    no_emulation("libkqueue ignores the unit of a timer, or refuses it")?;
    let units: &[(Notes, i32, Duration)] = &[
        #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
        (Notes::SECONDS, 1, Duration::from_secs(1)),
        #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
        (Notes::USECONDS, 1500, Duration::from_micros(1500)),
        #[cfg(not(any(target_os = "dragonfly", target_os = "openbsd")))]
        (Notes::NSECONDS, 30_000, Duration::from_micros(30)),
        #[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
        (Notes::MSECONDS, 12, Duration::from_millis(12)),
    ];
    if units.is_empty() {
        return Err(NotRun::because("timers on this system count milliseconds only"));
    }
    for &(unit, count, time) in units {
        let queue = Kqueue::new().unwrap();
        let start = Instant::now();
        change(&queue, timer(Flags::ADD | Flags::ONESHOT, unit, count)).unwrap();
        assert!(one(&queue).data >= 1, "{unit:?}");
        let elapsed = start.elapsed();
        assert!(elapsed < WAIT, "{unit:?} took {elapsed:?}");
        // NetBSD counts ticks, which may come late and then close together. FreeBSD stores the exact end (`filt_timerstart`).
        if !cfg!(target_os = "netbsd") {
            assert!(elapsed >= time, "{unit:?} took {elapsed:?}");
        }
    }
    Ok(())
}

/// The filter sees a signal in addition to the handler: kqueue(2).
fn signals_are_counted() -> Run {
    no_emulation("libkqueue reports blocked signals only")?;
    signals::need()?;
    let number = libc::SIGUSR1 as usize;
    let queue = Kqueue::new().unwrap();
    // The storm installs the handler, and sends no signal before its first interval is over.
    let (event, _) = signals::storm(WAIT, || {
        change(&queue, with_udata(7, Kevent::new(number, Filter::SIGNAL, Flags::ADD))).unwrap();
        for _ in 0..3 {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::USR1).unwrap();
        }
        let event = one(&queue);
        assert_eq!(now(&queue), []);
        event
    });
    assert_eq!((event.ident, event.filter, event.udata), (number, Filter::SIGNAL, 7));
    assert!(event.flags.contains(Flags::CLEAR) && event.data >= 1, "{event:?}");
    if KNOWN {
        // `filt_signal` counts each signal that is sent.
        assert_eq!(event.data, 3);
    }
    Ok(())
}

fn changes_to_a_file_are_reported() -> Run {
    let (mut file, name) = tempfile::NamedTempFile::new().unwrap().into_parts();
    let second = name.with_extension("second");
    let queue = Kqueue::new().unwrap();
    let all = Notes::DELETE | Notes::WRITE | Notes::EXTEND | Notes::ATTRIB | Notes::LINK | Notes::RENAME;
    let watch = Kevent::for_fd(file.as_fd(), Filter::VNODE, Flags::ADD | Flags::CLEAR);
    change(&queue, with_udata(7, Kevent { fflags: all, ..watch })).unwrap();
    assert_eq!(now(&queue), []);
    let seen = || {
        let event = one(&queue);
        assert_eq!((event.ident, event.filter, event.udata), (watch.ident, Filter::VNODE, 7));
        assert!(all.contains(event.fflags) && !event.fflags.is_empty(), "{event:?}");
        assert_eq!(queue.control(&[], &mut [Kevent::default()], NOW).unwrap(), []);
        event.fflags
    };
    file.write_all(b"x").unwrap();
    assert!(seen().contains(Notes::WRITE | Notes::EXTEND));
    file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
    assert!(seen().contains(Notes::ATTRIB));
    no_emulation("libkqueue finds the file by its old name")?;
    fs::rename(&name, &second).unwrap();
    assert!(seen().contains(Notes::RENAME));
    fs::remove_file(&second).unwrap();
    assert!(seen().contains(Notes::DELETE));
    // Only the notes that were requested are reported (`filt_vfsvnode`, `filt_genfsvnode`).
    change(&queue, Kevent { fflags: Notes::WRITE, ..watch }).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(now(&queue), []);
    file.write_all(b"y").unwrap();
    assert!(one(&queue).fflags.contains(Notes::WRITE));
    Ok(())
}
