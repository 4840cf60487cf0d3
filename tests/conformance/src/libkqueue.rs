//! The kqueue back end over libkqueue, an emulation that cannot carry every scenario.
//!
//! What is not run for that is decided by what a scenario asks for, or by its name, and by no error: those of the back end
//! are failures.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{FileType, fstat};
use selectors::backend::{Backend, Kqueue, Source, Tag, Wake};
use selectors::sys::fd::BorrowedFd;
use selectors::{Interest, Mode, Readiness, Timeout};

use crate::{NotRun, Outcome, Scenario};

/// `Kqueue` on Linux. A scenario is given up when it asks for something that the library is known to refuse.
#[derive(Debug)]
pub struct LibKqueue {
    inner: Kqueue,
    // The tags that were reported since their descriptors were added or changed.
    reported: BTreeSet<u64>,
}

impl LibKqueue {
    /// Gives up what version 2.3.1 refuses, whatever the back end would make of it.
    ///
    /// It takes a descriptor to `epoll_ctl` once for each filter, which refuses the second. It does not change a filter
    /// that is there (`evfilt_read_knote_modify`, and that for writing, fail), and enables none that was not reported.
    fn asked(&mut self, from: Option<&Source<'_>>, to: &Source<'_>) {
        let spent = self.reported.remove(&to.tag().to_u64()) && to.mode() == Mode::Oneshot;
        // For another mode the back end takes out first what was there.
        let from = from.filter(|from| from.mode() == to.mode()).map(Source::interest);
        if to.interest() == Interest::READ | Interest::WRITE || from.is_some_and(|from| from != to.interest())
        {
            give_up("libkqueue watches a descriptor for one direction alone");
        }
        if from.is_some() && !spent {
            give_up("libkqueue does not arm again what is armed");
        }
        if !takes(to) {
            give_up("libkqueue takes sockets, pipes and, for reading, regular files");
        }
    }
}

fn takes(source: &Source<'_>) -> bool {
    match FileType::from_raw_mode(fstat(source.fd()).unwrap().st_mode) {
        FileType::Fifo | FileType::Socket => true,
        FileType::RegularFile => source.interest() == Interest::READ,
        _ => false,
    }
}

/// Ends the scenario in the midst of what it does, without a word.
fn give_up(reason: &str) -> ! {
    given_up().get_or_insert(NotRun::because(reason));
    panic::resume_unwind(Box::new("given up"));
}

/// Why the scenario that runs was given up, if it was.
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
        self.asked(None, source);
        self.inner.add(source)
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.asked(Some(from), to);
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

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        // It is never readable.
        None
    }

    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        self.inner.wake(tag)
    }
}

/// The scenarios that fail because the library does something otherwise: a line for each, its name, a colon, the reason.
const LIST: &str = include_str!("../libkqueue.txt");

/// What a reason begins with if the scenario would never end, or fails now and then.
const LEFT_OUT: &str = "left out: ";

/// The column that the list is about.
const COLUMN: &str = "kqueue-emulated::";

fn list() -> BTreeMap<&'static str, &'static str> {
    LIST.lines().map(|line| line.split_once(": ").expect("a line without `name: reason`")).collect()
}

/// Sees that every scenario in the list is there.
///
/// # Panics
///
/// One is not.
pub fn check_list(scenarios: &[Scenario]) {
    let names: BTreeSet<_> = scenarios.iter().map(Scenario::full_name).collect();
    for name in list().into_keys() {
        assert!(names.contains(&format!("{COLUMN}{name}")), "libkqueue.txt has {name}, and there is none");
    }
}

/// What comes out of a scenario, given the list: what is in it must fail, and has not been run.
pub(crate) fn judged(scenario: &Scenario, run: impl FnOnce() -> Outcome) -> Outcome {
    let name = scenario.full_name();
    let Some(reason) = name.strip_prefix(COLUMN).and_then(|name| list().remove(name)) else { return run() };
    if let Some(reason) = reason.strip_prefix(LEFT_OUT) {
        return Outcome::NotRun(reason.to_owned());
    }
    match run() {
        Outcome::Failed(_) => Outcome::NotRun(reason.to_owned()),
        other => Outcome::Failed(format!(
            "libkqueue.txt says that it fails ({reason}), and it does not: {other:?}"
        )),
    }
}
