//! Limits: descriptors that really run out, and the errors of a mock back end for the others.

use conformance::errno::{self, Errno};
use conformance::{
    Descriptors, MockBackend, NotRun, READ, Run, Stream, WAIT, WRITE, assert_list, assert_ready, now, pairs,
    soon,
};
use selectors::backend::Backend;
use selectors::{Error, Limit, Mode, Operation, Selector, SharedSelector};
use std::io::Write;

conformance::scenarios!(limits:
    opening_fails_without_descriptors,
    a_waker_without_descriptors_can_be_made_later,
    a_second_waker_needs_no_descriptor,
    registering_needs_no_descriptor,
    waiting_needs_no_descriptor,
    a_file_that_is_always_ready_is_reported_or_refused,
    the_limit_is_named_when_registering_fails,
    the_limit_is_named_when_resuming_fails,
    the_limit_is_named_when_modifying_fails,
    the_limit_is_named_when_waiting_fails,
    the_limit_is_named_when_the_waker_fails,
    watches_are_named_when_the_waker_fails,
    a_waker_that_fails_leaves_no_descriptor_open,
);

/// More attempts than could succeed if each leaked a descriptor.
const ATTEMPTS: usize = 20;

/// Asserts that `error` names this limit and this operation.
fn assert_limit(error: &Error, expected: Limit, doing: Operation, errno: Errno) {
    let Error::Limit { limit, during, source, .. } = error else { panic!("{error:?}") };
    assert_eq!((*limit, *during), (expected, doing));
    assert_eq!(Errno::from_io_error(source), Some(errno));
    assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()));
}

fn opening_fails_without_descriptors<B: Backend>() -> Run {
    let descriptor = Selector::<B, Stream>::new().unwrap().backend().fd().is_some();
    let limit = Descriptors::none_left()?;
    let selectors: Vec<_> = (0..ATTEMPTS).map(|_| Selector::<B, Stream>::new()).collect();
    drop(limit);
    let errors: Vec<_> = selectors.into_iter().filter_map(Result::err).collect();
    // A back end without `fd` may use a descriptor too, as kqueue over an emulation does.
    assert!(!descriptor || errors.len() == ATTEMPTS, "{} failed", errors.len());
    for error in errors {
        assert_limit(&error, Limit::ProcessDescriptors, Operation::Open, Errno::MFILE);
        assert!(error.to_string().starts_with("cannot open the back end: "), "{error}");
        assert!(error.to_string().contains("ulimit -n"), "the message says how to raise the limit: {error}");
    }
    let mut selector = Selector::<B, _>::new().unwrap();
    let (a, _b) = pairs::streams();
    let token = selector.register(a, WRITE, ()).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn a_waker_without_descriptors_can_be_made_later<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, WRITE, ()).unwrap();
    let limit = Descriptors::none_left()?;
    let wakers: Vec<_> = (0..ATTEMPTS).map(|_| selector.waker()).collect();
    let ready = now(&mut selector);
    drop(limit);
    assert_list(&ready, [(token, WRITE)]);
    assert!(!ready.woken());
    for waker in wakers {
        match waker {
            Err(error) => {
                assert_limit(&error, Limit::ProcessDescriptors, Operation::Waker, Errno::MFILE);
                assert!(error.to_string().starts_with("cannot make the waker: "), "{error}");
            }
            // This back end needs no descriptor for its waker.
            Ok(waker) => {
                waker.wake().unwrap();
                assert!(now(&mut selector).woken());
            }
        }
    }
    selector.waker().unwrap().wake().unwrap();
    let ready = now(&mut selector);
    assert_list(&ready, [(token, WRITE)]);
    assert!(ready.woken());
    Ok(())
}

fn a_second_waker_needs_no_descriptor<B: Backend>() -> Run {
    let mut selector = Selector::<B, &Stream>::new().unwrap();
    drop(selector.waker().unwrap());
    let limit = Descriptors::none_left()?;
    let wakers: Vec<_> = (0..ATTEMPTS).map(|_| selector.waker()).collect();
    drop(limit);
    for waker in wakers {
        waker.unwrap().wake().unwrap();
        assert!(soon(&mut selector).woken());
    }
    Ok(())
}

fn registering_needs_no_descriptor<B: Backend>() -> Run {
    let files: Vec<_> = (0..ATTEMPTS).map(|_| pairs::streams()).collect();
    let mut selector = Selector::<B, _>::new().unwrap();
    let limit = Descriptors::none_left()?;
    let tokens: Vec<_> = files.iter().map(|(a, _)| selector.register(a, READ, ()).unwrap()).collect();
    for &token in &tokens {
        selector.modify(token, WRITE).unwrap();
    }
    let ready = now(&mut selector);
    drop(limit);
    assert_list(&ready, tokens.into_iter().map(|token| (token, WRITE)));
    Ok(())
}

fn waiting_needs_no_descriptor<B: Backend>() -> Run {
    let (a, mut b) = pairs::streams();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, READ, ()).unwrap();
    let limit = Descriptors::none_left()?;
    let nothing = now(&mut selector);
    b.write_all(b"x").unwrap();
    let ready = soon(&mut selector);
    selector.unregister(token).unwrap();
    drop(limit);
    assert!(nothing.is_empty());
    assert_list(&ready, [(token, READ)]);
    Ok(())
}

