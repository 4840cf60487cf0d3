//! A child process with its own children.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process_group};

/// Lets the program start in a group of its own.
pub(crate) fn start_in_group(command: &mut Command) {
    command.process_group(0);
}

/// Kills a program that was started so, with its children: a child that an emulator hangs before `exec` ends by no other way.
pub(crate) fn kill_group(child: &mut Child) {
    // A group keeps its number while it has members, also when its first process has ended. Without members this fails.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}
