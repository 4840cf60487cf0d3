//! Waits and assertions of scenarios: register, act, assert.

use std::collections::BTreeMap;
use std::time::Duration;

use selectors::backend::Backend;
use selectors::sys::fd::AsFd;
use selectors::{Error, Interest, Mode, Ready, Selector, Token};

use crate::{NotRun, Run, WAIT};

/// [`Interest::READ`].
pub const READ: Interest = Interest::READ;

/// [`Interest::WRITE`].
pub const WRITE: Interest = Interest::WRITE;

/// [`Interest::PRIORITY`].
pub const PRIORITY: Interest = Interest::PRIORITY;

/// Reading and writing.
pub const BOTH: Interest = READ.union(WRITE);

/// The readiness to compare: reading, writing and priority.
pub const ACTIONS: Interest = BOTH.union(PRIORITY);

/// [`Interest::READ_CLOSED`].
pub const READ_CLOSED: Interest = Interest::READ_CLOSED;

/// [`Interest::HANG_UP`].
pub const HANG_UP: Interest = Interest::HANG_UP;

/// Returns the keys that are ready now.
#[track_caller]
pub fn now<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) -> Ready {
    selector.select(Duration::ZERO).unwrap()
}

/// Waits, and returns the keys that are ready then.
///
/// # Panics
///
/// Nothing was ready, and nobody woke the selector, within [`WAIT`].
#[track_caller]
pub fn soon<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) -> Ready {
    let ready = selector.select(WAIT).unwrap();
    assert!(!ready.is_empty() || ready.woken(), "nothing became ready within {WAIT:?}");
    ready
}

/// Returns the interests that each key is ready for, without the hints.
///
/// # Panics
///
/// A key is listed twice.
#[track_caller]
pub fn interests(ready: &Ready) -> BTreeMap<Token, Interest> {
    let interests: BTreeMap<_, _> = ready.iter().map(|(token, seen)| (token, seen.interest())).collect();
    assert_eq!(interests.len(), ready.len(), "a key is listed twice: {ready:?}");
    interests
}

/// Asserts that a list has these keys, ready for these interests, and no others.
///
/// # Panics
///
/// It has other keys, or other interests.
#[track_caller]
pub fn assert_list(ready: &Ready, expected: impl IntoIterator<Item = (Token, Interest)>) {
    let (found, expected) = (interests(ready), expected.into_iter().collect::<BTreeMap<_, _>>());
    assert!(found == expected, "ready keys: expected {expected:?}, found {found:?}");
}

/// Asserts that these keys are ready for these interests now, and no others. Does not wait.
///
/// # Panics
///
/// Other keys are ready, or for other interests.
#[track_caller]
pub fn assert_ready<B: Backend, F: AsFd, D>(
    selector: &mut Selector<B, F, D>,
    expected: impl IntoIterator<Item = (Token, Interest)>,
) {
    assert_list(&now(selector), expected);
}

/// Waits, and asserts that the wait reports these keys, ready for these interests, and no others.
///
/// # Panics
///
/// It reports other keys, or other interests, or nothing within [`WAIT`].
#[track_caller]
pub fn wait_ready<B: Backend, F: AsFd, D>(
    selector: &mut Selector<B, F, D>,
    expected: impl IntoIterator<Item = (Token, Interest)>,
) {
    assert_list(&soon(selector), expected);
}

/// Asserts that no key is ready now, and that nobody woke the selector. Does not wait.
///
/// # Panics
///
/// A key is ready, or somebody woke the selector.
#[track_caller]
pub fn assert_idle<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) {
    let ready = now(selector);
    assert!(ready.is_empty() && !ready.woken(), "expected nothing, found {ready:?}");
}

/// Waits, and asserts that a waker ended the wait, and that no key is ready.
///
/// # Panics
///
/// A key is ready, or nobody woke the selector within [`WAIT`].
#[track_caller]
pub fn wait_woken<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>) {
    let ready = soon(selector);
    assert!(ready.is_empty() && ready.woken(), "expected a wake and nothing else, found {ready:?}");
}

/// Asserts that a wait with this limit finds nothing, takes its time, and ends.
///
/// # Panics
///
/// It found something, ended early, or took [`WAIT`] longer.
#[track_caller]
pub fn assert_times_out<B: Backend, F: AsFd, D>(selector: &mut Selector<B, F, D>, limit: Duration) {
    let start = std::time::Instant::now();
    let ready = selector.select(limit).unwrap();
    let elapsed = start.elapsed();
    assert!(ready.is_empty() && !ready.woken(), "expected nothing, found {ready:?}");
    assert!((limit..limit + WAIT).contains(&elapsed), "a wait of {limit:?} took {elapsed:?}");
}

/// Asserts that a call found no registration.
///
/// # Panics
///
/// It succeeded, or failed with another error.
#[track_caller]
pub fn assert_not_registered<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::NotRegistered { .. })), "expected NotRegistered, found {result:?}");
}

/// Asserts that `error` says that the back end does not support this, and that the back end does not claim to.
///
/// # Panics
///
/// It is another error, or the back end says that it supports this.
#[track_caller]
pub fn assert_unsupported<B: Backend, F: AsFd, D>(
    selector: &Selector<B, F, D>,
    error: &Error,
    interest: Interest,
    mode: Mode,
) {
    let (asked, name) = ((interest, mode), selector.backend().name());
    assert!(
        matches!(*error, Error::Unsupported { backend, interest, mode, .. } if (interest, mode) == asked && backend == name),
        "{error:?}"
    );
    assert!(!selector.backend().supports(interest, mode), "{name} says that it supports {interest:?} {mode}");
}

/// Returns whether the back end supports this.
///
/// # Panics
///
/// It does not, although every back end must.
#[track_caller]
pub fn supports<B: Backend, F: AsFd, D>(
    selector: &Selector<B, F, D>,
    interest: Interest,
    mode: Mode,
) -> bool {
    let (backend, supported) = (selector.backend(), selector.backend().supports(interest, mode));
    let optional = mode == Mode::Edge || interest.intersects(PRIORITY | READ_CLOSED | HANG_UP);
    assert!(supported || optional, "{} does not support {interest:?} {mode}", backend.name());
    supported
}

/// Ends a scenario about an optional feature, such as edges or priority, where the back end does not support it.
///
/// # Errors
///
/// The back end does not support it.
pub fn need<B: Backend, F: AsFd, D>(selector: &Selector<B, F, D>, interest: Interest, mode: Mode) -> Run {
    if supports(selector, interest, mode) {
        return Ok(());
    }
    let interest =
        if supports(selector, interest, Mode::Level) { "edges".into() } else { format!("{interest:?}") };
    Err(NotRun::because(format!("this back end does not support {interest}")))
}
