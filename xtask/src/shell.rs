//! Running other programs: each command is printed, and a failure names the program.

use std::env;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::{Context as _, Result, bail};
use serde_json::Value;

pub(crate) const PLAIN: anstyle::Reset = anstyle::Reset;
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();

/// Returns the top folder of the repository.
pub(crate) fn root() -> PathBuf {
    // Of this run: a checkout may have moved since this program was compiled.
    let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).filter(|path| path.ends_with("xtask"));
    own.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()).with_file_name("")
}

/// Returns a command for the cargo that runs this program, at the top of the repository.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// Returns the folder in which cargo puts its results: this program is in a folder of it.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let program = env::current_exe()?;
    Ok(program.ancestors().nth(2).context("this program is in no folder")?.to_path_buf())
}

/// Builds with a cargo command, and returns the path of the program or library of this kind (`bin`, `test`, `cdylib`) and name.
pub(crate) fn build(build: &mut Command, kind: &str, name: &str) -> Result<PathBuf> {
    let mut artifacts = artifacts(build)?.into_iter().filter(|artifact| {
        let target = &artifact["target"];
        target["name"] == name && target["kind"][0] == kind
    });
    // A library has no `executable`; its file is the first of the list.
    let file = |artifact: Value| {
        let file = artifact["executable"].as_str().or(artifact["filenames"][0].as_str());
        file.map(PathBuf::from)
    };
    artifacts.find_map(file).with_context(|| format!("cargo built no {kind} named `{name}`"))
}

/// Builds with a cargo command, and returns the paths of all files that it made, or made before and took again.
pub(crate) fn built_files(build: &mut Command) -> Result<Vec<PathBuf>> {
    let artifacts = artifacts(build)?;
    let lists = artifacts.iter().filter_map(|artifact| artifact["filenames"].as_array());
    Ok(lists.flatten().filter_map(Value::as_str).map(PathBuf::from).collect())
}

/// Builds with a cargo command, and returns its messages about files, one JSON object each.
fn artifacts(build: &mut Command) -> Result<Vec<Value>> {
    announce(build);
    build.arg("--message-format=json-render-diagnostics").stderr(Stdio::inherit());
    let output = build.output().context("cargo does not start")?;
    check(build, output.status)?;
    let messages = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter(|message| message["reason"] == "compiler-artifact").collect())
}

/// Runs a program to its end, with this program's input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    check(command, status)
}

/// Does the same, and returns the exit status.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    announce(command);
    command.status().with_context(|| format!("`{}` does not start", shown(command)))
}

/// Runs a program that must succeed, shows its standard output as it comes, and returns it without colours.
pub(crate) fn tee(command: &mut Command) -> Result<String> {
    announce(command);
    if colours() {
        command.env("CLICOLOR_FORCE", "1").env("CARGO_TERM_COLOR", "always");
    }
    let child = command.stdout(Stdio::piped()).spawn();
    let mut child = child.with_context(|| format!("`{}` does not start", shown(command)))?;
    let mut pipe = child.stdout.take().context("the output is a pipe")?;
    let (mut seen, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        match pipe.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => {
                io::stdout().write_all(&chunk[..count])?;
                io::stdout().flush()?;
                seen.extend_from_slice(&chunk[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    check(command, child.wait()?)?;
    Ok(anstream::adapter::strip_str(&String::from_utf8_lossy(&seen)).to_string())
}

/// Returns an error unless the program succeeded.
pub(crate) fn check(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Prints the command to the standard error.
pub(crate) fn announce(command: &Command) {
    anstream::eprintln!("{DIM}$ {}{DIM:#}", shown(command));
}

/// Returns whether the standard output is for a person who wants colours.
fn colours() -> bool {
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
