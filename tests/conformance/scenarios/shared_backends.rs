//! `SharedSelector` over back ends of other crates.

use conformance::{NotRun, Run};
use selectors::backend::{Backend, Events, Source, Tag, Wait, Waiter, Wake};
use selectors::sys::fd::BorrowedFd;
use selectors::{Interest, Mode, Readiness, Timeout};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{shared, shared_waits};

conformance::scenarios!(shared_backends:
    one_without_a_waiter_sees_changes,
    one_without_a_waiter_reports_a_one_shot_key_once,
    one_with_a_waiter_sees_changes,
    one_with_a_waiter_reports_a_one_shot_key_once,
);

/// The scenarios in which another thread changes something during a wait.
fn all_changes<B: Backend + Send>() -> Run {
    shared::a_key_registered_during_a_wait_is_reported::<B>()?;
    shared::a_key_changed_during_a_wait_is_reported::<B>()?;
    shared::a_key_rearmed_during_a_wait_is_reported::<B>()?;
    shared::a_key_resumed_during_a_wait_is_reported::<B>()?;
    shared::a_key_paused_during_a_wait_is_not_reported::<B>()?;
    shared::a_key_unregistered_during_a_wait_is_not_reported::<B>()?;
    shared::its_descriptor_can_be_reused_during_a_wait::<B>()?;
    shared::a_panic_leaves_a_selector_that_works::<B>()
}

fn one_without_a_waiter_sees_changes<B: Backend + Send>() -> Run {
    all_changes::<Foreign<B, false>>()
}

fn one_without_a_waiter_reports_a_one_shot_key_once<B: Backend + Send>() -> Run {
    shared_waits::a_one_shot_key_is_reported_to_one_of_three_threads::<Foreign<B, false>>()
}

fn one_with_a_waiter_sees_changes<B: Backend + Send>() -> Run {
    with_waiter::<B>(all_changes::<Foreign<B, true>>)
}

fn one_with_a_waiter_reports_a_one_shot_key_once<B: Backend + Send>() -> Run {
    with_waiter::<B>(shared_waits::a_one_shot_key_is_reported_to_one_of_three_threads::<Foreign<B, true>>)
}

fn with_waiter<B: Backend>(run: fn() -> Run) -> Run {
    if B::new().unwrap().waiter().is_none() {
        return Err(NotRun::because("this back end has no waiter"));
    }
    let before = WAITS.load(Ordering::Relaxed);
    run()?;
    assert!(WAITS.load(Ordering::Relaxed) > before, "nothing waited without the selector");
    Ok(())
}

/// The waits of all waiters of this process.
static WAITS: AtomicUsize = AtomicUsize::new(0);

/// A back end of another crate, over one of ours: with a waiter of its own, or without one.
#[derive(Debug)]
struct Foreign<B, const HAS_WAITER: bool>(B);

impl<B: Backend, const HAS_WAITER: bool> Backend for Foreign<B, HAS_WAITER> {
    fn new() -> io::Result<Self> {
        Ok(Self(B::new()?))
    }

    fn name(&self) -> &'static str {
        "foreign"
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.0.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.0.add(source)
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.0.modify(from, to)
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.0.remove(source)
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        self.0.wait(armed, timeout, report)
    }

    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        self.0.rebuild(armed)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.0.fd()
    }

    fn native_waker(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        self.0.native_waker(tag)
    }

    fn waiter(&self) -> Option<Waiter> {
        let inner = if HAS_WAITER { self.0.waiter()? } else { return None };
        Some(Waiter::new(Arc::new(ForeignWaiter(inner))))
    }

    fn report<'fd>(
        &mut self,
        events: &mut Events,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        report: impl FnMut(Tag, Readiness) -> bool,
    ) -> io::Result<()> {
        self.0.report(events, armed, report)
    }
}

#[derive(Debug)]
struct ForeignWaiter(Waiter);

impl Wait for ForeignWaiter {
    fn wait(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize> {
        WAITS.fetch_add(1, Ordering::Relaxed);
        self.0.wait(events, timeout)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.0.fd()
    }
}
