//! No page is left out.

use std::fs;

#[test]
fn every_page_is_compiled() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");
    let included = include_str!("../src/lib.rs");
    for entry in fs::read_dir(docs).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let wanted = format!("include_str!(\"../../../docs/{name}\")");
        assert!(!name.ends_with(".md") || included.contains(&wanted), "tests/docs/src/lib.rs lacks {wanted}");
    }
}
