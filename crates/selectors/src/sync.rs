//! Locks and atomics, of `std` or of the model checker loom.

#[cfg(loom)]
mod modelled;
#[cfg(loom)]
pub(crate) use modelled::*;

#[cfg(not(loom))]
mod real;
#[cfg(not(loom))]
pub(crate) use real::*;
