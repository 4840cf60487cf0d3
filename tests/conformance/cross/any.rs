//! Which back end is chosen at run time.

use conformance::{Run, Stream, comparable, in_child, is_part, part};
use selectors::{AnySelector, BackendKind};
use std::process::Stdio;

conformance::scenarios_of!(cross, any:
    names_in_upper_and_lower_case,
    what_is_almost_a_name,
    the_one_that_the_environment_names,
    the_first_where_the_environment_names_none,
);

pub(super) const VARIABLE: &str = "SELECTORS_BACKEND";

/// The one that is made where the program asks for none.
fn chosen() -> BackendKind {
    AnySelector::<Stream>::new().unwrap().kind()
}

fn names_in_upper_and_lower_case() -> Run {
    for kind in BackendKind::available() {
        let (upper, lower) = (kind.name().to_uppercase(), kind.name().to_lowercase());
        let mixed = format!("{}{}", &upper[..1], &lower[1..]);
        for name in [&upper, &lower, &mixed] {
            assert_eq!(name.parse::<BackendKind>().unwrap(), kind);
        }
    }
    Ok(())
}

fn what_is_almost_a_name() -> Run {
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

fn the_one_that_the_environment_names() -> Run {
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

fn the_first_where_the_environment_names_none() -> Run {
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
