//! Scenarios for the `/dev/poll` back end only: it passes changes to the kernel in the next wait.

use conformance::{Descriptors, Run, WRITE, assert_ready, now, pairs};
use selectors::{DevpollSelector, Error, Operation};
use std::os::fd::AsRawFd;
use std::time::Duration;

conformance::scenarios_of!(devpoll, quirks: kernel_errors_appear_at_the_next_wait, a_reused_number_watches_the_new_file);

/// Every write is refused while the process may have no descriptors: a batch may have as many changes as there may be
/// descriptors.
fn kernel_errors_appear_at_the_next_wait() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = DevpollSelector::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    let limit = Descriptors::lower(0)?;
    let error = selector.select(Duration::ZERO).unwrap_err();
    drop(limit);
    assert!(matches!(error, Error::Os { during: Operation::Wait, .. }), "{error:?}");
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    // The key stays registered, and is reported once the kernel takes it.
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

/// Another file has the same number and the same interest. The kernel may still watch the first file, so the device must
/// be told to remove it and to add the second.
fn a_reused_number_watches_the_new_file() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let number = a.as_raw_fd();
    let mut selector = DevpollSelector::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    drop(selector.unregister(token).unwrap());
    let again = c.try_clone().unwrap();
    assert_eq!(again.as_raw_fd(), number);
    let token = selector.register(again, WRITE, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}
