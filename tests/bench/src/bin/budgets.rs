//! Our cost as ratios to a baseline in the same run, each with its budget: the ratio that is allowed.
//!
//! `budgets ROUNDS [TEXT]` prints a row for each ratio, or only the rows whose names contain `TEXT`. A ratio is the median
//! of the ratios of all rounds, and `±` half the distance between their quartiles. Most rows compare a back end with the
//! bare calls. *After a peak* compares a selector that once had 19,000 keys with a new one; each has one key.
//!
//! `/dev/poll` needs the feature `devpoll-emulation`. Its last row is a change of one key and a wait, in a selector whose other
//! key has the descriptor 19,990. The baseline is the same with a low descriptor.

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::time::Duration;

    use bench::measure::in_turn;
    use bench::peak::{Left, Peak, waits};
    use bench::shared;
    use bench::subjects::{self, Entry};
    use bench::workloads::{Ready, Register, Ring, Sleep};
    use bench::{Cost, Workload, allow_descriptors};
    use selectors::backend::{Backend, Epoll, Poll, Select};

    /// Fewer laps would not give a stable figure.
    const LAPS: u32 = 8;

    struct Budgets<'a> {
        rounds: u32,
        wanted: &'a str,
    }

    pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
        let (rounds, wanted) = match arguments {
            [rounds] => (rounds, ""),
            [rounds, wanted] => (rounds, wanted.as_str()),
            _ => return Err(io::Error::other("usage: budgets ROUNDS [TEXT]")),
        };
        let rounds = rounds.parse().map_err(io::Error::other)?;
        allow_descriptors(19_900)?; // 20,000 in all, and so for the descriptor 19,990
        println!("| {:<54} | {:>6} | {:>6} | {:>5} | {:>9} |", "row", "budget", "ratio", "±", "ns");
        println!("|{:-<56}|-------:|-------:|------:|----------:|", "");
        let budgets = Budgets { rounds, wanted };
        budgets.bare_calls()?;
        budgets.shared()?;
        budgets.peak(Left::Oldest, "oldest")?;
        budgets.peak(Left::Newest, "newest")?;
        #[cfg(feature = "devpoll-emulation")]
        budgets.highest_descriptor()?;
        Ok(())
    }

    impl Budgets<'_> {
        /// Our back ends compared with the bare calls.
        fn bare_calls(&self) -> io::Result<()> {
            let one = || Ready::new(100, 1);
            let limited = || Ok(one()?.within(Duration::from_secs(1)));
            let all = || Ready::new(100, 100);
            self.bare("epoll", "none of 100 ready", 1.03, || Sleep::new(100, Duration::ZERO))?;
            self.bare("epoll", "1 of 100 ready", 1.03, one)?;
            self.bare("epoll", "1 of 100 ready, timeout of 1 s", 1.05, limited)?;
            self.bare("epoll", "100 of 100 ready", 1.06, all)?;
            self.bare("epoll", "register and unregister, with 1000 others", 1.08, || Register::new(1000))?;
            for (pairs, active) in [(100, 1), (1000, 100), (9000, 100)] {
                let name = format!("ring of {pairs} pairs, {active} active");
                self.bare("epoll", &name, 1.03, || Ring::new(pairs, active))?;
            }
            for back_end in ["poll", "select"] {
                self.bare(back_end, "1 of 100 ready", 1.12, one)?;
                self.bare(back_end, "100 of 100 ready", 1.30, all)?;
            }
            Ok(())
        }

        fn bare<T>(
            &self,
            back_end: &str,
            name: &str,
            budget: f64,
            make: impl FnOnce() -> io::Result<T>,
        ) -> io::Result<()>
        where
            for<'a> &'a T: Workload,
        {
            let workload = &make()?;
            let bare = format!("raw-{back_end}");
            let find = |name: &str| subjects::all(&workload).into_iter().find(|entry| entry.name == name);
            let entries = [find(back_end), find(&bare)].into_iter().flatten().collect();
            self.row(&format!("{back_end}: {name}"), budget, entries, workload.least())
        }

        /// A shared selector compared with the calls from several threads, with a round trip of two threads (the waiting
        /// thread has to wake up and answer), and with a selector of one thread.
        fn shared(&self) -> io::Result<()> {
            let pair = "register and unregister while another thread waits";
            let entries = vec![
                Entry::new("shared", shared::changes::<Epoll>),
                Entry::new("calls", shared::changes_of_epoll),
            ];
            self.row(&format!("shared epoll: {pair}"), 1.25, entries, LAPS)?;
            let within = |name: &str, changes: fn(u32) -> io::Result<Cost>| {
                let entries =
                    vec![Entry::new("shared", changes), Entry::new("round trip", shared::round_trips)];
                self.row(
                    &format!("shared {name}: the same, to a round trip of two threads"),
                    1.0,
                    entries,
                    LAPS,
                )
            };
            within("poll", shared::changes::<Poll>)?;
            within("select", shared::changes::<Select>)?;
            #[cfg(feature = "devpoll-emulation")]
            within("/dev/poll", shared::changes::<selectors::backend::Devpoll>)?;
            let rearm =
                vec![Entry::new("shared", shared::rearm), Entry::new("calls", shared::rearm_of_epoll)];
            self.row("shared epoll: four threads rearm for a fifth", 1.3, rearm, LAPS)?;
            for ready in [0, 1, 100] {
                self.alone::<Epoll>("epoll", ready)?;
                self.alone::<Poll>("poll", ready)?;
                self.alone::<Select>("select", ready)?;
            }
            Ok(())
        }

        fn alone<B: Backend>(&self, back_end: &str, ready: usize) -> io::Result<()> {
            let ours = move |laps| shared::alone::<B>(ready, laps);
            let plain = move |laps| shared::unshared::<B>(ready, laps);
            let entries = vec![Entry::new("shared", ours), Entry::new("plain", plain)];
            self.row(&format!("shared {back_end}, alone: {ready} of 100 ready"), 1.05, entries, LAPS)
        }

        /// A wait after a peak compared with that of a new selector.
        fn peak(&self, left: Left, name: &str) -> io::Result<()> {
            let peak = &Peak::new(left)?;
            self.peak_of::<Epoll>(peak, "epoll", name)?;
            self.peak_of::<Poll>(peak, "poll", name)?;
            self.peak_of::<Select>(peak, "select", name)?;
            #[cfg(feature = "devpoll-emulation")]
            self.peak_of::<selectors::backend::Devpoll>(peak, "/dev/poll", name)?;
            Ok(())
        }

        fn peak_of<B: Backend>(&self, peak: &Peak, back_end: &str, left: &str) -> io::Result<()> {
            let name = |size| format!("{back_end}: after a peak, {left} left, {size} of data");
            self.peak_with::<B, _>(peak, &name("8 bytes"), &0_u64)?;
            self.peak_with::<B, _>(peak, &name("4 KiB"), &[0_u8; 4096])
        }

        fn peak_with<B: Backend, D: Clone>(&self, peak: &Peak, name: &str, data: &D) -> io::Result<()> {
            let after = |laps| waits(&mut peak.after::<B, D>(data)?, laps);
            let fresh = |laps| waits(&mut peak.fresh::<B, D>(data)?, laps);
            self.row(name, 1.2, vec![Entry::new("after a peak", after), Entry::new("new", fresh)], LAPS)
        }

        /// A change of one key and a wait, where another key has a high descriptor or a low one.
        #[cfg(feature = "devpoll-emulation")]
        fn highest_descriptor(&self) -> io::Result<()> {
            let high = |laps| change_with(19_990, laps);
            let low = |laps| change_with(5, laps);
            let entries = vec![Entry::new("high", high), Entry::new("low", low)];
            self.row("/dev/poll: change of a key, with descriptor 19,990", 1.3, entries, LAPS)
        }

        /// Measures two entries, ours first, and prints a row, if its name is wanted.
        fn row(&self, name: &str, budget: f64, entries: Vec<Entry<'_>>, least: u32) -> io::Result<()> {
            if !name.contains(self.wanted) {
                return Ok(());
            }
            let [ours, other] = in_turn(entries, least, self.rounds)?
                .try_into()
                .map_err(|_| io::Error::other(format!("{name}: there is no baseline")))?;
            let ratios = ours.values.iter().zip(&other.values).map(|(ours, other)| ours / other);
            let [low, ratio, high] = quartiles(ratios.collect());
            let [_, ours, _] = quartiles(ours.values);
            let spread = (high - low) / 2.0;
            let over = if ratio > budget { " over budget" } else { "" };
            println!("| {name:<54} | {budget:>6.2} | {ratio:>6.3} | {spread:>5.3} | {ours:>9.1} |{over}");
            Ok(())
        }
    }

    /// Measures changes of one key, each with a wait. Another key has the descriptor `number`, or the next free one. A step is
    /// a change and a wait.
    #[cfg(feature = "devpoll-emulation")]
    fn change_with(number: i32, laps: u32) -> io::Result<Cost> {
        use selectors::{Interest, Ready, Selector};

        let files = bench::eventfds(2, 0)?;
        let other = rustix::io::fcntl_dupfd_cloexec(&files[1], number)?;
        let mut selector = Selector::<selectors::backend::Devpoll, _>::new()?;
        let token = selector.register(&files[0], Interest::PRIORITY, ())?;
        selector.register(&other, Interest::PRIORITY, ())?;
        let mut ready = Ready::new();
        Cost::of(laps, |laps| {
            for lap in 0..laps {
                let interest = if lap % 2 == 0 { Interest::READ } else { Interest::PRIORITY };
                selector.modify(token, interest)?;
                selector.select_into(&mut ready, Duration::ZERO)?;
            }
            Ok(laps.into())
        })
    }

    /// The lower quartile, the median and the upper quartile, each the value at the next lower place.
    fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
        values.sort_unstable_by(f64::total_cmp);
        [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
    }
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match linux::run(&arguments) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the workloads run on Linux only");
}
