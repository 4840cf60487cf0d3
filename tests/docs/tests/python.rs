//! The claims of docs/python.md about the two crates.

use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Trial};
use rustix::net::SendFlags;
use selectors::backend::{AnyBackend, Backend, DefaultBackend, Poll, Select};
use selectors::sys::{poll, select};
use selectors::{Error, Interest, Mode, Readiness, SelectSelector, Selector, Timeout};

/// The limit of all waits, so that a bug fails instead of hanging.
const LIMIT: Duration = Duration::from_secs(20);

/// A claim that some systems cannot test.
type Ignorable = fn() -> Completion;

/// One trial for each claim and back end. The default is epoll on Linux and kqueue on the BSDs and macOS.
macro_rules! on_every_back_end {
    ($($name:ident)+) => { [$(
        (concat!(stringify!($name), "::select"), $name::<Select> as fn()),
        (concat!(stringify!($name), "::poll"), $name::<Poll> as fn()),
        (concat!(stringify!($name), "::default"), $name::<DefaultBackend> as fn()),
        (concat!(stringify!($name), "::any"), $name::<AnyBackend> as fn()),
    )+] };
}

/// One trial for each claim.
macro_rules! once {
    ($($name:ident)+) => { [$((stringify!($name), $name as fn())),+] };
}

