//! Readiness: what a wait reports of a file object.

use crate::interest::Interest;

bitflags::bitflags! {
    /// The state of a file object: what can be done with it without blocking.
    ///
    /// [`READ`](Self::READ), [`WRITE`](Self::WRITE) and [`PRIORITY`](Self::PRIORITY) say what to do. They are set only if
    /// they were requested. A hang-up or an error counts as both `READ` and `WRITE`, because reading or writing
    /// is the way to learn more.
    ///
    /// The others are extra flags, which are reported whether they were requested or not. [`READ_CLOSED`](Self::READ_CLOSED)
    /// is reported only with an interest in `READ` or [`READ_CLOSED`](Interest::READ_CLOSED), or together with a hang-up. If
    /// the interest contains neither `READ` nor `WRITE`, extra flags may be the only ones that are set.
    ///
    /// # Examples
    ///
    /// A peer that sent its last bytes:
    ///
    /// ```
    /// use selectors::Readiness;
    ///
    /// let readiness = Readiness::READ | Readiness::READ_CLOSED;
    /// assert!(readiness.is_readable());
    /// assert!(readiness.is_read_closed() && !readiness.is_writable());
    /// ```
    ///
    /// # Portability
    ///
    /// `select` cannot report `READ_CLOSED`, `WRITE_CLOSED` and `ERROR`, so portable programs take them as hints: a read
    /// that returns 0 bytes, or fails, is what counts. On `select` a hang-up counts as `READ` only.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Readiness: u8 {
        /// Reading does not block: there is data, the end of it, an error, or a connection to accept.
        #[doc(alias = "EVENT_READ")]
        const READ = 1;
        /// Writing does not block: there is room, an error, or a connection attempt has ended.
        #[doc(alias = "EVENT_WRITE")]
        const WRITE = 2;
        /// There is an exceptional condition, such as urgent data.
        #[doc(alias = "POLLPRI")]
        #[doc(alias = "EPOLLPRI")]
        const PRIORITY = 4;
        /// The peer sends no more. Data that it sent before may still be there to read.
        #[doc(alias = "POLLRDHUP")]
        #[doc(alias = "EPOLLRDHUP")]
        #[doc(alias = "EV_EOF")]
        const READ_CLOSED = 8;
        /// The stream is hung up: written data does not arrive.
        #[doc(alias = "POLLHUP")]
        #[doc(alias = "EPOLLHUP")]
        const WRITE_CLOSED = 16;
        /// An error is pending (`SO_ERROR`), or nobody reads the pipe any more.
        #[doc(alias = "POLLERR")]
        #[doc(alias = "EPOLLERR")]
        const ERROR = 32;
    }
}

impl Readiness {
    /// Returns whether [`READ`](Self::READ) is set.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.contains(Self::READ)
    }

    /// Returns whether [`WRITE`](Self::WRITE) is set.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.contains(Self::WRITE)
    }

    /// Returns whether [`PRIORITY`](Self::PRIORITY) is set.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.contains(Self::PRIORITY)
    }

    /// Returns whether [`READ_CLOSED`](Self::READ_CLOSED) is set.
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.contains(Self::READ_CLOSED)
    }

    /// Returns whether [`WRITE_CLOSED`](Self::WRITE_CLOSED) is set.
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.contains(Self::WRITE_CLOSED)
    }

    /// Returns whether [`ERROR`](Self::ERROR) is set.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.contains(Self::ERROR)
    }

    /// The flags that are reported only if they were requested.
    const ON_REQUEST: Self = Self::READ.union(Self::WRITE).union(Self::PRIORITY);

    /// Returns the part that is reported only on request, as an interest: Python's event mask.
    ///
    /// That is [`READ`](Self::READ), [`WRITE`](Self::WRITE) and [`PRIORITY`](Self::PRIORITY).
    #[must_use]
    pub const fn interest(self) -> Interest {
        Interest::from_bits_truncate(self.intersection(Self::ON_REQUEST).bits())
    }

    /// All flags except those that have to be requested and were not.
    #[inline]
    pub(crate) fn mask_for(interest: Interest) -> Self {
        Self::from_bits_truncate(interest.bits())
            .intersection(Self::ON_REQUEST)
            .union(Self::ON_REQUEST.complement())
    }
}
