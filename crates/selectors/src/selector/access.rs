//! Looking at registrations, and getting everything back.

use super::Selector;
use crate::backend::Backend;
use crate::keys::{IntoKeys, Key, Keys};
use crate::sys::fd::AsFd;
use crate::{Lookup, Token};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Looks at a registration; `None` if `which` names none.
    ///
    /// # Examples
    ///
    /// What a connection is waited for:
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

    /// The map of all registrations.
    ///
    /// # Examples
    ///
    /// How many connections there are, and which of them want to write:
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

    /// The file object of a registration; `None` if `which` names none.
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
        self.map.get(self.map.find(which.name())?)?.fileobj()
    }

    /// The data of a registration; `None` if `which` names none.
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
        self.map.get(self.map.find(which.name())?)?.data()
    }

    /// The data of a registration, to change; `None` if `which` names none.
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

    /// The file object of a registration, and its data to change, at once; `None` if `which` names none.
    ///
    /// This is what a loop over the ready keys begins with: `None` is a key that was unregistered earlier in the loop.
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
        self.map.parts(self.map.find(which.name())?)
    }

    /// The file objects and the data of two registrations at once, in the order asked for.
    ///
    /// `None` if one of them is not registered, or both are the same.
    ///
    /// # Examples
    ///
    /// Hand on what one side has to the other:
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
        let (a, b) = (self.map.find(a.name())?, self.map.find(b.name())?);
        self.map.disjoint_parts(a, b)
    }

    /// All registrations, with their data to change, in no promised order.
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
        self.map.iter_mut()
    }

    /// Closes the selector, and gives back everything that was registered, in no promised order.
    ///
    /// It always works, whatever the descriptors and the system say. What is not taken from the iterator is dropped with
    /// it.
    ///
    /// The back end is closed, and with it all registrations, before this returns. If its descriptor was duplicated (to
    /// nest the selector in another, or by a fork), the set lives on in the duplicate: unregister the keys first.
    ///
    /// # Examples
    ///
    /// Say good-bye to everyone:
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

    /// The back end, to look at: its name, its descriptor, what a back end of your own knows.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.backend
    }
}
