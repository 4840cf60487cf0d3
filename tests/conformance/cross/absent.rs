//! The choice of `AnySelector` where the kernel refuses the first back end.

use super::any::VARIABLE;
use crate::sys::seccomp::in_a_thread_where;
use conformance::{Descriptors, Run, Stream, in_child};
use selectors::{AnySelector, BackendKind, Error, Limit, Operation};
use std::ffi::c_int;

conformance::scenarios_of!(cross, absent:
    the_next_is_used_where_one_is_missing_or_forbidden,
    no_other_is_used_when_a_limit_is_reached,
    no_other_is_used_without_descriptors,
    no_other_is_used_when_one_is_named,
);

/// Makes a selector with this value of the variable, while the kernel refuses epoll instances.
fn refused(
    environment: &str,
    errno: c_int,
    check: impl Fn(Result<AnySelector<Stream>, Error>) + Sync,
) -> Run {
    in_child(&format!("{environment}{errno}"), &[(VARIABLE, environment)], || {
        in_a_thread_where(&[libc::SYS_epoll_create1], errno, || check(AnySelector::new()))
    })
}

fn the_next_is_used_where_one_is_missing_or_forbidden() -> Run {
    let next = BackendKind::available().nth(1).unwrap();
    assert_eq!(next, BackendKind::Poll);
    for errno in [libc::ENOSYS, libc::EPERM, libc::EACCES] {
        refused("", errno, |selector| assert_eq!(selector.unwrap().kind(), next))?;
    }
    Ok(())
}

fn no_other_is_used_when_a_limit_is_reached() -> Run {
    let limits = [
        (libc::EMFILE, Limit::ProcessDescriptors),
        (libc::ENFILE, Limit::SystemDescriptors),
        (libc::ENOMEM, Limit::Memory),
    ];
    for (errno, expected) in limits {
        refused("", errno, |selector| {
            let error = selector.unwrap_err();
            assert!(
                matches!(error, Error::Limit { limit, during: Operation::Open, .. } if limit == expected),
                "{error:?}"
            );
        })?;
    }
    Ok(())
}

fn no_other_is_used_without_descriptors() -> Run {
    in_child("none left", &[(VARIABLE, "")], || {
        let limit = Descriptors::none_left()?;
        let selector = AnySelector::<Stream>::new();
        drop(limit);
        assert!(
            matches!(selector, Err(Error::Limit { limit: Limit::ProcessDescriptors, .. })),
            "{selector:?}"
        );
        Ok(())
    })
}

fn no_other_is_used_when_one_is_named() -> Run {
    for errno in [libc::ENOSYS, libc::EPERM] {
        refused("epoll", errno, |selector| {
            for error in [selector.unwrap_err(), AnySelector::<Stream>::open(BackendKind::Epoll).unwrap_err()]
            {
                assert!(matches!(error, Error::Os { during: Operation::Open, .. }), "{error:?}");
                assert_eq!(error.raw_os_error(), Some(errno));
            }
        })?;
    }
    Ok(())
}
