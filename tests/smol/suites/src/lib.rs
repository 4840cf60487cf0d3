//! No code: the manifest names the crates whose tests `cargo xtask conformance --with smol` runs, with the features that
//! they are run with.
