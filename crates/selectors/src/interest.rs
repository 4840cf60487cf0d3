//! Interests and modes: what to wait for, and how often to report it.

use std::fmt;

bitflags::bitflags! {
    /// What to wait for on a file object: one of the constants, or a union of them.
    ///
    /// Errors and hang-ups are always reported, except by `select` (see below). An empty interest is refused; to wait for
    /// nothing, use [`Selector::pause`](crate::Selector::pause).
    ///
    /// # Examples
    ///
    /// Unions are written with `|`:
    ///
    /// ```
    /// use selectors::Interest;
    ///
    /// let both = Interest::READ | Interest::WRITE;
    /// assert!(both.contains(Interest::WRITE));
    /// assert_eq!(both - Interest::WRITE, Interest::READ);
    /// ```
    ///
    /// # Portability
    ///
    /// `select` reports a hang-up only with `READ`, and an error only with `READ` or `WRITE`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub struct Interest: u8 {
        /// There is data to read, or the end of it. A listener has a connection to accept.
        #[doc(alias = "EVENT_READ")]
        #[doc(alias = "POLLIN")]
        #[doc(alias = "EPOLLIN")]
        const READ = 1;
        /// Writing does not block. A connection attempt has succeeded or failed.
        #[doc(alias = "EVENT_WRITE")]
        #[doc(alias = "POLLOUT")]
        #[doc(alias = "EPOLLOUT")]
        const WRITE = 2;
        /// There is an exceptional condition: urgent data on a TCP socket, a change in a file of `/sys` or `/proc`.
        #[doc(alias = "POLLPRI")]
        #[doc(alias = "EPOLLPRI")]
        #[doc(alias = "exceptfds")]
        const PRIORITY = 4;
    }
}

impl Interest {
    /// Whether a selector accepts it: it is not empty and has no unknown bits.
    pub(crate) fn is_valid(self) -> bool {
        !self.is_empty() && Self::all().contains(self)
    }
}

/// How often a file object is reported while it is ready.
///
/// # Portability
///
/// | | Select | Poll | Epoll | Devpoll | Kqueue |
/// |---|---|---|---|---|---|
/// | [`Level`](Self::Level) | yes | yes | yes | yes | yes |
/// | [`Edge`](Self::Edge) | no | no | yes | no | yes |
/// | [`Oneshot`](Self::Oneshot) | yes | yes | yes | yes | yes |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// In every wait while it is ready: the default, and the easiest to use correctly.
    #[default]
    Level,
    /// When it becomes ready, and when more data arrives; not again for data that was reported before.
    ///
    /// A file object that is ready when it is registered is reported too. A kernel may report more often than needed. Read
    /// or write until [`WouldBlock`](std::io::ErrorKind::WouldBlock), or [`rearm`](crate::Selector::rearm) the key to have
    /// it reported again.
    #[doc(alias = "EPOLLET")]
    #[doc(alias = "EV_CLEAR")]
    Edge,
    /// Once, and then not until [`rearm`](crate::Selector::rearm) or [`modify`](crate::Selector::modify).
    #[doc(alias = "EPOLLONESHOT")]
    #[doc(alias = "EV_ONESHOT")]
    Oneshot,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Level => "level-triggered",
            Self::Edge => "edge-triggered",
            Self::Oneshot => "one-shot",
        })
    }
}
