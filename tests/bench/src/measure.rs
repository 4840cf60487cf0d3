//! Measuring several subjects in turn.

use std::io;
use std::time::Duration;

use crate::Cost;
use crate::subjects::Entry;

/// The time that one measurement should take, without its warm-up laps.
const TARGET: Duration = Duration::from_millis(4);

/// The values of one subject.
#[derive(Debug)]
pub struct Samples<'a> {
    /// The name of the subject.
    pub name: &'a str,
    /// Nanoseconds for each step, one value for each round.
    pub values: Vec<f64>,
}

/// Measures all entries once in each round, with at least `least` laps. Omits those that do not support the workload.
///
/// Each round takes the entries in another order, because what one leaves in the processor's caches is there for the next.
///
/// # Errors
///
/// The error of a workload, with the name of the subject.
pub fn in_turn<'a>(entries: Vec<Entry<'a>>, least: u32, rounds: u32) -> io::Result<Vec<Samples<'a>>> {
    let mut all = Vec::new();
    for entry in entries {
        if let Some(laps) = laps(&entry, least).map_err(|error| named(&error, entry.name))? {
            all.push((laps, Samples { name: entry.name, values: Vec::new() }, entry));
        }
    }
    let mut random = fastrand::Rng::with_seed(0);
    for _ in 0..rounds {
        let mut order: Vec<_> = all.iter_mut().collect();
        random.shuffle(&mut order);
        for (laps, samples, entry) in order {
            let cost = (entry.run)(*laps).map_err(|error| named(&error, entry.name))?;
            samples.values.push(cost.each());
        }
    }
    Ok(all.into_iter().map(|(_, samples, _)| samples).collect())
}

/// Finds the number of laps that take about [`TARGET`], at least `least`. `None` if the subject does not support the
/// workload.
fn laps(entry: &Entry<'_>, least: u32) -> io::Result<Option<u32>> {
    let mut laps = least;
    loop {
        let time = match (entry.run)(laps) {
            Ok(Cost { time, .. }) => time,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(None),
            Err(error) => return Err(error),
        };
        if time * 2 >= TARGET || laps >= 1 << 20 {
            let scale = TARGET.as_secs_f64() / time.as_secs_f64().max(1e-9);
            return Ok(Some(((f64::from(laps) * scale).ceil() as u32).max(least)));
        }
        laps *= 2;
    }
}

fn named(error: &io::Error, subject: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{subject}: {error}"))
}
