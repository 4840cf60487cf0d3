//! An example as a child process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The limit of each wait, so that a bug fails a test and does not hang it.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A running example. Dropping it kills the process.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

/// The path of the example. Builds the example if it is missing or out of date: `cargo test` builds the examples only if no
/// targets are selected.
pub(crate) fn path(name: &str) -> PathBuf {
    static BUILD: Mutex<()> = Mutex::new(());
    let _one_at_a_time = BUILD.lock();

    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(name);
    if !is_fresh(&path) {
        build(name, profile);
    }
    path
}

/// Whether the example is newer than all its sources, of both crates. Cargo lists them in a file next to the example:
/// "Dep-info files" in the chapter "Build Cache" of its book.
fn is_fresh(example: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let Some(built) = changed(example) else { return false };
    let Ok(list) = fs::read_to_string(example.with_extension("d")) else { return false };
    let Some((_, sources)) = list.split_once(": ") else { return false };
    // A space in a name has a backslash before it.
    sources
        .replace("\\ ", "\0")
        .split_whitespace()
        .all(|source| changed(Path::new(&source.replace('\0', " "))).is_some_and(|changed| changed <= built))
}

/// Builds the example with the features and the profile of the tests. Cargo does not lock the target directory while tests
/// run.
fn build(name: &str, profile: &Path) {
    let known = [
        ("libkqueue", cfg!(feature = "libkqueue")),
        ("devpoll-emulation", cfg!(feature = "devpoll-emulation")),
    ];
    let features: Vec<_> = known.iter().filter(|(_, on)| *on).map(|(feature, _)| *feature).collect();
    let profile_name = profile.file_name().unwrap().to_str().unwrap();
    let status = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--quiet", "--package", "selectors", "--example", name])
        .args(["--features", &features.join(",")])
        .args(["--profile", if profile_name == "debug" { "dev" } else { profile_name }])
        .arg("--target-dir")
        .arg(profile.parent().unwrap())
        .status()
        .unwrap();
    assert!(status.success(), "building {name}: {status}");
}

/// Accepts a connection, and limits its reads to [`LIMIT`].
pub(crate) fn accept(listener: &TcpListener) -> TcpStream {
    let listener = listener.try_clone().unwrap();
    let accepted = in_thread(move || listener.accept());
    let (connection, _) = accepted.recv_timeout(LIMIT).expect("nobody connects").unwrap();
    connection.set_read_timeout(Some(LIMIT)).unwrap();
    connection
}

/// Closes the input of a child, whose outputs are pipes, and returns its output when it has ended.
pub(crate) fn output(mut child: Child) -> Output {
    drop(child.stdin.take());
    let stdout = read_all(child.stdout.take().unwrap());
    let stderr = read_all(child.stderr.take().unwrap());
    let (Ok(stdout), Ok(stderr)) = (stdout.recv_timeout(LIMIT), stderr.recv_timeout(LIMIT)) else {
        child.kill().unwrap();
        panic!("the program does not end");
    };
    Output { status: child.wait().unwrap(), stdout, stderr }
}

fn read_all(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    in_thread(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Makes a call that may block, in a thread of its own. Nothing joins the thread.
fn in_thread<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(call()));
    result
}

impl Program {
    pub(crate) fn start<const N: usize>(name: &str, arguments: [&str; N]) -> Self {
        Self::spawn(Command::new(path(name)).args(arguments))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        // The thread ends with the child.
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if line.map(|line| sender.send(line)).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// The next line; `None` at the end of the program. Panics at `deadline`.
    fn next(&mut self, deadline: Instant) -> Option<String> {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                self.seen.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no further line after {:#?}", self.seen),
        }
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> String {
        self.line_with("")
    }

    /// The next line that contains `text`.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        let deadline = Instant::now() + LIMIT;
        while let Some(line) = self.next(deadline) {
            if line.contains(text) {
                return line;
            }
        }
        panic!("the program ended after {:#?}", self.seen)
    }

    /// The port in the first line, which ends with it.
    pub(crate) fn port(&mut self) -> u16 {
        let line = self.line();
        let digits = line.trim_end_matches(')').rsplit(|other: char| !other.is_ascii_digit()).next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no port in {line:?}"))
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    /// Waits for the end of the program, checks that it succeeded, and returns all lines.
    pub(crate) fn finish(mut self) -> Vec<String> {
        // One limit for all lines: a program that prints again and again must not run for ever.
        let deadline = Instant::now() + LIMIT;
        while self.next(deadline).is_some() {}
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {:#?}", self.seen);
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both may fail if the program has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
