//! `cargo xtask demo`: an echo server, or the example `http_server`, on every back end of this machine, with many clients at
//! once. Checks every byte.

mod clients;
mod counting;
mod http;
mod limit;
mod options;
mod pattern;
mod report;
mod run;
mod server;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use options::Options;

fn main() -> ExitCode {
    match demonstrate(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::fatal(&error);
            ExitCode::FAILURE
        }
    }
}

/// Runs all back ends. Returns whether every byte came back.
fn demonstrate(options: &Options) -> Result<bool> {
    let backends = options.backends();
    anyhow::ensure!(!backends.is_empty(), "this platform has no back end");
    limit::allow(options.connections())?;
    report::heading(options);
    let runs: Vec<_> = backends.into_iter().map(|kind| (kind, run::run(kind, options))).collect();
    Ok(report::results(options, &runs))
}
