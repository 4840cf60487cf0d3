//! The model of the registry: a selector of one back end, and the keys that it must have.

use conformance::{READ, Stream, WRITE, darwin, kernel};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::{TestCaseError, prop_assert, prop_assert_eq};
use selectors::{AnySelector, BackendKind, Error, Interest, Mode, Readiness, Token};

use super::socket_model::{Check, Ends, Truth};

pub(super) struct Side {
    kind: BackendKind,
    selector: AnySelector<Arc<Stream>, usize>,
    // By end.
    keys: Vec<Option<Key>>,
    // The token of an earlier registration, by end.
    stale: Vec<Option<Token>>,
}

#[derive(Clone, Copy, Debug)]
struct Key {
    token: Token,
    interest: Interest,
    mode: Mode,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Armed,
    Fired,
    Paused,
}

/// A change of a registration.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Register(Interest, Mode),
    Modify(Interest),
    ModifyWith(Interest, Mode),
    Pause,
    Rearm,
    Unregister,
}

impl Side {
    pub(super) fn new(kind: BackendKind, ends: usize) -> Self {
        let selector = AnySelector::open(kind).unwrap();
        Self { kind, selector, keys: vec![None; ends], stale: vec![None; ends] }
    }

    pub(super) fn change(&mut self, end: usize, socket: &Arc<Stream>, change: Change) -> Check {
        let Some(mut key) = self.keys[end] else { return self.first(end, socket, change) };
        let (token, selector) = (key.token, &mut self.selector);
        match change {
            Change::Register(interest, mode) => {
                let rejected = selector.register_with(Arc::clone(socket), interest, mode, 999).unwrap_err();
                let refused =
                    matches!(rejected.error, Error::AlreadyRegistered { token: found, .. } if found == token);
                prop_assert!(refused, "{:?}", rejected);
            }
            Change::Modify(interest) => {
                selector.modify(token, interest).map_err(|error| self.failed(end, error))?;
                (key.interest, key.state) = (interest, State::Armed);
            }
            Change::ModifyWith(interest, mode) => {
                selector.modify_with(&**socket, interest, mode).map_err(|error| self.failed(end, error))?;
                (key.interest, key.mode, key.state) = (interest, mode, State::Armed);
            }
            Change::Pause => {
                selector.pause(token).map_err(|error| self.failed(end, error))?;
                key.state = State::Paused;
            }
            Change::Rearm => {
                selector.rearm(&**socket).map_err(|error| self.failed(end, error))?;
                key.state = State::Armed;
            }
            Change::Unregister => {
                let gone = selector.unregister(token).map_err(|error| self.failed(end, error))?;
                prop_assert!(Arc::ptr_eq(&gone.fileobj, socket));
                prop_assert_eq!(
                    (gone.token, gone.data, gone.interest, gone.mode),
                    (token, end, key.interest, key.mode)
                );
                (self.keys[end], self.stale[end]) = (None, Some(token));
                return self.assert_keys();
            }
        }
        self.keys[end] = Some(key);
        self.assert_keys()
    }

    /// Makes a change of an end that is not registered.
    fn first(&mut self, end: usize, socket: &Arc<Stream>, change: Change) -> Check {
        if let Change::Register(interest, mode) = change {
            let token = self.selector.register_with(Arc::clone(socket), interest, mode, end);
            let token = token.map_err(|rejected| self.failed(end, rejected.error))?;
            prop_assert!(self.stale.iter().all(|stale| *stale != Some(token)));
            self.keys[end] = Some(Key { token, interest, mode, state: State::Armed });
            return self.assert_keys();
        }
        let not_registered = |error| matches!(error, Error::NotRegistered { .. });
        let error = self.selector.rearm(&**socket).unwrap_err();
        prop_assert!(not_registered(error));
        if let Some(stale) = self.stale[end] {
            let error = self.selector.modify(stale, READ).unwrap_err();
            prop_assert!(not_registered(error));
            let error = self.selector.unregister(stale).unwrap_err();
            prop_assert!(not_registered(error));
        }
        self.assert_keys()
    }

