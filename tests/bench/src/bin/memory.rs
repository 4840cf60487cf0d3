//! What a selector holds for each registration, beside the file object and the data; a line as `bench` prints them.

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use bench::allocations::{Counting, held};
    use selectors::backend::{Backend, Epoll, Poll, Select};
    use selectors::sys::fd::BorrowedFd;
    use selectors::{Interest, Ready, Selector};
    use std::os::fd::AsFd;

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    const COUNT: usize = 15_000;

    /// The bytes for one registration, and those in the caller's list of what is ready.
    fn measure<B: Backend>(files: &[BorrowedFd<'_>]) -> io::Result<(f64, f64)> {
        let each = |bytes: usize| bytes as f64 / files.len() as f64;
        let before = held();
        let mut selector = Selector::<B, BorrowedFd<'_>, usize>::new()?;
        for (data, file) in files.iter().enumerate() {
            selector.register(*file, Interest::READ, data)?;
        }
        let mut ready = Ready::with_capacity(files.len());
        selector.select_into(&mut ready, std::time::Duration::ZERO)?;
        let all = held() - before;
        drop(ready);
        let selector_alone = held() - before;
        let users = files.len() * (size_of::<BorrowedFd<'_>>() + size_of::<usize>());
        Ok((each(selector_alone - users), each(all - selector_alone)))
    }

    pub(crate) fn run() -> io::Result<()> {
        bench::allow_descriptors(COUNT)?;
        let files = bench::eventfds(COUNT, 0)?;
        let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        let results = [
            ("epoll", measure::<Epoll>(&files)?),
            ("poll", measure::<Poll>(&files)?),
            ("select", measure::<Select>(&files)?),
        ];
        for (name, (registration, list)) in results {
            println!("memory\tin the selector\t{COUNT}\tbytes/key\t{name}\t{registration:.1}");
            println!("memory\tin the list of what is ready\t{COUNT}\tbytes/key\t{name}\t{list:.1}");
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    linux::run()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the workloads run on Linux only");
}
