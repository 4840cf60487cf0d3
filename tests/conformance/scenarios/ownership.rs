//! Types of file objects, and how long their files stay open.

use conformance::{
    Control, MockBackend, READ, Run, Stream, WRITE, assert_idle, assert_ready, now, pairs, soon, wait_ready,
};
use selectors::backend::Backend;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use selectors::{Error, FdIo, Interest, Selector};
use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;

conformance::scenarios!(ownership:
    an_owned_file_is_open_while_registered,
    an_unregistered_file_is_open_until_dropped,
    a_rejected_file_is_open_until_dropped,
    a_borrowed_file_outlives_the_selector,
    a_shared_file_lives_as_long_as_its_last_owner,
    a_borrowed_descriptor_can_be_registered,
    boxed_objects_of_many_types_can_be_registered,
    an_enum_of_types_can_be_registered,
    the_pipes_of_a_child_can_be_registered,
    the_back_end_is_closed_before_the_files,
    data_is_dropped_once,
    the_adapter_reads_and_writes_an_owned_descriptor,
    the_adapter_returns_errors,
    the_adapter_can_be_registered,
);

fn an_owned_file_is_open_while_registered<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    assert!(!pairs::hung_up(&b));
    selector.modify(token, READ).unwrap();
    let _ = now(&mut selector);
    selector.pause(token).unwrap();
    assert!(!pairs::hung_up(&b));
    drop(selector);
    assert!(pairs::hung_up(&b));
    Ok(())
}

fn an_unregistered_file_is_open_until_dropped<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(a, WRITE, ()).unwrap();
    let key = selector.unregister(token).unwrap();
    drop(selector);
    assert!(!pairs::hung_up(&b));
    let mut a: Stream = key.fileobj;
    a.write_all(b"x").unwrap();
    assert_eq!(pairs::drain(&b), 1);
    drop(a);
    assert!(pairs::hung_up(&b));
    Ok(())
}

fn a_rejected_file_is_open_until_dropped<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let rejected = selector.register(a, Interest::empty(), ()).unwrap_err();
    assert!(!pairs::hung_up(&b));
    let (_, a, ()) = rejected.into_parts();
    let rejected = selector.register(a, Interest::empty(), ()).unwrap_err();
    // The error does not keep the file.
    let error = Error::from(rejected);
    assert!(pairs::hung_up(&b), "{error}");
    Ok(())
}

fn a_borrowed_file_outlives_the_selector<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, &Stream>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    (&b).write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    // The owner can use it meanwhile.
    assert_eq!(pairs::drain(&a), 1);
    assert_idle(&mut selector);
    drop(selector);
    assert!(!pairs::hung_up(&b));
    Ok(())
}

fn a_shared_file_lives_as_long_as_its_last_owner<B: Backend>() -> Run {
    let ((a, b), (c, d)) = (pairs::streams(), pairs::streams());
    let (first, second) = (Arc::new(a), Rc::new(c));
    let mut arcs = Selector::<B, Arc<Stream>>::new().unwrap();
    let mut rcs = Selector::<B, Rc<Stream>>::new().unwrap();
    arcs.register(Arc::clone(&first), WRITE, ()).unwrap();
    rcs.register(Rc::clone(&second), WRITE, ()).unwrap();
    drop((first, second));
    assert_eq!((now(&mut arcs).len(), now(&mut rcs).len()), (1, 1));
    assert!(!pairs::hung_up(&b) && !pairs::hung_up(&d));
    drop((arcs, rcs));
    assert!(pairs::hung_up(&b) && pairs::hung_up(&d));
    Ok(())
}

fn a_borrowed_descriptor_can_be_registered<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, BorrowedFd<'_>>::new().unwrap();
    let token = selector.register(a.as_fd(), WRITE, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    assert_eq!(selector.unregister(token).unwrap().fileobj.as_raw_fd(), a.as_raw_fd());
    drop(selector);
    assert!(!pairs::hung_up(&b));
    Ok(())
}

