//! What `kqueue(2)` tells that is not of descriptors: the program's own events, timers, signals, files.

use super::{NOW, change, named, no_emulation, now, one};
use conformance::{NotRun, Run, WAIT, signals};
use selectors::sys::fd::AsFd;
use selectors::sys::kqueue::{Data, Filter, Flags, Kevent, Kqueue, Notes};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, kqueue_filters:
    an_event_of_the_program,
    bits_of_the_program,
    an_event_of_the_program_that_stays,
    a_trigger_from_another_thread,
    a_timer_that_goes_on,
    a_timer_that_ends,
    a_timer_that_is_set_anew,
    units_of_timers,
    a_signal,
    what_happens_to_a_file,
);

/// A change of the program's own event.
fn user(flags: Flags, fflags: Notes) -> Kevent {
    Kevent { fflags, ..named(7, Kevent::new(3, Filter::USER, flags)) }
}

fn an_event_of_the_program() -> Run {
    let queue = Kqueue::new().unwrap();
    change(&queue, user(Flags::ADD | Flags::CLEAR, Notes::empty())).unwrap();
    assert_eq!(now(&queue), []);
    for _ in 0..2 {
        // Often is once.
        for _ in 0..3 {
            change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
        }
        let event = one(&queue);
        assert_eq!((event.ident, event.filter, event.udata), (3, Filter::USER, 7));
        assert!(event.flags.contains(Flags::CLEAR));
        assert_eq!(now(&queue), []);
    }
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        // `kqueue_register` writes `udata` over what is there, in every change.
        change(&queue, named(8, user(Flags::empty(), Notes::TRIGGER))).unwrap();
        assert_eq!(one(&queue).udata, 8);
        // It gives no bits of the change that adds to the filter (`filt_userattach`), so that is no trigger.
        let another = Kevent { ident: 4, ..user(Flags::ADD | Flags::CLEAR, Notes::TRIGGER) };
        change(&queue, another).unwrap();
        assert_eq!(now(&queue), []);
    }
    change(&queue, user(Flags::DELETE, Notes::empty())).unwrap();
    let error = change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    Ok(())
}

/// 24 bits and a number are the program's.
fn bits_of_the_program() -> Run {
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
        if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
            // `filt_usertouch`: "On output, the top two bits will always be 0", and the trigger is not among them.
            assert_eq!((event.fflags.bits(), event.data), (expected, 5));
        }
    }
    Ok(())
}

fn an_event_of_the_program_that_stays() -> Run {
    let queue = Kqueue::new().unwrap();
    change(&queue, user(Flags::ADD, Notes::empty())).unwrap();
    change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
    for _ in 0..3 {
        assert_eq!(one(&queue).udata, 7);
    }
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        // `filt_usertouch` takes the flag of any change for this.
        change(&queue, user(Flags::CLEAR, Notes::empty())).unwrap();
        assert_eq!(now(&queue), []);
        change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
    }
    change(&queue, user(Flags::DELETE, Notes::empty())).unwrap();
    assert_eq!(now(&queue), []);
    no_emulation("libkqueue forgets it when it is reported")?;
    // Once, of what stays: it is there until it is enabled.
    change(&queue, user(Flags::ADD | Flags::DISPATCH, Notes::empty())).unwrap();
    change(&queue, user(Flags::empty(), Notes::TRIGGER)).unwrap();
    for _ in 0..2 {
        assert_eq!(one(&queue).udata, 7);
        assert_eq!(now(&queue), []);
        change(&queue, user(Flags::ENABLE, Notes::TRIGGER)).unwrap();
    }
    Ok(())
}

