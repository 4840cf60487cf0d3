//! Lookup and teardown.

use select_sys::fd::AsFd;

use super::Selector;
use crate::backend::Backend;
use crate::keys::{IntoKeys, Key, Keys};
use crate::token::{Lookup, Token};

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

    /// Returns the file object of a registration, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// A listener that the selector owns:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::net::TcpListener;
    ///
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(TcpListener::bind("127.0.0.1:0")?, Interest::READ, ())?;
    /// if let Some(listener) = selector.fileobj(token) {
    ///     println!("listening on {}", listener.local_addr()?);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn fileobj(&self, which: impl Lookup) -> Option<&F> {
        self.map.lookup(which.key()).map(|entry| &entry.fileobj)
    }

    /// Returns the data of a registration, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// A name for each connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, "Ann")?;
    /// assert_eq!(selector.data(token), Some(&"Ann"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn data(&self, which: impl Lookup) -> Option<&D> {
        self.map.lookup(which.key()).map(|entry| &entry.data)
    }

    /// Returns the data of a registration, to change it, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// A counter for each connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, 0)?;
    /// if let Some(count) = selector.data_mut(token) {
    ///     *count += 1;
    /// }
    /// assert_eq!(selector.data(token), Some(&1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn data_mut(&mut self, which: impl Lookup) -> Option<&mut D> {
        Some(self.parts(which)?.1)
    }

    /// Returns the file object and the data of a registration, or `None` if `which` is not registered.
    ///
    /// A loop over the ready keys starts with this: `None` means that the key was unregistered earlier in the loop.
    ///
    /// # Examples
    ///
    /// Read into the buffer of a connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, mut b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, vec![0; 64])?;
    /// b.write_all(b"hello")?;
    /// for (token, _) in &selector.select(None)? {
    ///     let Some((mut stream, buffer)) = selector.parts(token) else { continue };
    ///     let length = stream.read(buffer)?;
    ///     assert_eq!(&buffer[..length], b"hello");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn parts(&mut self, which: impl Lookup) -> Option<(&F, &mut D)> {
        self.map.lookup_mut(which.key()).map(|entry| (&entry.fileobj, &mut entry.data))
    }

    /// Returns the file objects and the data of two registrations at once.
    ///
    /// Returns `None` if one of them is not registered, or if both are the same registration.
    ///
    /// # Examples
    ///
    /// The data of one side moves to the other:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let a = selector.register(a, Interest::READ, vec![1, 2])?;
    /// let b = selector.register(b, Interest::READ, vec![3])?;
    /// if let Some(((_, from), (_, to))) = selector.disjoint_parts(a, b) {
    ///     to.append(from);
    /// }
    /// assert_eq!(selector.data(b), Some(&vec![3, 1, 2]));
    /// assert!(selector.disjoint_parts(a, a).is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "a name for it would tell less")]
    #[must_use]
    pub fn disjoint_parts(&mut self, a: impl Lookup, b: impl Lookup) -> Option<((&F, &mut D), (&F, &mut D))> {
        let slot = |key| self.map.lookup(key).map(|entry| entry.token.slot());
        let (a, b) = (slot(a.key())?, slot(b.key())?);
        self.map.disjoint_parts(a, b)
    }

    /// Iterates over all registrations, with their data to change, in no particular order.
    ///
    /// # Examples
    ///
    /// A message for everyone:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, String::new())?;
    /// selector.register(b, Interest::READ, String::new())?;
    /// for (_token, _stream, unsent) in selector.iter_mut() {
    ///     unsent.push_str("The server is going down.\n");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Token, &F, &mut D)> {
        self.map.iter_mut().map(|entry| (entry.token, &entry.fileobj, &mut entry.data))
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
        let Self { backend, map, waker } = self;
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
