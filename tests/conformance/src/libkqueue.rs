//! The kqueue back end over libkqueue, which cannot carry every scenario: that ends where the library refuses to go on.

use std::io;
use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selectors::backend::{Backend, Kqueue, Source, Tag, Wake};
use selectors::sys::fd::BorrowedFd;
use selectors::{Interest, Mode, Readiness, Timeout};

use crate::{NotRun, Scenario};

/// `Kqueue` on Linux. A scenario in which the library refuses something has not been run: its errors are its own.
#[derive(Debug)]
pub struct LibKqueue(Kqueue);

/// The scenarios that see what it does otherwise without saying so.
const OTHERWISE: [(&str, &str); 9] = [
    ("close::no_descriptor_stays_behind", "libkqueue keeps descriptors of its own"),
    ("connect::refused", "libkqueue takes the error from the socket"),
    ("replaced::modify_after_another_file_came", "libkqueue does not see that a descriptor was closed"),
    ("scale::half_of_many_ready_in_one_wait", FEW),
    ("scale::all_ready_and_a_wake_in_one_wait", FEW),
    ("scale::all_of_many_ready_in_one_wait", FEW),
    ("threads::tokens_of_all_threads_differ", THREADS),
    ("threads::one_selector_for_each_thread", THREADS),
    ("threads::one_file_in_selectors_of_two_threads", THREADS),
];
const FEW: &str = "libkqueue reports no more than 512 events in one call";
const THREADS: &str = "libkqueue hangs when several threads have queues";

/// Why this scenario cannot be run, if that is known beforehand.
pub(crate) fn reason(scenario: &Scenario) -> Option<&'static str> {
    let known = |name: &str| scenario.full_name() == format!("kqueue-emulated::{name}");
    OTHERWISE.iter().find_map(|&(name, reason)| known(name).then_some(reason))
}

/// Why the scenario that runs was given up, if it was.
pub(crate) fn given_up() -> MutexGuard<'static, Option<NotRun>> {
    static GIVEN_UP: Mutex<Option<NotRun>> = Mutex::new(None);
    GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the scenario in the midst of what it does, without a word, if the library refuses.
///
/// Version 2.3.1 watches no descriptor for a second direction (`EFAULT`, for the `EEXIST` of `epoll_ctl`), does not change
/// what it watches, and often says whatever `errno` was before.
fn carried<T>(result: io::Result<T>) -> io::Result<T> {
    if let Err(error) = &result {
        given_up().get_or_insert(NotRun::because(format_args!("libkqueue cannot: {error}")));
        panic::resume_unwind(Box::new("given up"));
    }
    result
}

impl Backend for LibKqueue {
    fn new() -> io::Result<Self> {
        Kqueue::new().map(Self)
    }

    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn supports(&self, interest: Interest, mode: Mode) -> bool {
        self.0.supports(interest, mode)
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        carried(self.0.add(source))
    }

    fn modify(&mut self, from: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        carried(self.0.modify(from, to))
    }

    fn remove(&mut self, source: &Source<'_>) -> io::Result<()> {
        carried(self.0.remove(source))
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        self.0.wait(armed, timeout, report)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        // It is never readable.
        None
    }

    fn wake(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        carried(self.0.wake(tag))
    }
}
