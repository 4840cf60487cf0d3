//! Which distribution this is.

use std::{env, fs};

/// What `/etc/os-release` tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct System {
    id: String,
    version: String,
    /// For people.
    pub(crate) name: String,
}

impl System {
    pub(crate) fn this() -> Self {
        Self::parse(&fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// Lines like `ID=debian`, the value perhaps in quotes: os-release(5).
    fn parse(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
        };
        Self {
            id: value("ID").unwrap_or_default(),
            version: value("VERSION_ID").unwrap_or_default(),
            name: value("PRETTY_NAME").unwrap_or_else(|| env::consts::OS.to_owned()),
        }
    }

    pub(crate) fn is_debian(&self) -> bool {
        self.id == "debian"
    }

    /// The release whose packages have both Rusts that are needed: a new one, and the oldest that is promised.
    pub(crate) fn is_debian_12(&self) -> bool {
        self.is_debian() && self.version == "12"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_is_known_by_its_id() {
        let debian =
            System::parse("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n");
        assert!(debian.is_debian_12());
        assert_eq!(debian.name, "Debian GNU/Linux 12 (bookworm)");
        assert!(!System::parse("ID=debian\nVERSION_ID=13\n").is_debian_12());
        assert!(System::parse("ID=debian\n").is_debian());
        assert!(!System::parse("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=12\n").is_debian());
        assert_eq!(System::parse("").name, env::consts::OS);
    }
}
