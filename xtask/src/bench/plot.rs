//! Plots: cost against the number of descriptors, both on logarithmic axes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::samples::{Case, Samples};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 460.0;
/// Left, top, right and bottom of what is between the axes.
const AREA: [f64; 4] = [70.0, 44.0, 560.0, 400.0];

/// The subjects that get a line: what it looks like.
const LINES: [(&str, &str, &str); 8] = [
    ("epoll", "#0072b2", ""),
    ("raw-epoll", "#0072b2", "2 4"),
    ("poll", "#d55e00", ""),
    ("raw-poll", "#d55e00", "2 4"),
    ("select", "#009e73", ""),
    ("raw-select", "#009e73", "2 4"),
    ("polling", "#7a7a7a", "8 4"),
    ("popol", "#cc79a7", "8 4"),
];

const PLOTS: [(&str, &str); 2] = [
    ("one", "A wait that finds one of n descriptors ready"),
    ("ready", "A wait that finds all of n descriptors ready, for each event"),
];

/// Writes a file for each plot of which there are measurements.
pub(super) fn write(samples: &Samples, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut written = 0;
    for (workload, title) in PLOTS {
        let cases: Vec<_> = samples.cases.iter().filter(|case| case.workload == workload).collect();
        if cases.len() > 1 {
            let path = folder.join(format!("performance-{workload}.svg"));
            fs::write(&path, draw(title, &cases)).with_context(|| path.display().to_string())?;
            written += 1;
        }
    }
    if written == 0 {
        bail!("nothing to draw: neither `ready` nor `one` was measured");
    }
    Ok(())
}

/// A logarithmic axis: from a value to a place.
struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// One for these values, widened to whole powers of ten where `whole` says so.
    fn of(values: &[f64], from: f64, to: f64, whole: bool) -> Self {
        let (low, high) =
            values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        let (low, high) = (low.log10(), high.log10());
        let (low, high) = if whole { (low.floor(), high.ceil()) } else { (low, high) };
        Self { low, high: high.max(low + 0.1), from, to }
    }

    fn place(&self, value: f64) -> f64 {
        self.from + (value.log10() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The powers of ten on it.
    fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        (self.low.ceil() as i32..=self.high.floor() as i32).map(|power| 10_f64.powi(power))
    }
}

/// The number that is registered: the last one in the name of a case.
fn count(case: &Case) -> f64 {
    case.name.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(case.descriptors as f64)
}

fn draw(title: &str, cases: &[&Case]) -> String {
    let [left, top, right, bottom] = AREA;
    let counts: Vec<_> = cases.iter().map(|case| count(case)).collect();
    let medians = |name: &str| -> Vec<(f64, f64)> {
        let of_case = |case: &&Case| Some((count(case), case.subject(name)?.median()));
        cases.iter().filter_map(of_case).collect()
    };
    let costs: Vec<_> = LINES.iter().flat_map(|(name, ..)| medians(name)).map(|(_, cost)| cost).collect();
    let (x, y) = (Axis::of(&counts, left, right, false), Axis::of(&costs, bottom, top, true));

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{left}\" y=\"24\" font-size=\"16\">{title}</text>\n"
    );
    for mark in x.marks() {
        let at = x.place(mark);
        line(&mut svg, [(at, top), (at, bottom)], "#ddd");
        text(&mut svg, (at, bottom + 18.0), "middle", &mark.to_string());
    }
    for mark in y.marks() {
        let at = y.place(mark);
        line(&mut svg, [(left, at), (right, at)], "#ddd");
        text(&mut svg, (left - 8.0, at + 4.0), "end", &mark.to_string());
    }
    text(&mut svg, ((left + right) / 2.0, bottom + 42.0), "middle", "descriptors registered");
    text(&mut svg, (left - 8.0, top - 8.0), "end", "ns");
    for (place, (name, colour, dashes)) in LINES.into_iter().enumerate() {
        let points = medians(name);
        if points.is_empty() {
            continue;
        }
        let mut path = String::new();
        for (count, cost) in points {
            let _ = write!(path, "{:.1},{:.1} ", x.place(count), y.place(cost));
        }
        let style =
            format!("fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dashes}\"");
        let _ = writeln!(svg, "<polyline points=\"{}\" {style}/>", path.trim_end());
        let at = top + 12.0 + 22.0 * place as f64;
        let (from, to) = (right + 20.0, right + 56.0);
        let _ = writeln!(svg, "<polyline points=\"{from},{at} {to},{at}\" {style}/>");
        text(&mut svg, (to + 8.0, at + 4.0), "start", name);
    }
    svg.push_str("</svg>\n");
    svg
}

fn line(svg: &mut String, [(x1, y1), (x2, y2)]: [(f64, f64); 2], colour: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, what: &str) {
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{what}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_is_logarithmic() {
        let axis = Axis::of(&[20.0, 900.0], 0.0, 200.0, true);
        assert_eq!((axis.place(10.0), axis.place(100.0), axis.place(1000.0)), (0.0, 100.0, 200.0));
        assert_eq!(axis.marks().collect::<Vec<_>>(), [10.0, 100.0, 1000.0]);
    }

    #[test]
    fn each_measured_subject_gets_a_line() {
        let mut samples = Samples::default();
        for (count, subject, value) in
            [(10, "epoll", 200), (1000, "epoll", 210), (10, "poll", 400), (1000, "poll", 9000)]
        {
            samples.add(&format!("one\t1 of {count}\t20\tns/wait\t{subject}\t{value}")).unwrap();
        }
        let svg = draw("title", &samples.cases.iter().collect::<Vec<_>>());
        assert_eq!(svg.matches("<polyline").count(), 4, "two lines, and two in the legend");
        assert!(svg.contains(">poll<") && !svg.contains(">select<"));
    }
}
