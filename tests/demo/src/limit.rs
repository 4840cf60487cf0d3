//! The limit of descriptors.

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors besides the connections: standard streams, listener, selectors, wakers, and any that were inherited.
const OTHERS: u64 = 32;

/// Raises the limit of descriptors to what the clients need: both ends of each connection are in this process.
pub(crate) fn allow(clients: u64) -> Result<()> {
    let needed = 2 * clients + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= needed) {
        return Ok(());
    }
    if let Some(maximum) = maximum.filter(|maximum| *maximum < needed) {
        bail!(
            "{clients} clients need {needed} descriptors (two each, and {OTHERS} others), but this process may have \
             {maximum} at most: ask for at most {} clients, or raise the hard limit (ulimit -Hn)",
            maximum.saturating_sub(OTHERS) / 2
        );
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum }) {
        bail!("{clients} clients need {needed} descriptors, and the limit cannot be raised to that: {error}");
    }
    Ok(())
}
