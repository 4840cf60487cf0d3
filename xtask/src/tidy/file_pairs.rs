//! A kernel interface has a file of the same name in both crates.

use super::{Findings, Tree};

const INTERFACES: [&str; 5] = ["select", "poll", "epoll", "devpoll", "kqueue"];

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for name in INTERFACES {
        let low = format!("crates/select-sys/src/{name}.rs");
        let high = format!("crates/selectors/src/backend/{name}.rs");
        for (here, there) in [(&low, &high), (&high, &low)] {
            if tree.get(here).is_some() && tree.get(there).is_none() {
                findings.add(here, 1, format!("has no counterpart; the other crate needs `{there}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn a_lone_file_is_found_in_either_crate() {
        let files = [
            ("crates/select-sys/src/poll.rs", ""),
            ("crates/selectors/src/backend/poll.rs", ""),
            ("crates/select-sys/src/time.rs", ""),
            ("crates/select-sys/src/epoll.rs", ""),
            ("crates/selectors/src/backend/kqueue.rs", ""),
        ];
        let expected = ["crates/select-sys/src/epoll.rs:1", "crates/selectors/src/backend/kqueue.rs:1"];
        assert_eq!(places(check, &files), expected);
    }
}
