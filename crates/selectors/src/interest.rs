//! Interests and modes: what to wait for, and how often to report it.

use std::fmt;

bitflags::bitflags! {
    /// What to wait for on a file object: one of the constants, or a union of them.
    ///
    /// Errors and hang-ups are always reported, except by `select` and kqueue (see below). An empty interest is refused. To
    /// wait for nothing, use [`Selector::pause`](crate::Selector::pause); to wait for the end and nothing else, use
    /// [`HANG_UP`](Self::HANG_UP).
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
    /// `select` reports a hang-up only with `READ`, and an error only with `READ` or `WRITE`. kqueue reports what has happened
    /// in a direction only if that direction is part of the interest: with `READ` alone it does not report that the pipe's or
    /// socket's other end reads no more. Add [`HANG_UP`](Self::HANG_UP) to have the same reports everywhere.
    ///
    /// Not every back end has `PRIORITY`, `READ_CLOSED` and `HANG_UP`. Registering for an interest that is missing fails with
    /// [`Error::Unsupported`](crate::Error::Unsupported), and [`Backend::supports`](crate::backend::Backend::supports) asks
    /// in advance.
    ///
    /// | | Select | Poll | Epoll | Devpoll | Kqueue |
    /// |---|---|---|---|---|---|
    /// | `PRIORITY` | yes | not on Apple's systems | yes | yes | OpenBSD, `DragonFly`, Apple's systems |
    /// | `READ_CLOSED` | no | Linux, Android, illumos, FreeBSD | yes | illumos | yes |
    /// | `HANG_UP` | no | not on NetBSD, `DragonFly`, Apple's systems and Windows; on FreeBSD not alone | yes | yes | yes |
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
        /// The peer sends no more: reported as [`READ_CLOSED`](crate::Readiness::READ_CLOSED), also before the data that it
        /// sent is read.
        ///
        /// Data does not count. So a program that does not read at the moment learns that its peer has finished. A key that
        /// waits for `READ` is readable then anyway.
        #[doc(alias = "POLLRDHUP")]
        #[doc(alias = "EPOLLRDHUP")]
        #[doc(alias = "EV_EOF")]
        const READ_CLOSED = 8;
        /// The stream has hung up, or has an error: reported as [`WRITE_CLOSED`](crate::Readiness::WRITE_CLOSED) or
        /// [`ERROR`](crate::Readiness::ERROR).
        ///
        /// Alone it is the interest of a program that wants neither to read nor to write at the moment, and must not miss that
        /// the connection was reset. A peer that only half-closed is not reported.
        ///
        /// A level-triggered key is reported in every wait from then on. Unregister it, or
        /// [`pause`](crate::Selector::pause) it.
        #[doc(alias = "POLLHUP")]
        #[doc(alias = "EPOLLHUP")]
        #[doc(alias = "POLLERR")]
        #[doc(alias = "EPOLLERR")]
        const HANG_UP = 16;
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
