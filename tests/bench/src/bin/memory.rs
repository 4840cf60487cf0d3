//! The memory of a selector: the bytes for each key, and the resident memory after a peak.
//!
//! `memory` prints lines as `bench` does. The bytes for a key do not include the file object and the data.
//!
//! The resident memory is the difference between two processes: in one a selector once had 19,000 keys, of which the oldest
//! is left; in the other it never had another key. `memory resident BACK-END BYTES peak|new` is such a process, where BYTES is
//! the size of each key's data.

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::AsFd;
    use std::process::Command;
    use std::time::Duration;

    use bench::allocations::{Counting, held};
    use bench::peak::{KEYS, Left, Peak, waits};
    use selectors::backend::{Backend, Epoll, Poll, Select};
    use selectors::sys::fd::BorrowedFd;
    use selectors::{Interest, Ready, Selector};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    const COUNT: usize = 15_000;

    const BACK_ENDS: [&str; 3] = ["epoll", "poll", "select"];

    pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        match arguments[..] {
            [] => {
                keys()?;
                after_a_peak()
            }
            ["resident", back_end, bytes, state @ ("peak" | "new")] => {
                let kib = match back_end {
                    "epoll" => sized::<Epoll>(bytes, state)?,
                    "poll" => sized::<Poll>(bytes, state)?,
                    "select" => sized::<Select>(bytes, state)?,
                    _ => return Err(io::Error::other("there is no such back end")),
                };
                println!("{kib}");
                Ok(())
            }
            _ => Err(io::Error::other("usage: memory [resident BACK-END 8|4096 peak|new]")),
        }
    }

    /// Prints the bytes for each key.
    fn keys() -> io::Result<()> {
        bench::allow_descriptors(COUNT)?;
        let files = bench::eventfds(COUNT, 0)?;
        let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        let results = [bytes::<Epoll>(&files)?, bytes::<Poll>(&files)?, bytes::<Select>(&files)?];
        for (name, (key, entry)) in BACK_ENDS.into_iter().zip(results) {
            println!("memory\tin the selector\t{COUNT}\tbytes/key\t{name}\t{key:.1}");
            println!("memory\tin the list of ready keys\t{COUNT}\tbytes/key\t{name}\t{entry:.1}");
        }
        Ok(())
    }

    /// The bytes for each key in the selector, and those in the caller's list of ready keys.
    fn bytes<B: Backend>(files: &[BorrowedFd<'_>]) -> io::Result<(f64, f64)> {
        let each = |bytes: usize| bytes as f64 / files.len() as f64;
        let before = held();
        let mut selector = Selector::<B, BorrowedFd<'_>, usize>::new()?;
        for (data, file) in files.iter().enumerate() {
            selector.register(*file, Interest::READ, data)?;
        }
        let mut ready = Ready::with_capacity(files.len());
        selector.select_into(&mut ready, Duration::ZERO)?;
        let all = held() - before;
        drop(ready);
        let selector_alone = held() - before;
        let users = files.len() * (size_of::<BorrowedFd<'_>>() + size_of::<usize>());
        Ok((each(selector_alone - users), each(all - selector_alone)))
    }

    /// Prints how much more memory is resident after a peak than with a new selector.
    fn after_a_peak() -> io::Result<()> {
        for (bytes, size) in [("8", "8 bytes"), ("4096", "4 KiB")] {
            for back_end in BACK_ENDS {
                let resident = |state| -> io::Result<i64> {
                    let output = Command::new(std::env::current_exe()?)
                        .args(["resident", back_end, bytes, state])
                        .stderr(std::process::Stdio::inherit())
                        .output()?;
                    String::from_utf8_lossy(&output.stdout).trim().parse().map_err(io::Error::other)
                };
                let more = resident("peak")? - resident("new")?;
                let case = format!("resident after a peak, {size} of data, above a new selector");
                println!("memory\t{case}\t{KEYS}\tKiB\t{back_end}\t{more}");
            }
        }
        Ok(())
    }

    fn sized<B: Backend>(bytes: &str, state: &str) -> io::Result<i64> {
        match bytes {
            "8" => resident::<B, _>(&0_u64, state),
            "4096" => resident::<B, _>(&[0_u8; 4096], state),
            _ => Err(io::Error::other("the size is 8 or 4096")),
        }
    }

    /// The KiB of this process that are resident after a selector has waited with its one key.
    fn resident<B: Backend, D: Clone>(data: &D, state: &str) -> io::Result<i64> {
        let peak = Peak::new(Left::Oldest)?;
        let mut selector = if state == "peak" { peak.after::<B, D>(data) } else { peak.fresh(data) }?;
        waits(&mut selector, 1)?;
        // The second number is that of resident pages, see proc_pid_statm(5).
        let text = std::fs::read_to_string("/proc/self/statm")?;
        let pages = text.split(' ').nth(1).and_then(|pages| pages.parse::<i64>().ok());
        let pages = pages.ok_or_else(|| io::Error::other("/proc/self/statm has no number of pages"))?;
        Ok(pages * (rustix::param::page_size() as i64 / 1024))
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    linux::run(&arguments)
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the workloads run on Linux only");
}
