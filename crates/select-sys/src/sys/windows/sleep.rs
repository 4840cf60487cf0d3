//! A wait for nothing.

use std::io;
use std::thread;
use std::time::Duration;

/// Sleeps; without a limit, for ever. Winsock refuses to wait for no sockets (`WSAEINVAL`).
pub(super) fn sleep(limit: Option<Duration>) -> io::Result<usize> {
    match limit {
        Some(limit) => {
            thread::sleep(limit);
            Ok(0)
        }
        None => loop {
            thread::sleep(Duration::MAX);
        },
    }
}
