//! Results of a wait.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU32, Ordering};

use bitflags::bitflags;

use crate::backend::Events;
use crate::readiness::Readiness;
use crate::token::Token;

/// The results of one wait: an entry for each key that is ready, in no particular order.
///
/// A `Ready` can be passed to [`Selector::select_into`](crate::Selector::select_into) again and again; it keeps its
/// memory. It borrows nothing, so keys can be changed and removed while it is iterated. The token of a removed key
/// finds nothing.
///
/// # Examples
///
/// One list for all waits:
///
/// ```
/// use selectors::{DefaultSelector, Interest, Ready};
/// use std::os::unix::net::UnixStream;
/// use std::time::Duration;
///
/// let (a, _b) = UnixStream::pair()?;
/// let mut selector = DefaultSelector::new()?;
/// let token = selector.register(a, Interest::WRITE, "greeting")?;
///
/// let mut ready = Ready::new();
/// selector.select_into(&mut ready, Duration::ZERO)?;
/// for (found, readiness) in &ready {
///     assert_eq!(found, token);
///     assert!(readiness.is_writable());
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Portability
///
/// The order is the one in which the back end reports: by ascending number of the descriptor (select), about the order of
/// registration (poll), about the order in which they became ready (epoll).
#[derive(Clone, Default)]
#[must_use = "a one-shot key is reported once: iterate over the list"]
pub struct Ready {
    pub(crate) results: Results,
    /// The buffer of waits of a `SharedSelector` without its lock. Each wait overwrites it.
    pub(crate) events: Events,
}

/// The results of a wait, without the buffer of events.
#[derive(Clone, Default)]
pub(crate) struct Results {
    entries: Vec<Entry>,
    pub(crate) others: Others,
}

bitflags! {
    /// Reports of a back end that are of no key. One value, so that a wait without any checks it once.
    #[derive(Clone, Copy, Debug, Default)]
    pub(crate) struct Others: u8 {
        /// A waker was used.
        const WAKE = 1;
        /// No [`Waker`](crate::Waker) was used: a thread wants to change a shared selector, or an earlier wait has reported
        /// the wake.
        const INTERRUPTION = 1 << 1;
        /// The tag is of no armed key.
        const STALE = 1 << 2;
    }
}

/// A key that is ready: the parts of its token, and its readiness, in 16 bytes.
#[derive(Clone, Copy)]
struct Entry {
    serial: NonZeroU64,
    slot: u32,
    readiness: Readiness,
}

impl Entry {
    #[inline]
    fn item(self) -> (Token, Readiness) {
        (Token::new(self.serial, self.slot), self.readiness)
    }
}

impl Ready {
    /// Makes an empty list. Does not allocate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty list with room for `capacity` keys.
    ///
    /// # Examples
    ///
    /// Room for a thousand keys, before any is registered:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Ready};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let mut selector = DefaultSelector::<UnixStream>::new()?;
    /// let mut ready = Ready::with_capacity(1000);
    /// assert_eq!(selector.select_into(&mut ready, Duration::ZERO)?, 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_capacity(capacity: usize) -> Self {
        let mut ready = Self::new();
        ready.results.entries.reserve(capacity);
        ready
    }

    /// Returns the number of keys that are ready.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.results.entries.len()
    }

    /// Returns whether no key is ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.results.entries.is_empty()
    }

    /// Returns whether a [`Waker`](crate::Waker) was used since the wait before. A waker has no entry of its own.
    ///
    /// # Examples
    ///
    /// A wake before the wait ends it at once:
    ///
    /// ```
    /// use selectors::DefaultSelector;
    /// use std::os::unix::net::UnixStream;
    /// use std::time::Duration;
    ///
    /// let mut selector = DefaultSelector::<UnixStream>::new()?;
    /// selector.waker()?.wake()?;
    /// let ready = selector.select(None)?;
    /// assert!(ready.woken() && ready.is_empty());
    /// assert!(!selector.select(Duration::ZERO)?.woken());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn woken(&self) -> bool {
        self.results.others.contains(Others::WAKE)
    }

    /// Returns the readiness of one key, if it is ready. Looks at every entry.
    ///
    /// # Examples
    ///
    /// A program with one socket that matters more than the others:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest, Readiness};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (control, data) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let first = selector.register(control, Interest::READ | Interest::WRITE, ())?;
    /// selector.register(data, Interest::WRITE, ())?;
    ///
    /// let ready = selector.select(None)?;
    /// assert_eq!(ready.get(first), Some(Readiness::WRITE));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, token: Token) -> Option<Readiness> {
        self.iter().find_map(|(found, readiness)| (found == token).then_some(readiness))
    }

    /// Iterates over the keys that are ready: the token of each, and its readiness.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        self.results.iter()
    }
}

impl Results {
    #[inline]
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter { entries: self.entries.iter() }
    }

    /// Forgets everything.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.others = Others::empty();
    }

    /// Adds a report: to the entry of the same key at `index`, which may be stale, or else to a new entry.
    #[inline]
    pub(crate) fn merge(&mut self, index: &AtomicU32, token: Token, readiness: Readiness) {
        let (last, next) = (index.load(Ordering::Relaxed), self.entries.len() as u32); // one for each key at most
        match self.entries.get_mut(last as usize) {
            Some(earlier) if earlier.serial == token.serial() => earlier.readiness |= readiness,
            _ => {
                // Often it is the same as in the wait before. A store would make the cache line dirty: 0.7 % of an event.
                if last != next {
                    index.store(next, Ordering::Relaxed);
                }
                self.entries.push(Entry { serial: token.serial(), slot: token.slot(), readiness });
            }
        }
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Entries<'a>(&'a Ready);
        impl fmt::Debug for Entries<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_map().entries(self.0).finish()
            }
        }
        f.debug_struct("Ready").field("woken", &self.woken()).field("entries", &Entries(self)).finish()
    }
}

impl<'a> IntoIterator for &'a Ready {
    type Item = (Token, Readiness);
    type IntoIter = Iter<'a>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Ready {
    type Item = (Token, Readiness);
    type IntoIter = IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        IntoIter { entries: self.results.entries.into_iter() }
    }
}

/// An iterator over the entries of a borrowed [`Ready`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a> {
    entries: std::slice::Iter<'a, Entry>,
}

/// An iterator over the entries of a [`Ready`].
#[must_use = "iterators do nothing unless consumed"]
pub struct IntoIter {
    entries: std::vec::IntoIter<Entry>,
}

impl Iterator for Iter<'_> {
    type Item = (Token, Readiness);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.entries.next()?.item())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl Iterator for IntoIter {
    type Item = (Token, Readiness);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.entries.next()?.item())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for IntoIter {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl fmt::Debug for IntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.entries.len()).finish()
    }
}
