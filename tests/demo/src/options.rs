//! The options of the command line.

use clap::{Parser, ValueEnum};
use selectors::BackendKind;

/// The default number of messages of all clients together; a tenth of it with idle clients, which cost poll and select much.
const MESSAGES: u64 = 200_000;
/// The default number is lower if the messages together would have more bytes than this.
const BYTES: u64 = 1 << 30;
/// The highest default number of messages of one client.
const MESSAGES_EACH: u64 = 40_000;

/// Run a server with many clients on every back end of this machine, and check every byte
#[derive(Debug, Parser)]
#[command(name = "demo", bin_name = "cargo xtask demo")]
pub(crate) struct Options {
    /// Number of clients that are connected at the same time
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = at_least_one)]
    pub(crate) clients: u32,

    /// Number of messages that each client sends, or files that it fetches, one after the other [default: enough for a short run]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    messages: Option<u32>,

    /// Length of each message or file
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = at_least_one)]
    pub(crate) size: u32,

    /// Number of further clients that are connected and send nothing
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) idle: u32,

    /// Run only this back end [default: all, one after the other]
    #[arg(long, value_name = "NAME")]
    backend: Option<BackendKind>,

    /// Fetch files from the example `http_server` instead of sending messages
    #[arg(long, conflicts_with = "fault")]
    pub(crate) http: bool,

    /// A fault that the server commits once on each back end, for the tests of this program
    #[arg(long, hide = true)]
    pub(crate) fault: Option<Fault>,
}

/// A fault of the server.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Fault {
    /// It changes a bit of an echo.
    Corrupt,
    /// It sends one byte too many.
    Invent,
    /// It closes a connection.
    Drop,
}

fn at_least_one(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| format!("it must be a number from 1 to {}", u32::MAX))
}

impl Options {
    pub(crate) fn backends(&self) -> Vec<BackendKind> {
        BackendKind::available().filter(|kind| self.backend.is_none_or(|wanted| wanted == *kind)).collect()
    }

    /// The number of messages that each client sends.
    pub(crate) fn messages(&self) -> u32 {
        let clients = u64::from(self.clients);
        let together = if self.idle > 0 { MESSAGES / 10 } else { MESSAGES };
        let some = (together / clients).min(BYTES / (clients * u64::from(self.size))).clamp(1, MESSAGES_EACH);
        self.messages.unwrap_or(u32::try_from(some).unwrap_or(1))
    }

    /// The number of connections.
    pub(crate) fn connections(&self) -> u64 {
        u64::from(self.clients) + u64::from(self.idle)
    }

    /// The number of messages of all clients together.
    pub(crate) fn total(&self) -> u64 {
        u64::from(self.clients) * u64::from(self.messages())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(arguments: &[&str]) -> u32 {
        Options::parse_from(["demo"].iter().chain(arguments)).messages()
    }

    #[test]
    fn the_default_number_of_messages_is_bounded() {
        assert_eq!(messages(&[]), 400);
        assert_eq!(messages(&["--idle", "1"]), 40);
        assert_eq!(messages(&["--clients", "1"]), 40_000);
        assert_eq!(messages(&["--clients", "1000000"]), 1);
        assert_eq!(messages(&["--size", "1000000"]), 2);
        assert_eq!(messages(&["--size", "4000000000", "--clients", "4000000000"]), 1);
        assert_eq!(messages(&["--size", "4000000000", "--messages", "7"]), 7);
    }

    #[test]
    fn one_back_end_or_all() {
        assert_eq!(Options::parse_from(["demo"]).backends(), BackendKind::available().collect::<Vec<_>>());
        assert_eq!(Options::parse_from(["demo", "--backend", "poll"]).backends(), [BackendKind::Poll]);
    }
}
