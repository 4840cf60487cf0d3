//! Runs the tests of the crates that `../suites` lists, from their published sources, and prints a line for each test.
//!
//! The arguments are `published`, for the published polling, or the back end for ours; then parts of names of tests, to
//! run only these. The argument `speed` measures instead, as many rounds as the next argument says.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

mod speed;

/// The argument for the polling of crates.io.
const PUBLISHED: &str = "published";

/// For compiling and running, in seconds.
const PATIENCE: &str = "1800";
const ROUNDS: u32 = 11;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let side = arguments.next().context("an argument is missing: `published`, or a back end")?;
    let only: Vec<_> = arguments.collect();
    if side == "speed" {
        return speed::measure(only.first().map_or(Ok(ROUNDS), |rounds| rounds.parse())?);
    }
    let workspace = Workspace::copy()?;
    let log = workspace.test(&side, &only)?;
    let output = fs::read_to_string(&log)?;
    let results = results(&output);
    let has_ended = |member: &str| results.keys().any(|test| test.starts_with(&format!("{member}::")));
    if let Some(member) = workspace.members.iter().find(|member| only.is_empty() && !has_ended(member)) {
        bail!("no test of {member} has ended; see {}", log.display());
    }
    for (test, outcome) in results {
        println!("test {test} ... {outcome}");
    }
    eprintln!("the output of the tests is in {}", log.display());
    Ok(())
}

/// The folder `tests/smol`.
fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("")
}

/// The published sources, as the members of one workspace.
struct Workspace {
    folder: PathBuf,
    members: Vec<String>,
    features: String,
}

impl Workspace {
    /// Downloads the crates, and copies them into the target folder.
    fn copy() -> Result<Self> {
        let metadata = metadata()?;
        let folder =
            Path::new(metadata["target_directory"].as_str().context("no target folder")?).join("sources");
        let packages = metadata["packages"].as_array().context("no packages")?;
        let package = |name: &Value| packages.iter().find(|package| package["name"] == *name);
        let list = &package(&"suites".into()).context("no package `suites`")?["dependencies"];
        let (mut members, mut features) = (Vec::new(), Vec::new());
        for suite in list.as_array().context("no suites")? {
            let name = suite["name"].as_str().context("a suite without a name")?;
            let manifest = package(&suite["name"]).and_then(|package| package["manifest_path"].as_str());
            let manifest = Path::new(manifest.with_context(|| format!("{name} has no sources"))?);
            copy(manifest, &folder.join(name))?;
            let wanted = suite["features"].as_array().into_iter().flatten().filter_map(Value::as_str);
            features.extend(wanted.map(|feature| format!("{name}/{feature}")));
            members.push(name.to_owned());
        }
        fs::write(
            folder.join("Cargo.toml"),
            format!("[workspace]\nresolver = \"2\"\nmembers = {members:?}\n"),
        )?;
        Ok(Self { folder, members, features: features.join(",") })
    }

    /// Runs the tests, and returns the file with their output.
    fn test(&self, side: &str, only: &[String]) -> Result<PathBuf> {
        let path = self.folder.join(side).with_extension("log");
        let log = File::create(&path).with_context(|| path.display().to_string())?;
        for kind in [["--lib", "--tests"].as_slice(), &["--doc"]] {
            // It ends the children of the tests as well.
            let mut test = Command::new("timeout");
            test.arg(PATIENCE).arg(cargo()).args(["test", "--workspace", "--no-fail-fast", "--color=never"]);
            test.args(patch(side));
            test.args(["--features", &self.features]).args(kind).arg("--").args(only);
            test.arg("--skip=async-std/src"); // examples, 300 of them, few of which wait
            test.env("SELECTORS_BACKEND", side).env("CARGO_PROFILE_DEV_DEBUG", "0").current_dir(&self.folder);
            test.stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log.try_clone()?);
            let mut child = test.spawn().context("`timeout` does not start")?;
            let _input = child.stdin.take(); // kept open: a test waits for input that does not come
            // Cargo fails if a test fails, and so does `timeout` if they take too long: with 124.
            if child.wait()?.code() == Some(124) {
                bail!("the tests took more than {PATIENCE} seconds; see {}", path.display());
            }
        }
        prove(&self.folder, side)?;
        Ok(path)
    }
}

