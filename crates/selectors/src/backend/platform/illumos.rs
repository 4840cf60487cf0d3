//! illumos and Solaris.

#[path = "../devpoll.rs"]
mod devpoll;

#[path = "../../waker/pair.rs"]
pub(crate) mod signal;
#[path = "../../waker/unix.rs"]
pub(crate) mod streams;

#[path = "../../system/unix.rs"]
pub(crate) mod system;

pub(super) use Devpoll as Best;
pub use devpoll::Devpoll;

/// The selectors over these.
pub(crate) mod aliases {
    /// A [`Selector`](crate::Selector) over `/dev/poll`.
    pub type DevpollSelector<F, D = ()> = crate::Selector<super::Devpoll, F, D>;
}

macro_rules! back_ends {
    ($then:ident! $($arguments:tt)*) => {
        $then! {
            $($arguments)*;
            Devpoll,
            Poll,
            Select,
        }
    };
}
