//! The examples of README.md and of the pages in docs/, which `cargo test --doc` compiles and runs.

/// Defines one item for each page, with that page as its documentation.
macro_rules! pages {
    ($($name:ident: $text:expr),+ $(,)?) => {
        $(#[doc = $text] #[cfg(doctest)] pub struct $name;)+
    };
}

pages! {
    Readme: include_str!("../../../README.md"),
    Changelog: include_str!("../../../docs/changelog.md"),
    Contributing: include_str!("../../../docs/contributing.md"),
    Design: include_str!("../../../docs/design.md"),
    Guide: include_str!("../../../docs/guide.md"),
    Performance: include_str!("../../../docs/performance.md"),
    Platforms: include_str!("../../../docs/platforms.md"),
    Python: include_str!("../../../docs/python.md"),
    Style: include_str!("../../../docs/style.md"),
}
