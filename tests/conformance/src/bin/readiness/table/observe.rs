//! The answers of the three kernel interfaces, and of the selectors over them.

use std::io;
use std::os::fd::AsFd;

use selectors::backend::{Backend, Epoll, Poll, Select};
use selectors::sys::epoll::{self, EventFlags};
use selectors::sys::poll::{PollFd, PollFlags, poll};
use selectors::sys::select::{FdSet, select};
use selectors::{Error, Interest, Selector, Timeout};

const AS_POLL: &str = "as poll";

/// Reading, writing and priority.
const ACTIONS: Interest = Interest::READ.union(Interest::WRITE).union(Interest::PRIORITY);

/// The reports for reading, writing and priority: of select, poll, epoll, then of the selectors over them. And the reports of
/// the selectors for each end alone.
pub(crate) fn cells(fd: impl AsFd) -> io::Result<[String; 8]> {
    let fd = fd.as_fd();
    let (select, poll, epoll) = (by_select(fd)?, by_poll(fd)?, by_epoll(fd)?);
    let by = (
        readiness::<Select>(fd, ACTIONS)?,
        readiness::<Poll>(fd, ACTIONS)?,
        readiness::<Epoll>(fd, ACTIONS)?,
    );
    let same = |there: String, poll: &String| if there == *poll { AS_POLL.to_owned() } else { there };
    let epoll = same(epoll, &poll);
    let ends = (end(fd, Interest::READ_CLOSED)?, end(fd, Interest::HANG_UP)?);
    Ok([select, poll, epoll, by.0, by.1.clone(), same(by.2, &by.1), ends.0, ends.1])
}

/// The report for an end alone, of poll and epoll.
fn end(fd: impl AsFd, interest: Interest) -> io::Result<String> {
    let (poll, epoll) = (readiness::<Poll>(&fd, interest)?, readiness::<Epoll>(&fd, interest)?);
    Ok(if poll == epoll { poll } else { format!("{poll}, epoll: {epoll}") })
}

fn by_select(fd: impl AsFd) -> io::Result<String> {
    let all = || FdSet::from_iter([fd.as_fd()]);
    let (mut read, mut write, mut except) = (all(), all(), all());
    select(Some(&mut read), Some(&mut write), Some(&mut except), Timeout::ZERO)?;
    let sets = [("r", read), ("w", write), ("x", except)];
    Ok(cell(sets.iter().filter(|(_, set)| set.contains(fd.as_fd())).map(|(name, _)| *name)))
}

fn by_poll(fd: impl AsFd) -> io::Result<String> {
    let flags = PollFlags::IN | PollFlags::RDHUP | PollFlags::OUT | PollFlags::PRI;
    let mut entry = [PollFd::new(fd.as_fd(), flags)];
    poll(&mut entry, Timeout::ZERO)?;
    Ok(cell(entry[0].revents().iter_names().map(|(name, _)| name)))
}

fn by_epoll(fd: impl AsFd) -> io::Result<String> {
    let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::OUT | EventFlags::PRI;
    let epoll = epoll::Epoll::new()?;
    match epoll.register(&fd, flags, 0) {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => return Ok("`EPERM`".into()),
        result => result?,
    }
    let mut buffer = [epoll::Event::default()];
    let found = epoll.wait(&mut buffer, Timeout::ZERO)?;
    let flags = found.first().map(epoll::Event::flags).unwrap_or_default();
    Ok(cell(flags.iter_names().map(|(name, _)| name)))
}

fn readiness<B: Backend>(fd: impl AsFd, interest: Interest) -> io::Result<String> {
    let mut selector = Selector::<B, _>::new()?;
    let token = match selector.register(fd, interest, ()) {
        Ok(token) => token,
        Err(rejected) => match rejected.error {
            Error::UnsupportedFile { .. } => return Ok("`Error::UnsupportedFile`".into()),
            error => return Err(error.into()),
        },
    };
    let seen = selector.select(Timeout::ZERO)?.get(token).unwrap_or_default();
    Ok(cell(seen.iter_names().map(|(name, _)| name)))
}

fn cell(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "-".into() } else { format!("`{}`", names.join(" ")) }
}

/// Returns the version of the running Linux.
pub(crate) fn kernel() -> Result<(u32, u32), String> {
    let path = "/proc/sys/kernel/osrelease";
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(format!("{path} has no version: {text:?}")),
    }
}
