//! `poll`: the call over a list of the caller.

use conformance::errno::Errno;
use conformance::{
    Descriptors, NotRun, POLL_PRIORITY, POLL_READ, Run, WAIT, darwin, kernel, pairs, unless_wine,
};
use rustix::net::{SendFlags, send};
use selectors::sys::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, RawFd};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use std::io::Write;
use std::time::{Duration, Instant};

conformance::scenarios_of!(sys, poll:
    entries_report_their_fields,
    each_entry_gets_its_own_answer,
    old_answers_are_overwritten,
    one_descriptor_can_have_several_entries,
    an_empty_list_waits_for_the_timeout,
    hang_ups_and_errors_are_always_reported,
    o_path_descriptors_are_invalid,
    half_close_sets_rdhup,
    urgent_data_is_priority_only,
    norm_flags_match_in_and_out,
    regular_files_are_always_ready,
    high_descriptor_numbers_work,
    more_entries_than_the_descriptor_limit,
);

const NOTHING: PollFlags = PollFlags::empty();

fn asked(fd: impl AsFd, events: PollFlags) -> PollFlags {
    let mut fds = [PollFd::new(fd.as_fd(), events)];
    let found = poll(&mut fds, Timeout::ZERO).unwrap();
    assert_eq!(found, usize::from(!fds[0].revents().is_empty()));
    fds[0].revents()
}

fn entries_report_their_fields() -> Run {
    let (a, _b) = pairs::streams();
    let mut entry = PollFd::new(a.as_fd(), PollFlags::IN);
    assert_eq!((entry.fd().as_raw_fd(), entry.events()), (a.as_raw_fd(), PollFlags::IN));
    assert_eq!(entry.revents(), NOTHING);
    entry.set_events(PollFlags::OUT | PollFlags::PRI);
    assert_eq!(entry.events(), PollFlags::OUT | PollFlags::PRI);
    let copy = entry.clone();
    assert_eq!(poll(std::slice::from_mut(&mut entry), WAIT).unwrap(), 1);
    assert_eq!((entry.revents(), copy.revents()), (PollFlags::OUT, NOTHING));
    let debug = format!("{entry:?}");
    for part in [format!("fd: {}", a.as_raw_fd()), "PRI | OUT".into(), "revents: PollFlags(OUT)".into()] {
        assert!(debug.contains(&part), "{debug} has no {part}");
    }
    Ok(())
}

fn each_entry_gets_its_own_answer() -> Run {
    let ends: Vec<_> = (0..5).map(|_| pairs::streams()).collect();
    let (read, write) = (POLL_READ, PollFlags::OUT);
    for index in [1, 4] {
        (&ends[index].1).write_all(b"x").unwrap();
    }
    let asks = [read, read, write, NOTHING, read | write];
    let mut fds: Vec<_> =
        ends.iter().zip(asks).map(|((a, _), events)| PollFd::new(a.as_fd(), events)).collect();
    assert_eq!(poll(&mut fds, WAIT).unwrap(), 3);
    let answers: Vec<_> = fds.iter().map(PollFd::revents).collect();
    assert_eq!(answers, [NOTHING, read, write, NOTHING, read | write]);
    assert!(fds.iter().zip(asks).all(|(entry, events)| entry.events() == events));
    Ok(())
}

fn old_answers_are_overwritten() -> Run {
    let (a, _b) = pairs::ready();
    let mut fds = [PollFd::new(a.as_fd(), PollFlags::IN)];
    assert_eq!(poll(&mut fds, WAIT).unwrap(), 1);
    pairs::drain(&a);
    assert_eq!(poll(&mut fds, Duration::from_millis(1)).unwrap(), 0);
    assert_eq!(fds[0].revents(), NOTHING);
    Ok(())
}

fn one_descriptor_can_have_several_entries() -> Run {
    let (a, _b) = pairs::ready();
    unless_wine("Wine 8 has one answer for each socket in WSAPoll, and not for each entry")?;
    if !darwin::POLL_ANSWERS_EACH_ENTRY {
        return Err(NotRun::because("XNU answers the last entry of a descriptor"));
    }
    let events = [POLL_READ, PollFlags::OUT, POLL_READ];
    let mut fds = events.map(|events| PollFd::new(a.as_fd(), events));
    assert_eq!(poll(&mut fds, WAIT).unwrap(), 3);
    assert_eq!(fds.map(|entry| entry.revents()), events);
    Ok(())
}

fn an_empty_list_waits_for_the_timeout() -> Run {
    let (limit, start) = (Duration::from_millis(20), Instant::now());
    assert_eq!(poll(&mut [], limit).unwrap(), 0);
    assert!(start.elapsed() >= limit);
    Ok(())
}

fn hang_ups_and_errors_are_always_reported() -> Run {
    let (reader, writer) = pairs::pipe()?;
    assert_eq!(asked(&reader, NOTHING), NOTHING);
    drop(writer);
    let unrequested = |flags| if darwin::POLL_REPORTS_UNREQUESTED { flags } else { NOTHING };
    assert_eq!(asked(&reader, NOTHING), unrequested(PollFlags::HUP));
    assert_eq!(asked(&reader, PollFlags::IN | PollFlags::OUT), kernel::POLL_HUNG_UP);
    let (reader, writer) = pairs::pipe()?;
    drop(reader);
    assert_eq!(asked(&writer, NOTHING), unrequested(kernel::POLL_BROKEN));
    assert!(asked(&writer, PollFlags::OUT).contains(kernel::POLL_BROKEN));
    Ok(())
}

