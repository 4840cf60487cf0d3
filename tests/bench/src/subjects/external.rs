//! A subject in a program of its own, which has its own version of the workloads.
//!
//! The program starts once for each case and opens its own files. Its arguments are the name of the subject and the result
//! of [`Workload::peer_arguments`]. It reads lines with numbers of laps. For each it makes a new set, runs [`WARM`](crate::WARM)
//! laps, measures the laps of the line, and prints a line: nanoseconds and steps, or `unsupported`.

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Entry;
use crate::workload::wrong;
use crate::{Cost, Workload};

/// A program, before it is started.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    name: &'a str,
    path: &'a str,
}

impl<'a> From<(&'a str, &'a str)> for Program<'a> {
    /// The name of the subject, and the path of the program.
    fn from((name, path): (&'a str, &'a str)) -> Self {
        Self { name, path }
    }
}

impl<'a> Program<'a> {
    /// The workload over this subject; `None` if the programs do not have it.
    pub fn over<W: Workload>(self, workload: &W) -> Option<Entry<'a>> {
        let arguments = workload.peer_arguments()?;
        let running = RefCell::new(None);
        let run = move |laps| {
            let mut running = running.borrow_mut();
            let running = match &mut *running {
                Some(running) => running,
                none => none.insert(Running::start(self, &arguments)?),
            };
            running.run(laps)
        };
        Some(Entry::new(self.name, run))
    }
}

struct Running {
    child: Child,
    // `None` when the program should end.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Running {
    fn start(program: Program<'_>, arguments: &str) -> io::Result<Self> {
        let mut command = Command::new(program.path);
        command.arg(program.name).args(arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let answers = child.stdout.take().ok_or_else(|| wrong("the output is not a pipe"))?;
        Ok(Self { questions: child.stdin.take(), child, answers: BufReader::new(answers) })
    }

    fn run(&mut self, laps: u32) -> io::Result<Cost> {
        let questions = self.questions.as_mut().ok_or_else(|| wrong("the input is not a pipe"))?;
        // If the program has ended, the answer shows it.
        let asked = questions.write_all(format!("{laps}\n").as_bytes());
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim_end().split_once(' ') {
            Some((time, steps)) => {
                let number = |text: &str| text.parse().map_err(|_| wrong(format!("not a number: {text}")));
                let cost = Cost { time: Duration::from_nanos(number(time)?), steps: number(steps)? };
                if cost.steps == 0 { Err(wrong("no steps")) } else { Ok(cost) }
            }
            None if line.trim_end() == "unsupported" => Err(io::ErrorKind::Unsupported.into()),
            None => Err(asked.err().unwrap_or_else(|| wrong(format!("the program has ended: {line:?}")))),
        }
    }
}

impl Drop for Running {
    /// Closes the input, which ends the program.
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}
