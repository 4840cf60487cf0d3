//! A run of one back end: a thread for the server, one for the clients, and this one for the progress bar.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use selectors::BackendKind;

use crate::clients::{self, Seen};
use crate::options::Options;
use crate::report::Progress;
use crate::server::{Served, Server};

/// The time between two updates of the progress bar.
const TICK: Duration = Duration::from_millis(100);

/// The results of both sides.
pub(crate) struct Run {
    pub(crate) seen: Seen,
    pub(crate) served: Served,
}

pub(crate) fn run(kind: BackendKind, options: &Options) -> Result<Run> {
    let mut server = Server::new(kind, options.fault).context("the server cannot start")?;
    let (address, waker) = (server.address(), server.waker()?);
    let (accepted, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let progress = Progress::new(kind, options);

    let (seen, served) = thread::scope(|scope| {
        let server = scope.spawn(|| server.run(&accepted));
        let (sender, receiver) = mpsc::channel();
        let clients = scope.spawn(|| {
            let seen = clients::drive(kind, address, &accepted, options, &done);
            drop(sender); // ends the loop below; a panic drops it as well
            seen
        });
        while receiver.recv_timeout(TICK) == Err::<(), _>(RecvTimeoutError::Timeout) {
            progress.show(done.load(Ordering::Relaxed));
        }
        let seen = clients.join();
        let woken = waker.wake();
        (seen, server.join().map(|served| woken.and(served)))
    });
    drop(progress);

    // The server's error first: an error of the clients follows from it.
    let served = served.map_err(|_| anyhow!("the server panicked"))?.context("the server failed")?;
    let seen = seen.map_err(|_| anyhow!("the clients panicked"))??;
    ensure!(
        served.connections == seen.connections,
        "the server saw {} connections, of {}",
        served.connections,
        seen.connections
    );
    Ok(Run { seen, served })
}
