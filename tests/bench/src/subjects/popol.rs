//! popol: `poll(2)`.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use popol::{Sources, Timeout, Waker, interest};
use selectors::sys::fd::AsFd;

use crate::subject::Wake;
use crate::{Interest, Subject};

/// The index is the key.
pub(super) struct Popol {
    sources: Sources<usize>,
    events: Vec<popol::Event<usize>>,
    waker: Option<Arc<Waker>>,
}

const WAKER: usize = usize::MAX;

impl<F: AsFd> Subject<F> for Popol {
    fn new(capacity: usize) -> io::Result<Self> {
        Ok(Self {
            sources: Sources::with_capacity(capacity),
            events: Vec::with_capacity(capacity),
            waker: None,
        })
    }

    fn add(&mut self, file: F, index: usize, wanted: Interest) -> io::Result<()> {
        let wanted = if wanted == Interest::Both { interest::ALL } else { interest::READ };
        self.sources.register(index, &file.as_fd().as_raw_fd(), wanted);
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, wanted: Interest) -> io::Result<()> {
        let known = match wanted {
            Interest::Read => self.sources.unset(&index, interest::WRITE),
            Interest::Both => self.sources.set(&index, interest::WRITE),
        };
        if known { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.sources.unregister(&index);
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        self.events.clear();
        let timeout = timeout.map_or(Timeout::Never, Timeout::from);
        match self.sources.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            result => drop(result?),
        }
        for event in &self.events {
            if event.key == WAKER {
                Waker::reset(event.as_raw_fd())?;
            }
            visit(event.key);
        }
        Ok(())
    }

    fn waker(&mut self) -> io::Result<Wake> {
        let waker = Arc::new(Waker::register(&mut self.sources, WAKER)?);
        self.waker = Some(Arc::clone(&waker));
        Ok(Box::new(move || waker.wake()))
    }
}
