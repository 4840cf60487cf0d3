//! The output.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice, eprint, eprintln, println};
use anstyle::{AnsiColor, Style};
use comfy_table::{Attribute, Cell, CellAlignment, Color, Table, presets};
use selectors::BackendKind;

use crate::options::Options;
use crate::run::Run;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

const COLUMNS: [&str; 7] =
    ["back end", "connections", "messages", "messages/s", "p50", "p99", "system calls/message"];

/// The width of the progress bar.
const WIDTH: u64 = 32;

pub(crate) fn fatal(error: &anyhow::Error) {
    eprintln!("{BAD}error{BAD:#}: {error:#}");
}

pub(crate) fn heading(options: &Options) {
    let idle =
        if options.idle > 0 { format!(", and {} idle", number(options.idle.into())) } else { String::new() };
    let title = if options.http { "HTTP" } else { "Echo" };
    println!(
        "{BOLD}{title} over loopback TCP{BOLD:#}: {} at once{idle}, {} each, of {}",
        plural(options.clients.into(), "client"),
        plural(options.messages().into(), noun(options)),
        plural(options.size.into(), "byte"),
    );
}

/// Prints the table and the failures. Returns whether there was none.
pub(crate) fn results(options: &Options, runs: &[(BackendKind, anyhow::Result<Run>)]) -> bool {
    let good: Vec<_> = runs.iter().filter_map(|(kind, run)| Some((*kind, run.as_ref().ok()?))).collect();
    if !good.is_empty() {
        println!("\n{}", table(&good, noun(options), colours()));
        println!(
            "{DIM}p50, p99: the time from the first byte sent to the last byte received of a {}{DIM:#}",
            noun(options)
        );
        if !options.http {
            println!("{DIM}system calls: all of the server's, from its first connection to its last{DIM:#}");
        }
        if options.idle == 0 && good.len() > 1 {
            println!(
                "{DIM}all clients are busy all the time; with idle ones (--idle 2000) the back ends differ more{DIM:#}"
            );
        }
    }
    println!();
    for (kind, error) in runs.iter().filter_map(|(kind, run)| Some((kind, run.as_ref().err()?))) {
        println!("{BAD}✗{BAD:#} {BOLD}{kind}{BOLD:#}: {error:#}");
    }
    if !good.is_empty() {
        let names: Vec<_> = good.iter().map(|(kind, _)| kind.name()).collect();
        let total = plural(options.total(), noun(options));
        let result = if options.http { "arrived" } else { "came back as it was sent" };
        println!("{GOOD}✓{GOOD:#} every byte of {total} {result}, on {}", list(&names));
    }
    good.len() == runs.len()
}

/// The name of the thing that a client sends or fetches.
fn noun(options: &Options) -> &'static str {
    if options.http { "file" } else { "message" }
}

fn table(runs: &[(BackendKind, &Run)], noun: &str, colours: bool) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    if colours {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let right = |cell: Cell, column: usize| {
        cell.set_alignment(if column == 0 { CellAlignment::Left } else { CellAlignment::Right })
    };
    let heading = |(column, text): (usize, &str)| {
        right(Cell::new(text.replace("message", noun)).add_attribute(Attribute::Bold), column)
    };
    table.set_header(COLUMNS.into_iter().enumerate().map(heading));
    for (kind, run) in runs {
        let row = row(*kind, run).into_iter().enumerate();
        table.add_row(row.map(|(column, text)| {
            let cell = Cell::new(text);
            right(if column == 3 { cell.fg(Color::Green) } else { cell }, column)
        }));
    }
    table
}

fn row(kind: BackendKind, Run { seen, served }: &Run) -> [String; 7] {
    let round_trip = |quantile| time(Duration::from_nanos(seen.round_trips.value_at_quantile(quantile)));
    [
        kind.to_string(),
        number(seen.connections),
        number(seen.messages),
        number((seen.messages as f64 / seen.elapsed.as_secs_f64()) as u64),
        round_trip(0.5),
        round_trip(0.99),
        served.map_or("-".to_owned(), |served| format!("{:.2}", served.calls as f64 / seen.messages as f64)),
    ]
}

/// A progress bar, which is removed when dropped. Without a terminal, one line at the start.
pub(crate) struct Progress {
    kind: BackendKind,
    total: u64,
    terminal: bool,
}

impl Progress {
    pub(crate) fn new(kind: BackendKind, options: &Options) -> Self {
        let terminal = io::stderr().is_terminal();
        if !terminal {
            eprintln!("{kind} ...");
        }
        Self { kind, total: options.total(), terminal }
    }

    pub(crate) fn show(&self, done: u64) {
        if self.terminal {
            let full = (done * WIDTH / self.total.max(1)).min(WIDTH) as usize;
            let bar = format!("{}{}", "█".repeat(full), "░".repeat(WIDTH as usize - full));
            eprint!("\r\x1b[2K  {:<8}{bar}  {} of {}", self.kind, number(done), number(self.total));
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal {
            eprint!("\r\x1b[2K");
        }
    }
}

/// Whether the standard output shows colours.
fn colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Formats a number with a comma after each thousand.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn list(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Formats a time with three digits.
fn time(time: Duration) -> String {
    let nanos = time.as_nanos() as f64;
    let (value, unit) = match nanos {
        ..1e6 => (nanos / 1e3, "µs"),
        ..1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(plural(1, "client"), "1 client");
        assert_eq!(plural(2000, "client"), "2,000 clients");
        assert_eq!([&["a"][..], &["a", "b"], &["a", "b", "c"]].map(list), ["a", "a and b", "a, b and c"]);
        let times = [900, 12_340, 999_900, 2_345_678, 4_000_000_000].map(Duration::from_nanos);
        assert_eq!(times.map(time), ["0.90 µs", "12.3 µs", "1000 µs", "2.35 ms", "4.00 s"]);
    }
}
