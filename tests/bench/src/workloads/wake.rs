//! Waits that another thread ends.

use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::subject::Wake;
use crate::workload::wrong;
use crate::{Cost, Subject, WARM, Workload};

/// Wakes, and the wait that they end, in one thread. A step is a wake.
#[derive(Debug)]
pub struct Wakes {
    /// The number of wakes before each wait.
    pub each: u32,
}

impl Workload for &Wakes {
    type File = &'static OwnedFd;

    fn peer_arguments(&self) -> Option<String> {
        Some(format!("wake {}", self.each))
    }

    fn run<S: Subject<&'static OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject = S::new(1)?;
        let wake = subject.waker()?;
        Cost::of(laps, |laps| {
            for _ in 0..laps {
                for _ in 0..self.each {
                    wake()?;
                }
                subject.wait(None, |_| {})?;
            }
            Ok(u64::from(self.each) * u64::from(laps))
        })
    }
}

/// Two threads that wake each other in turn. A step is a wake of the other thread.
#[derive(Debug)]
pub struct PingPong;

/// The turn after one side has failed.
const FAILED: u32 = u32::MAX;

/// Runs one side: waits for its turn, `mine` in each lap, and passes the turn to the other side.
fn play<S: Subject<&'static OwnedFd>>(
    subject: &mut S,
    other: &Wake,
    turn: &AtomicU32,
    mine: u32,
    laps: Range<u32>,
) -> io::Result<()> {
    for lap in laps {
        loop {
            match turn.load(Ordering::Acquire) {
                FAILED => return Err(wrong("the other thread has failed")),
                turn if turn == 2 * lap + mine => break,
                _ => subject.wait(None, |_| {})?,
            }
        }
        turn.store(2 * lap + mine + 1, Ordering::Release);
        other()?;
    }
    Ok(())
}

impl Workload for &PingPong {
    type File = &'static OwnedFd;

    fn run<S: Subject<&'static OwnedFd>>(&self, laps: u32) -> io::Result<Cost> {
        let turn = AtomicU32::new(1);
        let (to_first, from_second) = mpsc::channel::<Wake>();
        let (to_second, from_first) = mpsc::channel::<Wake>();
        let gone = || wrong("the other thread has ended");
        thread::scope(|scope| {
            let turn = &turn;
            let second = scope.spawn(move || {
                let mut subject = S::new(1)?;
                to_first.send(subject.waker()?).map_err(|_| gone())?;
                let first = from_first.recv().map_err(|_| gone())?;
                play(&mut subject, &first, turn, 1, 0..WARM + laps).inspect_err(|_| {
                    turn.store(FAILED, Ordering::Release);
                    let _ = first();
                })
            });
            let mut subject = S::new(1)?;
            to_second.send(subject.waker()?).map_err(|_| gone())?;
            let waker = from_second.recv().map_err(|_| gone())?;
            let mut done = 0;
            let cost = Cost::on_the_clock(laps, |laps| {
                play(&mut subject, &waker, turn, 2, done..done + laps)?;
                done += laps;
                Ok(2 * u64::from(laps))
            });
            if cost.is_err() {
                turn.store(FAILED, Ordering::Release);
                let _ = waker();
            }
            let cost = cost?;
            second.join().map_err(|_| gone())??;
            Ok(cost)
        })
    }
}
