//! Which of CPython's test modules are run.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Those of the two modules themselves.
const OWN: [&str; 7] =
    ["test_selectors", "test_poll", "test_select", "test_epoll", "test_eintr", "test_kqueue", "test_devpoll"];

/// What CPython's tests do not ask: the one module of tests that is our own.
pub(super) const SHARED: &str = "test_shared";

/// Those to which emulations of kqueue and `/dev/poll` make a difference.
pub(super) const EMULATED: [&str; 3] = ["test_kqueue", "test_devpoll", "test_selectors"];

/// Those of what waits with them, the slowest first.
const CLIENTS: [&str; 24] = [
    "test_asyncio.test_events",
    "test_subprocess",
    "test_asyncio.test_base_events",
    "test_asyncio.test_buffered_proto",
    "test_asyncio.test_selector_events",
    "test_asyncio.test_sendfile",
    "test_asyncio.test_server",
    "test_asyncio.test_sock_lowlevel",
    "test_asyncio.test_sslproto",
    "test_asyncio.test_streams",
    "test_asyncio.test_subprocess",
    "test_asyncio.test_transports",
    "test_asyncio.test_unix_events",
    "test_asynchat",
    "test_asyncore",
    "test_ftplib",
    "test_httpservers",
    "test_logging",
    "test_poplib",
    "test_pty",
    "test_smtplib",
    "test_socketserver",
    "test_telnetlib",
    "test_xmlrpc",
];

/// More of them, and folders of more, which together take long.
const SLOW: [&str; 7] = [
    "test_asyncio.test_tasks",
    "test_signal",
    "test_imaplib",
    "test_ssl",
    "test_asyncio.test_ssl",
    "test_multiprocessing_main_handling",
    "test_wsgiref",
];
const SLOW_FOLDERS: [&str; 4] = [
    "test_multiprocessing_fork",
    "test_multiprocessing_forkserver",
    "test_multiprocessing_spawn",
    "test_concurrent_futures",
];

/// The modules below `tests`, the folder of the package `test`, that this interpreter ships; with the slow ones if wanted.
///
/// The slowest come first, so that none of them is left for the end.
pub(super) fn of(tests: &Path, slow: bool) -> Result<Vec<String>> {
    let mut modules = Vec::new();
    if slow {
        for folder in SLOW_FOLDERS.map(|folder| tests.join(folder)).iter().filter(|folder| folder.is_dir()) {
            modules.extend(in_folder(folder)?);
        }
        modules.extend(SLOW.map(str::to_owned));
    }
    modules.extend(CLIENTS.iter().chain(&OWN).map(|&module| module.to_owned()));
    modules.retain(|module| tests.join(module.replace('.', "/")).with_extension("py").is_file());
    modules.push(SHARED.to_owned());
    Ok(modules)
}

/// What Python calls it.
pub(super) fn full_name(module: &str) -> String {
    if module == SHARED { module.to_owned() } else { format!("test.{module}") }
}

/// `test_asyncio.test_streams` for `test.test_asyncio.test_streams.StreamTests.test_read`: all before the class.
pub(super) fn of_test(test: &str) -> Option<String> {
    let parts: Vec<_> = test.strip_prefix("test.").unwrap_or(test).split('.').collect();
    let class = parts.iter().position(|part| part.starts_with(|first: char| first.is_ascii_uppercase()))?;
    let name = parts[..class].join(".");
    name.starts_with("test_").then_some(name)
}

fn in_folder(folder: &Path) -> Result<Vec<String>> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let file = entry?.file_name();
        if let Some(module) =
            file.to_string_lossy().strip_suffix(".py").filter(|file| file.starts_with("test_"))
        {
            modules.push(format!("{name}.{module}"));
        }
    }
    modules.sort_unstable();
    Ok(modules)
}
