//! A question that is not waited for for ever, with `poll`.
//!
//! ```sh
//! cargo run --example poll_stdin             # type yes or no, or nothing for five seconds
//! echo yes | cargo run --example poll_stdin
//! ```

use std::io::{self, Write};
use std::time::{Duration, Instant};

use select_sys::fd::AsFd;
use select_sys::poll::{Poll, PollFlags};

fn main() -> io::Result<()> {
    let stdin = io::stdin();
    let mut poll = Poll::new();
    poll.register(stdin.as_fd(), PollFlags::IN);

    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        print!("\rGo on? [Y/n] ({} s) ", left.as_millis().div_ceil(1000));
        io::stdout().flush()?;
        // The end of the input (HUP) and a closed input (NVAL) are reported as well; reading tells.
        if poll.poll(left.min(Duration::from_secs(1)))?.next().is_some() {
            break;
        }
        if left.is_zero() {
            println!("\nNo answer is a yes.");
            return Ok(());
        }
    }
    let mut answer = String::new();
    match stdin.read_line(&mut answer)? {
        0 => println!("\nThe input has ended."),
        _ if answer.trim().eq_ignore_ascii_case("n") || answer.trim().eq_ignore_ascii_case("no") => {
            println!("Stopping.")
        }
        _ => println!("Going on."),
    }
    Ok(())
}
