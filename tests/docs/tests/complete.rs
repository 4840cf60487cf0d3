//! Every page of docs/ is tested.

use std::fs;

#[test]
fn the_library_includes_every_page() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let included = include_str!("../src/lib.rs");
    for entry in fs::read_dir(docs).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let expected = format!("include_str!(\"../../../docs/{name}\")");
        assert!(
            !name.ends_with(".md") || included.contains(&expected),
            "tests/docs/src/lib.rs lacks {expected}"
        );
    }
}
