//! Windows.

#[path = "../../waker/pair.rs"]
pub(crate) mod signal;
#[path = "../../waker/loopback.rs"]
pub(crate) mod streams;

#[path = "../../system/winsock.rs"]
pub(crate) mod system;

pub(super) use super::Select as Best;

/// There are no others than everywhere.
pub(crate) mod aliases {}

macro_rules! back_ends {
    ($then:ident! $($arguments:tt)*) => {
        $then! {
            $($arguments)*;
            Select,
            Poll,
        }
    };
}
