//! A run of one back end: a thread or a process for the server, a thread for the clients, and this one for the progress bar.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use selectors::BackendKind;

use crate::clients::{self, Seen};
use crate::http;
use crate::options::Options;
use crate::report::Progress;
use crate::server::{Served, Server};

/// The time between two updates of the progress bar.
const TICK: Duration = Duration::from_millis(100);

/// The results of both sides.
pub(crate) struct Run {
    pub(crate) seen: Seen,
    /// Unknown of a server in another process.
    pub(crate) served: Option<Served>,
}

pub(crate) fn run(kind: BackendKind, options: &Options) -> Result<Run> {
    if options.http {
        let server = http::Server::start(kind, options).context("the server cannot start")?;
        return Ok(Run { seen: drive(kind, server.address, None, options)?, served: None });
    }
    let mut server = Server::new(kind, options.fault).context("the server cannot start")?;
    let (address, waker) = (server.address(), server.waker()?);
    let accepted = AtomicU64::new(0);
    let (seen, served) = thread::scope(|scope| {
        let server = scope.spawn(|| server.run(&accepted));
        let seen = drive(kind, address, Some(&accepted), options);
        let woken = waker.wake();
        (seen, server.join().map(|served| woken.and(served)))
    });

    // The server's error first: an error of the clients follows from it.
    let served = served.map_err(|_| anyhow!("the server panicked"))?.context("the server failed")?;
    let seen = seen?;
    ensure!(
        served.connections == seen.connections,
        "the server saw {} connections, of {}",
        served.connections,
        seen.connections
    );
    Ok(Run { seen, served: Some(served) })
}

/// Runs the clients, and shows their progress.
fn drive(
    kind: BackendKind,
    server: SocketAddr,
    accepted: Option<&AtomicU64>,
    options: &Options,
) -> Result<Seen> {
    let done = AtomicU64::new(0);
    let progress = Progress::new(kind, options);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let clients = scope.spawn(|| {
            let seen = clients::drive(kind, server, accepted, options, &done);
            drop(sender); // ends the loop below; a panic drops it as well
            seen
        });
        while receiver.recv_timeout(TICK) == Err::<(), _>(RecvTimeoutError::Timeout) {
            progress.show(done.load(Ordering::Relaxed));
        }
        clients.join().map_err(|_| anyhow!("the clients panicked"))?
    })
}
