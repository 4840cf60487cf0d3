//! What the `/dev/poll` back end alone does: the kernel is told at the next wait.

use conformance::{Descriptors, Run, interests, now, pairs};
use selectors::{DevpollSelector, Error, Interest, Operation};
use std::collections::BTreeMap;
use std::os::fd::AsRawFd;
use std::time::Duration;

conformance::scenarios_of!(devpoll, quirks: what_the_kernel_refuses_shows_at_the_wait, a_number_that_is_given_again);

/// Every write is refused while the process may have no descriptors: a batch may have as many changes as there may be
/// descriptors.
fn what_the_kernel_refuses_shows_at_the_wait() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = DevpollSelector::new().unwrap();
    let token = selector.register(a, Interest::WRITE, ()).unwrap();
    let limit = Descriptors::lower(0)?;
    let error = selector.select(Duration::ZERO).unwrap_err();
    drop(limit);
    assert!(matches!(error, Error::Os { during: Operation::Wait, .. }), "{error:?}");
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    // It is registered all the same, and reported as soon as the kernel takes it.
    let expected = BTreeMap::from([(token, Interest::WRITE)]);
    assert_eq!(interests(&now(&mut selector)), expected);
    Ok(())
}

/// Another file under the same number, for the same interest: the kernel must let go of the first, which it may watch
/// still, and take the second.
fn a_number_that_is_given_again() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let number = a.as_raw_fd();
    let mut selector = DevpollSelector::new().unwrap();
    let token = selector.register(a, Interest::WRITE, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    drop(selector.unregister(token).unwrap());
    let again = c.try_clone().unwrap();
    assert_eq!(again.as_raw_fd(), number);
    let token = selector.register(again, Interest::WRITE, ()).unwrap();
    assert_eq!(interests(&now(&mut selector)), BTreeMap::from([(token, Interest::WRITE)]));
    Ok(())
}
