//! The flags of `epoll(7)`.

bitflags::bitflags! {
    /// `EPOLL*`: the events to watch for, how to watch for them, and those that occurred. Unknown bits are kept.
    ///
    /// [`ERR`](Self::ERR) and [`HUP`](Self::HUP) are always watched for, all others on request.
    ///
    /// # Examples
    ///
    /// The requested flags, and those that a wait reported:
    ///
    /// ```
    /// use select_sys::epoll::EventFlags;
    ///
    /// let requested = EventFlags::IN | EventFlags::RDHUP | EventFlags::ET;
    /// let reported = EventFlags::IN | EventFlags::HUP;
    /// assert!(reported.contains(EventFlags::IN));
    /// assert!(reported.intersects(EventFlags::RDHUP | EventFlags::HUP));
    /// assert_eq!(reported - requested, EventFlags::HUP);
    /// ```
    ///
    /// # References
    ///
    /// [epoll_ctl(2)](https://man7.org/linux/man-pages/man2/epoll_ctl.2.html)
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct EventFlags: u32 {
        /// `EPOLLIN`: there is data to read, or the end of the stream.
        #[doc(alias = "EPOLLIN")]
        const IN = libc::EPOLLIN as u32;
        /// `EPOLLPRI`: an exceptional condition, such as urgent data on a TCP socket.
        #[doc(alias = "EPOLLPRI")]
        const PRI = libc::EPOLLPRI as u32;
        /// `EPOLLOUT`: writing will not block.
        #[doc(alias = "EPOLLOUT")]
        const OUT = libc::EPOLLOUT as u32;
        /// `EPOLLERR`: an error is pending, or the read end of the pipe is closed.
        #[doc(alias = "EPOLLERR")]
        const ERR = libc::EPOLLERR as u32;
        /// `EPOLLHUP`: hung up; unread data may remain.
        #[doc(alias = "EPOLLHUP")]
        const HUP = libc::EPOLLHUP as u32;
        /// `EPOLLRDNORM`: the same as [`IN`](Self::IN) for most files.
        #[doc(alias = "EPOLLRDNORM")]
        const RDNORM = libc::EPOLLRDNORM as u32;
        /// `EPOLLRDBAND`: data of a priority band can be read.
        #[doc(alias = "EPOLLRDBAND")]
        const RDBAND = libc::EPOLLRDBAND as u32;
        /// `EPOLLWRNORM`: the same as [`OUT`](Self::OUT) for most files.
        #[doc(alias = "EPOLLWRNORM")]
        const WRNORM = libc::EPOLLWRNORM as u32;
        /// `EPOLLWRBAND`: data of a priority band can be written.
        #[doc(alias = "EPOLLWRBAND")]
        const WRBAND = libc::EPOLLWRBAND as u32;
        /// `EPOLLMSG`: never reported.
        #[doc(alias = "EPOLLMSG")]
        const MSG = libc::EPOLLMSG as u32;
        /// `EPOLLRDHUP`: the peer closed its end or shut down writing (Linux 2.6.17). Reported only if requested.
        #[doc(alias = "EPOLLRDHUP")]
        const RDHUP = libc::EPOLLRDHUP as u32;
        /// `EPOLLEXCLUSIVE`: wake one or more of the epoll instances that watch a file, not all (Linux 4.5).
        ///
        /// For [`Epoll::register`](super::Epoll::register) only, not for a descriptor of an epoll instance, and
        /// only together with `IN`, `OUT`, `ERR`, `HUP`, `WAKEUP` and `ET`. The registration can be unregistered, but not
        /// modified.
        #[doc(alias = "EPOLLEXCLUSIVE")]
        const EXCLUSIVE = libc::EPOLLEXCLUSIVE as u32;
        /// `EPOLLWAKEUP`: keep the system awake while the event is handled (Linux 3.5).
        ///
        /// Ignored without `CAP_BLOCK_SUSPEND`.
        #[doc(alias = "EPOLLWAKEUP")]
        const WAKEUP = libc::EPOLLWAKEUP as u32;
        /// `EPOLLONESHOT`: disarm after a report, until [`Epoll::modify`](super::Epoll::modify). It stays registered.
        #[doc(alias = "EPOLLONESHOT")]
        const ONESHOT = libc::EPOLLONESHOT as u32;
        /// `EPOLLET`: edge-triggered: report changes, not states.
        ///
        /// Read or write until [`WouldBlock`](std::io::ErrorKind::WouldBlock): data that was left unread is not reported
        /// again.
        #[doc(alias = "EPOLLET")]
        const ET = libc::EPOLLET as u32;

        // The kernel may report bits that are not listed here.
        const _ = !0;
    }
}

bitflags::bitflags! {
    /// `EPOLL_*`: flags of [`Epoll::with_flags`](super::Epoll::with_flags). Unknown bits are kept.
    ///
    /// # References
    ///
    /// [epoll_create1(2)](https://man7.org/linux/man-pages/man2/epoll_create.2.html)
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct CreateFlags: u32 {
        /// `EPOLL_CLOEXEC`: close the descriptor when the process executes another program.
        #[doc(alias = "EPOLL_CLOEXEC")]
        const CLOEXEC = libc::EPOLL_CLOEXEC as u32;

        // Newer kernels may know more.
        const _ = !0;
    }
}
