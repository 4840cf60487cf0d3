//! A shared selector, compared with the calls of epoll from several threads, and with a selector of one thread.

use std::cell::Cell;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{Pid, gettid};
use selectors::backend::{Backend, Epoll};
use selectors::sys::Timeout;
use selectors::sys::epoll::{self, Event, EventFlags};
use selectors::{Interest, Mode, Ready, Selector, SharedSelector};

use crate::workload::wrong;
use crate::{Cost, eventfds};

/// The number of threads that rearm.
const REARMING: usize = 4;

/// A selector for several threads.
pub type Shared<'f, B> = SharedSelector<B, &'f OwnedFd>;

/// Stops the other threads at the end of the scope.
struct Stop<'a, F: Fn()>(&'a AtomicBool, F);

impl<F: Fn()> Drop for Stop<'_, F> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        (self.1)();
    }
}

/// Registers and unregisters while another thread waits. A step is such a pair.
///
/// # Errors
///
/// The system's error.
pub fn changes<B: Backend + Send>(laps: u32) -> io::Result<Cost> {
    let (idle, changed) = (&eventfds(1, 0)?[0], &eventfds(1, 0)?[0]);
    let shared = Shared::<B>::new(Selector::new()?)?;
    shared.with(|selector| selector.register(idle, Interest::READ, ()))?;
    let stop = AtomicBool::new(false);
    let (name, waiting) = sync_channel(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            name.send(gettid()).map_err(io::Error::other)?;
            let mut ready = Ready::new();
            while !stop.load(Ordering::Relaxed) {
                shared.select_into(&mut ready, None)?;
            }
            io::Result::Ok(())
        });
        let _stop = Stop(&stop, || drop(shared.waker().wake()));
        pairs(waiting.recv().map_err(io::Error::other)?, laps, || {
            let token = shared.with(|selector| selector.register(changed, Interest::READ, ()))?;
            shared.with(|selector| selector.unregister(token))?;
            Ok(())
        })
    })
}

/// The same by the calls of epoll.
///
/// # Errors
///
/// The system's error.
pub fn changes_of_epoll(laps: u32) -> io::Result<Cost> {
    let (end, changed) = (&eventfds(1, 0)?[0], &eventfds(1, 0)?[0]);
    let epoll = epoll::Epoll::new()?;
    epoll.register(end, EventFlags::IN, 0)?;
    let stop = AtomicBool::new(false);
    let (name, waiting) = sync_channel(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            name.send(gettid()).map_err(io::Error::other)?;
            let mut buffer = [Event::default(); 4];
            while !stop.load(Ordering::Relaxed) {
                epoll.wait(&mut buffer, None)?;
            }
            io::Result::Ok(())
        });
        let _stop = Stop(&stop, || {
            let _ = rustix::io::write(end, &1_u64.to_ne_bytes());
        });
        pairs(waiting.recv().map_err(io::Error::other)?, laps, || {
            epoll.register(changed, EventFlags::IN, 1)?;
            epoll.unregister(changed)
        })
    })
}

/// Wakes another thread, which sleeps in `read`, and waits for its answer. A step is such a round trip.
///
/// # Errors
///
/// The system's error.
pub fn round_trips(laps: u32) -> io::Result<Cost> {
    let ((question, asking), (answer, answering)) = (rustix::pipe::pipe()?, rustix::pipe::pipe()?);
    let (name, waiting) = sync_channel(1);
    thread::scope(|scope| {
        scope.spawn(move || {
            name.send(gettid()).map_err(io::Error::other)?;
            let mut byte = [0];
            while rustix::io::read(&question, &mut byte)? > 0 {
                rustix::io::write(&answering, &byte)?;
            }
            io::Result::Ok(())
        });
        let asking = asking; // closed at the end of the scope's closure, which ends the thread
        pairs(waiting.recv().map_err(io::Error::other)?, laps, || {
            rustix::io::write(&asking, &[1])?;
            rustix::io::read(&answer, &mut [0])?;
            Ok(())
        })
    })
}

/// Waits of a shared selector that no other thread uses, with `ready` of 100 files ready. A step is a wait.
///
/// # Errors
///
/// The system's error.
pub fn alone<B: Backend>(ready: usize, laps: u32) -> io::Result<Cost> {
    let files = files(ready)?;
    let shared = Shared::<B>::new(registered(&files)?)?;
    let mut found = Ready::new();
    Cost::of(laps, |laps| {
        for _ in 0..laps {
            if shared.select_into(&mut found, Duration::ZERO)? != ready {
                return Err(wrong("others were ready"));
            }
        }
        Ok(laps.into())
    })
}

