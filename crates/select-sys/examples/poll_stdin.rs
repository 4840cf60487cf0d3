//! A question with a time limit, on `poll`.
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
        print!("\rContinue? [Y/n] ({} s) ", left.as_millis().div_ceil(1000));
        io::stdout().flush()?;
        // Any event ends the loop: `poll` also reports the end of the input (HUP) and a closed input (NVAL), and the read
        // below returns them.
        if poll.poll(left.min(Duration::from_secs(1)))?.next().is_some() {
            break;
        }
        if left.is_zero() {
            println!("\nNo answer within the limit. Continuing.");
            return Ok(());
        }
    }
    let mut answer = String::new();
    if stdin.read_line(&mut answer)? == 0 {
        println!("\nEnd of input.");
    } else if ["n", "no"].contains(&answer.trim().to_ascii_lowercase().as_str()) {
        println!("Stopping.");
    } else {
        println!("Continuing.");
    }
    Ok(())
}