/// A descriptor with `O_PATH` is open, but `poll` treats it as closed: open(2).
fn o_path_descriptors_are_invalid() -> Run {
    let path = pairs::without_a_file()?;
    for events in [NOTHING, PollFlags::IN, PollFlags::all()] {
        assert_eq!(asked(&path, events), PollFlags::NVAL);
    }
    // The other entries are not affected.
    let (a, _b) = pairs::streams();
    let mut fds = [PollFd::new(path.as_fd(), PollFlags::IN), PollFd::new(a.as_fd(), PollFlags::OUT)];
    assert_eq!(poll(&mut fds, WAIT).unwrap(), 2);
    assert_eq!(fds[1].revents(), PollFlags::OUT);
    Ok(())
}

// illumos sets it for TCP only (`so_poll` in fs/sockfs/sockcommon_sops.c, `sotpi_poll` in fs/sockfs/socktpi.c).
#[cfg(any(target_os = "android", target_os = "freebsd", target_os = "linux"))]
fn half_close_sets_rdhup() -> Run {
    use std::net::Shutdown;

    let (a, b) = pairs::streams();
    let all = PollFlags::IN | PollFlags::OUT | PollFlags::RDHUP;
    assert_eq!(asked(&a, all), PollFlags::OUT);
    b.shutdown(Shutdown::Write).unwrap();
    assert_eq!(asked(&a, all), all);
    assert_eq!(asked(&a, PollFlags::IN), PollFlags::IN);
    a.shutdown(Shutdown::Write).unwrap();
    assert_eq!(asked(&a, all), (all - kernel::POLL_HIDDEN_BY_HUP) | PollFlags::HUP);
    Ok(())
}

#[cfg(not(any(target_os = "android", target_os = "freebsd", target_os = "linux")))]
fn half_close_sets_rdhup() -> Run {
    Err(NotRun::because("no POLLRDHUP for Unix sockets"))
}

fn urgent_data_is_priority_only() -> Run {
    if !darwin::POLL_REPORTS_URGENT_DATA {
        return Err(NotRun::because("poll of XNU does not report urgent data"));
    }
    let (a, b) = pairs::tcp();
    send(&b, b"!", SendFlags::OOB).unwrap();
    let mut fds = [PollFd::new(a.as_fd(), POLL_PRIORITY | PollFlags::IN)];
    assert_eq!(poll(&mut fds, WAIT).unwrap(), 1);
    assert_eq!(fds[0].revents(), POLL_PRIORITY);
    Ok(())
}

fn norm_flags_match_in_and_out() -> Run {
    let (a, mut b) = pairs::streams();
    let (read, write) = (PollFlags::IN | PollFlags::RDNORM, PollFlags::OUT | PollFlags::WRNORM);
    assert_eq!(asked(&a, read | write), write);
    b.write_all(b"x").unwrap();
    assert_eq!(asked(&a, read), POLL_READ | PollFlags::RDNORM);
    Ok(())
}

fn regular_files_are_always_ready() -> Run {
    let both = PollFlags::IN | PollFlags::OUT;
    assert_eq!(asked(pairs::regular()?, both | PollFlags::PRI), both);
    Ok(())
}

fn high_descriptor_numbers_work() -> Run {
    let (_limit, most) = Descriptors::raise(3000, 100_000)?;
    let (a, _b) = pairs::ready();
    for number in [63, 64, 1023, 1024, 3000, RawFd::try_from(most).unwrap()] {
        assert_eq!(asked(pairs::numbered(&a, number)?, PollFlags::IN), PollFlags::IN);
    }
    Ok(())
}

fn more_entries_than_the_descriptor_limit() -> Run {
    let (a, _b) = pairs::streams();
    let least = 64;
    // Another descriptor for each entry: XNU answers the last entry of a descriptor.
    let ends: Vec<_> = (0..=least).map(|_| a.try_clone().unwrap()).collect();
    let limit = Descriptors::lower(least as u64)?;
    let mut fds: Vec<_> = ends.iter().map(|end| PollFd::new(end.as_fd(), PollFlags::OUT)).collect();
    let result = poll(&mut fds, Timeout::ZERO);
    let allowed = poll(&mut fds[..least], Timeout::ZERO);
    let most = limit.most();
    drop(limit);
    assert_eq!(allowed.unwrap(), least);
    // XNU lets root have 1024 entries in any case (`poll_nocancel` in bsd/kern/sys_generic.c).
    if kernel::POLL_CHECKS_LIMIT && !(darwin::APPLE && result.is_ok()) {
        assert_eq!(result.unwrap_err().raw_os_error(), Some(Errno::INVAL.raw_os_error()));
        return Ok(());
    }
    assert_eq!(result.unwrap(), least + 1);
    if let Some(most) = most {
        // NetBSD accepts 1000 more than the table of the process holds, which grows by doubling.
        let most = usize::try_from(most).unwrap();
        let mut fds = vec![PollFd::new(a.as_fd(), PollFlags::OUT); 2 * most + 1001];
        assert_eq!(
            poll(&mut fds, Timeout::ZERO).unwrap_err().raw_os_error(),
            Some(Errno::INVAL.raw_os_error())
        );
    }
    Ok(())
}
