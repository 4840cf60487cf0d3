//! `epoll`: events, their repetition and their order.

use conformance::{Descriptors, Run, Scenario, WAIT, pairs};
use rustix::io::fcntl_dupfd_cloexec;
use selectors::sys::Timeout;
use selectors::sys::epoll::{Epoll, Event, EventFlags};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;

mod constants;
mod control;
mod descriptors;
mod threads;

/// The scenarios of this module and its submodules.
pub(super) fn all() -> Vec<Scenario> {
    [
        constants::scenarios(),
        descriptors::scenarios(),
        control::scenarios(),
        scenarios(),
        threads::scenarios(),
    ]
    .concat()
}

conformance::scenarios_of!(sys, epoll:
    level_triggered_repeats_while_ready,
    edge_triggered_reports_each_edge,
    new_data_after_a_partial_read_is_an_edge,
    edges_in_both_directions,
    one_shot_reports_once,
    one_shot_and_edge_triggered_combine,
    hang_ups_and_errors_are_always_reported,
    half_close_sets_rdhup,
    an_empty_buffer_is_refused,
    small_buffers_rotate_through_events,
    large_buffers_take_all_events,
    high_descriptor_numbers_work,
    closed_files_are_removed,
    duplicates_keep_a_registration_alive,
    each_duplicate_has_its_own_registration,
);

const READ: EventFlags = EventFlags::IN;
const WRITE: EventFlags = EventFlags::OUT;

/// The events that are pending now, sorted by their data.
fn now(epoll: &Epoll) -> Vec<(u64, EventFlags)> {
    let mut buffer = [Event::default(); 64];
    let events = epoll.wait(&mut buffer, Timeout::ZERO).unwrap();
    let mut ready: Vec<_> = events.iter().map(|event| (event.data(), event.flags())).collect();
    ready.sort_by_key(|(data, _)| *data);
    ready
}

fn level_triggered_repeats_while_ready() -> Run {
    let (mut a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ, 1).unwrap();
    assert_eq!(now(&epoll), []);
    b.write_all(b"xy").unwrap();
    for _ in 0..2 {
        assert_eq!(now(&epoll), [(1, READ)]);
        assert_eq!(now(&epoll), [(1, READ)]);
        assert_eq!(a.read(&mut [0]).unwrap(), 1);
    }
    assert_eq!(now(&epoll), []);
    Ok(())
}

fn edge_triggered_reports_each_edge() -> Run {
    let (mut a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ | EventFlags::ET, 1).unwrap();
    assert_eq!(now(&epoll), []);
    b.write_all(b"x").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    assert_eq!(now(&epoll), []);
    // More data is a new edge, although nothing was read.
    b.write_all(b"y").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    assert_eq!(a.read(&mut [0; 8]).unwrap(), 2);
    assert_eq!(now(&epoll), []);
    // Readiness at registration or modification is an edge.
    b.write_all(b"z").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    epoll.modify(&a, READ | EventFlags::ET, 2).unwrap();
    assert_eq!(now(&epoll), [(2, READ)]);
    assert_eq!(now(&epoll), []);
    epoll.unregister(&a).unwrap();
    epoll.register(&a, READ | EventFlags::ET, 3).unwrap();
    assert_eq!(now(&epoll), [(3, READ)]);
    assert_eq!(now(&epoll), []);
    Ok(())
}

