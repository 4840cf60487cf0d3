//! Random operations on descriptors of every kind, with each kernel set compared with `poll`.
//!
//! `model` knows what sockets do. Here `poll(2)` is the oracle, so any descriptor can take part. A carried run finds what a
//! kernel refuses, forgets or reports twice. `CONFORMANCE_DIFFERENTIAL_CASES` and `CONFORMANCE_DIFFERENTIAL_SEED` choose more
//! cases, or others.

mod subjects;

use std::fmt::Write as _;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use conformance::{NotRun, READ, Run, WRITE, kernel};
use selectors::backend::Backend as _;
use selectors::sys::fd::OwnedFd;
use selectors::{AnySelector, BackendKind, Error, Interest, Mode, PollSelector, Readiness, Token};
use subjects::{ACTS, KINDS, Kind, Subject};

conformance::scenarios_of!(cross, differential: kernel_sets_agree_with_poll);

/// The kernel sets to compare.
const SETS: [BackendKind; 3] = [BackendKind::Epoll, BackendKind::Kqueue, BackendKind::Devpoll];

/// The subjects of a case, and its operations.
const SUBJECTS: usize = 5;
const STEPS: usize = 60;

/// libkqueue watches a descriptor for one direction, does not report the end of writing, and cannot change a filter.
fn is_emulated(set: BackendKind) -> bool {
    cfg!(target_os = "linux") && set == BackendKind::Kqueue
}

fn kernel_sets_agree_with_poll() -> Run {
    let sets: Vec<_> = BackendKind::available().filter(|kind| SETS.contains(kind)).collect();
    if sets.is_empty() {
        return Err(NotRun::because("no back end of this system has a set in the kernel"));
    }
    // A thread of its own: on OpenBSD, `poll` and `select` of one thread share their entries in the kernel without the flags
    // (`ppollregister` and `pselregister` in `sys/kern/sys_generic.c`).
    thread::spawn(move || {
        let mut random = Random(from_environment("CONFORMANCE_DIFFERENTIAL_SEED", 1));
        for _ in 0..from_environment("CONFORMANCE_DIFFERENTIAL_CASES", 200) {
            for &set in &sets {
                Case::new(set, &mut random).run(&mut random);
            }
        }
    })
    .join()
    .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    Ok(())
}

fn from_environment(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().expect(variable))
}

/// The generator "`SplitMix64`".
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
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
    /// Nothing was reported since it was armed.
    Armed,
    /// An edge was reported.
    Reported,
    Fired,
    Paused,
}

struct Case {
    set: BackendKind,
    selector: AnySelector<Arc<OwnedFd>>,
    subjects: Vec<Subject>,
    keys: Vec<Option<Key>>,
    /// Whether something happened to a subject since the last wait.
    disturbed: Vec<bool>,
    /// For the message of a failure.
    log: String,
}

impl Case {
    fn new(set: BackendKind, random: &mut Random) -> Self {
        let mut subjects = Vec::new();
        while subjects.len() < SUBJECTS {
            let kind = random.pick(&KINDS);
            let takes_part = match kind {
                // Linux passes data to a terminal later, from a kernel thread (`flush_to_ldisc` in drivers/tty/tty_buffer.c).
                Kind::PtyMaster | Kind::PtySlave => !cfg!(target_os = "linux"),
                Kind::StreamSocket | Kind::DatagramSocket | Kind::PipeReader | Kind::RegularFile => true,
                _ => !is_emulated(set),
            };
            if takes_part {
                subjects.extend(Subject::new(kind));
            }
        }
        Self {
            set,
            selector: AnySelector::open(set).unwrap(),
            keys: vec![None; subjects.len()],
            disturbed: vec![true; subjects.len()],
            log: format!("{set}, {:?}\n", subjects.iter().map(|subject| subject.kind).collect::<Vec<_>>()),
            subjects,
        }
    }

    fn run(&mut self, random: &mut Random) {
        for _ in 0..STEPS {
            let index = random.below(self.subjects.len());
            if random.below(2) == 0 {
                let act = random.pick(&ACTS);
                writeln!(self.log, "  {index}: {act:?}").unwrap();
                self.subjects[index].act(act);
                self.disturbed[index] = true;
            } else {
                self.change(index, random);
            }
            if random.below(4) != 0 {
                self.wait();
            }
        }
        self.wait();
    }

