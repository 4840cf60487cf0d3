//! Views of registrations: one key, all keys, and the keys that a selector returns.

use std::fmt;

use select_sys::fd::RawFd;

use crate::interest::{Interest, Mode};
use crate::map::{Entry, Map, State};
use crate::token::{Lookup, Token};

/// A registration that has ended: the file object and the data.
///
/// While the file object is registered, Python's `SelectorKey` is [`Key`].
///
/// # Examples
///
/// The file object and the data that were registered:
///
/// ```
/// use selectors::{DefaultSelector, Interest};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// let token = selector.register(a, Interest::READ, String::from("mine"))?;
/// let key = selector.unregister(token)?;
/// assert_eq!(key.data, "mine");
/// let a: UnixStream = key.fileobj;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct SelectorKey<F, D = ()> {
    /// The file object that was registered.
    pub fileobj: F,
    /// The descriptor that it lent when it was registered.
    pub fd: RawFd,
    /// The interest.
    pub interest: Interest,
    /// The mode.
    pub mode: Mode,
    /// The data that was registered with it.
    pub data: D,
    /// The token, which finds nothing any more.
    pub token: Token,
}

impl<F, D> SelectorKey<F, D> {
    pub(crate) fn new(entry: Entry<F, D>) -> Self {
        let token = entry.token();
        let Entry { fileobj, data, fd, interest, mode, .. } = entry;
        Self { fileobj, fd, interest, mode, data, token }
    }

    /// Returns the file object and the data.
    ///
    /// # Examples
    ///
    /// Registered again, with the same data:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, String::from("mine"))?;
    /// let (a, data) = selector.unregister(token)?.into_parts();
    /// selector.register(a, Interest::WRITE, data)?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn into_parts(self) -> (F, D) {
        (self.fileobj, self.data)
    }
}

impl<F, D: fmt::Debug> fmt::Debug for SelectorKey<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectorKey")
            .field("token", &self.token)
            .field("fd", &self.fd)
            .field("interest", &self.interest)
            .field("mode", &self.mode)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// A view of one registration.
///
/// It borrows the selector. To refer to a registration across a change, keep its [`token`](Self::token).
///
/// # Examples
///
/// The interest, the mode and the data of a key:
///
/// ```
/// use selectors::{DefaultSelector, Interest, Mode};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// selector.register(&a, Interest::READ, 80)?;
/// let key = selector.key(&a).expect("it was just registered");
/// assert_eq!((key.interest(), key.mode(), *key.data()), (Interest::READ, Mode::Level, 80));
/// assert!(key.is_armed() && !key.is_paused());
///
/// let token = key.token();
/// selector.pause(token)?;
/// assert!(selector.key(token).is_some_and(|key| key.is_paused()));
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "SelectorKey")]
pub struct Key<'a, F, D = ()> {
    entry: &'a Entry<F, D>,
}

impl<'a, F, D> Key<'a, F, D> {
    pub(crate) fn new(entry: &'a Entry<F, D>) -> Self {
        Self { entry }
    }

    /// Returns the token.
    #[must_use]
    pub fn token(&self) -> Token {
        self.entry.token()
    }

    /// Returns the file object.
    #[must_use]
    pub fn fileobj(&self) -> &'a F {
        &self.entry.fileobj
    }

    /// Returns the descriptor that the file object lent when it was registered.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.entry.fd
    }

    /// Returns the interest. A paused key keeps its interest.
    #[doc(alias = "events")]
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.entry.interest
    }

    /// Returns the mode.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.entry.mode
    }

    /// Returns whether waits wait for it.
    ///
    /// They do not wait for a [paused](crate::Selector::pause) key, nor for a one-shot key that was reported.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.entry.is_armed()
    }

    /// Returns whether it is [paused](crate::Selector::pause).
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.entry.state == State::Paused
    }

    /// Returns the data.
    #[must_use]
    pub fn data(&self) -> &'a D {
        &self.entry.data
    }
}

impl<F, D> Clone for Key<'_, F, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, D> Copy for Key<'_, F, D> {}

impl<F, D: fmt::Debug> fmt::Debug for Key<'_, F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("token", &self.token())
            .field("fd", &self.fd())
            .field("interest", &self.interest())
            .field("mode", &self.mode())
            .field("state", &self.entry.state)
            .field("data", self.data())
            .finish_non_exhaustive()
    }
}

