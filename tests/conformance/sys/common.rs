//! Scenarios that the polling objects and the calls share.

use conformance::{File, NotRun, WAIT, pairs};
use selectors::Timeout;
use selectors::sys::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use selectors::sys::poll::PollFlags;
use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

/// A polling object: it keeps its registrations, and has the events of `poll`.
pub(super) trait Object<'fd> {
    fn register(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags);
    fn modify(&mut self, fd: BorrowedFd<'fd>, flags: PollFlags);
    fn unregister(&mut self, fd: BorrowedFd<'fd>);
    fn len(&self) -> usize;
    fn wait(&mut self, timeout: Timeout) -> Vec<(RawFd, PollFlags)>;
}

/// A generator of pseudo-random numbers below its argument, the same in each run.
pub(super) fn random() -> impl FnMut(u32) -> u32 {
    let mut random = 1_u32;
    move |below| {
        // The generator of Numerical Recipes. Its high bits are random enough for this.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) % below
    }
}

/// Twelve pipes: the read end and the write end of each.
pub(super) fn pipes() -> Result<Vec<(File, File)>, NotRun> {
    (0..12).map(|_| pairs::pipe()).collect()
}

/// Writes to a writable pipe, reads from the pipe that becomes readable, and unregisters both ends, until none is left.
pub(super) fn one_pipe_after_another<'fd>(pipes: &'fd [(File, File)], mut object: impl Object<'fd>) {
    const MESSAGE: &[u8] = b" This is a test.";
    for (reader, writer) in pipes {
        object.register(reader.as_fd(), PollFlags::IN | PollFlags::PRI | PollFlags::OUT);
        object.modify(reader.as_fd(), PollFlags::IN);
        object.register(writer.as_fd(), PollFlags::OUT);
    }
    let mut received = Vec::new();
    while object.len() > 0 {
        let writable = object.wait(WAIT.into());
        assert!(writable.iter().all(|(_, flags)| *flags == PollFlags::OUT));
        assert_eq!(writable.len(), object.len() / 2);
        let chosen = writable[writable.len() / 3].0;
        let (reader, writer) = pipes.iter().find(|(_, writer)| writer.as_raw_fd() == chosen).unwrap();
        let (mut input, mut output) = (reader, writer);
        output.write_all(MESSAGE).unwrap();

        let mut found = object.wait(WAIT.into());
        found.retain(|(_, flags)| *flags == PollFlags::IN);
        assert_eq!(found, [(reader.as_raw_fd(), PollFlags::IN)]);
        let mut buffer = [0; 64];
        let length = input.read(&mut buffer).unwrap();
        received.push(buffer[..length].to_vec());
        object.unregister(reader.as_fd());
        object.unregister(writer.as_fd());
    }
    assert_eq!(received, vec![MESSAGE; pipes.len()]);
}

/// Reads lines that another thread writes slowly, with waits of several lengths, until the end of the file. `readable` waits
/// and returns whether `reader` is readable.
pub(super) fn lines_over_time(
    mut reader: impl Read,
    mut writer: impl Write + Send + 'static,
    mut readable: impl FnMut(Timeout) -> bool,
) {
    let child = thread::spawn(move || {
        for number in 0..10 {
            writeln!(writer, "line {number}").unwrap();
            thread::sleep(Duration::from_millis(2));
        }
    });
    let mut text = String::new();
    let mut limits = [0, 1, 2, 4, 8, 16].map(Duration::from_millis).into_iter();
    loop {
        let limit = limits.next().unwrap_or(WAIT);
        if !readable(limit.into()) {
            assert_ne!(limit, WAIT, "nothing arrived");
            continue;
        }
        let mut buffer = [0; 64];
        match reader.read(&mut buffer).unwrap() {
            0 => break,
            length => text.push_str(std::str::from_utf8(&buffer[..length]).unwrap()),
        }
    }
    child.join().unwrap();
    assert_eq!(text, (0..10).map(|number| format!("line {number}\n")).collect::<String>());
}
