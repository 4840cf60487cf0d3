//! Files that are always ready, which some back ends refuse, and the adapter that reads and writes registered files.

use conformance::errno::Errno;
use conformance::{
    File, NotRun, READ, Run, WRITE, assert_idle, assert_ready, interests, now, pairs, soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, OwnedFd};
use selectors::{Error, Interest, Selector, Token};
use std::io::{ErrorKind, Read, Write};

conformance::scenarios!(files:
    a_regular_file_is_always_ready_or_refused,
    the_null_device_is_always_ready_or_refused,
    a_number_that_is_no_descriptor_is_refused,
    a_regular_file_does_not_disturb_a_socket,
    the_adapter_reads_boxed_objects,
    the_adapter_sets_non_blocking_mode,
);

/// Registers a file. If the back end refuses it, asserts that the error says so and that nothing has changed.
fn registered<B: Backend>(
    selector: &mut Selector<B, OwnedFd, String>,
    file: File,
    interest: Interest,
) -> Option<Token> {
    let (number, before) = (file.as_raw_fd(), selector.keys().len());
    let rejected = match selector.register(file.into(), interest, "mine".to_owned()) {
        Ok(token) => return Some(token),
        Err(rejected) => rejected,
    };
    let name = selector.backend().name();
    assert!(
        matches!(rejected.error, Error::UnsupportedFile { backend, .. } if backend == name),
        "{:?}",
        rejected.error
    );
    assert_eq!(rejected.error.kind(), ErrorKind::Unsupported);
    assert!(rejected.error.raw_os_error().is_some());
    assert_eq!((rejected.fileobj.as_raw_fd(), rejected.data.as_str()), (number, "mine"));
    assert_eq!(selector.keys().len(), before);
    assert!(selector.key(&rejected.fileobj).is_none());
    None
}

fn ready_or_refused<B: Backend>(open: impl Fn() -> Result<File, NotRun>) -> Run {
    for interest in [READ, WRITE, READ | WRITE] {
        let mut selector = Selector::<B, _, _>::new().unwrap();
        if let Some(token) = registered(&mut selector, open()?, interest) {
            for _ in 0..2 {
                assert_ready(&mut selector, [(token, interest)]);
            }
        } else {
            assert_idle(&mut selector);
        }
    }
    Ok(())
}

fn a_regular_file_is_always_ready_or_refused<B: Backend>() -> Run {
    ready_or_refused::<B>(|| pairs::regular_with("something"))
}

fn the_null_device_is_always_ready_or_refused<B: Backend>() -> Run {
    ready_or_refused::<B>(pairs::null)
}

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

/// Neither a file that was refused nor one that is always ready changes the reports of a socket.
fn a_regular_file_does_not_disturb_a_socket<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, OwnedFd, String>::new().unwrap();
    let socket = selector.register(a.into(), READ, "socket".to_owned()).unwrap();
    let file = registered(&mut selector, pairs::regular_with("something")?, READ);
    let mut expected: Vec<_> = file.into_iter().collect();
    let found = |selector: &mut _| interests(&now(selector)).into_keys().collect::<Vec<_>>();
    assert_eq!(found(&mut selector), expected);
    b.write_all(b"x").unwrap();
    expected.push(socket);
    expected.sort_unstable();
    assert_eq!(found(&mut selector), expected);
    if let Some(file) = file {
        let key = selector.unregister(file).unwrap();
        let mut content = String::new();
        File::from(key.fileobj).read_to_string(&mut content).unwrap();
        assert_eq!(content, "something");
    }
    assert_eq!(found(&mut selector), [socket]);
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
