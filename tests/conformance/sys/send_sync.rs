//! Types of select-sys that may move between threads.

use conformance::Run;
use selectors::sys::{Timeout, poll, select};

conformance::scenarios_of!(sys, send_sync: types_are_send_and_sync);

/// A polling object can move to another thread, but only one thread at a time can use it (`&mut self`). Several threads can
/// use an epoll instance at once.
fn types_are_send_and_sync() -> Run {
    fn send_and_sync<T: Send + Sync>() {}
    #[cfg(any(target_os = "android", target_os = "linux"))]
    {
        use selectors::sys::epoll::{Epoll, Event};
        send_and_sync::<Epoll>();
        send_and_sync::<Event>();
    }
    send_and_sync::<select::FdSet<'_>>();
    send_and_sync::<select::StoredFds>();
    send_and_sync::<poll::PollFd<'_>>();
    send_and_sync::<poll::Poll<'_>>();
    send_and_sync::<poll::StoredFds>();
    send_and_sync::<Timeout>();
    Ok(())
}