/// Waits of a selector of one thread that has a waker, too.
///
/// # Errors
///
/// The system's error.
pub fn unshared<B: Backend>(ready: usize, laps: u32) -> io::Result<Cost> {
    let files = files(ready)?;
    let mut selector = registered::<B>(&files)?;
    let _waker = selector.waker()?;
    let mut found = Ready::new();
    Cost::of(laps, |laps| {
        for _ in 0..laps {
            if selector.select_into(&mut found, Duration::ZERO)? != ready {
                return Err(wrong("others were ready"));
            }
        }
        Ok(laps.into())
    })
}

fn files(ready: usize) -> io::Result<Vec<OwnedFd>> {
    let mut files = eventfds(ready, 1)?;
    files.extend(eventfds(100 - ready, 0)?);
    Ok(files)
}

fn registered<B: Backend>(files: &[OwnedFd]) -> io::Result<Selector<B, &OwnedFd>> {
    let mut selector = Selector::new()?;
    for file in files {
        selector.register(file, Interest::READ, ())?;
    }
    Ok(selector)
}

/// Four threads rearm a one-shot key each, and a fifth one waits for them. A step is a report.
///
/// # Errors
///
/// The system's error.
pub fn rearm(laps: u32) -> io::Result<Cost> {
    let files = eventfds(REARMING, 1)?;
    let mut selector = Selector::<Epoll, &OwnedFd, usize>::new()?;
    let mut tokens = Vec::new();
    for (number, file) in files.iter().enumerate() {
        tokens.push(selector.register_with(file, Interest::READ, Mode::Oneshot, number)?);
    }
    let shared = SharedSelector::new(selector)?;
    let mut ready = Ready::new();
    rearming(
        laps,
        |number| Ok(shared.with(|selector| selector.rearm(tokens[number]))?),
        |reported| {
            shared.select_into(&mut ready, Timeout::NEVER)?;
            ready.iter().for_each(|(token, _)| reported(token_number(&tokens, token)));
            Ok(())
        },
    )
}

fn token_number(tokens: &[selectors::Token], token: selectors::Token) -> usize {
    tokens.iter().position(|known| *known == token).unwrap_or_default()
}

/// The same by the calls of epoll.
///
/// # Errors
///
/// The system's error.
pub fn rearm_of_epoll(laps: u32) -> io::Result<Cost> {
    let files = eventfds(REARMING, 1)?;
    let (epoll, once) = (epoll::Epoll::new()?, EventFlags::IN | EventFlags::ONESHOT);
    for (number, file) in (0..).zip(&files) {
        epoll.register(file, once, number)?;
    }
    let mut buffer = [Event::default(); 8];
    rearming(
        laps,
        |number| epoll.modify(&files[number], once, number as u64),
        |reported| {
            epoll.wait(&mut buffer, None)?.iter().for_each(|event| reported(event.data() as usize));
            Ok(())
        },
    )
}

/// Runs `rearm` in a thread for each key when it was reported, and `wait` in this one until `laps` reports of each key.
fn rearming(
    laps: u32,
    rearm: impl Fn(usize) -> io::Result<()> + Sync,
    mut wait: impl FnMut(&dyn Fn(usize)) -> io::Result<()>,
) -> io::Result<Cost> {
    let reports = [const { AtomicU32::new(0) }; REARMING];
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let threads: [_; REARMING] = std::array::from_fn(|number| {
            let (rearm, stop, reports) = (&rearm, &stop, &reports[number]);
            let thread = scope.spawn(move || {
                let mut seen = 0;
                while !stop.load(Ordering::Relaxed) {
                    if reports.load(Ordering::Acquire) == seen {
                        thread::park();
                    } else {
                        seen += 1;
                        rearm(number)?;
                    }
                }
                io::Result::Ok(())
            });
            thread.thread().clone()
        });
        let _stop = Stop(&stop, || threads.iter().for_each(thread::Thread::unpark));
        Cost::of_all_threads(laps, |laps| {
            let (mut left, count) = (laps * REARMING as u32, Cell::new(0));
            while left > 0 {
                count.set(0);
                wait(&|number| {
                    reports[number].fetch_add(1, Ordering::Release);
                    threads[number].unpark();
                    count.set(count.get() + 1);
                })?;
                left = left.saturating_sub(count.get());
            }
            Ok(u64::from(laps) * REARMING as u64)
        })
    })
}

/// Pairs of changes, each when the other thread, `waiting`, sleeps in its wait. A step is a pair.
fn pairs(waiting: Pid, laps: u32, mut pair: impl FnMut() -> io::Result<()>) -> io::Result<Cost> {
    let path = format!("/proc/self/task/{}/stat", waiting.as_raw_nonzero());
    let mut time = Duration::ZERO;
    for _ in 0..laps {
        // proc_pid_stat(5): the state is the first word after the name, which is in parentheses.
        while !std::fs::read_to_string(&path)?.contains(") S") {
            thread::yield_now();
        }
        let start = Instant::now();
        pair()?;
        time += start.elapsed();
    }
    Ok(Cost { time, steps: laps.into() })
}
