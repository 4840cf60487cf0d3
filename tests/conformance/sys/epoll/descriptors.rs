//! Inheritance and ownership of the descriptor of an epoll instance.

use conformance::{Descriptors, Run, pairs};
use rustix::io::{FdFlags, fcntl_getfd};
use selectors::sys::Timeout;
use selectors::sys::epoll::{CreateFlags, Epoll, Event, EventFlags};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;

conformance::scenarios_of!(sys, epoll_descriptors:
    instances_are_close_on_exec,
    requested_flags_are_used,
    unknown_flags_are_refused,
    running_out_of_descriptors_is_an_error,
    from_fd_keeps_descriptor_flags,
    duplicates_share_the_set,
    into_fd_releases_the_descriptor,
    dropping_closes_the_descriptor,
    other_descriptors_are_refused,
);

fn inherited(fd: impl AsFd) -> bool {
    !fcntl_getfd(fd).unwrap().contains(FdFlags::CLOEXEC)
}

/// Whether this descriptor number is open in this process.
fn is_open(fd: RawFd) -> bool {
    Path::new(&format!("/proc/self/fd/{fd}")).symlink_metadata().is_ok()
}

fn instances_are_close_on_exec() -> Run {
    assert!(!inherited(Epoll::new().unwrap()));
    assert!(!inherited(Epoll::with_flags(CreateFlags::CLOEXEC).unwrap()));
    Ok(())
}

fn requested_flags_are_used() -> Run {
    assert!(inherited(Epoll::with_flags(CreateFlags::empty()).unwrap()));
    Ok(())
}

fn unknown_flags_are_refused() -> Run {
    let error = Epoll::with_flags(CreateFlags::from_bits_retain(12356)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    Ok(())
}

fn running_out_of_descriptors_is_an_error() -> Run {
    let limit = Descriptors::none_left()?;
    let result = Epoll::new();
    drop(limit);
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EMFILE));
    Ok(())
}

fn from_fd_keeps_descriptor_flags() -> Run {
    let epoll = Epoll::with_flags(CreateFlags::empty()).unwrap();
    let number = epoll.as_raw_fd();
    let epoll = Epoll::from_fd(epoll.into_fd());
    assert!(inherited(&epoll));
    assert_eq!(epoll.as_raw_fd(), number);
    Ok(())
}

fn duplicates_share_the_set() -> Run {
    let (a, _b) = pairs::streams();
    let epoll = Epoll::new().unwrap();
    let duplicate = Epoll::from_fd(epoll.as_fd().try_clone_to_owned().unwrap());
    duplicate.register(&a, EventFlags::OUT, 7).unwrap();

    let mut buffer = [Event::default(); 2];
    assert_eq!(epoll.wait(&mut buffer, Timeout::ZERO).unwrap()[0].data(), 7);
    assert_eq!(epoll.register(&a, EventFlags::OUT, 8).unwrap_err().raw_os_error(), Some(libc::EEXIST));
    drop(epoll);
    assert_eq!(duplicate.wait(&mut buffer, Timeout::ZERO).unwrap().len(), 1);
    duplicate.unregister(&a).unwrap();
    Ok(())
}

fn into_fd_releases_the_descriptor() -> Run {
    let epoll = Epoll::new().unwrap();
    let (number, borrowed) = (epoll.as_raw_fd(), epoll.as_fd().as_raw_fd());
    let owned: OwnedFd = epoll.into();
    assert_eq!((owned.as_raw_fd(), borrowed), (number, number));
    assert!(is_open(number));
    // The descriptor converts back.
    let epoll = Epoll::from(owned);
    assert!(epoll.wait(&mut [Event::default()], Timeout::ZERO).unwrap().is_empty());
    let owned = epoll.into_fd();
    assert_eq!(owned.as_raw_fd(), number);
    assert!(is_open(number));
    Ok(())
}

fn dropping_closes_the_descriptor() -> Run {
    let epoll = Epoll::new().unwrap();
    let number = epoll.as_raw_fd();
    assert!(number > 0 && is_open(number));
    drop(epoll);
    assert!(!is_open(number));
    Ok(())
}

fn other_descriptors_are_refused() -> Run {
    let (a, b) = pairs::streams();
    let epoll = Epoll::from_fd(a.into());
    let errors = [
        epoll.register(&b, EventFlags::IN, 0),
        epoll.modify(&b, EventFlags::IN, 0),
        epoll.unregister(&b),
        epoll.wait(&mut [Event::default()], Timeout::ZERO).map(drop),
    ];
    for error in errors {
        assert_eq!(error.unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }
    Ok(())
}
