//! The constants of `select`.

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use selectors::sys::PIPE_BUF;
use selectors::sys::epoll::{CreateFlags, EventFlags};
use selectors::sys::poll::PollFlags;

/// The release of Python that first has `EPOLLWAKEUP`.
const WAKEUP: (u8, u8) = (3, 14);

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("error", module.py().get_type::<PyOSError>())?;
    module.add("PIPE_BUF", PIPE_BUF)?;
    for (name, flag) in PollFlags::all().iter_names() {
        module.add(format!("POLL{name}"), flag.bits())?;
    }
    let wakeup = module.py().version_info() >= WAKEUP;
    for (name, flag) in EventFlags::all().iter_names().filter(|(name, _)| wakeup || *name != "WAKEUP") {
        module.add(format!("EPOLL{name}"), flag.bits())?;
    }
    module.add("EPOLL_CLOEXEC", CreateFlags::CLOEXEC.bits())?;
    #[cfg(feature = "libkqueue")]
    crate::kevent::constants(module)?;
    Ok(())
}
