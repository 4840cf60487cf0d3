//! Measures smol over the published polling and over ours.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{PUBLISHED, cargo, home, patch, prove};

/// The values of one workload, one for each round: time and processor time over the published polling, then over ours.
type Values = [Vec<f64>; 4];

/// Runs both in turn, and prints the medians, and the medians of the ratios of each round.
pub(crate) fn measure(rounds: u32) -> Result<()> {
    let backend = env::var("SELECTORS_BACKEND").unwrap_or_else(|_| "epoll".to_owned());
    let sides = [PUBLISHED, &backend];
    let programs = [build(sides[0])?, build(sides[1])?];
    let mut workloads: BTreeMap<String, Values> = BTreeMap::new();
    for _ in 0..rounds {
        for (index, program) in programs.iter().enumerate() {
            let output = Command::new(program).env("SELECTORS_BACKEND", &backend).output()?;
            if !output.status.success() {
                bail!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr));
            }
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let [name, time, cpu] = line.split('\t').collect::<Vec<_>>()[..] else {
                    bail!("unexpected output of the workload: {line:?}")
                };
                let values = workloads.entry(name.to_owned()).or_default();
                values[2 * index].push(time.parse()?);
                values[2 * index + 1].push(cpu.parse()?);
            }
        }
    }
    println!("| workload | polling, µs | ours, µs | ratio | polling, processor µs | ours | ratio |");
    println!("|---|---|---|---|---|---|---|");
    for (name, values) in workloads {
        print!("| {name} ");
        for (published, ours) in [(0, 2), (1, 3)] {
            let (published, ours) = (&values[published], &values[ours]);
            let ratio = median(ours.iter().zip(published).map(|(ours, published)| ours / published));
            let [published, ours] = [published, ours].map(|values| median(values.iter().copied()) / 1000.0);
            print!("| {published:.2} | {ours:.2} | {ratio:.2} ");
        }
        println!("|");
    }
    Ok(())
}

/// Builds the workloads for one side.
fn build(side: &str) -> Result<PathBuf> {
    let folder = home().join("speed");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), PathBuf::from);
    let mut build = Command::new(cargo());
    build.args(["build", "--release", "--quiet"]).args(patch(side)).env("CARGO_TARGET_DIR", &target);
    if !build.current_dir(&folder).status().context("cargo does not start")?.success() {
        bail!("the workloads do not compile over {side}");
    }
    prove(&folder, side)?;
    let program = Path::new(&target).join(format!("speed-{side}"));
    fs::copy(target.join("release/speed"), &program)?;
    Ok(program)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
