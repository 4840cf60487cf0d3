//! `/dev/poll`: the device, or its emulation.

#[cfg(solarish)]
mod device;
#[cfg(devpoll_emulation)]
mod emulation;

#[cfg(solarish)]
pub(crate) use device::Device;
#[cfg(devpoll_emulation)]
pub(crate) use emulation::Device;