/// The map of all registrations of a selector.
///
/// # Examples
///
/// Every key that waits for writing:
///
/// ```
/// use selectors::{DefaultSelector, Interest};
/// use std::os::unix::net::UnixStream;
///
/// let (a, b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// selector.register(&a, Interest::READ, 'a')?;
/// selector.register(&b, Interest::WRITE, 'b')?;
///
/// let keys = selector.keys();
/// assert_eq!(keys.len(), 2);
/// assert!(keys.contains(&a));
/// let writers: Vec<char> =
///     keys.iter().filter(|key| key.interest().contains(Interest::WRITE)).map(|key| *key.data()).collect();
/// assert_eq!(writers, ['b']);
/// # Ok::<(), std::io::Error>(())
/// ```
#[doc(alias = "get_map")]
pub struct Keys<'a, F, D = ()> {
    map: &'a Map<F, D>,
}

impl<'a, F, D> Keys<'a, F, D> {
    pub(crate) fn new(map: &'a Map<F, D>) -> Self {
        Self { map }
    }

    /// Returns the number of registrations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Returns whether nothing is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// Returns the key of `which`, if it is registered.
    ///
    /// # Examples
    ///
    /// Found by token and by file object, until it is unregistered:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(&a, Interest::READ, ())?;
    /// assert_eq!(selector.keys().get(&a).map(|key| key.token()), Some(token));
    /// selector.unregister(token)?;
    /// assert!(selector.keys().get(token).is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "get_key")]
    #[must_use]
    pub fn get(&self, which: impl Lookup) -> Option<Key<'a, F, D>> {
        self.map.lookup(which.key()).map(|entry| Key { entry })
    }

    /// Returns whether `which` is registered.
    #[must_use]
    pub fn contains(&self, which: impl Lookup) -> bool {
        self.map.lookup(which.key()).is_some()
    }

    /// Iterates over all keys, in no particular order.
    pub fn iter(&self) -> Iter<'a, F, D> {
        Iter { entries: self.map.iter() }
    }
}

impl<F, D> Clone for Keys<'_, F, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F, D> Copy for Keys<'_, F, D> {}

impl<F, D: fmt::Debug> fmt::Debug for Keys<'_, F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, F, D> IntoIterator for Keys<'a, F, D> {
    type Item = Key<'a, F, D>;
    type IntoIter = Iter<'a, F, D>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// An iterator over the keys of a selector.
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a, F, D = ()> {
    entries: slab::Iter<'a, Entry<F, D>>,
}

impl<'a, F, D> Iterator for Iter<'a, F, D> {
    type Item = Key<'a, F, D>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, entry) = self.entries.next()?;
        Some(Key { entry })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<F, D> ExactSizeIterator for Iter<'_, F, D> {}

impl<F, D> Clone for Iter<'_, F, D> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone() }
    }
}

impl<F, D: fmt::Debug> fmt::Debug for Iter<'_, F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An iterator over the registrations of a selector that was closed: each file object with its data.
///
/// # Examples
///
/// Every file object moves to another back end:
///
/// ```
/// use selectors::{Interest, PollSelector, SelectSelector};
/// use std::os::unix::net::UnixStream;
///
/// let (a, _b) = UnixStream::pair()?;
/// let (mut from, mut to) = (SelectSelector::new()?, PollSelector::new()?);
/// from.register(a, Interest::READ, "data")?;
/// for key in from.into_keys() {
///     to.register_with(key.fileobj, key.interest, key.mode, key.data)?;
/// }
/// assert_eq!(to.keys().len(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "iterate to get the file objects and the data; dropping this drops them"]
pub struct IntoKeys<F, D = ()> {
    entries: slab::IntoIter<Entry<F, D>>,
}

impl<F, D> IntoKeys<F, D> {
    pub(crate) fn new(map: Map<F, D>) -> Self {
        Self { entries: map.into_entries() }
    }
}

impl<F, D> Iterator for IntoKeys<F, D> {
    type Item = SelectorKey<F, D>;

    fn next(&mut self) -> Option<Self::Item> {
        let (_, entry) = self.entries.next()?;
        Some(SelectorKey::new(entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<F, D> ExactSizeIterator for IntoKeys<F, D> {}

impl<F, D> fmt::Debug for IntoKeys<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoKeys").field("left", &self.entries.len()).finish()
    }
}
