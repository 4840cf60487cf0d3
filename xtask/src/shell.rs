//! Running other programs: what is run is shown, and a failure says which program failed.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, Result, bail};

pub(crate) const PLAIN: anstyle::Reset = anstyle::Reset;
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();

/// What prints nothing for so long hangs. While cargo compiles, it prints nothing to its standard output.
const SILENCE: Duration = Duration::from_secs(30 * 60);

/// The top folder of the repository.
pub(crate) fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .filter(|path| path.ends_with("xtask"))
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// The cargo that runs this program, at the top of the repository.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// What cargo knows about the packages of the workspace.
pub(crate) fn metadata() -> Result<serde_json::Value> {
    let output = cargo(["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo does not start")?;
    if !output.status.success() {
        bail!("`cargo metadata` failed ({})", output.status);
    }
    serde_json::from_slice(&output.stdout).context("`cargo metadata` printed something else than JSON")
}

/// Where cargo puts what it builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = metadata()?;
    let path = metadata["target_directory"].as_str().context("cargo does not tell its target directory")?;
    Ok(PathBuf::from(path))
}

/// Runs a program to its end; it inherits input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    check(command, status)
}

/// As [`run`], with the program's own exit status as the answer.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    announce(command);
    command.status().with_context(|| format!("`{}` does not start", shown(command)))
}

/// As [`status`], and gives back what the program wrote to its standard output, which is shown as it comes. One that hangs
/// is stopped, and what it has started itself is not.
pub(crate) fn tee(command: &mut Command) -> Result<(ExitStatus, String)> {
    announce(command);
    if colours() {
        command.env("CLICOLOR_FORCE", "1").env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` does not start", shown(command)))?;
    let pipe = child.stdout.take().context("the output is a pipe")?;
    let seen = copy(pipe, io::stdout(), SILENCE).or_else(|error| {
        child.kill()?;
        child.wait()?;
        Err(error)
    });
    let seen = seen.with_context(|| format!("`{}` was stopped", shown(command)))?;
    let text = anstream::adapter::strip_str(&String::from_utf8_lossy(&seen)).to_string();
    Ok((child.wait()?, text))
}

/// Passes on everything as it comes, and gives it back at the end; an error when nothing comes for too long.
fn copy(
    mut from: impl io::Read + Send + 'static,
    mut to: impl io::Write,
    silence: Duration,
) -> io::Result<Vec<u8>> {
    let (sender, chunks) = mpsc::channel();
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        loop {
            let read = match from.read(&mut chunk) {
                Ok(0) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map(|count| chunk[..count].to_vec()),
            };
            let failed = read.is_err();
            if sender.send(read).is_err() || failed {
                return;
            }
        }
    });
    let mut seen = Vec::new();
    loop {
        match chunks.recv_timeout(silence) {
            Ok(chunk) => {
                let chunk = chunk?;
                to.write_all(&chunk)?;
                to.flush()?;
                seen.extend_from_slice(&chunk);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(seen),
            Err(RecvTimeoutError::Timeout) => {
                return Err(io::Error::other(format!("it printed nothing for {silence:?}")));
            }
        }
    }
}

/// An error unless the program ended well.
pub(crate) fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Says on the standard error what is about to run.
pub(crate) fn announce(command: &Command) {
    anstream::eprintln!("{DIM}$ {}{DIM:#}", shown(command));
}

/// Whether the standard output is for a person who wants colours.
pub(crate) fn colours() -> bool {
    let forced = env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    (io::stdout().is_terminal() || forced) && AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        let quote = if argument.contains([' ', '"', '$']) || argument.is_empty() { "'" } else { "" };
        let _ = write!(line, " {quote}{argument}{quote}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("Cargo.toml").is_file());
        assert!(root().join("xtask/src/shell.rs").is_file());
    }

    #[test]
    fn a_failure_names_the_program() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(error.contains("`sh -c 'exit 3'` failed"), "{error}");
    }

    #[test]
    fn what_is_passed_on_is_given_back() {
        let mut shown = Vec::new();
        let seen = copy(&b"one\ntwo"[..], &mut shown, SILENCE).unwrap();
        assert_eq!((seen.as_slice(), shown.as_slice()), (&b"one\ntwo"[..], &b"one\ntwo"[..]));
    }

    #[test]
    fn silence_has_an_end() {
        let (from, to) = io::pipe().unwrap();
        let error = copy(from, io::sink(), Duration::from_millis(1)).unwrap_err();
        assert!(error.to_string().contains("nothing for 1ms"), "{error}");
        drop(to);
    }
}
