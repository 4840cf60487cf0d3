//! Models of the concurrency of `selectors`, for the model checker loom.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --package loom-tests` runs them. The code is that of the crate, whose locks and atomics
//! are loom's then. The kernel is a back end in this crate, which is made of loom's locks as well.
