//! The benchmark of libevent: bytes that travel around a ring of socket pairs.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use crate::fixture::{Pair, sockets};
use crate::workload::wrong;
use crate::{Cost, Interest, Subject, Workload};

/// A ring of socket pairs. Each event reads a byte and writes it to the next pair. A step is an event, with its share of a
/// wait, a read and a write.
#[derive(Debug)]
pub struct Ring {
    pairs: Vec<Pair<UnixStream>>,
    active: usize,
}

impl Ring {
    /// Opens `pairs` pairs of sockets, for `active` bytes, which are far fewer.
    ///
    /// # Errors
    ///
    /// The system's error.
    pub fn new(pairs: usize, active: usize) -> io::Result<Self> {
        Ok(Self { pairs: sockets(pairs)?, active })
    }

    fn write(&self, index: usize, bytes: &[u8]) -> io::Result<()> {
        (&self.pairs[index].writer).write_all(bytes)
    }

    /// Reads the byte at `index`, and writes it to the next pair if it is to travel `further`.
    #[inline]
    fn pass(&self, index: usize, further: bool) -> io::Result<()> {
        // Two bytes at one place would be one event from then on.
        let mut bytes = [0; 2];
        if (&self.pairs[index].reader).read(&mut bytes)? != 1 {
            return Err(wrong("two bytes met"));
        }
        if further {
            let next = if index + 1 == self.pairs.len() { 0 } else { index + 1 };
            self.write(next, &bytes[..1])?;
        }
        Ok(())
    }
}

impl<'a> Workload for &'a Ring {
    type File = &'a UnixStream;

    /// Once around, as different sockets are in different caches.
    fn least(&self) -> u32 {
        (self.pairs.len() / self.active) as u32 // far below 2^32
    }

    fn peer_arguments(&self) -> Option<String> {
        Some(format!("ring {} {}", self.pairs.len(), self.active))
    }

    fn run<S: Subject<&'a UnixStream>>(&self, laps: u32) -> io::Result<Cost> {
        let mut subject = S::new(self.pairs.len())?;
        for (index, pair) in self.pairs.iter().enumerate() {
            subject.add(&pair.reader, index, Interest::Read)?;
        }
        for active in 0..self.active {
            self.write(active * self.pairs.len() / self.active, b"x")?;
        }
        let mut round = |further: bool| {
            let (mut count, mut failure) = (0_usize, None);
            subject.wait(None, |index| match self.pass(index, further) {
                Ok(()) => count += 1,
                Err(error) => failure = Some(error),
            })?;
            failure.map_or(Ok(count), Err)
        };
        // Once around before the measurement: the sockets have left the caches since the last one.
        for _ in 0..self.pairs.len() / self.active {
            round(true)?;
        }
        let cost = Cost::of(laps, |laps| {
            let mut steps = 0;
            for _ in 0..laps {
                steps += round(true)? as u64;
            }
            Ok(steps)
        })?;
        // One wait may not report all bytes.
        let mut left = self.active;
        while left > 0 {
            left = left.checked_sub(round(false)?).ok_or_else(|| wrong("more bytes than were sent"))?;
        }
        Ok(cost)
    }
}
