//! What can be seen of a registration: one key, and the map of all.

use std::fmt;

use crate::map::{self, Map, Slot, State};
use crate::sys::fd::RawFd;
use crate::{Interest, Lookup, Mode, Token};

/// A registration that is over: the file object and the data, given back.
///
/// Python's `SelectorKey` is [`Key`] for as long as the file object is registered.
///
/// # Examples
///
/// What goes in comes out:
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
    /// What was waited for.
    pub interest: Interest,
    /// How often it was reported.
    pub mode: Mode,
    /// The data that was registered with it.
    pub data: D,
    /// The name that it had, which finds nothing any more.
    pub token: Token,
}

impl<F, D> SelectorKey<F, D> {
    pub(crate) fn new(token: Token, entry: map::Entry<F, D>) -> Self {
        let map::Entry { fileobj, fd, interest, mode, data } = entry;
        Self { fileobj, fd, interest, mode, data, token }
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

/// A look at one registration.
///
/// It borrows the selector. To keep something across a change, keep the [`token`](Self::token), which finds the key
/// again.
///
/// # Examples
///
/// What is registered, and how:
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
    token: Token,
    slot: &'a Slot<F, D>,
    fileobj: &'a F,
    data: &'a D,
}

impl<'a, F, D> Key<'a, F, D> {
    /// The name of the registration.
    #[must_use]
    pub fn token(&self) -> Token {
        self.token
    }

    /// The file object.
    #[must_use]
    pub fn fileobj(&self) -> &'a F {
        self.fileobj
    }

    /// The descriptor that the file object lent when it was registered.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.slot.fd
    }

    /// What is waited for; for a paused key, what was.
    #[doc(alias = "events")]
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.slot.interest
    }

    /// How often it is reported.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.slot.mode
    }

    /// Whether it is waited for: not [paused](crate::Selector::pause), and no one-shot key that was reported.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.slot.state == State::Armed
    }

    /// Whether it is [paused](crate::Selector::pause).
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.slot.state == State::Paused
    }

    /// The data.
    #[must_use]
    pub fn data(&self) -> &'a D {
        self.data
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
            .field("token", &self.token)
            .field("fd", &self.slot.fd)
            .field("interest", &self.slot.interest)
            .field("mode", &self.slot.mode)
            .field("state", &self.slot.state)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

/// The map of all registrations of a selector.
///
/// # Examples
///
/// Look through everything that is registered:
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

    /// How many file objects are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether no file object is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.len() == 0
    }

    /// The key of `which`, if it is registered.
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
        let slot = self.map.find(which.name())?;
        self.key(slot, self.map.get(slot)?)
    }

    /// Whether `which` is registered.
    #[must_use]
    pub fn contains(&self, which: impl Lookup) -> bool {
        self.map.find(which.name()).is_some()
    }

    /// All keys, in no promised order.
    pub fn iter(&self) -> Iter<'a, F, D> {
        Iter { keys: *self, slots: self.map.iter(), left: self.len() }
    }

    fn key(&self, slot: u32, entry: &'a Slot<F, D>) -> Option<Key<'a, F, D>> {
        let token = self.map.token(slot, entry);
        Some(Key { token, slot: entry, fileobj: entry.fileobj()?, data: entry.data()? })
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

/// The keys of a selector.
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a, F, D = ()> {
    keys: Keys<'a, F, D>,
    slots: map::Slots<'a, F, D>,
    // How many are still to come.
    left: usize,
}

impl<'a, F, D> Iterator for Iter<'a, F, D> {
    type Item = Key<'a, F, D>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.slots.by_ref().find_map(|(slot, entry)| self.keys.key(slot, entry))?;
        self.left -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<F, D> ExactSizeIterator for Iter<'_, F, D> {}

impl<F, D> Clone for Iter<'_, F, D> {
    fn clone(&self) -> Self {
        Self { keys: self.keys, slots: self.slots.clone(), left: self.left }
    }
}

impl<F, D: fmt::Debug> fmt::Debug for Iter<'_, F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Everything that was registered with a closed selector.
///
/// # Examples
///
/// A move to another back end, with files and data:
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
#[must_use = "iterate to get the file objects and the data back; dropping this drops them"]
pub struct IntoKeys<F, D = ()> {
    map: Map<F, D>,
    // The slots below are taken out.
    from: u32,
}

impl<F, D> IntoKeys<F, D> {
    pub(crate) fn new(map: Map<F, D>) -> Self {
        Self { map, from: 0 }
    }
}

impl<F, D> Iterator for IntoKeys<F, D> {
    type Item = SelectorKey<F, D>;

    fn next(&mut self) -> Option<Self::Item> {
        let (token, entry) = self.map.pop(&mut self.from)?;
        Some(SelectorKey::new(token, entry))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.map.len(), Some(self.map.len()))
    }
}

impl<F, D> ExactSizeIterator for IntoKeys<F, D> {}

impl<F, D> fmt::Debug for IntoKeys<F, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoKeys").field("left", &self.map.len()).finish()
    }
}
