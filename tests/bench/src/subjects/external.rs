//! A subject in a program of its own, which has the workloads too.
//!
//! It is started once for each case, with the name of the subject and what [`Workload::elsewhere`] says as arguments, and
//! makes its own files. For each line with a number of laps it sets up anew, does [`WARM`](crate::WARM) laps and those, and
//! prints a line: nanoseconds and steps, or `unsupported`.

use std::cell::RefCell;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::Entry;
use crate::workload::wrong;
use crate::{Cost, Workload};

/// Such a program, not yet started.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    name: &'a str,
    path: &'a str,
}

impl<'a> From<(&'a str, &'a str)> for Program<'a> {
    /// The name of the subject, and where the program is.
    fn from((name, path): (&'a str, &'a str)) -> Self {
        Self { name, path }
    }
}

impl<'a> Program<'a> {
    /// The workload over this subject; `None` if it cannot be had elsewhere.
    pub fn over<W: Workload>(self, workload: &W) -> Option<Entry<'a>> {
        let arguments = workload.elsewhere()?;
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
    // Taken when it is to end.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Running {
    fn start(program: Program<'_>, arguments: &str) -> io::Result<Self> {
        let mut command = Command::new(program.path);
        command.arg(program.name).args(arguments.split(' ')).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let answers = child.stdout.take().ok_or_else(|| wrong("the output is no pipe"))?;
        Ok(Self { questions: child.stdin.take(), child, answers: BufReader::new(answers) })
    }

    fn run(&mut self, laps: u32) -> io::Result<Cost> {
        let questions = self.questions.as_mut().ok_or_else(|| wrong("the input is no pipe"))?;
        // Whether it has ended shows in what it answers.
        let asked = questions.write_all(format!("{laps}\n").as_bytes());
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.trim_end().split_once(' ') {
            Some((time, steps)) => {
                let number = |text: &str| text.parse().map_err(|_| wrong(format!("no number: {text}")));
                let cost = Cost { time: Duration::from_nanos(number(time)?), steps: number(steps)? };
                if cost.steps == 0 { Err(wrong("no steps")) } else { Ok(cost) }
            }
            None if line.trim_end() == "unsupported" => Err(io::ErrorKind::Unsupported.into()),
            None => Err(asked.err().unwrap_or_else(|| wrong(format!("the program has ended: {line:?}")))),
        }
    }
}

impl Drop for Running {
    /// The end of its input ends it.
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}
