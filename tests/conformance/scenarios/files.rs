//! Numbers that are no descriptors, and the adapter that reads and writes registered files.

use conformance::errno::Errno;
use conformance::{READ, Run, WRITE, assert_idle, pairs, soon, wait_ready};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, OwnedFd};
use selectors::{Error, Selector};
use std::io::{ErrorKind, Read, Write};

conformance::scenarios!(files:
    a_number_that_is_no_descriptor_is_refused,
    the_adapter_reads_boxed_objects,
    the_adapter_sets_non_blocking_mode,
);

/// `poll(2)` ignores such an entry, so it would never be reported. A set of `select(2)` cannot hold it.
fn a_number_that_is_no_descriptor_is_refused<B: Backend>() -> Run {
    let nothing = pairs::no_descriptor()?;
    let mut selector = Selector::<B, _, _>::new().unwrap();
    for interest in [READ, WRITE, READ | WRITE] {
        let rejected = selector.register(nothing, interest, "mine").unwrap_err();
        assert!(matches!(rejected.error, Error::Os { .. }), "{:?}", rejected.error);
        assert_eq!(rejected.error.raw_os_error(), Some(Errno::BADF.raw_os_error()));
        assert_eq!((rejected.fileobj.as_raw_fd(), rejected.data), (nothing.as_raw_fd(), "mine"));
        assert!(selector.keys().is_empty() && selector.key(nothing).is_none());
        assert_idle(&mut selector);
    }
    Ok(())
}

/// A pipe and a socket have no type in common but the descriptor.
fn the_adapter_reads_boxed_objects<B: Backend>() -> Run {
    let ((reader, mut writer), (a, mut b)) = (pairs::pipe()?, pairs::streams());
    let mut selector = Selector::<B, Box<dyn AsFd>, _>::new().unwrap();
    selector.register(Box::new(reader), READ, "from the pipe").unwrap();
    selector.register(Box::new(a), READ, "from the socket").unwrap();
    writer.write_all(b"from the pipe").unwrap();
    b.write_all(b"from the socket").unwrap();
    let ready = soon(&mut selector);
    assert_eq!(ready.len(), 2);
    for (token, _) in &ready {
        let (fileobj, expected) = selector.parts(token).unwrap();
        let mut buffer = [0; 64];
        let length = selectors::FdIo::new(fileobj).read(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], expected.as_bytes());
    }
    let number = b.as_raw_fd();
    let mut adapter = selectors::FdIo::new(OwnedFd::from(b));
    adapter.write_all(b"answer").unwrap();
    adapter.flush().unwrap();
    let [token] = soon(&mut selector).iter().map(|(token, _)| token).collect::<Vec<_>>()[..] else {
        panic!("only the socket has data")
    };
    let mut answer = [0; 6];
    selectors::FdIo::new(selector.fileobj(token).unwrap()).read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"answer");
    assert_eq!(adapter.into_inner().as_raw_fd(), number);
    Ok(())
}

fn the_adapter_sets_non_blocking_mode<B: Backend>() -> Run {
    let (a, _b) = pairs::blocking();
    let mut adapter = selectors::FdIo::new(&a);
    adapter.set_nonblocking(true).unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(adapter, READ | WRITE, ()).unwrap();
    wait_ready(&mut selector, [(token, WRITE)]);
    assert_eq!(adapter.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(pairs::fill(adapter) > 0);
    assert_idle(&mut selector);
    Ok(())
}
