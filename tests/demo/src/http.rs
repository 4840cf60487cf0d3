//! The clients' side of HTTP, and the example `http_server` as a child process.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use selectors::BackendKind;
use tempfile::TempDir;

use crate::options::Options;
use crate::pattern::Pattern;

/// The number of different files.
const FILES: u64 = 16;

/// The seconds that a client may be idle: longer than any run.
const IDLE: &str = "100000";

/// A request, and the head of its answer.
#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) request: String,
    head: Vec<u8>,
}

impl Exchange {
    /// Begins a new request. Returns the place in the pattern where the file starts.
    pub(crate) fn begin(&mut self, client: u64, message: u32) -> usize {
        let file = (client + u64::from(message)) % FILES;
        self.request = format!("GET /{file} HTTP/1.1\r\nHost: demo\r\n\r\n");
        self.head.clear();
        Pattern::start(file, 0)
    }

    /// Takes the bytes of the head from what was received, and returns the others. Checks the head when it is complete.
    pub(crate) fn take_head<'b>(&mut self, bytes: &'b [u8], size: usize) -> Result<&'b [u8]> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.head.ends_with(b"\r\n\r\n") {
                return Ok(&bytes[at..]);
            }
            self.head.push(*byte);
        }
        if self.head.ends_with(b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&self.head);
            let length = format!("\r\nContent-Length: {size}\r\n");
            ensure!(
                head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains(&length),
                "the answer was {head:?}"
            );
        }
        Ok(&[])
    }
}

/// Waits until the server has accepted all connections, by one more, which is the last in the queue.
pub(crate) fn await_queue(server: SocketAddr) -> Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(b"HEAD / HTTP/1.0\r\n\r\n")?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// The running example. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Server {
    pub(crate) fn start(kind: BackendKind, options: &Options) -> Result<Self> {
        let folder = write_files(usize::try_from(options.size)?)?;
        let mut command = Command::new(build()?);
        command.arg("127.0.0.1:0").arg(folder.path()).arg(IDLE);
        let mut child = command.env("SELECTORS_BACKEND", kind.name()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
        let address = line.trim().rsplit("//").next().unwrap_or_default().parse();
        let address = address.with_context(|| format!("no address in {line:?}"))?;
        Ok(Self { child, address, _folder: folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both may fail if the process has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_files(size: usize) -> Result<TempDir> {
    let (folder, pattern) = (tempfile::tempdir()?, Pattern::new());
    for number in 0..FILES {
        let (start, mut bytes) = (Pattern::start(number, 0), Vec::new());
        while bytes.len() < size {
            bytes.extend(pattern.bytes(start, bytes.len(), size - bytes.len()));
        }
        fs::write(folder.path().join(number.to_string()), bytes)?;
    }
    Ok(folder)
}

/// Builds the example with the profile of this program, and with its back ends. Returns its path.
fn build() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let profile = program.parent().context("a program is in a folder")?;
    let target = profile.parent().context("a profile is in a folder")?;
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => "dev",
        Some(name) => name,
    };
    // On the systems that have these interfaces, the features change nothing.
    let emulations = BackendKind::available().filter_map(|kind| match kind.name() {
        "devpoll" => Some("devpoll-emulation"),
        "kqueue" => Some("libkqueue"),
        _ => None,
    });
    let status = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["build", "--quiet", "--package", "selectors", "--example", "http_server"])
        .args(["--features", &emulations.collect::<Vec<_>>().join(","), "--profile", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "the example http_server cannot be built");
    Ok(profile.join("examples/http_server"))
}
