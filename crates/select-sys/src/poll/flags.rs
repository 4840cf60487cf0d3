//! The flags of `poll(2)`.

use crate::sys::poll as sys;

bitflags::bitflags! {
    /// `POLL*`: the events to watch for, and those that occurred. Unknown bits are kept.
    ///
    /// # Examples
    ///
    /// Data to read, or the end of the stream:
    ///
    /// ```
    /// use select_sys::poll::PollFlags;
    ///
    /// let events = PollFlags::IN | PollFlags::HUP;
    /// assert!(events.contains(PollFlags::IN) && events.intersects(PollFlags::HUP | PollFlags::RDHUP));
    /// ```
    ///
    /// # References
    ///
    /// [poll(2)](https://man7.org/linux/man-pages/man2/poll.2.html)
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct PollFlags: u16 {
        /// `POLLIN`: there is data to read, or the end of the stream.
        #[doc(alias = "POLLIN")]
        const IN = sys::POLLIN as u16;
        /// `POLLPRI`: an exceptional condition, such as urgent data on a TCP socket.
        #[doc(alias = "POLLPRI")]
        const PRI = sys::POLLPRI as u16;
        /// `POLLOUT`: writing will not block.
        #[doc(alias = "POLLOUT")]
        const OUT = sys::POLLOUT as u16;
        /// `POLLERR`: an error is pending, or the read end of the pipe is closed. Always reported.
        #[doc(alias = "POLLERR")]
        const ERR = sys::POLLERR as u16;
        /// `POLLHUP`: hung up; unread data may remain. Always reported.
        #[doc(alias = "POLLHUP")]
        const HUP = sys::POLLHUP as u16;
        /// `POLLNVAL`: the descriptor is not open, or was opened with `O_PATH`. Always reported. On Apple's systems also: kqueue
        /// does not support the file.
        #[doc(alias = "POLLNVAL")]
        const NVAL = sys::POLLNVAL as u16;
        /// `POLLRDNORM`: the same as [`IN`](Self::IN) for most files.
        #[doc(alias = "POLLRDNORM")]
        const RDNORM = sys::POLLRDNORM as u16;
        /// `POLLRDBAND`: data of a priority band can be read.
        #[doc(alias = "POLLRDBAND")]
        const RDBAND = sys::POLLRDBAND as u16;
        /// `POLLWRNORM`: the same as [`OUT`](Self::OUT) for most files.
        #[doc(alias = "POLLWRNORM")]
        const WRNORM = sys::POLLWRNORM as u16;
        /// `POLLWRBAND`: data of a priority band can be written.
        #[doc(alias = "POLLWRBAND")]
        const WRBAND = sys::POLLWRBAND as u16;
        /// `POLLMSG`: a STREAMS message; never reported by Linux.
        // Not in libc 0.2: include/uapi/asm-generic/poll.h and arch/sparc/include/uapi/asm/poll.h.
        #[doc(alias = "POLLMSG")]
        #[cfg(linux_like)]
        const MSG = if cfg!(any(target_arch = "sparc", target_arch = "sparc64")) { 0x200 } else { 0x400 };
        /// `POLLRDHUP`: the peer closed its end or shut down writing (Linux 2.6.17, FreeBSD 13.1, illumos).
        ///
        /// Reported only if requested. illumos reports it for TCP alone. On FreeBSD, regular files and devices that are always ready answer a request for it with
        /// [`NVAL`](Self::NVAL).
        #[doc(alias = "POLLRDHUP")]
        #[cfg(poll_rdhup)]
        const RDHUP = libc::POLLRDHUP as u16;
        /// `POLLINIGNEOF`: do not report the end of a FIFO as readable.
        // Not in libc 0.2: sys/poll.h.
        #[doc(alias = "POLLINIGNEOF")]
        #[cfg(target_os = "freebsd")]
        const INIGNEOF = 0x2000;

        // The kernel may report bits that are not listed here.
        const _ = !0;
    }
}
