//! A relay with backpressure: it waits for a socket to become writable only while it has bytes for it, and reads only while
//! its buffer has room.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::fixture::{Pair, sockets};
use crate::workload::wrong;
use crate::{Cost, Interest, Subject, Workload};

const LINES: usize = 50;

/// The size of a line's buffer.
const BUFFER: usize = 16 << 10;

/// 50 lines, each from one socket pair to another. Senders and readers run between the waits, which is not measured. A step is
/// a forwarded message, with its share of a wait, a read, a write and the changes of interest.
#[derive(Debug)]
pub struct Relay {
    senders: Vec<Pair<UnixStream>>,
    readers: Vec<Pair<UnixStream>>,
    message: usize,
    lag: usize,
    style: Style,
}

/// When a relay writes, and the order in which it serves the results of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Style {
    /// It writes after each read, and waits to write the rest.
    AtOnce,
    /// It waits before it writes. It serves readable sockets first, so each change of interest takes effect at the next wait.
    ReadsFirst,
    /// It waits before it writes. It serves writable sockets first, so a line drops its interest in writing and sets it again
    /// after the read.
    WritesFirst,
}

impl Relay {
    /// Opens the sockets, for messages of this many bytes. A reader reads all bytes in one of `lag` turns, and different
    /// readers in different turns.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(message: usize, lag: usize, style: Style) -> io::Result<Self> {
        Ok(Self { senders: sockets(LINES)?, readers: sockets(LINES)?, message, lag, style })
    }

    /// Sends a message from each sender, or as much as the socket takes. Returns the number of bytes.
    fn send(&self) -> io::Result<usize> {
        let message = vec![b'm'; self.message];
        self.senders.iter().map(|pair| transferred((&pair.writer).write(&message))).sum()
    }

    /// Reads from all readers of this turn. Returns the number of bytes.
    fn receive(&self, turn: usize) -> io::Result<usize> {
        let mut bytes = vec![0; 1 << 18]; // more than a socket holds
        let mut count = 0;
        for (line, pair) in self.readers.iter().enumerate() {
            if (turn + line) % self.lag == 0 {
                count += transferred((&pair.reader).read(&mut bytes))?;
            }
        }
        Ok(count)
    }
}

/// The number of bytes, 0 if the call would have blocked.
fn transferred(result: io::Result<usize>) -> io::Result<usize> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        result => result,
    }
}

/// The state of a line.
struct Line<'a> {
    from: &'a UnixStream,
    to: &'a UnixStream,
    bytes: Vec<u8>,
    unsent: Range<usize>,
    // Whether the source is registered, and whether the interest in the sink includes writing.
    reads: bool,
    writes: bool,
}

impl<'a> Line<'a> {
    fn new(from: &'a UnixStream, to: &'a UnixStream) -> Self {
        Self { from, to, bytes: vec![0; BUFFER], unsent: 0..0, reads: true, writes: false }
    }

    #[inline]
    fn read(&mut self) -> io::Result<()> {
        self.unsent.end += transferred((&*self.from).read(&mut self.bytes[self.unsent.end..]))?;
        Ok(())
    }

    #[inline]
    fn write(&mut self) -> io::Result<usize> {
        let sent = transferred((&*self.to).write(&self.bytes[self.unsent.clone()]))?;
        self.unsent.start += sent;
        if self.unsent.is_empty() {
            self.unsent = 0..0;
        }
        Ok(sent)
    }

    /// Changes the registrations to match the buffer.
    #[inline]
    fn update<S: Subject<&'a UnixStream>>(&mut self, subject: &mut S, from: usize) -> io::Result<()> {
        let (reads, writes) = (self.unsent.end < BUFFER, !self.unsent.is_empty());
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
                line.update(&mut subject, index & !1)?;
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
