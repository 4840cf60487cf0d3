//! Lookup and teardown.

use select_sys::fd::AsFd;

use super::Selector;
use crate::backend::Backend;
use crate::keys::{IntoKeys, Key, Keys};
use crate::token::Lookup;

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Returns the key of a registration, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// The interest of a connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, ())?;
    /// assert!(selector.key(token).is_some_and(|key| key.interest() == Interest::READ));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "get_key")]
    #[must_use]
    pub fn key(&self, which: impl Lookup) -> Option<Key<'_, F, D>> {
        self.keys().get(which)
    }

    /// Returns a view of all registrations.
    ///
    /// # Examples
    ///
    /// Every connection that waits for writing:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, "Ann")?;
    /// selector.register(b, Interest::WRITE, "Bob")?;
    /// for key in selector.keys() {
    ///     if key.interest().contains(Interest::WRITE) {
    ///         println!("{} of {}", key.data(), selector.keys().len());
    ///     }
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "get_map")]
    #[must_use]
    pub fn keys(&self) -> Keys<'_, F, D> {
        Keys::new(&self.map)
    }

    /// Returns the number of registrations.
    ///
    /// # Examples
    ///
    /// A server with a limit:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// if selector.len() < 1000 {
    ///     selector.register(a, Interest::READ, ())?;
    /// }
    /// assert_eq!(selector.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Returns whether nothing is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// Closes the selector and returns every file object with its data, in no particular order.
    ///
    /// This cannot fail. Dropping the iterator drops the registrations that it has not returned yet.
    ///
    /// The back end is closed before this returns, and all its registrations end. If its descriptor was duplicated (to nest
    /// the selector in another one, or by a fork), the kernel keeps the set for the duplicate: unregister the keys first.
    ///
    /// # Examples
    ///
    /// A last message for every connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, "Ann")?;
    /// for key in selector.into_keys() {
    ///     let mut stream = key.fileobj;
    ///     writeln!(stream, "Good-bye, {}!", key.data)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "close")]
    pub fn into_keys(self) -> IntoKeys<F, D> {
        let Self { backend, map, waker, .. } = self;
        drop(backend);
        drop(waker);
        IntoKeys::new(map)
    }

    /// Returns the back end, for example to read its name, or the state of your own back end.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.backend
    }
}
