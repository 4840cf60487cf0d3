//! Items of single platforms: none.
