//! Android.

#[path = "../epoll.rs"]
mod epoll;

#[path = "../../waker/eventfd.rs"]
pub(crate) mod signal;

#[path = "../../system/unix.rs"]
pub(crate) mod system;

pub(super) use Epoll as Best;
pub use epoll::Epoll;

/// The selectors over these.
pub(crate) mod aliases {
    /// A [`Selector`](crate::Selector) over `epoll(7)`.
    pub type EpollSelector<F, D = ()> = crate::Selector<super::Epoll, F, D>;
}

macro_rules! back_ends {
    ($then:ident! $($arguments:tt)*) => {
        $then! {
            $($arguments)*;
            Epoll,
            Poll,
            Select,
        }
    };
}
