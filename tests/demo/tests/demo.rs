//! Runs the demo: it must succeed, and must fail if the server has a fault.

use std::process::{Command, Output};

use selectors::BackendKind;

fn demo(arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.args(arguments.split_whitespace()).output().unwrap()
}

/// Runs the demo with a limit of descriptors, in the form of `ulimit`.
fn limited(limits: &str, arguments: &str) -> Output {
    let script = format!("ulimit {limits} && exec \"$0\" {arguments}");
    Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_demo")]).output().unwrap()
}

/// The standard output of a run, which must have succeeded.
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// All output of a run, which must have failed with this code.
fn failed(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let all = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&all).into_owned()
}

/// The cells of a back end's row, if there is one.
fn row(text: &str, kind: BackendKind) -> Option<Vec<String>> {
    let rows = text.lines().filter_map(|line| line.strip_prefix('│')?.strip_suffix('│'));
    let mut cells = rows.map(|row| row.trim().split("  ").map(str::trim).filter(|cell| !cell.is_empty()));
    cells.find_map(|mut cells| (cells.next()? == kind.name()).then(|| cells.map(str::to_owned).collect()))
}

#[test]
fn every_back_end_has_its_row() {
    let text = succeeded(&demo("--clients 30 --messages 40"));
    for kind in BackendKind::available() {
        let cells = row(&text, kind).unwrap_or_else(|| panic!("{kind} is not in {text}"));
        assert_eq!(cells[..2], ["30", "1,200"], "{text}");
        let calls: f64 = cells[5].parse().unwrap();
        // At least a read and a write for each message, and some for each connection.
        assert!(calls > 2.0, "{text}");
    }
    assert!(text.contains("30 clients at once, 40 messages each, of 64 bytes"), "{text}");
    assert!(text.contains("every byte of 1,200 messages came back as it was sent"), "{text}");
}

#[test]
fn one_back_end_alone() {
    for kind in BackendKind::available() {
        let text = succeeded(&demo(&format!("--clients 2 --messages 3 --backend {kind}")));
        for other in BackendKind::available() {
            assert_eq!(row(&text, other).is_some(), other == kind, "{text}");
        }
    }
}

#[test]
fn messages_of_any_size() {
    succeeded(&demo("--clients 3 --messages 5 --size 1"));
    succeeded(&demo("--clients 3 --messages 2 --size 65537"));
    // More than the socket buffers hold, so both sides must write in parts.
    succeeded(&demo("--clients 2 --messages 1 --size 30000000"));
}

#[test]
fn idle_clients_are_connected_too() {
    let text = succeeded(&demo("--clients 5 --idle 100 --messages 4"));
    for kind in BackendKind::available() {
        assert_eq!(row(&text, kind).unwrap()[..2], ["105", "20"], "{text}");
    }
}

#[test]
fn files_of_any_size_over_http() {
    for (size, arguments) in
        [("64", "--clients 70 --messages 20 --idle 10"), ("3000001", "--clients 5 --messages 3")]
    {
        let text = succeeded(&demo(&format!("--http --size {size} {arguments}")));
        for kind in BackendKind::available() {
            assert_eq!(row(&text, kind).unwrap().last().unwrap(), "-", "{text}");
        }
        assert!(text.contains("HTTP over loopback TCP: ") && text.contains(" arrived, on "), "{text}");
    }
}

#[test]
fn a_wrong_byte_is_a_failure() {
    let text = failed(&demo("--clients 3 --messages 4 --fault corrupt"), 1);
    for kind in BackendKind::available() {
        assert!(text.contains(&format!("✗ {kind}: client ")), "{text}");
    }
    assert!(text.contains("got a wrong byte: 0x"), "{text}");
    assert!(!text.contains("every byte"), "{text}");
}

#[test]
fn an_extra_byte_is_a_failure() {
    let text = failed(&demo("--clients 3 --messages 4 --fault invent"), 1);
    assert!(text.contains("sent 64 bytes of message 0, and got 65 back"), "{text}");
}

#[test]
fn a_lost_connection_is_a_failure() {
    let text = failed(&demo("--clients 3 --messages 4 --fault drop"), 1);
    assert!(text.contains("lost its connection in message 0"), "{text}");
}

#[test]
fn bad_arguments_are_refused() {
    for argument in
        ["--http --fault drop", "--clients 0", "--messages 0", "--size 0", "--size -1", "--clients many"]
    {
        let text = failed(&demo(argument), 2);
        assert!(text.contains("error: "), "{argument}: {text}");
    }
    assert!(failed(&demo("--size 0"), 2).contains("it must be a number from 1 to "));
    let text = failed(&demo("--backend iocp"), 2);
    assert!(text.contains("this platform has no back end called \"iocp\""), "{text}");
    assert!(BackendKind::available().all(|kind| text.contains(kind.name())), "{text}");
}

#[test]
fn the_limit_of_descriptors_is_raised_up_to_the_hard_limit() {
    succeeded(&limited("-Sn 64", "--clients 100 --messages 1"));
    let text = failed(&limited("-n 64", "--clients 100 --messages 1"), 1);
    assert!(text.contains("100 clients need 232 descriptors"), "{text}");
    assert!(text.contains("at most 16 clients"), "{text}");
    succeeded(&limited("-n 64", "--clients 16 --messages 1"));
}