fn main() -> ExitCode {
    let on_every_back_end = on_every_back_end! {
        a_failed_modify_changes_nothing
        modify_keeps_file_object_and_data
        register_returns_what_it_refuses
        lookup_accepts_tokens_and_files
        a_wait_reports_each_key_once
        half_close_is_readable_only
        all_timeouts_are_accepted
    };
    let once =
        once!(registering_with_poll_replaces fd_sets_have_no_duplicates flags_have_the_values_of_python);
    let trial = |(name, claim): (&str, fn())| {
        Trial::test(name, move || {
            claim();
            Ok(())
        })
    };
    let mut trials: Vec<_> = on_every_back_end.into_iter().chain(once).map(trial).collect();
    let ignorable: [(_, Ignorable); 4] = [
        ("select_has_no_limit_of_descriptors", select_has_no_limit_of_descriptors),
        ("urgent_data_is_priority_only", urgent_data_is_priority_only::<DefaultBackend>),
        ("epoll_reports_a_file", epoll_reports_a_file),
        ("an_empty_epoll_buffer_is_an_error", an_empty_epoll_buffer_is_an_error),
    ];
    trials.extend(ignorable.map(|(name, claim)| Trial::ignorable_test(name, move || Ok(claim()))));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn a_failed_modify_changes_nothing<B: Backend>() {
    let (a, _b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, Interest::WRITE, 5).unwrap();
    for wrong in [Interest::empty(), Interest::from_bits_retain(32), Interest::from_bits_retain(1 | 64)] {
        assert!(matches!(selector.modify(token, wrong), Err(Error::InvalidInterest(_))));
    }
    if !selector.backend().supports(Interest::READ, Mode::Edge) {
        let refused = selector.modify_with(token, Interest::READ, Mode::Edge);
        assert!(matches!(refused, Err(Error::Unsupported { .. })));
    }
    assert_eq!(selector.key(token).map(|key| (key.interest(), *key.data())), Some((Interest::WRITE, 5)));
    assert!(selector.select(Timeout::ZERO).unwrap().get(token).is_some_and(Readiness::is_writable));
}

fn modify_keeps_file_object_and_data<B: Backend>() {
    let (a, _b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    selector.register(&a, Interest::READ, String::from("data")).unwrap();
    selector.modify(a.as_fd(), Interest::WRITE).unwrap();
    assert!(std::ptr::eq(*selector.fileobj(&a).unwrap(), &a));
    selector.data_mut(&a).unwrap().push('!');
    assert_eq!(selector.data(&a).unwrap(), "data!");
}

fn register_returns_what_it_refuses<B: Backend>() {
    let (a, b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let rejected = selector.register(a, Interest::empty(), "data").unwrap_err();
    assert!(matches!(rejected.error, Error::InvalidInterest(_)));
    let token = selector.register(rejected.fileobj, Interest::READ, rejected.data).unwrap();
    let key = selector.unregister(token).unwrap();
    assert_eq!((key.interest, key.data), (Interest::READ, "data"));
    (&b).write_all(b"still open").unwrap();

    let again = selector.register(key.fileobj, Interest::READ, "other data").unwrap();
    assert_ne!(again, token);
    assert!(selector.data(token).is_none());
    assert!(matches!(selector.unregister(token), Err(Error::NotRegistered { .. })));
    let (fileobj, data): (Vec<_>, Vec<_>) = selector.into_keys().map(|key| (key.fileobj, key.data)).unzip();
    assert_eq!((fileobj.len(), data), (1, vec!["other data"]));
}

fn lookup_accepts_tokens_and_files<B: Backend>() {
    let (a, b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _, _>::new().unwrap();
    let token = selector.register(&a, Interest::READ, ()).unwrap();
    let twin = selector.register(&a, Interest::READ, ()).unwrap_err();
    assert!(matches!(twin.error, Error::AlreadyRegistered { token: known, .. } if known == token));
    let keys = selector.keys();
    assert_eq!((keys.len(), keys.is_empty(), keys.iter().count()), (1, false, 1));
    assert!(keys.contains(token) && keys.contains(&a) && keys.get(a.as_fd()).is_some());
    assert!(!keys.contains(&b) && selector.key(&b).is_none());
    assert!(matches!(selector.modify(&b, Interest::READ), Err(Error::NotRegistered { .. })));
    let mut other = Selector::<B, &UnixStream>::new().unwrap();
    assert!(matches!(other.unregister(token), Err(Error::NotRegistered { .. })));
}

fn a_wait_reports_each_key_once<B: Backend>() {
    let (a, b) = UnixStream::pair().unwrap();
    (&b).write_all(b"x").unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, Interest::READ | Interest::WRITE, ()).unwrap();
    let ready = selector.select(LIMIT).unwrap();
    assert_eq!(ready.iter().collect::<Vec<_>>(), [(token, Readiness::READ | Readiness::WRITE)]);
    selector.unregister(token).unwrap();
    assert!(selector.parts(token).is_none());
}

fn half_close_is_readable_only<B: Backend>() {
    let (a, b) = UnixStream::pair().unwrap();
    a.set_nonblocking(true).unwrap();
    while (&a).write(&[0; 4096]).is_ok() {}
    b.shutdown(Shutdown::Write).unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, Interest::READ | Interest::WRITE, ()).unwrap();
    assert_eq!(selector.select(LIMIT).unwrap().get(token).map(Readiness::interest), Some(Interest::READ));
}

fn all_timeouts_are_accepted<B: Backend>() {
    let (a, _b) = UnixStream::pair().unwrap();
    let mut selector = Selector::<B, _>::new().unwrap();
    let token = selector.register(&a, Interest::WRITE, ()).unwrap();
    assert_eq!(selector.select(Duration::MAX).unwrap().len(), 1);
    selector.pause(token).unwrap();
    let (start, limit) = (Instant::now(), Duration::from_nanos(1_300_001));
    assert!(selector.select(limit).unwrap().is_empty());
    assert!(start.elapsed() >= limit);
}

fn urgent_data_is_priority_only<B: Backend>() -> Completion {
    let mut selector = Selector::<B, _>::new().unwrap();
    if !selector.backend().supports(Interest::PRIORITY, Mode::Level) {
        return Completion::ignored_with(format!("{} has no priority", selector.backend().name()));
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let here = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (there, _) = listener.accept().unwrap();
    rustix::net::send(&there, b"!", SendFlags::OOB).unwrap();
    let token = selector.register(&here, Interest::READ | Interest::PRIORITY, ()).unwrap();
    let ready = selector.select(LIMIT).unwrap();
    assert_eq!(ready.get(token), Some(Readiness::PRIORITY));
    Completion::Completed
}

fn select_has_no_limit_of_descriptors() -> Completion {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const NUMBER: i32 = 2000;
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|maximum| maximum <= NUMBER as u64) {
        return Completion::ignored_with(format!("needs a hard limit of more than {NUMBER} descriptors"));
    }
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let (a, _b) = UnixStream::pair().unwrap();
    let high = rustix::io::fcntl_dupfd_cloexec(&a, NUMBER).unwrap();
    let mut selector = SelectSelector::new().unwrap();
    selector.register(&high, Interest::WRITE, ()).unwrap();
    assert_eq!(selector.select(Timeout::ZERO).unwrap().len(), 1);
    Completion::Completed
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn epoll_reports_a_file() -> Completion {
    let file = std::fs::File::open("/dev/null").unwrap();
    let mut selector = selectors::EpollSelector::new().unwrap();
    selector.register(file, Interest::READ, ()).unwrap();
    assert_eq!(selector.select(LIMIT).unwrap().len(), 1);
    Completion::Completed
}

#[cfg(any(target_os = "android", target_os = "linux"))]
fn an_empty_epoll_buffer_is_an_error() -> Completion {
    let epoll = selectors::sys::epoll::Epoll::new().unwrap();
    assert_eq!(epoll.wait(&mut [], Timeout::ZERO).unwrap_err().kind(), ErrorKind::InvalidInput);
    Completion::Completed
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn epoll_reports_a_file() -> Completion {
    Completion::ignored_with("needs epoll")
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn an_empty_epoll_buffer_is_an_error() -> Completion {
    Completion::ignored_with("needs epoll")
}

fn registering_with_poll_replaces() {
    let (a, b) = UnixStream::pair().unwrap();
    let mut list = poll::Poll::new();
    list.register(a.as_fd(), poll::PollFlags::IN);
    list.register(b.as_fd(), poll::PollFlags::OUT);
    list.register(a.as_fd(), poll::PollFlags::OUT); // replaces the first, in its place
    let found: Vec<_> = list.poll(LIMIT).unwrap().map(|(fd, _)| format!("{fd:?}")).collect();
    assert_eq!(found, [&a, &b].map(|socket| format!("{:?}", socket.as_fd())));
    list.unregister(a.as_fd()).unwrap();
    assert_eq!(list.unregister(a.as_fd()).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(list.modify(a.as_fd(), poll::PollFlags::IN).unwrap_err().kind(), ErrorKind::NotFound);
}

fn fd_sets_have_no_duplicates() {
    let (a, _b) = UnixStream::pair().unwrap();
    let set = select::FdSet::from_iter([a.as_fd(), a.as_fd()]);
    assert_eq!(set.iter().count(), 1);
}

fn flags_have_the_values_of_python() {
    // EVENT_READ and EVENT_WRITE.
    assert_eq!((Interest::READ.bits(), Interest::WRITE.bits()), (1, 2));
}