fn a_trigger_from_another_thread() -> Run {
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

/// A timer, in milliseconds unless the notes say otherwise.
fn timer(flags: Flags, fflags: Notes, data: i32) -> Kevent {
    let change = named(7, Kevent::new(5, Filter::TIMER, flags));
    Kevent { fflags, data: data as Data, ..change }
}

fn a_timer_that_goes_on() -> Run {
    let queue = Kqueue::new().unwrap();
    change(&queue, timer(Flags::ADD, Notes::empty(), 3)).unwrap();
    for _ in 0..3 {
        let event = one(&queue);
        assert_eq!((event.ident, event.filter, event.udata), (5, Filter::TIMER, 7));
        // How often it ran out since it was last reported.
        assert!(event.data >= 1, "{event:?}");
    }
    change(&queue, timer(Flags::DELETE, Notes::empty(), 0)).unwrap();
    let error = change(&queue, timer(Flags::DELETE, Notes::empty(), 0)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    assert_eq!(now(&queue), []);
    Ok(())
}

fn a_timer_that_ends() -> Run {
    let queue = Kqueue::new().unwrap();
    change(&queue, timer(Flags::ADD | Flags::ONESHOT, Notes::empty(), 3)).unwrap();
    let event = one(&queue);
    assert_eq!((event.udata, event.data), (7, 1));
    assert!(event.flags.contains(Flags::ONESHOT));
    let error = change(&queue, timer(Flags::DELETE, Notes::empty(), 0)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    Ok(())
}

/// Adding it again sets it anew, on FreeBSD since 12 and on NetBSD since 10 (`filt_timertouch`).
fn a_timer_that_is_set_anew() -> Run {
    if !cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        return Err(NotRun::because("known of FreeBSD and NetBSD alone"));
    }
    let queue = Kqueue::new().unwrap();
    change(&queue, timer(Flags::ADD | Flags::ONESHOT, Notes::empty(), 60_000)).unwrap();
    assert_eq!(now(&queue), []);
    change(&queue, timer(Flags::ADD | Flags::ONESHOT, Notes::empty(), 3)).unwrap();
    assert_eq!(one(&queue).data, 1);
    Ok(())
}

fn units_of_timers() -> Run {
    no_emulation("libkqueue takes all for milliseconds, or for nothing")?;
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
        return Err(NotRun::because("timers have no unit but the millisecond here"));
    }
    for &(unit, count, time) in units {
        let queue = Kqueue::new().unwrap();
        let start = Instant::now();
        change(&queue, timer(Flags::ADD | Flags::ONESHOT, unit, count)).unwrap();
        assert_eq!(one(&queue).data, 1, "{unit:?}");
        let elapsed = start.elapsed();
        assert!(elapsed < WAIT, "{unit:?} took {elapsed:?}");
        // NetBSD counts ticks, which may come late and then close together; FreeBSD has an exact end (`filt_timerstart`).
        if !cfg!(target_os = "netbsd") {
            assert!(elapsed >= time, "{unit:?} took {elapsed:?}");
        }
    }
    Ok(())
}

/// It is told beside what is done with it otherwise.
fn a_signal() -> Run {
    no_emulation("libkqueue tells of blocked signals alone")?;
    signals::need()?;
    let number = libc::SIGUSR1 as usize;
    let queue = Kqueue::new().unwrap();
    // Nobody signals while the handler is there and the body runs.
    let (event, _) = signals::storm(WAIT, || {
        change(&queue, named(7, Kevent::new(number, Filter::SIGNAL, Flags::ADD))).unwrap();
        for _ in 0..3 {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::USR1).unwrap();
        }
        let event = one(&queue);
        assert_eq!(now(&queue), []);
        event
    });
    assert_eq!((event.ident, event.filter, event.udata), (number, Filter::SIGNAL, 7));
    assert!(event.flags.contains(Flags::CLEAR) && event.data >= 1, "{event:?}");
    if cfg!(any(target_os = "freebsd", target_os = "netbsd")) {
        // `filt_signal` counts each that is sent.
        assert_eq!(event.data, 3);
    }
    Ok(())
}

fn what_happens_to_a_file() -> Run {
    let (mut file, name) = tempfile::NamedTempFile::new().unwrap().into_parts();
    let second = name.with_extension("second");
    let queue = Kqueue::new().unwrap();
    let all = Notes::DELETE | Notes::WRITE | Notes::EXTEND | Notes::ATTRIB | Notes::LINK | Notes::RENAME;
    let watch = Kevent::for_fd(file.as_fd(), Filter::VNODE, Flags::ADD | Flags::CLEAR);
    change(&queue, named(7, Kevent { fflags: all, ..watch })).unwrap();
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
    no_emulation("libkqueue looks for the file by the name that it had")?;
    fs::rename(&name, &second).unwrap();
    assert!(seen().contains(Notes::RENAME));
    fs::remove_file(&second).unwrap();
    assert!(seen().contains(Notes::DELETE));
    // Only what was asked for, and what comes together with it (`filt_vfsvnode`, `filt_genfsvnode`).
    change(&queue, Kevent { fflags: Notes::WRITE, ..watch }).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(now(&queue), []);
    file.write_all(b"y").unwrap();
    assert!(one(&queue).fflags.contains(Notes::WRITE));
    Ok(())
}
