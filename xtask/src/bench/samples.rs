//! Measurements: what was read, and what follows from it.

use anyhow::{Context as _, Result};

use super::peers::{call, peers};

/// All measurements, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pub(super) cases: Vec<Case>,
}

/// One workload in one size.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) workload: String,
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) subjects: Vec<Subject>,
}

/// The measurements of one subject, a value for each round.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

impl Samples {
    /// Takes a line: workload, case, descriptors, unit, subject and value.
    pub(super) fn add(&mut self, line: &str) -> Result<()> {
        let parts: Vec<_> = line.split('\t').collect();
        let [workload, name, _descriptors, unit, subject, value] =
            parts.try_into().ok().with_context(|| format!("not a measurement: {line}"))?;
        let value: f64 = value.parse().with_context(|| format!("not a number: {value}"))?;
        let same = |case: &Case| case.workload == workload && case.name == name;
        let at = self.cases.iter().position(same).unwrap_or_else(|| {
            let [workload, name, unit] = [workload, name, unit].map(str::to_owned);
            self.cases.push(Case { workload, name, unit, subjects: Vec::new() });
            self.cases.len() - 1
        });
        let subjects = &mut self.cases[at].subjects;
        match subjects.iter_mut().find(|known| known.name == subject) {
            Some(known) => known.values.push(value),
            None => subjects.push(Subject { name: subject.to_owned(), values: vec![value] }),
        }
        Ok(())
    }
}

impl Case {
    pub(super) fn subject(&self, name: &str) -> Option<&Subject> {
        self.subjects.iter().find(|subject| subject.name == name)
    }

    /// How a subject compares with the bare calls that it is made of.
    pub(super) fn to_raw(&self, subject: &Subject) -> Option<f64> {
        let raw = self.subject(&format!("raw-{}", call(&subject.name)))?;
        (raw.name != subject.name).then(|| subject.ratio(raw))
    }

    /// How a subject that is no peer compares with the fastest peer that is made of the same calls.
    pub(super) fn to_best_peer(&self, subject: &Subject) -> Option<f64> {
        if peers().any(|peer| peer == subject.name) {
            return None;
        }
        let peers = peers().filter(|peer| call(peer) == call(&subject.name));
        let peers = peers.filter_map(|name| self.subject(name));
        let best = peers.min_by(|a, b| a.median().total_cmp(&b.median()))?;
        Some(subject.ratio(best))
    }
}

impl Subject {
    pub(super) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    pub(super) fn quantile(&self, part: f64) -> f64 {
        quantile(&self.values, part)
    }

    /// Half of the distance between the quartiles, as a part of the median.
    pub(super) fn spread(&self) -> f64 {
        (self.quantile(0.75) - self.quantile(0.25)) / 2.0 / self.median()
    }

    /// The median of the ratios in each round: what slowed the machine down for a while slowed both.
    fn ratio(&self, other: &Self) -> f64 {
        let ratios: Vec<_> = self.values.iter().zip(&other.values).map(|(a, b)| a / b).collect();
        quantile(&ratios, 0.5)
    }
}

/// The value below which a part of all lie, between two values in proportion.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let place = part * (sorted.len().saturating_sub(1)) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low), Some(high)) => low + (high - low) * place.fract(),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(lines: &[(&str, f64)]) -> Samples {
        let mut samples = Samples::default();
        for (subject, value) in lines {
            samples.add(&format!("ring\t1 of 100\t200\tns/event\t{subject}\t{value}")).unwrap();
        }
        samples
    }

    #[test]
    fn the_fastest_peer_counts() {
        let samples = samples(&[("sys-epoll", 10.0), ("mio", 8.0), ("polling", 5.0), ("poll", 9.0)]);
        let case = &samples.cases[0];
        let of = |name| case.to_best_peer(case.subject(name).unwrap());
        assert_eq!((of("sys-epoll"), of("mio"), of("poll")), (Some(2.0), None, None));
        assert_eq!(case.to_raw(case.subject("mio").unwrap()), None); // nothing raw was measured
    }
}
