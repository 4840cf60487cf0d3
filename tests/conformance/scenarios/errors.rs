//! Errors: their variants, messages and conversions.

use conformance::errno::{self, Errno};
use conformance::{ChangingFd, Control, MockBackend, READ, Run, Stream, WRITE, in_child, pairs};
use selectors::backend::Backend;
use selectors::sys::fd::AsRawFd;
use selectors::{BackendKind, Error, Interest, Limit, Mode, Operation, Rejected, Selector, Timeout};
use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

conformance::scenarios!(errors:
    an_invalid_interest,
    a_changed_descriptor,
    already_registered,
    not_registered,
    a_lost_registration,
    an_unsupported_mode,
    an_unsupported_file,
    an_unknown_back_end,
    a_limit_of_each_kind,
    a_limit_in_any_call,
    an_interrupted_wait,
    other_errors_of_the_system,
    errors_name_the_operation,
    an_error_becomes_an_io_error_and_back,
    an_error_becomes_a_boxed_error_and_back,
    a_rejection_becomes_a_boxed_error_and_back,
    a_rejection_becomes_an_anyhow_error_and_back,
    the_question_mark_takes_rejections_that_borrow,
    a_rejection_returns_file_object_and_data,
    a_rejection_displays_only_its_error,
);

type Mocked<'a, B> = (Selector<MockBackend<B>, &'a Stream, u8>, Rc<Control>);

/// Asserts the kind of an error, the code of the system, and words of its message.
fn assert_error(error: &Error, kind: ErrorKind, errno: Option<Errno>, words: &[&str]) {
    assert_eq!((error.kind(), error.raw_os_error()), (kind, errno.map(Errno::raw_os_error)), "{error:?}");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{message:?} does not contain {word:?}");
    }
    assert!(!message.contains('\n') && !message.ends_with('.'), "{message:?}");
    // A printer of error chains prints the system's error once: in the message or as its source.
    if let Some(errno) = errno.filter(|errno| *errno != Errno::INTR) {
        let system = io::Error::from(errno).to_string();
        let sources = std::iter::successors(error.source(), |error| (*error).source());
        let printed = sources.map(ToString::to_string).chain([message]);
        assert_eq!(printed.filter(|line| line.contains(&system)).count(), 1, "{error:?}");
    }
}

fn an_invalid_interest<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let error = selector.register(&a, Interest::empty(), ()).unwrap_err().error;
    assert!(matches!(error, Error::InvalidInterest(interest) if interest.is_empty()));
    assert_error(&error, ErrorKind::InvalidInput, None, &["READ", "WRITE", "PRIORITY", "pause"]);
    let error = selector.register(&a, Interest::from_bits_retain(0x40), ()).unwrap_err().error;
    assert_error(&error, ErrorKind::InvalidInput, None, &["0x40"]);
    Ok(())
}

fn a_changed_descriptor<B: Backend>() -> Run {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let changing_fd = ChangingFd::new(a, c);
    let (before, after) = (changing_fd.fd(0), changing_fd.fd(1));
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&changing_fd, READ, ()).unwrap();
    changing_fd.choose(1);
    let error = selector.modify(token, WRITE).unwrap_err();
    assert!(matches!(error, Error::InvalidFd { registered, lent, token: named, .. }
        if (registered, lent, named) == (before, after, token)));
    assert_error(&error, ErrorKind::InvalidInput, None, &[&before.to_string(), &after.to_string(), "keep"]);
    Ok(())
}

fn already_registered<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    selector.register(&a, READ, ()).unwrap();
    let error = selector.register(&a, READ, ()).unwrap_err().error;
    let number = a.as_raw_fd().to_string();
    assert_error(&error, ErrorKind::AlreadyExists, None, &[&number, "modify", "unregister"]);
    Ok(())
}

fn not_registered<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, &Stream>::new().unwrap();
    let error = selector.unregister(&a).unwrap_err();
    assert_error(&error, ErrorKind::NotFound, None, &["not registered", "selector"]);
    Ok(())
}

/// Returns a selector over a mock back end in which `a` is registered.
fn mock<B: Backend>(a: &Stream) -> (Selector<MockBackend<B>, &Stream, u8>, Rc<Control>) {
    let (mut selector, control): Mocked<'_, B> = MockBackend::selector();
    selector.register(a, READ, 1).unwrap();
    (selector, control)
}

