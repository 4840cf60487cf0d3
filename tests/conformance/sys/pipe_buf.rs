//! The promise of `PIPE_BUF`.

use conformance::{File, Run, pairs};
use selectors::sys::PIPE_BUF;
use selectors::sys::fd::AsFd;
use selectors::sys::poll::{PollFd, PollFlags, poll};
use std::io::{Read, Write};

conformance::scenarios_of!(sys, pipe_buf: a_ready_pipe_accepts_pipe_buf_bytes);

fn a_ready_pipe_accepts_pipe_buf_bytes() -> Run {
    const { assert!(PIPE_BUF >= 512, "POSIX promises at least 512") };
    #[cfg(any(target_os = "android", target_os = "linux"))]
    assert_eq!((PIPE_BUF, PIPE_BUF), (libc::PIPE_BUF, 4096));
    // A writable pipe accepts that many bytes in one write.
    let (mut reader, mut writer) = pairs::pipe()?;
    pairs::fill(&writer);
    let writable = |writer: &File| {
        let mut entry = [PollFd::new(writer.as_fd(), PollFlags::OUT)];
        poll(&mut entry, selectors::Timeout::ZERO).unwrap() == 1
    };
    while !writable(&writer) {
        assert_ne!(reader.read(&mut [0; 512]).unwrap(), 0);
    }
    assert_eq!(writer.write(&[0; PIPE_BUF]).unwrap(), PIPE_BUF);
    Ok(())
}
