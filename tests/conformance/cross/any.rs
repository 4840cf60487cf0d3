//! The choice of `AnySelector`, and the names of back ends.

use conformance::{Run, Stream, comparable, in_child, is_part, part};
use selectors::{AnySelector, BackendKind};
use std::process::Stdio;

conformance::scenarios_of!(cross, any:
    names_ignore_case,
    other_names_are_refused,
    the_environment_names_the_back_end,
    the_first_is_used_where_the_environment_names_none,
);

pub(super) const VARIABLE: &str = "SELECTORS_BACKEND";

/// Returns the back end that `AnySelector::new` chooses.
fn chosen() -> BackendKind {
    AnySelector::<Stream>::new().unwrap().kind()
}

fn names_ignore_case() -> Run {
    for kind in BackendKind::available() {
        let (upper, lower) = (kind.name().to_uppercase(), kind.name().to_lowercase());
        let mixed = format!("{}{}", &upper[..1], &lower[1..]);
        for name in [&upper, &lower, &mixed] {
            assert_eq!(name.parse::<BackendKind>().unwrap(), kind);
        }
    }
    Ok(())
}

fn other_names_are_refused() -> Run {
    for kind in BackendKind::available() {
        let name = kind.name();
        for name in
            [&name[..name.len() - 1], &format!("{name} "), &format!(" {name}"), &format!("{name}2"), ""]
        {
            name.parse::<BackendKind>().unwrap_err();
        }
    }
    Ok(())
}

fn the_environment_names_the_back_end() -> Run {
    for kind in comparable() {
        for name in [kind.name().to_owned(), kind.name().to_uppercase()] {
            in_child(&name, &[(VARIABLE, &name)], || {
                assert_eq!(chosen(), kind);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn the_first_is_used_where_the_environment_names_none() -> Run {
    let first = BackendKind::available().next().unwrap();
    if is_part("unset") {
        assert_eq!(std::env::var_os(VARIABLE), None);
        assert_eq!(chosen(), first);
    } else if !is_part("empty") {
        let unset = part("unset").env_remove(VARIABLE).stdin(Stdio::piped()).output().unwrap();
        assert!(unset.status.success(), "{}", String::from_utf8_lossy(&unset.stderr));
    }
    in_child("empty", &[(VARIABLE, "")], || {
        assert_eq!(chosen(), first);
        Ok(())
    })
}
