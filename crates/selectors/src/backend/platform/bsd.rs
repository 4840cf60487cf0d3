//! The BSDs, and Apple's systems.

#[path = "../kqueue.rs"]
mod kqueue;

#[path = "../../waker/pair.rs"]
pub(crate) mod signal;
#[path = "../../waker/unix.rs"]
pub(crate) mod streams;

#[path = "../../system/unix.rs"]
pub(crate) mod system;

pub(super) use Kqueue as Best;
pub use kqueue::Kqueue;

/// The selectors over these.
pub(crate) mod aliases {
    /// A [`Selector`](crate::Selector) over `kqueue(2)`.
    pub type KqueueSelector<F, D = ()> = crate::Selector<super::Kqueue, F, D>;
}

macro_rules! back_ends {
    ($then:ident! $($arguments:tt)*) => {
        $then! {
            $($arguments)*;
            Kqueue,
            Poll,
            Select,
        }
    };
}
