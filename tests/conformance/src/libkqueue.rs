//! The kqueue back end over libkqueue, an emulation that cannot run every scenario.
//!
//! A scenario is given up for the calls that it makes, or for its name, but never for an error: errors are failures.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FileType, fstat};
use selectors::backend::{Backend, Kqueue, Source, Tag, Wake};
use selectors::sys::fd::BorrowedFd;
use selectors::{Interest, Mode, Readiness, Timeout};

use crate::{NotRun, Outcome, Scenario};

/// `Kqueue` on Linux. It gives up a scenario that makes a call which the library is known to refuse.
#[derive(Debug)]
pub struct LibKqueue {
    inner: Kqueue,
    // The tags that were reported since their descriptors were added or modified.
    reported: BTreeSet<u64>,
}

impl LibKqueue {
    /// Gives up the scenario if version 2.3.1 refuses this change.
    ///
    /// The library passes a descriptor to `epoll_ctl` once for each filter, and `epoll_ctl` refuses the second. It cannot modify
    /// a filter (`evfilt_read_knote_modify` and its twin for writing fail), and enables only filters that were reported.
    fn check(&mut self, from: Option<&Source<'_>>, to: &Source<'_>) {
        if is_always_ready(to) {
            return;
        }
        let tag = from.unwrap_or(to).tag();
        let spent = self.reported.remove(&tag.to_u64()) && to.mode() == Mode::Oneshot;
        // A change adds the new filter before it removes the old one.
        let adds = from.is_some_and(|from| from.interest() != to.interest());
        if to.interest() == Interest::READ | Interest::WRITE || adds {
            give_up("libkqueue watches a descriptor for one direction only");
        }
        // For another mode the back end removes the old filter first.
        if from.is_some_and(|from| from.mode() == to.mode()) && !spent {
            give_up("libkqueue does not rearm an armed filter");
        }
        if !takes(to) {
            give_up("libkqueue supports sockets and pipes");
        }
    }
}

fn takes(source: &Source<'_>) -> bool {
    let status = fstat(source.fd()).unwrap();
    matches!(FileType::from_raw_mode(status.st_mode), FileType::Fifo | FileType::Socket)
}

/// Whether the back end does not ask the library for this file.
fn is_always_ready(source: &Source<'_>) -> bool {
    fstat(source.fd()).is_ok_and(|status| {
        matches!(FileType::from_raw_mode(status.st_mode), FileType::RegularFile | FileType::Directory)
    })
}

/// Ends the current scenario without a message.
fn give_up(reason: &str) -> ! {
    given_up().get_or_insert(NotRun::because(reason));
    panic::resume_unwind(Box::new("given up"));
}

/// Returns the reason why the current scenario was given up, if it was.
pub(crate) fn given_up() -> MutexGuard<'static, Option<NotRun>> {
    static GIVEN_UP: Mutex<Option<NotRun>> = Mutex::new(None);
    GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Backend for LibKqueue {
    fn new() -> io::Result<Self> {
        Ok(Self { inner: Kqueue::new()?, reported: BTreeSet::new() })
    }

    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.inner.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.check(None, source);
        self.inner.add(source)
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.check(Some(from), to);
        self.inner.modify(from, to)
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.inner.remove(source)
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        self.inner.wait(armed, timeout, |tag, readiness| {
            self.reported.insert(tag.to_u64());
            report(tag, readiness);
        })
    }

    fn rebuild<'fd>(&mut self, armed: impl Iterator<Item = Source<'fd>>) -> io::Result<bool> {
        self.inner.rebuild(armed)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        // The library's descriptor never becomes readable.
        None
    }

    fn native_waker(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        self.inner.native_waker(tag)
    }
}

/// The scenarios that fail because the library differs: a line for each, with its name, a colon and the reason.
const LIST: &str = include_str!("../libkqueue.txt");

/// The start of the reason if the scenario is not run, because it would never end, or fails only now and then.
const LEFT_OUT: &str = "left out: ";

/// The column of the list.
const COLUMN: &str = "kqueue-emulated::";

fn list() -> BTreeMap<&'static str, &'static str> {
    LIST.lines().map(|line| line.split_once(": ").expect("each line is `name: reason`")).collect()
}

/// Asserts that every scenario in the list exists.
///
/// # Panics
///
/// One does not.
pub fn check_list(scenarios: &[Scenario]) {
    let names: BTreeSet<_> = scenarios.iter().map(Scenario::full_name).collect();
    for name in list().into_keys() {
        assert!(
            names.contains(&format!("{COLUMN}{name}")),
            "libkqueue.txt names {name}, which does not exist"
        );
    }
}

/// Returns the outcome of a scenario over the library. One in the list must fail, and counts as not run. Returns `None` for a
/// scenario of another column.
///
/// `run` runs it in a process of its own: a thread of the library frees closed queues some time later, by the number of their
/// descriptor, which the queue of the next scenario may have by then.
pub(crate) fn judged(scenario: &Scenario, run: impl FnOnce() -> Outcome) -> Option<Outcome> {
    let name = scenario.full_name();
    let name = name.strip_prefix(COLUMN)?;
    let Some(reason) = list().remove(name) else { return Some(run()) };
    if let Some(reason) = reason.strip_prefix(LEFT_OUT) {
        return Some(Outcome::NotRun(reason.to_owned()));
    }
    Some(match run() {
        Outcome::Failed(_) => Outcome::NotRun(reason.to_owned()),
        other => Outcome::Failed(format!(
            "libkqueue.txt says that it fails ({reason}), but it does not: {other:?}"
        )),
    })
}