/// Returns the errors of refused calls: register, modify, unregister and select.
fn refusals<B: Backend>(errno: Errno) -> [Error; 4] {
    let ((a, _b), (c, _d)) = (pairs::streams(), pairs::streams());
    let (mut selector, control) = mock::<B>(&a);
    control.refuse(Some(errno));
    [
        selector.register(&c, READ, 2).unwrap_err().error,
        selector.modify(&a, WRITE).unwrap_err(),
        selector.unregister(&a).unwrap_err(),
        selector.select(Duration::ZERO).unwrap_err(),
    ]
}

fn a_lost_registration<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = mock::<B>(&a);
    for errno in errno::LOST {
        control.refuse(Some(errno));
        let error = selector.modify(&a, WRITE).unwrap_err();
        assert!(matches!(error, Error::Lost { fd, .. } if fd == a.as_raw_fd()));
        let number = a.as_raw_fd().to_string();
        assert_error(&error, ErrorKind::NotFound, Some(errno), &[&number, "unregister", "register"]);
        // In other calls this code has another meaning.
        let [register, _, unregister, wait] = refusals::<B>(errno);
        for error in [register, unregister, wait] {
            assert!(matches!(error, Error::Os { .. }), "{error:?}");
        }
    }
    Ok(())
}

fn an_unsupported_mode<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    for (mode, name) in [(Mode::Edge, "edge"), (Mode::Oneshot, "one-shot"), (Mode::Level, "level")] {
        control.deny_mode(Some(mode));
        let error = selector.register_with(&a, READ, mode, ()).unwrap_err().error;
        assert!(matches!(error, Error::Unsupported { interest: READ, mode: named, .. } if named == mode));
        assert_error(&error, ErrorKind::Unsupported, None, &["mock", "READ", name, "another back end"]);
    }
    Ok(())
}

fn an_unsupported_file<B: Backend>() -> Run {
    let errno = errno::unsupported_file()?;
    let [register, modify, unregister, wait] = refusals::<B>(errno);
    assert!(matches!(register, Error::UnsupportedFile { backend: "mock", .. }));
    assert_error(&register, ErrorKind::Unsupported, Some(errno), &["mock", "not always ready", "poll"]);
    for error in [modify, unregister, wait] {
        assert!(matches!(error, Error::Os { .. }), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    }
    Ok(())
}

fn an_unknown_back_end<B: Backend>() -> Run {
    let error = "iocp".parse::<BackendKind>().unwrap_err();
    assert!(matches!(&error, Error::UnknownBackend { name, .. } if name == "iocp"));
    assert_error(&error, ErrorKind::InvalidInput, None, &["\"iocp\""]);
    for kind in BackendKind::available() {
        assert_error(&error, ErrorKind::InvalidInput, None, &[kind.name()]);
    }
    let message = error.to_string();
    // The variable matters only to `AnyBackend`.
    in_child("environment", &[("SELECTORS_BACKEND", "iocp")], || {
        if let Err(error) = Selector::<B, Stream>::new() {
            assert!(matches!(&error, Error::UnknownBackend { name, .. } if name == "iocp"), "{error:?}");
            assert_eq!(error.to_string(), message);
        }
        Ok(())
    })
}

fn a_limit_of_each_kind<B: Backend>() -> Run {
    for &(errno, expected) in errno::LIMITS.iter().chain(errno::LIMITS_OF_REGISTERING) {
        let words = match expected {
            Limit::ProcessDescriptors => ["process", "RLIMIT_NOFILE"],
            Limit::SystemDescriptors => ["system", "close"],
            Limit::Memory => ["memory", "unregister"],
            Limit::Watches => ["watches", "max_user_watches"],
            other => panic!("{other:?}"),
        };
        let [error, ..] = refusals::<B>(errno);
        let Error::Limit { limit, during: Operation::Register, .. } = error else { panic!("{error:?}") };
        assert_eq!(limit, expected);
        let kind = io::Error::from(errno).kind();
        assert_error(&error, kind, Some(errno), &["cannot register the descriptor: ", words[0], words[1]]);
        assert!(error.to_string().ends_with(&limit.to_string()));
    }
    Ok(())
}

fn a_limit_in_any_call<B: Backend>() -> Run {
    let [_, modify, unregister, wait] = refusals::<B>(errno::NO_MEMORY);
    assert!(matches!(modify, Error::Limit { limit: Limit::Memory, during: Operation::Modify, .. }));
    assert!(matches!(unregister, Error::Limit { limit: Limit::Memory, during: Operation::Unregister, .. }));
    assert!(matches!(wait, Error::Limit { limit: Limit::Memory, during: Operation::Wait, .. }));
    // Watches are used by registering only.
    for &(errno, _) in errno::LIMITS_OF_REGISTERING {
        let [_, modify, unregister, wait] = refusals::<B>(errno);
        for error in [modify, unregister, wait] {
            assert!(matches!(error, Error::Os { .. }), "{error:?}");
        }
    }
    Ok(())
}

fn an_interrupted_wait<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = mock::<B>(&a);
    control.refuse(Some(Errno::INTR));
    let error = selector.select(Timeout::ZERO.interruptible()).unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    assert_error(&error, ErrorKind::Interrupted, Some(Errno::INTR), &["signal", "timeout"]);
    assert_eq!(io::Error::from(error).kind(), ErrorKind::Interrupted);
    // Only waits are interrupted.
    let error = selector.modify(&a, WRITE).unwrap_err();
    assert!(matches!(error, Error::Os { during: Operation::Modify, .. }), "{error:?}");
    Ok(())
}

