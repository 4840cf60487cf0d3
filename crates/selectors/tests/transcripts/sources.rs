//! `stdin`: a pipe, a file and the null device as the standard input, on every back end.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread;

use selectors::BackendKind;

use crate::program::{accept, output, path};

/// The input, which is this file.
const TEXT: &str = include_str!("sources.rs");

/// Receives all bytes of one client, and sends them back.
fn echo(listener: &TcpListener) -> TcpStream {
    let mut client = accept(listener);
    let mut text = Vec::new();
    client.read_to_end(&mut text).unwrap();
    client.write_all(&text).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    client
}

fn run(kind: &str, input: Stdio, feed: Option<&str>) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = Command::new(path("stdin"))
        .arg(listener.local_addr().unwrap().to_string())
        .env("SELECTORS_BACKEND", kind)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(text) = feed {
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    }
    let server = thread::spawn(move || echo(&listener));
    let output = output(child);
    assert!(output.status.success(), "{kind}: {output:?}");
    server.join().unwrap();
    output
}

#[test]
fn a_pipe_is_waited_for() {
    for kind in BackendKind::available() {
        let output = run(kind.name(), Stdio::piped(), Some(TEXT));
        assert_eq!(String::from_utf8_lossy(&output.stdout), TEXT, "{kind}");
        assert!(output.stderr.is_empty(), "{kind}: {output:?}");
    }
}

#[test]
fn a_file_is_always_ready() {
    for kind in BackendKind::available() {
        let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/transcripts/sources.rs")).unwrap();
        let output = run(kind.name(), file.into(), None);
        assert_eq!(String::from_utf8_lossy(&output.stdout), TEXT, "{kind}");
        assert!(output.stderr.is_empty(), "{kind}: {output:?}");
    }
}

#[test]
fn the_null_device_is_at_its_end() {
    for kind in BackendKind::available() {
        if cfg!(target_os = "linux") && kind == BackendKind::Kqueue {
            continue; // libkqueue fails with EFAULT
        }
        let output = run(kind.name(), Stdio::null(), None);
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{kind}: {output:?}");
    }
}

#[test]
fn an_unknown_back_end_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut command = Command::new(path("stdin"));
    command.arg(address).env("SELECTORS_BACKEND", "iocp").stdin(Stdio::null());
    let output = output(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("iocp"), "{output:?}");
}
