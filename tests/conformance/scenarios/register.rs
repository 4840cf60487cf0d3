//! Registering.

use conformance::Run;
use selectors::backend::Backend;
use selectors::{Error, Interest, Mode, Selector};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

conformance::scenarios!(register: a_key_has_what_was_registered, twice_is_an_error);

fn a_key_has_what_was_registered<B: Backend>() -> Run {
    let (a, _b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, Interest::READ, "data").unwrap();
    let key = selector.key(token).unwrap();
    assert!(std::ptr::eq(*key.fileobj(), &a));
    assert_eq!((key.token(), key.fd(), key.interest()), (token, a.as_raw_fd(), Interest::READ));
    assert_eq!((key.mode(), *key.data()), (Mode::Level, "data"));
    Ok(())
}

fn twice_is_an_error<B: Backend>() -> Run {
    let (a, _b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let first = selector.register(&a, Interest::READ, 1).unwrap();
    let rejected = selector.register(&a, Interest::WRITE, 2).unwrap_err();
    assert!(matches!(rejected.error, Error::AlreadyRegistered { token, .. } if token == first));
    assert!(std::ptr::eq(rejected.fileobj, &a));
    assert_eq!(rejected.data, 2);
    assert_eq!(selector.key(first).map(|key| (key.interest(), *key.data())), Some((Interest::READ, 1)));
    Ok(())
}
