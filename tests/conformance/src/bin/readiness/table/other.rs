//! Terminals, descriptors that only Linux has, and files.

use std::fs::{self, File};
use std::io::{self, Seek};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::inotify::{self, WatchFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use selectors::sys::epoll::{Epoll, EventFlags};
use selectors::sys::poll::PollFlags;

use super::situation::{Made, Situation, made, put, until};

const MASTER: &str = "pty, master";
const SLAVE: &str = "pty, slave";
const EVENTFD: &str = "eventfd";
const TIMERFD: &str = "timerfd";
const PIDFD: &str = "pidfd";
const INOTIFY: &str = "inotify";
const NESTED: &str = "another epoll";

pub(super) const SITUATIONS: &[Situation] = &[
    Situation::new(MASTER, "idle", || terminal().and_then(|(master, slave)| made(master, slave))),
    Situation::new(MASTER, "with data", || {
        let (master, slave) = terminal()?;
        put(&slave, b"x")?;
        until(&master, PollFlags::IN)?;
        made(master, slave)
    }),
    Situation::new(MASTER, "slave closed", || {
        let (master, slave) = terminal()?;
        drop(slave);
        until(&master, PollFlags::HUP)?;
        made(master, ())
    }),
    Situation::new(MASTER, "with data, slave closed", || {
        let (master, slave) = terminal()?;
        put(&slave, b"x")?;
        drop(slave);
        until(&master, PollFlags::HUP | PollFlags::IN)?;
        made(master, ())
    }),
    Situation::new(SLAVE, "idle", || terminal().and_then(|(master, slave)| made(slave, master))),
    Situation::new(SLAVE, "with a line", || {
        let (master, slave) = terminal()?;
        put(&master, b"x\n")?;
        until(&slave, PollFlags::IN)?;
        made(slave, master)
    }),
    Situation::new(SLAVE, "master closed", || {
        let (master, slave) = terminal()?;
        drop(master);
        until(&slave, PollFlags::HUP)?;
        made(slave, ())
    }),
    Situation::new(EVENTFD, "zero", || made(eventfd(0, EventfdFlags::CLOEXEC)?, ())),
    Situation::new(EVENTFD, "not zero", || made(eventfd(1, EventfdFlags::CLOEXEC)?, ())),
    Situation::new(EVENTFD, "at its highest", || {
        let fd = eventfd(0, EventfdFlags::CLOEXEC)?;
        put(&fd, &(u64::MAX - 1).to_ne_bytes())?;
        made(fd, ())
    }),
    Situation::new(TIMERFD, "not expired", || made(timer(Timespec { tv_sec: 3600, tv_nsec: 0 })?, ())),
    Situation::new(TIMERFD, "expired", || {
        let fd = timer(Timespec { tv_sec: 0, tv_nsec: 1 })?;
        until(&fd, PollFlags::IN)?;
        made(fd, ())
    }),
    Situation::new(PIDFD, "running", || {
        let child = Running::start()?;
        made(pidfd_open(Pid::from_child(&child.0), PidfdFlags::empty())?, child)
    }),
    Situation::new(PIDFD, "exited", || exited(|_| Ok(()))),
    Situation {
        // `pidfd_poll` in kernel/fork.c, later in fs/pidfs.c. Earlier versions report IN only.
        since: Some((6, 9)),
        ..Situation::new(PIDFD, "exited and waited for", || exited(|child| child.0.wait().map(drop)))
    },
    Situation::new(INOTIFY, "quiet", || watched().and_then(|(fd, file)| made(fd, file))),
    Situation::new(INOTIFY, "with an event", || {
        let (fd, file) = watched()?;
        put(&file, b"x")?;
        until(&fd, PollFlags::IN)?;
        made(fd, file)
    }),
    Situation::new(NESTED, "quiet", || nested(b"")),
    Situation::new(NESTED, "ready", || nested(b"x")),
    Situation::new("regular file", "empty", || made(file()?.0, ())),
    Situation::new("regular file", "before its end", || {
        let (file, _) = file()?;
        put(&file, b"x")?;
        (&file).rewind()?;
        made(file, ())
    }),
    Situation::new("regular file", "opened for reading only", || {
        made(File::open(std::env::current_exe()?)?, ())
    }),
    Situation::new("file of `/proc`", "without a `poll` function", || {
        made(File::open("/proc/self/stat")?, ())
    }),
    Situation::new("directory", "any", || made(File::open("/")?, ())),
    Situation::new("`/dev/null`", "any", || {
        made(File::options().read(true).write(true).open("/dev/null")?, ())
    }),
    Situation::new("`/dev/zero`", "any", || made(File::open("/dev/zero")?, ())),
];

fn terminal() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags)?;
    unlockpt(&master)?;
    let slave = ioctl_tiocgptpeer(&master, flags)?;
    Ok((master, slave))
}

fn timer(first: Timespec) -> io::Result<OwnedFd> {
    let fd = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: first };
    rustix::time::timerfd_settime(&fd, TimerfdTimerFlags::empty(), &once)?;
    Ok(fd)
}

/// Starts a child that runs until its input is closed.
struct Running(Child);

impl Running {
    fn start() -> io::Result<Self> {
        Ok(Self(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It may have been waited for already.
        let _ = self.0.wait();
    }
}

fn exited(after: fn(&mut Running) -> io::Result<()>) -> io::Result<Made> {
    let mut child = Running::start()?;
    let fd = pidfd_open(Pid::from_child(&child.0), PidfdFlags::empty())?;
    drop(child.0.stdin.take());
    until(&fd, PollFlags::IN)?;
    after(&mut child)?;
    made(fd, child)
}

/// Returns an empty file without a name, and the name that it had.
fn file() -> io::Result<(File, std::path::PathBuf)> {
    let path = std::env::temp_dir().join(format!("readiness-file-{}", std::process::id()));
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok((file, path))
}

fn watched() -> io::Result<(OwnedFd, File)> {
    let (_, path) = file()?;
    let file = File::create(&path)?;
    let fd = inotify::init(inotify::CreateFlags::CLOEXEC)?;
    let added = inotify::add_watch(&fd, &path, WatchFlags::MODIFY);
    // Removing the name does not modify the file.
    fs::remove_file(&path)?;
    added?;
    Ok((fd, file))
}

fn nested(bytes: &[u8]) -> io::Result<Made> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    let epoll = Epoll::new()?;
    epoll.register(&read, EventFlags::IN, 0)?;
    put(&write, bytes)?;
    made(epoll.into_fd(), (read, write))
}