/// The arguments of cargo that put our polling in the place of the published one.
fn patch(side: &str) -> Vec<String> {
    let patch = format!("patch.crates-io.polling.path={:?}", home().join("polling"));
    if side == PUBLISHED { Vec::new() } else { vec!["--config".to_owned(), patch] }
}

/// Fails unless the lock file has the polling that is wanted. Cargo ignores a patch that it cannot use, with a warning.
fn prove(folder: &Path, side: &str) -> Result<()> {
    let lock = fs::read_to_string(folder.join("Cargo.lock"))?;
    let mut packages = lock.split("\n\n").filter(|package| package.contains("name = \"polling\"\n"));
    if !packages.all(|package| package.contains("\nsource = ") == (side == PUBLISHED)) {
        bail!("cargo chose the wrong polling in {}", folder.display());
    }
    Ok(())
}

fn cargo() -> PathBuf {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into()).into()
}

/// Resolves and downloads the suites, with all that they depend on.
fn metadata() -> Result<Value> {
    let mut command = Command::new(cargo());
    command.args(["metadata", "--format-version=1", "--manifest-path"]).arg(home().join("suites/Cargo.toml"));
    let output = command.stderr(Stdio::inherit()).output().context("cargo does not start")?;
    if !output.status.success() {
        bail!("cargo does not download the suites ({})", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Copies a package, without the dependency of its benches. The tests of polling get into a package of another name, which
/// depends on polling.
fn copy(manifest: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    let copied = Command::new("cp").arg("--archive").arg(manifest.with_file_name(".")).arg(to).status()?;
    if !copied.success() {
        bail!("{} cannot be copied", manifest.display());
    }
    let is_bench =
        |table: &str| table.starts_with("[bench]]") || table.starts_with("dev-dependencies.criterion]");
    let text = fs::read_to_string(manifest)?;
    let mut text = text.split("\n[").filter(|table| !is_bench(table)).collect::<Vec<_>>().join("\n[");
    if to.ends_with("polling") {
        text = text.replace("\nname = \"polling\"", "\nname = \"polling_tests\"");
        let version = text.lines().find(|line| line.starts_with("version = ")).context("no version")?;
        let version = version.replace('"', "").replace("version = ", "");
        text += &format!("\n[dev-dependencies.polling]\nversion = \"={version}\"\n");
    }
    fs::write(to.join("Cargo.toml"), text)?;
    Ok(())
}

/// Reads the output of `cargo test`: the result of each test, by `suite::file::test`.
fn results(log: &str) -> BTreeMap<String, &str> {
    let (mut suite, mut file, mut results) = (String::new(), "", BTreeMap::new());
    for line in log.lines() {
        let start = line.trim_start();
        if let Some((source, program)) = start.strip_prefix("Running ").and_then(|rest| rest.split_once(" ("))
        {
            // A package begins with its library: `Running unittests src/lib.rs (.../deps/async_io-0123)`.
            let name = program.rsplit('/').next().and_then(|name| name.split('-').next()).unwrap_or_default();
            if source.ends_with("src/lib.rs") {
                suite = name.replace('_', "-");
                file = "lib";
            } else {
                file = name;
            }
        } else if let Some(name) = start.strip_prefix("Doc-tests ") {
            (suite, file) = (name.replace('_', "-"), "docs");
        } else if let Some((test, outcome)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        {
            let suite = suite.trim_end_matches("-tests");
            results.insert(format!("{suite}::{file}::{test}"), outcome);
        }
    }
    results
}
