//! A selector on a back end, with files, tokens and data.

use std::io;
use std::time::Duration;

use selectors::backend::Backend;
use selectors::sys::fd::AsFd;
use selectors::{Mode, Ready, Selector, Token};

use crate::subject::Wake;
use crate::{Interest, Subject};

/// `selectors` on the back end `B`, edge-triggered or level-triggered. The data of a key is its index.
#[derive(Debug)]
pub struct Ours<B: Backend, F, const EDGE: bool = false> {
    selector: Selector<B, F, usize>,
    ready: Ready,
    // By index.
    tokens: Vec<Option<Token>>,
}

impl<B: Backend, F: AsFd, const EDGE: bool> Ours<B, F, EDGE> {
    fn token(&self, index: usize) -> io::Result<Token> {
        self.tokens.get(index).copied().flatten().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn interest(interest: Interest) -> selectors::Interest {
    match interest {
        Interest::Read => selectors::Interest::READ,
        Interest::Both => selectors::Interest::READ | selectors::Interest::WRITE,
    }
}

impl<B: Backend, F: AsFd, const EDGE: bool> Subject<F> for Ours<B, F, EDGE> {
    const LEVEL: bool = !EDGE;

    fn new(capacity: usize) -> io::Result<Self> {
        let (ready, tokens) = (Ready::with_capacity(capacity), Vec::with_capacity(capacity));
        Ok(Self { selector: Selector::new()?, ready, tokens })
    }

    fn add(&mut self, file: F, index: usize, wanted: Interest) -> io::Result<()> {
        let mode = if EDGE { Mode::Edge } else { Mode::Level };
        let token = self.selector.register_with(file, interest(wanted), mode, index)?;
        if index >= self.tokens.len() {
            self.tokens.resize(index + 1, None);
        }
        self.tokens[index] = Some(token);
        Ok(())
    }

    fn change(&mut self, _: &F, index: usize, wanted: Interest) -> io::Result<()> {
        Ok(self.selector.modify(self.token(index)?, interest(wanted))?)
    }

    fn remove(&mut self, _: &F, index: usize) -> io::Result<()> {
        self.selector.unregister(self.token(index)?)?;
        Ok(())
    }

    #[inline]
    fn wait(&mut self, timeout: Option<Duration>, mut visit: impl FnMut(usize)) -> io::Result<()> {
        self.selector.select_into(&mut self.ready, timeout)?;
        for (token, _) in &self.ready {
            if let Some((_, index)) = self.selector.parts(token) {
                visit(*index);
            }
        }
        Ok(())
    }

    fn waker(&mut self) -> io::Result<Wake> {
        let waker = self.selector.waker()?;
        Ok(Box::new(move || waker.wake()))
    }
}