fn boxed_objects_of_many_types_can_be_registered<B: Backend>() -> Run {
    let ((unix, _a), (tcp, _b), (udp, _c)) = (pairs::streams(), pairs::tcp(), pairs::udp());
    let (_reader, writer) = pairs::pipe()?;
    let (owned, _d) = pairs::streams();
    let mut selector = Selector::<B, Box<dyn AsFd + Send>, _>::new().unwrap();
    let mut register = |object: Box<dyn AsFd + Send>, name| {
        let token = selector.register(object, WRITE, name).unwrap();
        (token, WRITE)
    };
    let expected = [
        register(Box::new(unix), "Unix socket"),
        register(Box::new(tcp), "TCP socket"),
        register(Box::new(udp), "UDP socket"),
        register(Box::new(writer), "pipe"),
        register(Box::new(OwnedFd::from(owned)), "descriptor"),
    ];
    wait_ready(&mut selector, expected);
    Ok(())
}

enum Peer {
    Listener(TcpListener),
    Stream(TcpStream),
    Datagrams(UdpSocket),
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Listener(listener) => listener.as_fd(),
            Self::Stream(stream) => stream.as_fd(),
            Self::Datagrams(socket) => socket.as_fd(),
        }
    }
}

fn an_enum_of_types_can_be_registered<B: Backend>() -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut selector = Selector::<B, Peer>::new().unwrap();
    selector.register(Peer::Listener(listener), READ, ()).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let datagrams = selector.register(Peer::Datagrams(socket), READ, ()).unwrap();
    let _client = TcpStream::connect(address).unwrap();
    for (token, _) in &soon(&mut selector) {
        let Some(Peer::Listener(listener)) = selector.fileobj(token) else { panic!("{token:?}") };
        let (stream, _) = listener.accept().unwrap();
        selector.register(Peer::Stream(stream), WRITE, ()).unwrap();
    }
    let ready = soon(&mut selector);
    let found: Vec<_> = ready.iter().map(|(token, _)| selector.fileobj(token).unwrap()).collect();
    assert!(matches!(found[..], [Peer::Stream(_)]));
    assert!(matches!(selector.unregister(datagrams).unwrap().fileobj, Peer::Datagrams(_)));
    Ok(())
}

fn the_pipes_of_a_child_can_be_registered<B: Backend>() -> Run {
    let (mut child, input, output) = pairs::child()?;
    let mut selector = Selector::<B, Box<dyn AsFd>>::new().unwrap();
    let input = selector.register(Box::new(input), WRITE, ()).unwrap();
    let output = selector.register(Box::new(output), READ, ()).unwrap();
    wait_ready(&mut selector, [(input, WRITE)]);
    FdIo::new(selector.fileobj(input).unwrap()).write_all(b"hello").unwrap();
    // Dropping the object closes this end of the pipe, and the child ends.
    drop(selector.unregister(input).unwrap());
    let mut said = Vec::new();
    loop {
        wait_ready(&mut selector, [(output, READ)]);
        let mut buffer = [0; 16];
        match FdIo::new(selector.fileobj(output).unwrap()).read(&mut buffer).unwrap() {
            0 => break,
            length => said.extend_from_slice(&buffer[..length]),
        }
    }
    assert_eq!(said, b"hello");
    assert!(child.wait().unwrap().success());
    Ok(())
}

/// Records when it is dropped whether the back end, which shares the control, is gone.
struct Witness {
    socket: Stream,
    control: Rc<Cell<Option<Rc<Control>>>>,
    back_end_was_gone: Rc<Cell<Option<bool>>>,
}

impl AsFd for Witness {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let control = self.control.take().unwrap();
        self.back_end_was_gone.set(Some(Rc::strong_count(&control) == 1));
    }
}

