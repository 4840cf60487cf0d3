//! A relay that asks for room to write only while it has something to write, and does not read what it has no room for.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::fixture::{Pair, sockets};
use crate::workload::wrong;
use crate::{Cost, Interest, Subject, Workload};

const LINES: usize = 50;

/// Bytes between the two sockets of a line, and of a read at most.
const ROOM: usize = 16 << 10;

/// 50 lines, each from one socket pair to another. Senders and readers take their turn between waits, which is not
/// measured. A step is a message that was passed on, with its share of a wait, a read, a write, and of what is asked for.
#[derive(Debug)]
pub struct Relay {
    senders: Vec<Pair<UnixStream>>,
    readers: Vec<Pair<UnixStream>>,
    message: usize,
    lag: usize,
    style: Style,
}

/// How a relay goes about writing, and in which order it serves what a wait has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// It writes when it has read, and asks for room for what is left.
    AtOnce,
    /// It asks for room first. What is readable is served first: what is asked for then is wanted at the wait.
    ReadsFirst,
    /// It asks for room first. What is writable is served first: a line that had room takes its request back, and makes it
    /// again when it has read.
    WritesFirst,
}

impl Relay {
    /// Messages of so many bytes. A reader takes all that there is in every turn, or in one of `lag`, each in another.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn new(message: usize, lag: usize, style: Style) -> io::Result<Self> {
        Ok(Self { senders: sockets(LINES)?, readers: sockets(LINES)?, message, lag, style })
    }

    /// Each sender sends a message, or what there is room for. Gives back how many bytes that was.
    fn send(&self) -> io::Result<usize> {
        let message = vec![b'm'; self.message];
        self.senders.iter().map(|pair| some((&pair.writer).write(&message))).sum()
    }

    /// Those readers read whose turn it is. Gives back how many bytes that was.
    fn receive(&self, turn: usize) -> io::Result<usize> {
        let mut bytes = vec![0; 1 << 18]; // more than a socket holds
        let mut count = 0;
        for (line, pair) in self.readers.iter().enumerate() {
            if (turn + line) % self.lag == 0 {
                count += some((&pair.reader).read(&mut bytes))?;
            }
        }
        Ok(count)
    }
}

/// The number of bytes, none if the call would have blocked.
fn some(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

/// What the relay knows of a line.
struct Line<'a> {
    from: &'a UnixStream,
    to: &'a UnixStream,
    bytes: Vec<u8>,
    unsent: Range<usize>,
    // Whether it waits for something to read, and for room to write.
    reads: bool,
    writes: bool,
}

impl<'a> Line<'a> {
    fn new(from: &'a UnixStream, to: &'a UnixStream) -> Self {
        Self { from, to, bytes: vec![0; ROOM], unsent: 0..0, reads: true, writes: false }
    }

    #[inline]
    fn read(&mut self) -> io::Result<()> {
        self.unsent.end += some((&*self.from).read(&mut self.bytes[self.unsent.end..]))?;
        Ok(())
    }

    #[inline]
    fn write(&mut self) -> io::Result<usize> {
        let sent = some((&*self.to).write(&self.bytes[self.unsent.clone()]))?;
        self.unsent.start += sent;
        if self.unsent.is_empty() {
            self.unsent = 0..0;
        }
        Ok(sent)
    }

    /// Asks for what it waits for now, where that is something else than before.
    #[inline]
    fn ask<S: Subject<&'a UnixStream>>(&mut self, subject: &mut S, from: usize) -> io::Result<()> {
        let (reads, writes) = (self.unsent.end < ROOM, !self.unsent.is_empty());
        if writes != self.writes {
            let interest = if writes { Interest::Both } else { Interest::Read };
            subject.change(&self.to, from + 1, interest)?;
            self.writes = writes;
        }
        if reads != self.reads {
            if reads {
                subject.add(self.from, from, Interest::Read)?;
            } else {
                subject.remove(&self.from, from)?;
            }
            self.reads = reads;
        }
        Ok(())
    }
}

impl<'a> Workload for &'a Relay {
    type File = &'a UnixStream;

    const LEVEL: bool = true;

    fn run<S: Subject<&'a UnixStream>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject = S::new(2 * LINES)?;
        let pairs = self.senders.iter().zip(&self.readers);
        let mut lines: Vec<_> = pairs.map(|(from, to)| Line::new(&from.reader, &to.writer)).collect();
        for (at, line) in lines.iter().enumerate() {
            subject.add(line.from, 2 * at, Interest::Read)?;
            subject.add(line.to, 2 * at + 1, Interest::Read)?;
        }
        let mut ready = Vec::with_capacity(2 * LINES);
        let mut turn = || {
            ready.clear();
            subject.wait(Some(Duration::ZERO), |index| ready.push(index))?;
            let mut sent = 0;
            // The place of a source is even, that of a sink odd.
            let first = usize::from(self.style == Style::WritesFirst);
            ready.sort_unstable_by_key(|index| index % 2 != first);
            for &index in &ready {
                let line = &mut lines[index / 2];
                let from = index % 2 == 0;
                if from {
                    line.read()?;
                }
                if !from || self.style == Style::AtOnce && !line.writes {
                    sent += line.write()? as u64;
                }
                line.ask(&mut subject, index & !1)?;
            }
            Ok(sent)
        };
        let (mut sent, mut received) = (0, 0);
        let mut cost = Cost { time: Duration::ZERO, steps: 0 };
        for lap in 0..laps as usize {
            received += self.receive(lap)?;
            sent += self.send()?;
            let Cost { time, steps } = Cost::of_part(&mut turn)?;
            cost = Cost { time: cost.time + time, steps: cost.steps + steps };
        }
        let mut lap = 0;
        while received < sent {
            received += self.receive(lap)?;
            turn()?;
            lap += 1;
            if lap > 1000 * self.lag {
                return Err(wrong(format!("{received} bytes of {sent} arrived")));
            }
        }
        Ok(Cost { steps: (cost.steps / self.message as u64).max(1), ..cost })
    }
}
