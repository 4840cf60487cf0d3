//! Windows.

pub(crate) mod clock;
pub(crate) mod errno;
pub(crate) mod fd;
pub(crate) mod poll;
pub(crate) mod select;
mod sleep;