fn new_data_after_a_partial_read_is_an_edge() -> Run {
    let (mut a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ | EventFlags::ET, 1).unwrap();
    b.write_all(b"xyz").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    assert_eq!(a.read(&mut [0]).unwrap(), 1);
    assert_eq!(now(&epoll), []);
    b.write_all(b"!").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    assert_eq!(a.read(&mut [0; 8]).unwrap(), 3);
    assert_eq!(a.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    Ok(())
}

fn edges_in_both_directions() -> Run {
    let (mut client, mut server) = pairs::tcp();
    let epoll = Epoll::new().unwrap();
    for (end, data) in [(&client, 1), (&server, 2)] {
        epoll.register(end, READ | WRITE | EventFlags::ET, data).unwrap();
    }
    assert_eq!(now(&epoll), [(1, WRITE), (2, WRITE)]);
    assert_eq!(now(&epoll), []);

    client.write_all(b"Hello!").unwrap();
    server.write_all(b"world!!!").unwrap();
    // The two events may arrive at different times.
    let mut found = BTreeSet::new();
    let mut buffer = [Event::default(); 4];
    while found.len() < 2 {
        let events = epoll.wait(&mut buffer, WAIT).unwrap();
        assert!(!events.is_empty());
        found.extend(events.iter().filter(|event| event.flags() == READ | WRITE).map(|event| event.data()));
    }
    epoll.unregister(&client).unwrap();
    epoll.modify(&server, WRITE | EventFlags::ET, 3).unwrap();
    assert_eq!(now(&epoll), [(3, WRITE)]);
    assert_eq!(now(&epoll), []);
    Ok(())
}

fn one_shot_reports_once() -> Run {
    let (a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ | EventFlags::ONESHOT, 1).unwrap();
    b.write_all(b"x").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    b.write_all(b"y").unwrap();
    assert_eq!(now(&epoll), []);
    epoll.modify(&a, READ | EventFlags::ONESHOT, 1).unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    // A hang-up is not reported either until the key is armed again.
    drop(b);
    assert_eq!(now(&epoll), []);
    epoll.modify(&a, EventFlags::ONESHOT, 1).unwrap();
    assert_eq!(now(&epoll).len(), 1);
    Ok(())
}

fn one_shot_and_edge_triggered_combine() -> Run {
    let (a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    let flags = READ | WRITE | EventFlags::ET | EventFlags::ONESHOT;
    epoll.register(&a, flags, 1).unwrap();
    assert_eq!(now(&epoll), [(1, WRITE)]);
    b.write_all(b"x").unwrap();
    assert_eq!(now(&epoll), []);
    epoll.modify(&a, flags, 1).unwrap();
    assert_eq!(now(&epoll), [(1, READ | WRITE)]);
    Ok(())
}

fn hang_ups_and_errors_are_always_reported() -> Run {
    let ((reader, writer), (other_reader, other_writer)) = (pairs::pipe()?, pairs::pipe()?);
    let epoll = Epoll::new().unwrap();
    epoll.register(&reader, EventFlags::empty(), 1).unwrap();
    epoll.register(&other_writer, EventFlags::empty(), 2).unwrap();
    assert_eq!(now(&epoll), []);
    drop(writer);
    drop(other_reader);
    assert_eq!(now(&epoll), [(1, EventFlags::HUP), (2, EventFlags::ERR)]);
    Ok(())
}

fn half_close_sets_rdhup() -> Run {
    let (a, b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ | EventFlags::RDHUP, 1).unwrap();
    b.shutdown(Shutdown::Write).unwrap();
    assert_eq!(now(&epoll), [(1, READ | EventFlags::RDHUP)]);
    epoll.modify(&a, READ, 1).unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    Ok(())
}

fn an_empty_buffer_is_refused() -> Run {
    let epoll = Epoll::new().unwrap();
    for timeout in [Timeout::ZERO, Timeout::NEVER, Timeout::after(std::time::Duration::from_nanos(1))] {
        assert_eq!(epoll.wait(&mut [], timeout).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
    Ok(())
}

fn small_buffers_rotate_through_events() -> Run {
    let ends: Vec<_> = (0..2).map(|_| pairs::streams()).flat_map(|(a, b)| [a, b]).collect();
    let epoll = Epoll::new().unwrap();
    for (end, data) in ends.iter().zip(0..) {
        epoll.register(end, WRITE, data).unwrap();
    }
    let mut buffer = [Event::default()];
    let turns: Vec<_> = (0..12).map(|_| epoll.wait(&mut buffer, WAIT).unwrap()[0].data()).collect();
    assert_eq!(turns[..4].iter().collect::<BTreeSet<_>>().len(), 4, "{turns:?}");
    assert_eq!((&turns[4..8], &turns[8..]), (&turns[..4], &turns[..4]));
    // Two events fill a part of the buffer. The rest is unchanged.
    let mut buffer = [Event::default(); 3];
    assert_eq!(epoll.wait(&mut buffer[..2], WAIT).unwrap().len(), 2);
    assert_eq!(buffer[2], Event::default());
    Ok(())
}

fn large_buffers_take_all_events() -> Run {
    let (_limit, _) = Descriptors::raise(1600, 1600)?;
    let (a, _b) = pairs::streams();
    let ends: Vec<_> = (0..1500).map(|_| a.as_fd().try_clone_to_owned().unwrap()).collect();
    let epoll = Epoll::new().unwrap();
    for (end, data) in ends.iter().zip(0..) {
        epoll.register(end, WRITE, data).unwrap();
    }
    let mut buffer = vec![Event::default(); 2000];
    let found: BTreeSet<_> =
        epoll.wait(&mut buffer, WAIT).unwrap().iter().map(|event| event.data()).collect();
    assert_eq!(found.len(), 1500);
    assert_eq!(epoll.wait(&mut buffer[..1023], WAIT).unwrap().len(), 1023);
    Ok(())
}

fn high_descriptor_numbers_work() -> Run {
    let (_limit, most) = Descriptors::raise(3000, 100_000)?;
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    let numbers = [64, 1024, 3000, i32::try_from(most).unwrap()];
    let ends = numbers.map(|number| fcntl_dupfd_cloexec(&a, number).unwrap());
    for (end, data) in ends.iter().zip(0..) {
        epoll.register(end, WRITE, data).unwrap();
    }
    assert_eq!(now(&epoll), [(0, WRITE), (1, WRITE), (2, WRITE), (3, WRITE)]);
    Ok(())
}

fn closed_files_are_removed() -> Run {
    let (a, mut b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    b.write_all(b"x").unwrap();
    epoll.register(&a, READ, 1).unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    drop(a);
    assert_eq!(now(&epoll), []);
    Ok(())
}

/// A registration belongs to the open file and the descriptor number together: epoll(7), "Questions and answers", 6.
fn duplicates_keep_a_registration_alive() -> Run {
    let (a, mut b) = pairs::streams();
    let duplicate = a.try_clone().unwrap();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ, 1).unwrap();
    drop(a);
    b.write_all(b"x").unwrap();
    assert_eq!(now(&epoll), [(1, READ)]);
    assert_eq!(epoll.unregister(&duplicate).unwrap_err().raw_os_error(), Some(libc::ENOENT));
    assert_eq!(now(&epoll), [(1, READ)]);
    drop(duplicate);
    assert_eq!(now(&epoll), []);
    Ok(())
}

fn each_duplicate_has_its_own_registration() -> Run {
    let (a, mut b) = pairs::streams();
    let duplicate = a.try_clone().unwrap();
    let epoll = Epoll::new().unwrap();
    epoll.register(&a, READ, 1).unwrap();
    epoll.register(&duplicate, READ | WRITE, 2).unwrap();
    b.write_all(b"x").unwrap();
    assert_eq!(now(&epoll), [(1, READ), (2, READ | WRITE)]);
    epoll.unregister(&a).unwrap();
    assert_eq!(now(&epoll), [(2, READ | WRITE)]);
    Ok(())
}
