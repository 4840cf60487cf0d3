//! Looking at registrations, and getting everything back.

use super::Selector;
use crate::backend::Backend;
use crate::keys::{IntoKeys, Key, Keys};
use crate::sys::fd::AsFd;
use crate::{Lookup, Token};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Looks at a registration.
    #[must_use]
    pub fn key(&self, which: impl Lookup) -> Option<Key<'_, F, D>> {
        self.keys().get(which)
    }

    /// The map of all registrations.
    #[must_use]
    pub fn keys(&self) -> Keys<'_, F, D> {
        Keys::new(&self.map)
    }

    /// The file object of a registration.
    #[must_use]
    pub fn fileobj(&self, which: impl Lookup) -> Option<&F> {
        Some(&self.map.get(self.map.find(which.name())?)?.fileobj)
    }

    /// The data of a registration.
    #[must_use]
    pub fn data(&self, which: impl Lookup) -> Option<&D> {
        self.map.data(self.map.find(which.name())?)
    }

    /// The data of a registration, to change.
    #[must_use]
    pub fn data_mut(&mut self, which: impl Lookup) -> Option<&mut D> {
        self.map.data_mut(self.map.find(which.name())?)
    }

    /// The file object of a registration, and its data to change, at once.
    #[must_use]
    pub fn parts(&mut self, which: impl Lookup) -> Option<(&F, &mut D)> {
        self.map.parts(self.map.find(which.name())?)
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
        let id = self.map.id;
        let all = self.map.iter_mut();
        all.map(move |(slot, entry, data)| (Token::new(id, slot, entry.generation), &entry.fileobj, data))
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

    /// The back end.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.backend
    }
}
