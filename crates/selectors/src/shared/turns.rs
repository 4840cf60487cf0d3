//! Turns at a value that one thread may keep for a long time.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use select_sys::{Countdown, Timeout};

use super::parker::Parker;
use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, spin, thread_id};

/// The number of visits before a queued wait has a turn.
///
/// A visit of a thread that runs is cheaper than one by a thread that has to be woken first.
const VISITS_BEFORE_A_WAIT: u32 = if cfg!(loom) { 1 } else { 16 }; // a model cannot have many

/// How long an interrupted wait leaves the value to others.
const SPIN: Duration = Duration::from_micros(10);

/// A value for two kinds of users: *visits*, which are short and keep the lock, and *waits*, which take the value with them.
///
/// A visit that finds the value taken interrupts the wait. The wait returns the value, and queues for its next turn.
#[derive(Debug)]
pub(super) struct Turns<T> {
    state: Mutex<State<T>>,
    /// The thread that uses the value, or 0. A thread looks only for itself, see [`check`](Self::check).
    user: AtomicUsize,
}

#[derive(Debug)]
struct State<T> {
    /// `None` while a wait has it.
    value: Option<Box<T>>,
    /// Whether a wait has the value and has not been interrupted.
    is_waiting: bool,
    visits: Queue,
    waits: Queue,
    /// The number of visits since the last wait, or since the queues were empty.
    visited: u32,
}

type Queue = VecDeque<Arc<Parker>>;

impl<T> State<T> {
    #[inline]
    fn is_queue_empty(&self) -> bool {
        self.visits.is_empty() && self.waits.is_empty()
    }

    /// Whether visits go before waits.
    fn may_visit(&self) -> bool {
        self.visited < VISITS_BEFORE_A_WAIT
    }

    /// The queued thread whose turn is next.
    fn next(&self) -> Option<&Arc<Parker>> {
        let (visit, wait) = (self.visits.front(), self.waits.front());
        if self.may_visit() { visit.or(wait) } else { wait.or(visit) }
    }

    /// Wakes the thread whose turn has come, if the value is there. To be called after each change.
    fn wake_next(&self) {
        if let (true, Some(parker)) = (self.value.is_some(), self.next()) {
            parker.wake();
        }
    }

    /// Whether a queued thread can use the value now.
    fn is_turn_of(&self, parker: &Arc<Parker>) -> bool {
        self.value.is_some() && self.next().is_some_and(|next| Arc::ptr_eq(next, parker))
    }

    /// Whether a visit can begin that has not queued.
    fn is_free_for_visit(&self) -> bool {
        self.value.is_some() && (self.is_queue_empty() || self.may_visit())
    }

    /// Removes a thread from its queue.
    fn remove(&mut self, parker: &Arc<Parker>) {
        for queue in [&mut self.visits, &mut self.waits] {
            queue.retain(|queued| !Arc::ptr_eq(queued, parker));
        }
    }
}

impl<T> Turns<T> {
    pub(super) fn new(value: T) -> Self {
        let (visits, waits) = (Queue::new(), Queue::new());
        let state = State { value: Some(Box::new(value)), is_waiting: false, visits, waits, visited: 0 };
        Self { state: Mutex::new(state), user: AtomicUsize::new(0) }
    }

    pub(super) fn into_inner(self) -> T {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        *state.value.expect("no wait has the value, as nobody borrows this")
    }

