//! A selector after a peak: it had 19,000 keys, all of them ready, and has one.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use selectors::backend::Backend;
use selectors::{Interest, Ready, Selector};

use crate::fixture::eventfds;
use crate::workload::wrong;
use crate::{Cost, allow_descriptors};

/// The number of keys at the peak.
pub const KEYS: usize = 19_000;

/// The key that is left after the peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Left {
    /// The one that was registered first.
    Oldest,
    /// The one that was registered last.
    Newest,
}

/// Files for a peak, all of them ready.
#[derive(Debug)]
pub struct Peak {
    files: Vec<OwnedFd>,
    left: Left,
}

impl Peak {
    /// Opens [`KEYS`] files.
    ///
    /// # Errors
    ///
    /// The system's error, for example if the process may not have so many descriptors.
    pub fn new(left: Left) -> io::Result<Self> {
        allow_descriptors(KEYS)?;
        Ok(Self { files: eventfds(KEYS, 1)?, left })
    }

    /// Makes a selector whose other keys have come and gone. Each key has its own copy of `data`.
    ///
    /// # Errors
    ///
    /// The error of the selector.
    pub fn after<B: Backend, D: Clone>(&self, data: &D) -> io::Result<Selector<B, &OwnedFd, D>> {
        let mut selector = Selector::new()?;
        let mut tokens = Vec::with_capacity(KEYS);
        for file in &self.files {
            tokens.push(selector.register(file, Interest::READ, data.clone())?);
        }
        let found = selector.select(Duration::ZERO)?.len();
        if found != KEYS {
            return Err(wrong(format!("{found} of {KEYS} keys are ready")));
        }
        tokens.remove(self.left());
        for token in tokens {
            selector.unregister(token)?;
        }
        Ok(selector)
    }

    /// Makes a selector that never had another key than the one that is left.
    ///
    /// # Errors
    ///
    /// The error of the selector.
    pub fn fresh<B: Backend, D: Clone>(&self, data: &D) -> io::Result<Selector<B, &OwnedFd, D>> {
        let mut selector = Selector::new()?;
        selector.register(&self.files[self.left()], Interest::READ, data.clone())?;
        Ok(selector)
    }

    fn left(&self) -> usize {
        match self.left {
            Left::Oldest => 0,
            Left::Newest => KEYS - 1,
        }
    }
}

/// Measures waits of a selector with one key, which is ready. A step is a wait and the lookup of the key.
///
/// # Errors
///
/// The error of the selector.
pub fn waits<B: Backend, D>(selector: &mut Selector<B, &OwnedFd, D>, laps: u32) -> io::Result<Cost> {
    let mut ready = Ready::new();
    Cost::of(laps, |laps| {
        for _ in 0..laps {
            selector.select_into(&mut ready, Duration::ZERO)?;
            let keys = ready.iter().filter_map(|(token, _)| selector.key(token));
            if keys.count() != 1 {
                return Err(wrong("one key is ready, and a wait reported another number"));
            }
        }
        Ok(laps.into())
    })
}