/// A kernel's set that outlives its files may report the readiness of a duplicate.
fn the_back_end_is_closed_before_the_files<B: Backend>() -> Run {
    for close in [drop, |selector: Selector<MockBackend<B>, Witness>| drop(selector.into_keys())] {
        let (socket, _b) = pairs::streams();
        let (mut selector, control) = MockBackend::<B>::selector();
        let (held, gone) = (Rc::new(Cell::new(Some(control))), Rc::new(Cell::new(None)));
        let witness = Witness { socket, control: held, back_end_was_gone: Rc::clone(&gone) };
        assert!(selector.register(witness, READ, ()).is_ok());
        assert_eq!(gone.get(), None);
        close(selector);
        assert_eq!(gone.get(), Some(true));
    }
    Ok(())
}

fn data_is_dropped_once<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let data = Rc::new(());
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, READ, Rc::clone(&data)).unwrap();
    selector.register(&c, READ, Rc::clone(&data)).unwrap();
    assert_eq!(Rc::strong_count(&data), 3);
    let rejected = selector.register(&a, READ, Rc::clone(&data)).unwrap_err();
    assert_eq!(Rc::strong_count(&data), 4);
    drop(rejected);
    drop(selector.unregister(token).unwrap());
    assert_eq!(Rc::strong_count(&data), 2);
    drop(selector);
    assert_eq!(Rc::strong_count(&data), 1);
    Ok(())
}

fn the_adapter_reads_and_writes_an_owned_descriptor<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let mut selector = Selector::<B, OwnedFd>::new().unwrap();
    let token = selector.register(a.into(), READ, ()).unwrap();
    (&b).write_all(b"to read").unwrap();
    assert_eq!(now(&mut selector).len(), 1);
    let mut file = FdIo::new(selector.fileobj(token).unwrap());
    let mut buffer = [0; 3];
    // Each makes one call, which reads or writes as much as fits.
    assert_eq!((file.read(&mut buffer).unwrap(), &buffer), (3, b"to "));
    assert_eq!((file.read(&mut [0; 16]).unwrap(), file.write(b"written").unwrap()), (4, 7));
    file.flush().unwrap();
    let mut buffer = [0; 16];
    assert_eq!((&b).read(&mut buffer).unwrap(), 7);
    assert_eq!(&buffer[..7], b"written");
    drop(b);
    assert_eq!(file.read(&mut buffer).unwrap(), 0);
    assert!(std::ptr::eq(file.into_inner(), selector.fileobj(token).unwrap()));
    Ok(())
}

fn the_adapter_returns_errors<B: Backend>() -> Run {
    let (a, b) = pairs::blocking();
    let mut selector = Selector::<B, BorrowedFd<'_>>::new().unwrap();
    let token = selector.register(a.as_fd(), READ, ()).unwrap();
    let mut file = FdIo::new(selector.fileobj(token).unwrap());
    assert_ne!(pairs::blocks(&a), Some(false));
    file.set_nonblocking(true).unwrap();
    assert_ne!(pairs::blocks(&a), Some(true));
    assert_eq!(file.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    let full = |file: &mut dyn Write| -> io::Error {
        loop {
            if let Err(error) = file.write(&[0; 4096]) {
                return error;
            }
        }
    };
    assert_eq!(full(&mut file).kind(), ErrorKind::WouldBlock);
    drop(b);
    let kind = full(&mut file).kind();
    // The error of a TCP socket depends on what has arrived from its peer.
    let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted];
    assert!(gone.contains(&kind), "{kind}");
    file.set_nonblocking(false).unwrap();
    assert_ne!(pairs::blocks(&a), Some(false));
    Ok(())
}

fn the_adapter_can_be_registered<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, FdIo<Stream>>::new().unwrap();
    let token = selector.register(FdIo::new(a), READ, ()).unwrap();
    b.write_all(b"x").unwrap();
    assert_ready(&mut selector, [(token, READ)]);
    let mut file = selector.unregister(token).unwrap().fileobj;
    assert_eq!(file.read(&mut [0; 8]).unwrap(), 1);
    Ok(())
}