/// On epoll and kqueue such a file needs a descriptor of the back end.
fn a_file_that_is_always_ready_is_reported_or_refused<B: Backend + Send>() -> Run {
    let file = pairs::regular()?;
    let shared = SharedSelector::<B, _>::new(Selector::new().unwrap()).unwrap();
    let limit = Descriptors::none_left()?;
    let registered = shared.with(|selector| selector.register(&file, READ, ()));
    let ready = registered.is_ok().then(|| shared.select(WAIT).unwrap());
    drop(limit);
    let token = match registered {
        Ok(token) => {
            assert_list(&ready.unwrap(), [(token, READ)]);
            token
        }
        Err(rejected) => {
            assert_limit(&rejected.error, Limit::ProcessDescriptors, Operation::Register, Errno::MFILE);
            shared.with(|selector| selector.register(&file, READ, ())).unwrap()
        }
    };
    assert_list(&shared.select(WAIT).unwrap(), [(token, READ)]);
    Ok(())
}

fn the_limit_is_named_when_registering_fails<B: Backend>() -> Run {
    let (a, b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, 1).unwrap();
    for &(errno, limit) in errno::LIMITS.iter().chain(errno::LIMITS_OF_REGISTERING) {
        for _ in 0..ATTEMPTS {
            control.refuse(Some(errno));
            let rejected = selector.register(&b, READ, 2).unwrap_err();
            assert_limit(&rejected.error, limit, Operation::Register, errno);
            assert!(std::ptr::eq(rejected.fileobj, &raw const b) && rejected.data == 2);
            control.refuse(None);
        }
        assert_eq!((selector.keys().len(), selector.key(&b).is_none()), (1, true));
        assert_ready(&mut selector, [(token, WRITE)]);
    }
    let second = selector.register(&b, WRITE, 2).unwrap();
    assert_ready(&mut selector, [(token, WRITE), (second, WRITE)]);
    Ok(())
}

fn the_limit_is_named_when_resuming_fails<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    selector.pause(token).unwrap();
    for &(errno, limit) in errno::LIMITS.iter().chain(errno::LIMITS_OF_REGISTERING) {
        control.refuse(Some(errno));
        assert_limit(&selector.rearm(token).unwrap_err(), limit, Operation::Register, errno);
        assert!(selector.key(token).unwrap().is_paused());
    }
    control.refuse(None);
    selector.rearm(token).unwrap();
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn the_limit_is_named_when_modifying_fails<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register(&a, WRITE, ()).unwrap();
    for &(errno, limit) in errno::LIMITS {
        control.refuse(Some(errno));
        let error = selector.modify_with(token, READ, Mode::Oneshot).unwrap_err();
        assert_limit(&error, limit, Operation::Modify, errno);
        control.refuse(None);
        let key = selector.key(token).unwrap();
        assert_eq!((key.interest(), key.mode()), (WRITE, Mode::Level));
        assert_ready(&mut selector, [(token, WRITE)]);
    }
    Ok(())
}

fn the_limit_is_named_when_waiting_fails<B: Backend>() -> Run {
    let (a, _b) = pairs::streams();
    let (mut selector, control) = MockBackend::<B>::selector();
    let token = selector.register_with(&a, WRITE, Mode::Oneshot, ()).unwrap();
    for &(errno, limit) in errno::LIMITS {
        control.refuse(Some(errno));
        assert_limit(&selector.select(WAIT).unwrap_err(), limit, Operation::Wait, errno);
        assert!(selector.key(token).unwrap().is_armed());
    }
    control.refuse(None);
    assert_ready(&mut selector, [(token, WRITE)]);
    Ok(())
}

fn the_limit_is_named_when_the_waker_fails<B: Backend>() -> Run {
    let (mut selector, control) = MockBackend::<B>::selector::<&Stream, ()>();
    for &(errno, limit) in errno::LIMITS {
        control.refuse(Some(errno));
        assert_limit(&selector.waker().unwrap_err(), limit, Operation::Waker, errno);
    }
    control.refuse(None);
    let ready = now(&mut selector);
    assert!(ready.is_empty() && !ready.woken(), "{ready:?}");
    selector.waker().unwrap().wake().unwrap();
    assert!(soon(&mut selector).woken());
    Ok(())
}

fn watches_are_named_when_the_waker_fails<B: Backend>() -> Run {
    let &[(errno, limit)] = errno::LIMITS_OF_REGISTERING else {
        return Err(NotRun::because("this system has no limit of registrations"));
    };
    let (mut selector, control) = MockBackend::<B>::selector::<&Stream, ()>();
    control.refuse(Some(errno));
    assert_limit(&selector.waker().unwrap_err(), limit, Operation::Waker, errno);
    Ok(())
}

fn a_waker_that_fails_leaves_no_descriptor_open<B: Backend>() -> Run {
    let (mut selector, control) = MockBackend::<B>::selector::<&Stream, ()>();
    let before = Descriptors::mark();
    control.refuse(Some(errno::NO_MEMORY));
    for _ in 0..ATTEMPTS {
        assert!(selector.waker().is_err());
    }
    assert_eq!(Descriptors::mark(), before);
    Ok(())
}
