//! A back end over a kernel that is made of a lock and a condition variable.

use std::fmt;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use loom::sync::{Condvar, Mutex};
use selectors::backend::{Backend, Events, Source, Tag, Wait, Waiter, Wake};
use selectors::{Interest, Mode, Readiness, Timeout};

/// The kernel: one file, which is ready or not, a set with at most one entry, and a wake.
#[derive(Default)]
pub struct Kernel {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_ready: bool,
    wake: Option<Tag>,
    /// The armed entry of a kernel that keeps the set.
    entry: Option<(Tag, Mode)>,
}

impl Kernel {
    /// Makes the file ready, or not.
    pub fn set_ready(&self, is_ready: bool) {
        self.change(|state| state.is_ready = is_ready);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until `find` finds a tag.
    fn wait(&self, timeout: Timeout, find: impl Fn(&mut State) -> Option<Tag>) -> Vec<Tag> {
        let mut state = self.state.lock().unwrap();
        loop {
            let found: Vec<_> = find(&mut state).into_iter().chain(state.wake.take()).collect();
            if !found.is_empty() || timeout.limit() == Some(Duration::ZERO) {
                return found;
            }
            state = self.changed.wait(state).unwrap();
        }
    }
}

/// The back end.
pub struct Model {
    kernel: Arc<Kernel>,
    /// Whether the kernel keeps the set, as epoll does, so that waits need no lock.
    keeps_set: bool,
}

impl Model {
    pub fn new(keeps_set: bool) -> Self {
        Self { kernel: Arc::default(), keeps_set }
    }

    pub fn kernel(&self) -> Arc<Kernel> {
        Arc::clone(&self.kernel)
    }
}

impl Backend for Model {
    fn new() -> io::Result<Self> {
        Ok(Self::new(false))
    }

    fn name(&self) -> &'static str {
        "model"
    }

    fn supports(&self, _: Interest, _: Mode) -> bool {
        true
    }

    fn add(&mut self, source: &Source<'_>) -> io::Result<()> {
        self.kernel.change(|state| state.entry = Some((source.tag(), source.mode())));
        Ok(())
    }

    fn modify(&mut self, _: &Source<'_>, to: &Source<'_>) -> io::Result<()> {
        self.add(to)
    }

    fn remove(&mut self, _: &Source<'_>) -> io::Result<()> {
        self.kernel.change(|state| state.entry = None);
        Ok(())
    }

    fn wait<'fd>(
        &mut self,
        armed: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        timeout: Timeout,
        mut report: impl FnMut(Tag, Readiness),
    ) -> io::Result<()> {
        let armed = armed.collect::<io::Result<Vec<_>>>()?;
        let find = |state: &mut State| armed.first().filter(|_| state.is_ready).map(Source::tag);
        self.kernel.wait(timeout, find).into_iter().for_each(|tag| report(tag, Readiness::READ));
        Ok(())
    }

    fn native_waker(&mut self, tag: Tag) -> io::Result<Option<Arc<dyn Wake>>> {
        Ok(Some(Arc::new(Handle { kernel: AssertUnwindSafe(self.kernel()), tag })))
    }

    fn waiter(&self) -> Option<Waiter> {
        let handle = Handle { kernel: AssertUnwindSafe(self.kernel()), tag: Tag::from_u64(0) };
        self.keeps_set.then(|| Waiter::new(Arc::new(handle)))
    }

    fn report<'fd>(
        &mut self,
        events: &mut Events,
        _: impl Iterator<Item = io::Result<Source<'fd>>> + Clone,
        mut report: impl FnMut(Tag, Readiness) -> bool,
    ) -> io::Result<()> {
        for tag in events.get::<Vec<Tag>>().drain(..) {
            report(tag, Readiness::READ);
        }
        Ok(())
    }
}

/// The kernel, as a waker and as waits without the back end see it.
struct Handle {
    kernel: AssertUnwindSafe<Arc<Kernel>>,
    tag: Tag,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle")
    }
}

impl Wake for Handle {
    fn wake(&self) -> io::Result<()> {
        self.kernel.change(|state| state.wake = Some(self.tag));
        Ok(())
    }
}

impl Wait for Handle {
    fn wait(&self, events: &mut Events, timeout: Timeout) -> io::Result<usize> {
        let events = events.get::<Vec<Tag>>();
        *events = self.kernel.wait(timeout, |state| {
            let (tag, mode) = state.entry.filter(|_| state.is_ready)?;
            if mode != Mode::Level {
                state.entry = None;
            }
            Some(tag)
        });
        Ok(events.len())
    }
}
