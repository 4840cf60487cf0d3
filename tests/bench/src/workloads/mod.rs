//! The workloads.

mod echo;
mod register;
mod relay;
mod ring;
mod wait;
mod wake;

pub use echo::Echo;
pub use register::{Change, Register};
pub use relay::{Relay, Style};
pub use ring::Ring;
pub use wait::{Ready, Refreshed, Sleep};
pub use wake::{PingPong, Wakes};
