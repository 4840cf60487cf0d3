//! Linux. What is behind a feature is an emulation, for development.

#[cfg(feature = "devpoll-emulation")]
#[path = "../devpoll.rs"]
mod devpoll;
#[path = "../epoll.rs"]
mod epoll;
#[cfg(feature = "libkqueue")]
#[path = "../kqueue.rs"]
mod kqueue;

#[path = "../../waker/eventfd.rs"]
pub(crate) mod signal;

#[path = "../../system/unix.rs"]
pub(crate) mod system;

pub(super) use Epoll as Best;
#[cfg(feature = "devpoll-emulation")]
pub use devpoll::Devpoll;
pub use epoll::Epoll;
#[cfg(feature = "libkqueue")]
pub use kqueue::Kqueue;

/// The selectors over these.
pub(crate) mod aliases {
    /// A [`Selector`](crate::Selector) over `epoll(7)`.
    pub type EpollSelector<F, D = ()> = crate::Selector<super::Epoll, F, D>;

    /// A [`Selector`](crate::Selector) over `kqueue(2)`.
    #[cfg(feature = "libkqueue")]
    pub type KqueueSelector<F, D = ()> = crate::Selector<super::Kqueue, F, D>;

    /// A [`Selector`](crate::Selector) over `/dev/poll`.
    #[cfg(feature = "devpoll-emulation")]
    pub type DevpollSelector<F, D = ()> = crate::Selector<super::Devpoll, F, D>;
}

macro_rules! back_ends {
    ($then:ident! $($arguments:tt)*) => {
        $then! {
            $($arguments)*;
            Epoll,
            Poll,
            Select,
            #[cfg(feature = "libkqueue")]
            Kqueue,
            #[cfg(feature = "devpoll-emulation")]
            Devpoll,
        }
    };
}