fn other_errors_of_the_system<B: Backend>() -> Run {
    for errno in [errno::UNHEARD_OF, Errno::INVAL, Errno::ACCESS] {
        let system = io::Error::from(errno);
        for error in refusals::<B>(errno) {
            assert!(matches!(error, Error::Os { .. }), "{error:?}");
            assert_error(&error, system.kind(), Some(errno), &["cannot ", &system.to_string()]);
        }
    }
    Ok(())
}

fn errors_name_the_operation<B: Backend>() -> Run {
    let [register, modify, unregister, wait] = refusals::<B>(errno::UNHEARD_OF);
    for (error, operation, words) in [
        (register, Operation::Register, "cannot register the descriptor: "),
        (modify, Operation::Modify, "cannot change the registration: "),
        (unregister, Operation::Unregister, "cannot unregister the descriptor: "),
        (wait, Operation::Wait, "cannot wait: "),
    ] {
        assert!(matches!(&error, Error::Os { during, .. } if *during == operation), "{error:?}");
        assert!(error.to_string().starts_with(words), "{error}");
    }
    // Pausing removes the key from the back end, and resuming adds it.
    let (a, _b) = pairs::streams();
    let (mut selector, control) = mock::<B>(&a);
    control.refuse(Some(errno::UNHEARD_OF));
    assert!(matches!(selector.pause(&a), Err(Error::Os { during: Operation::Unregister, .. })));
    control.refuse(None);
    selector.pause(&a).unwrap();
    control.refuse(Some(errno::UNHEARD_OF));
    for result in [selector.rearm(&a), selector.modify(&a, WRITE)] {
        assert!(matches!(result, Err(Error::Os { during: Operation::Register, .. })), "{result:?}");
    }
    assert!(matches!(selector.waker(), Err(Error::Os { during: Operation::Waker, .. })));
    Ok(())
}

fn an_error_becomes_an_io_error_and_back<B: Backend>() -> Run {
    let [a, b, c, d] = refusals::<B>(errno::UNHEARD_OF);
    let [e, f, g, _] = refusals::<B>(errno::NO_MEMORY);
    for error in [a, b, c, d, e, f, g, Error::Interrupted] {
        let (kind, message) = (error.kind(), error.to_string());
        let shown = format!("{error:?}");
        let error = io::Error::from(error);
        assert_eq!((error.kind(), error.to_string()), (kind, message));
        assert!(error.get_ref().is_some_and(|inner| inner.is::<Error>()));
        let error = error.downcast::<Error>().unwrap();
        assert_eq!(format!("{error:?}"), shown);
    }
    Ok(())
}

fn an_error_becomes_a_boxed_error_and_back<B: Backend>() -> Run {
    fn fails<B: Backend>() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut selector = Selector::<B, Stream>::new()?;
        let token = selector.register(pairs::streams().0, READ, ())?;
        Ok(selector.modify(token, Interest::empty())?)
    }
    let error = fails::<B>().unwrap_err();
    assert!(matches!(error.downcast_ref::<Error>(), Some(Error::InvalidInterest(_))));
    let error = error.downcast::<Error>().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    Ok(())
}

