//! docs/platforms.md says of the kernel what the kernel does.

#[path = "../../conformance/src/bin/truth/table/mod.rs"]
mod table;

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "not run: the table in docs/platforms.md is about Linux")]
fn the_table_of_platforms_is_true() {
    match table::check() {
        Ok(notes) => notes.iter().for_each(|note| println!("{note}")),
        Err(what) => panic!("{what}"),
    }
}
