//! Plots: cost against the number of descriptors, both on logarithmic axes.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use plotters::prelude::*;

use super::samples::{Case, Samples};

/// The subjects that get a line: its colour, and the length of its dashes.
const LINES: [(&str, RGBColor, u32); 8] = [
    ("epoll", RGBColor(0x00, 0x72, 0xb2), 0),
    ("raw-epoll", RGBColor(0x00, 0x72, 0xb2), 2),
    ("poll", RGBColor(0xd5, 0x5e, 0x00), 0),
    ("raw-poll", RGBColor(0xd5, 0x5e, 0x00), 2),
    ("select", RGBColor(0x00, 0x9e, 0x73), 0),
    ("raw-select", RGBColor(0x00, 0x9e, 0x73), 2),
    ("polling", RGBColor(0x7a, 0x7a, 0x7a), 8),
    ("popol", RGBColor(0xcc, 0x79, 0xa7), 8),
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
            draw(title, &cases, &path).with_context(|| path.display().to_string())?;
            written += 1;
        }
    }
    if written == 0 {
        bail!("nothing to draw: neither `ready` nor `one` was measured");
    }
    Ok(())
}

fn draw(title: &str, cases: &[&Case], path: &Path) -> Result<()> {
    // The number that is registered is the last word in the name of a case.
    let count =
        |case: &Case| case.name.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(1.0);
    let costs = |name: &str| -> Vec<(f64, f64)> {
        cases.iter().filter_map(|case| Some((count(case), case.subject(name)?.median()))).collect()
    };
    let all: Vec<_> = LINES.iter().flat_map(|(name, ..)| costs(name)).collect();
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (left, right) = bounds(&mut all.iter().map(|(count, _)| *count));
    let (low, high) = bounds(&mut all.iter().map(|(_, cost)| *cost));

    let root = SVGBackend::new(path, (720, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d((left..right).log_scale(), (low / 2.0..high * 2.0).log_scale())?;
    chart.configure_mesh().x_desc("descriptors registered").y_desc("ns").draw()?;
    for (name, colour, dash) in LINES {
        let (points, style) = (costs(name), colour.stroke_width(2));
        if points.is_empty() {
            continue;
        }
        let line = match dash {
            0 => chart.draw_series(LineSeries::new(points, style))?,
            _ => chart.draw_series(DashedLineSeries::new(points, dash, 4, style))?,
        };
        line.label(name).legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    let mut labels = chart.configure_series_labels();
    labels.position(SeriesLabelPosition::UpperLeft).border_style(BLACK).background_style(WHITE).draw()?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measured_subject_gets_a_line() {
        let mut samples = Samples::default();
        for (count, subject, value) in
            [(10, "epoll", 200), (1000, "epoll", 210), (10, "poll", 400), (1000, "poll", 9000)]
        {
            samples.add(&format!("one\t1 of {count}\t20\tns/wait\t{subject}\t{value}")).unwrap();
        }
        let path = std::env::temp_dir().join(format!("xtask-plot-{}.svg", std::process::id()));
        draw("title", &samples.cases.iter().collect::<Vec<_>>(), &path).unwrap();
        let svg = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let has = |text: &str| svg.lines().any(|line| line.trim() == text);
        assert!(has("epoll") && has("poll") && !has("select"), "{svg}");
    }
}
