//! Wine, which runs programs of Windows.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::shell;

pub(super) const PACKAGES: [&str; 3] = ["gcc-mingw-w64-x86-64-win32", "wine", "wine64"];

/// Rust's library takes its random numbers from a library that Wine 8 has not, and a program that is linked against it
/// does not start. This is that one function, over an older one that does the same.
const RANDOM: &str = "\
    #include <windows.h>\n\
    BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);\n\
    __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {\n\
        return SystemFunction036(buffer, (ULONG)length);\n\
    }\n";

/// Sees to a folder in which Wine keeps its Windows, and gives back what to set so that it is used.
pub(super) fn environment() -> Result<Vec<(&'static str, OsString)>> {
    let folder = shell::target_directory()?.join("wine");
    fs::create_dir_all(&folder)?;
    let environment = vec![("WINEPREFIX", folder.clone().into_os_string()), ("WINEDEBUG", "-all".into())];
    let libraries = folder.join("drive_c/windows/system32");
    if !libraries.join("kernel32.dll").exists() {
        let mut boot = Command::new("wine");
        boot.args(["wineboot", "--init"]).envs(environment.iter().cloned());
        shell::run(boot.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    }
    if !libraries.join("bcryptprimitives.dll").exists() {
        random_numbers(&folder, &libraries)?;
    }
    Ok(environment)
}

fn random_numbers(folder: &Path, libraries: &Path) -> Result<()> {
    let source = folder.join("bcryptprimitives.c");
    fs::write(&source, RANDOM)?;
    let mut compile = Command::new("x86_64-w64-mingw32-gcc");
    compile
        .args(["-shared", "-o"])
        .arg(libraries.join("bcryptprimitives.dll"))
        .arg(&source)
        .arg("-ladvapi32");
    shell::run(&mut compile)
}