    fn change(&mut self, index: usize, random: &mut Random) {
        let emulated = is_emulated(self.set);
        let subject = &self.subjects[index];
        let interest = if emulated { READ } else { random.pick(subject.interests()) };
        let all = [Mode::Level, Mode::Oneshot, Mode::Edge];
        let mode =
            random.pick(if self.selector.backend().supports(READ, Mode::Edge) { &all } else { &all[..2] });
        let Some(mut key) = self.keys[index] else {
            writeln!(self.log, "  {index}: register {interest:?} {mode}").unwrap();
            match self.selector.register_with(Arc::clone(&subject.fd), interest, mode, ()) {
                Ok(token) => self.keys[index] = Some(Key { token, interest, mode, state: State::Armed }),
                Err(rejected) => self.assert_refused(index, interest, &rejected.error),
            }
            return;
        };
        let operation = random.below(6);
        let changed = match operation {
            0 | 1 if !emulated => {
                // The mode as well, every other time.
                let mode = if operation == 0 { key.mode } else { mode };
                writeln!(self.log, "  {index}: modify {interest:?} {mode}").unwrap();
                (key.interest, key.mode) = (interest, mode);
                self.selector.modify_with(key.token, interest, mode)
            }
            2 | 3 if !emulated || key.state == State::Fired => {
                writeln!(self.log, "  {index}: rearm").unwrap();
                self.selector.rearm(key.token)
            }
            4 => {
                writeln!(self.log, "  {index}: pause").unwrap();
                self.selector.pause(key.token).unwrap();
                key.state = State::Paused;
                self.keys[index] = Some(key);
                return;
            }
            5 => {
                writeln!(self.log, "  {index}: unregister").unwrap();
                self.selector.unregister(key.token).unwrap();
                self.keys[index] = None;
                return;
            }
            _ => return,
        };
        match changed {
            Ok(()) => self.keys[index] = Some(Key { state: State::Armed, ..key }),
            // The key must be as before, and must not be armed again. The next waits check it.
            Err(error) => self.assert_refused(index, key.interest, &error),
        }
    }

    /// A kernel may refuse a file, but not one that `poll` reports as ready.
    fn assert_refused(&mut self, index: usize, interest: Interest, error: &Error) {
        writeln!(self.log, "    {error}").unwrap();
        let subject = &self.subjects[index];
        let may_be_refused = by_poll(subject, interest) != interest;
        assert!(may_be_refused && matches!(error, Error::UnsupportedFile { .. }), "{error:?}\n{}", self.log);
    }

    /// Waits, and compares the report with `poll`.
    fn wait(&mut self) {
        let ready = self.selector.select(Duration::ZERO).unwrap();
        writeln!(self.log, "  wait").unwrap();
        for index in 0..self.subjects.len() {
            let disturbed = std::mem::take(&mut self.disturbed[index]);
            let Some(key) = &mut self.keys[index] else { continue };
            let subject = &self.subjects[index];
            let reported = ready.get(key.token).map_or(Interest::empty(), Readiness::interest);
            let compared = compared(self.set, subject);
            let expected = match key.state {
                State::Armed => by_poll(subject, key.interest) & compared,
                // A new edge may come with each event.
                State::Reported if disturbed => by_poll(subject, key.interest) & reported & compared,
                State::Reported | State::Fired | State::Paused => Interest::empty(),
            };
            assert_eq!(
                reported & compared,
                expected,
                "{index}, a {:?}, {key:?}, reported and expected, after\n{}",
                subject.kind,
                self.log
            );
            if !reported.is_empty() {
                key.state = match key.mode {
                    Mode::Level => State::Armed,
                    Mode::Edge => State::Reported,
                    Mode::Oneshot => State::Fired,
                    mode => unreachable!("{mode}"),
                };
            }
        }
    }
}

/// The readiness of a subject by `poll`.
fn by_poll(subject: &Subject, interest: Interest) -> Interest {
    let mut selector = PollSelector::new().unwrap();
    let token = selector.register(&*subject.fd, interest, ()).unwrap();
    selector.select(Duration::ZERO).unwrap().get(token).map_or(Interest::empty(), Readiness::interest)
}

/// The part of the readiness in which this set is known to agree with `poll`.
fn compared(set: BackendKind, subject: &Subject) -> Interest {
    match subject.kind {
        _ if set != BackendKind::Kqueue => READ | WRITE,
        Kind::PtyMaster if subject.peer_is_closed() => kernel::KQUEUE_REPORTS_SLAVE_GONE,
        Kind::PtySlave if subject.peer_is_closed() => kernel::KQUEUE_REPORTS_MASTER_GONE,
        _ => READ | WRITE,
    }
}
