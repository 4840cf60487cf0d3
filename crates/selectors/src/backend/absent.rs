//! The place of a back end that the platform does not have.

use std::io;

use select_sys::Timeout;

use super::interface::{Backend, Source};
use crate::interest::{Interest, Mode};
use crate::readiness::Readiness;
use crate::token::Tag;

/// A back end that cannot be opened.
#[derive(Debug)]
pub(super) enum Absent {}

impl Backend for Absent {
    fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn name(&self) -> &'static str {
        match *self {}
    }

    fn supports(&self, _: Interest, _: Mode) -> bool {
        match *self {}
    }

    fn wait<'fd>(
        &mut self,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        _: Timeout,
        _: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        match *self {}
    }
}