/// A boxed error has what was rejected, so that must be owned.
fn a_rejection_becomes_a_boxed_error_and_back<B: Backend>() -> Run {
    fn fails<B: Backend>() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Selector::<B, Stream, _>::new()?.register(pairs::streams().0, Interest::empty(), "data")?;
        Ok(())
    }
    fn alone<B: Backend>() -> Result<(), Box<dyn std::error::Error>> {
        Selector::<B, Rc<Stream>>::new()?.register(Rc::new(pairs::streams().0), Interest::empty(), ())?;
        Ok(())
    }
    let error = fails::<B>().unwrap_err();
    assert!(error.source().is_none());
    let rejected = error.downcast::<Rejected<Stream, &str>>().unwrap();
    assert!(matches!(rejected.error, Error::InvalidInterest(_)));
    assert_eq!(rejected.data, "data");
    assert!(alone::<B>().unwrap_err().is::<Rejected<Rc<Stream>, ()>>());
    Ok(())
}

fn a_rejection_becomes_an_anyhow_error_and_back<B: Backend>() -> Run {
    fn fails<B: Backend>() -> anyhow::Result<()> {
        let mut selector = Selector::<B, Stream, _>::new()?;
        selector.register(pairs::streams().0, Interest::empty(), "data")?;
        Ok(())
    }
    fn borrows<B: Backend>() -> anyhow::Result<()> {
        let (a, _b) = pairs::streams();
        Selector::<B, _, _>::new()?.register(&a, Interest::empty(), ()).map_err(Error::from)?;
        Ok(())
    }
    let error = fails::<B>().unwrap_err();
    let message = Error::from(error.downcast::<Rejected<Stream, &str>>().unwrap()).to_string();
    // A chain printer prints each cause once.
    assert_eq!(format!("{:#}", fails::<B>().unwrap_err()), message);
    assert!(matches!(borrows::<B>().unwrap_err().downcast_ref(), Some(Error::InvalidInterest(_))));
    Ok(())
}

/// Errors borrow nothing, so a function that owns the file can return them.
fn the_question_mark_takes_rejections_that_borrow<B: Backend>() -> Run {
    fn own<B: Backend>() -> Result<(), Error> {
        let (a, _b) = pairs::streams();
        Selector::<B, _, _>::new()?.register(&a, Interest::empty(), &a)?;
        Ok(())
    }
    fn of_io<B: Backend>() -> io::Result<()> {
        let (a, _b) = pairs::streams();
        Selector::<B, _, _>::new()?.register(&a, Interest::empty(), &a)?;
        Ok(())
    }
    fn boxed<B: Backend>() -> Result<(), Box<dyn std::error::Error>> {
        let (a, _b) = pairs::streams();
        // A boxed error could not borrow `a`.
        Selector::<B, _, _>::new()?.register(&a, Interest::empty(), &a).map_err(Error::from)?;
        Ok(())
    }
    assert!(matches!(own::<B>(), Err(Error::InvalidInterest(_))));
    let error = of_io::<B>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(matches!(error.downcast::<Error>(), Ok(Error::InvalidInterest(_))));
    assert!(boxed::<B>().unwrap_err().is::<Error>());
    Ok(())
}

fn a_rejection_returns_file_object_and_data<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (fileobj, data) = (Box::new(a), Box::new(5));
    let (place, other) = (&raw const *fileobj, &raw const *data);
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let Rejected { fileobj, data, .. } = selector.register(fileobj, Interest::empty(), data).unwrap_err();
    assert!(std::ptr::eq(&*fileobj, place) && std::ptr::eq(&*data, other));
    let rejected = selector.register(fileobj, Interest::from_bits_retain(32), data).unwrap_err();
    let (error, fileobj, data) = rejected.into_parts();
    assert!(matches!(error, Error::InvalidInterest(_)));
    assert!(std::ptr::eq(&*fileobj, place) && std::ptr::eq(&*data, other));
    let token = selector.register(fileobj, READ, data).unwrap();
    assert!(std::ptr::eq(&**selector.fileobj(token).unwrap(), place));
    Ok(())
}

fn a_rejection_displays_only_its_error<B: Backend>() -> Run {
    struct Mute;
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let rejected = selector.register(a, Interest::empty(), Mute).unwrap_err();
    assert_eq!(rejected.to_string(), rejected.error.to_string());
    assert!(format!("{rejected:?}").contains(&format!("{:?}", rejected.error)));
    Ok(())
}