    fn failed(&self, end: usize, error: Error) -> TestCaseError {
        TestCaseError::fail(format!("{}, end {end}: {error}", self.kind))
    }

    /// Compares the key map with the model.
    fn assert_keys(&self) -> Check {
        prop_assert_eq!(self.selector.keys().len(), self.keys.iter().flatten().count());
        for (end, key) in self.keys.iter().enumerate() {
            let Some(key) = key else { continue };
            let Some(found) = self.selector.key(key.token) else {
                return Err(TestCaseError::fail(format!("{}: end {end} has no key", self.kind)));
            };
            let found = (*found.data(), found.interest(), found.mode(), found.is_armed(), found.is_paused());
            let (armed, paused) = (key.state == State::Armed, key.state == State::Paused);
            prop_assert_eq!(found, (end, key.interest, key.mode, armed, paused), "{}", self.kind);
        }
        Ok(())
    }

    /// Returns the interests that this back end must report for an end.
    fn expected(&self, truth: Truth, interest: Interest) -> Interest {
        // select reports a hang-up as readable only.
        let writable = truth.has_room || truth.hung_up && self.kind != BackendKind::Select;
        // `poll` of XNU reports HUP for a half-closed peer, and hides OUT.
        let hidden = truth.read_closed && interest.contains(READ) && self.hides_room();
        let writable = writable || hidden;
        let mut expected = Interest::empty();
        expected.set(READ, truth.readable);
        expected.set(WRITE, writable);
        expected & interest
    }

    /// Returns whether this is the `poll` of XNU, which reports a hang-up when either direction has ended.
    fn hides_room(&self) -> bool {
        darwin::POLL_HANGS_UP_HALF_CLOSED && self.kind == BackendKind::Poll
    }

    /// Returns the hints that this back end must report: closed for reading, closed for writing.
    fn hints(&self, truth: Truth, interest: Interest) -> (bool, bool) {
        let read_closed = truth.read_closed && interest.contains(READ);
        match self.kind.name() {
            "select" => (false, false),
            // Only a hang-up without IN is known to be that of writing.
            "poll" if self.hides_room() => {
                let reads = interest.contains(READ) && truth.readable;
                (false, truth.write_closed && interest.contains(WRITE) && !reads)
            }
            "kqueue" => (read_closed, truth.write_closed && interest.contains(WRITE)),
            _ => {
                let hung_up = truth.hung_up && kernel::POLL_REPORTS_HANG_UPS;
                (hung_up || read_closed && kernel::POLL_REPORTS_HALF_CLOSES, hung_up)
            }
        }
    }

    /// Waits, and compares the reports with the model.
    pub(super) fn wait(&mut self, ends: &Ends) -> Check {
        let ready = self.selector.select(Duration::ZERO).unwrap();
        let found: BTreeMap<Token, Readiness> = ready.iter().collect();
        prop_assert_eq!(found.len(), ready.len(), "{} lists a key twice: {:?}", self.kind, ready);
        prop_assert!(!ready.woken());

        let mut expected = BTreeMap::new();
        for end in 0..self.keys.len() {
            let Some(key) = self.keys[end].filter(|key| key.state == State::Armed) else { continue };
            let truth = ends.truth(end)?;
            let interest = self.expected(truth, key.interest);
            if interest.is_empty() {
                continue;
            }
            expected.insert(key.token, interest);
            if let Some(readiness) = found.get(&key.token) {
                let hints = (readiness.is_read_closed(), readiness.is_write_closed());
                prop_assert_eq!(hints, self.hints(truth, key.interest), "{}, end {}", self.kind, end);
            }
            if let (Mode::Oneshot, Some(key)) = (key.mode, &mut self.keys[end]) {
                key.state = State::Fired;
            }
        }
        let found: BTreeMap<_, _> = found.into_iter().map(|(token, seen)| (token, seen.interest())).collect();
        prop_assert_eq!(&found, &expected, "{}: found, expected", self.kind);
        self.assert_keys()
    }
}
