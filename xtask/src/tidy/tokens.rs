//! Walking the tokens of a Rust file: text in comments and strings is not among them.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// The tokens of a file; `None` where it does not parse, which the compiler tells about.
pub(super) fn of(text: &str) -> Option<Vec<TokenTree>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // A first line like `#!/usr/bin/...` is not Rust, `#![...]` is.
    let text = if text.starts_with("#!/") { text.split_once('\n')?.1 } else { text };
    Some(list(text.parse().ok()?))
}

pub(super) fn list(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

pub(super) fn ident(token: Option<&TokenTree>) -> Option<&Ident> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident),
        _ => None,
    }
}

pub(super) fn punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

pub(super) fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// The inside of an attribute that starts at `index` (`#[...]` or `#![...]`), and how many tokens it takes.
pub(super) fn attribute(tokens: &[TokenTree], index: usize) -> Option<(&Group, usize)> {
    if !punct(tokens.get(index), '#') {
        return None;
    }
    let inner = usize::from(punct(tokens.get(index + 1), '!'));
    let inside = group(tokens.get(index + 1 + inner), Delimiter::Bracket)?;
    Some((inside, 2 + inner))
}