    /// Visits the value. If a wait has it, calls `interrupt`, which must end that wait.
    ///
    /// # Panics
    ///
    /// Panics if this thread uses the value already: it would wait for itself.
    #[inline]
    pub(super) fn visit(&self, interrupt: impl FnOnce()) -> Visit<'_, T> {
        let mut state = self.lock();
        if !state.is_free_for_visit() {
            state = self.queue_for_visit(state, interrupt);
        }
        state.visited = if state.is_queue_empty() { 0 } else { state.visited.saturating_add(1) };
        self.user.store(thread_id(), Ordering::Relaxed);
        Visit { turns: self, state }
    }

    #[cold]
    fn queue_for_visit<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<T>>,
        interrupt: impl FnOnce(),
    ) -> MutexGuard<'a, State<T>> {
        let parker = Arc::new(Parker::new());
        state.visits.push_back(Arc::clone(&parker));
        if std::mem::take(&mut state.is_waiting) {
            drop(state);
            interrupt();
            parker.spin();
            state = self.lock();
        }
        state.wake_next();
        while !state.is_turn_of(&parker) {
            state = parker.sleep(&self.state, state, Timeout::NEVER).0;
        }
        state.remove(&parker);
        state
    }

    /// Takes the value for a wait that looks once and does not block. It queues with the visits.
    pub(super) fn take_to_look(&self, interrupt: impl FnOnce()) -> Taken<'_, T> {
        let value = self.visit(interrupt).state.value.take();
        self.user.store(thread_id(), Ordering::Relaxed);
        Taken { turns: self, value, may_block: false, has_queued: true }
    }

    /// Takes the value for a wait. Returns `None` if the time is over before its turn.
    ///
    /// If visits are queued, the wait must not block. A wait that has never looked gets a turn even after its time is over,
    /// unless another thread waits.
    ///
    /// # Errors
    ///
    /// `Interrupted` if a signal interrupts an interruptible timeout, and any error of making a place to sleep for it.
    pub(super) fn take(
        &self,
        countdown: &Countdown,
        mut left: Timeout,
        has_looked: bool,
    ) -> io::Result<Option<Taken<'_, T>>> {
        let mut state = self.lock();
        let has_queued = state.value.is_none() || !state.is_queue_empty();
        if has_queued {
            let parker = Arc::new(Parker::for_timeout(left)?);
            state.waits.push_back(Arc::clone(&parker));
            state.wake_next();
            while !state.is_turn_of(&parker) {
                let (guard, result) = parker.sleep(&self.state, state, left);
                state = guard;
                if result.is_ok() && state.is_turn_of(&parker) {
                    break;
                }
                if left.limit().is_some() {
                    left = countdown.left();
                }
                let is_over = left.limit() == Some(Duration::ZERO);
                if result.is_err() || is_over && (has_looked || state.is_waiting) {
                    state.remove(&parker);
                    state.wake_next();
                    return result.map(|()| None);
                }
                if is_over {
                    // It has never looked: it queues with the visits, and looks without blocking.
                    state.remove(&parker);
                    state.visits.push_back(Arc::clone(&parker));
                    state.wake_next();
                    left = without_limit(left);
                }
            }
            state.remove(&parker);
        }
        let may_block = state.visits.is_empty();
        (state.visited, state.is_waiting) = (0, may_block);
        let value = state.value.take();
        self.user.store(thread_id(), Ordering::Relaxed);
        Ok(Some(Taken { turns: self, value, may_block, has_queued }))
    }

    /// Panics if this thread uses the value.
    #[inline]
    pub(super) fn check(&self) {
        // Only this thread stores its own number, so no other memory need be visible.
        assert!(
            self.user.load(Ordering::Relaxed) != thread_id(),
            "a closure of `SharedSelector::with` used the same `SharedSelector`: use the selector that it gets"
        );
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.check();
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the value to others for some microseconds, after an interruption.
///
/// Programs often make several changes in a row. Changes that come meanwhile need no interruption of their own. This spins,
/// because a thread that yields may lose its core for milliseconds.
pub(super) fn spin_after_interruption() {
    spin(SPIN, || false);
}

fn without_limit(timeout: Timeout) -> Timeout {
    if timeout.is_interruptible() { Timeout::NEVER.interruptible() } else { Timeout::NEVER }
}

/// A visit, which has the lock.
#[derive(Debug)]
pub(super) struct Visit<'a, T> {
    turns: &'a Turns<T>,
    state: MutexGuard<'a, State<T>>,
}

impl<T> Visit<'_, T> {
    pub(super) fn value(&mut self) -> &mut T {
        self.state.value.as_mut().expect("a visit begins when the value is there")
    }
}

impl<T> Drop for Visit<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.turns.user.store(0, Ordering::Relaxed);
        if !self.state.is_queue_empty() {
            self.state.wake_next();
        }
    }
}

/// The value, for a wait. Returned when this is dropped.
#[derive(Debug)]
pub(super) struct Taken<'a, T> {
    turns: &'a Turns<T>,
    value: Option<Box<T>>,
    may_block: bool,
    has_queued: bool,
}

impl<T> Taken<'_, T> {
    pub(super) fn value(&mut self) -> &mut T {
        self.value.as_mut().expect("it is returned by `drop` only")
    }

    /// Whether nobody else wants the value now.
    pub(super) fn may_block(&self) -> bool {
        self.may_block
    }

    /// Whether time has passed until the turn came.
    pub(super) fn has_queued(&self) -> bool {
        self.has_queued
    }
}

impl<T> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        self.turns.user.store(0, Ordering::Relaxed);
        let mut state = self.turns.lock();
        state.value = self.value.take();
        state.is_waiting = false;
        state.wake_next();
    }
}
