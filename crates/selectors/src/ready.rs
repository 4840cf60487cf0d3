//! What a wait found.

use std::fmt;
use std::sync::atomic::Ordering;

use crate::Interest;
use crate::map::Slot;
use crate::token::{SelectorId, Tag, Token};

bitflags::bitflags! {
    /// What was seen on a file object.
    ///
    /// [`READ`](Self::READ), [`WRITE`](Self::WRITE) and [`PRIORITY`](Self::PRIORITY) say what to do, and are set only
    /// where they were asked for. A hang-up or an error counts as both `READ` and `WRITE`, because reading or writing
    /// is how to learn more.
    ///
    /// The others say what the system told beside that. Nobody asks for them; that the peer sends no more is told only
    /// with an interest in `READ`. Where an interest is `PRIORITY` alone, one of them may be all that is set.
    ///
    /// # Examples
    ///
    /// Read first, then look at the end:
    ///
    /// ```
    /// use selectors::Readiness;
    ///
    /// let readiness = Readiness::READ | Readiness::READ_CLOSED;
    /// assert!(readiness.is_readable());
    /// assert!(readiness.is_read_closed() && !readiness.is_writable());
    /// ```
    ///
    /// # Portability
    ///
    /// `select` cannot tell `READ_CLOSED`, `WRITE_CLOSED` and `ERROR`, so programs for every back end take them as
    /// hints: a read of 0 bytes, or a failed one, is what counts. On `select` a hang-up counts as `READ` only.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Readiness: u8 {
        /// Reading will not block: there is data, its end, an error, or a connection to accept.
        #[doc(alias = "EVENT_READ")]
        const READ = 1;
        /// Writing will not block: there is room, an error, or a connection attempt is over.
        #[doc(alias = "EVENT_WRITE")]
        const WRITE = 2;
        /// There is an exceptional condition, such as urgent data.
        #[doc(alias = "POLLPRI")]
        #[doc(alias = "EPOLLPRI")]
        const PRIORITY = 4;
        /// The peer sends no more; what it sent before may still be there to read.
        #[doc(alias = "POLLRDHUP")]
        #[doc(alias = "EPOLLRDHUP")]
        #[doc(alias = "EV_EOF")]
        const READ_CLOSED = 8;
        /// The stream is hung up: nothing written will arrive.
        #[doc(alias = "POLLHUP")]
        #[doc(alias = "EPOLLHUP")]
        const WRITE_CLOSED = 16;
        /// An error is pending (`SO_ERROR`), or nobody reads the pipe any more.
        #[doc(alias = "POLLERR")]
        #[doc(alias = "EPOLLERR")]
        const ERROR = 32;
    }
}

impl Readiness {
    /// Whether [`READ`](Self::READ) is set.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.contains(Self::READ)
    }

    /// Whether [`WRITE`](Self::WRITE) is set.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.contains(Self::WRITE)
    }

    /// Whether [`PRIORITY`](Self::PRIORITY) is set.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.contains(Self::PRIORITY)
    }

    /// Whether [`READ_CLOSED`](Self::READ_CLOSED) is set.
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.contains(Self::READ_CLOSED)
    }

    /// Whether [`WRITE_CLOSED`](Self::WRITE_CLOSED) is set.
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.contains(Self::WRITE_CLOSED)
    }

    /// Whether [`ERROR`](Self::ERROR) is set.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.contains(Self::ERROR)
    }

    /// The part that can be asked for: Python's event mask.
    #[must_use]
    pub const fn interest(self) -> Interest {
        Interest::from_bits_truncate(self.bits())
    }

    /// Everything but what can be asked for and was not.
    pub(crate) fn counting(interest: Interest) -> Self {
        let unasked = Interest::all().bits() & !interest.bits();
        Self::from_bits_truncate(!unasked)
    }
}

/// What one wait found: one entry for each key that is ready, in no promised order.
///
/// A `Ready` can be passed to [`Selector::select_into`](crate::Selector::select_into) again and again; it keeps its
/// memory. It borrows nothing, so keys can be changed and removed while it is iterated; the token of a removed key
/// finds nothing then.
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
/// The order is that in which the back end tells: by rising number of the descriptor (select), about that of
/// registration (poll), about that in which they became ready (epoll).
#[derive(Clone, Default)]
pub struct Ready {
    // Whose keys the entries name; nobody's before the first wait.
    selector: SelectorId,
    // Room, of which the first `found` are entries: to write one over another is cheaper than to push it.
    room: Vec<Entry>,
    found: usize,
    woken: bool,
}

// 12 bytes, as the tag may stand at any multiple of 4. Otherwise they would be 16.
#[derive(Clone, Copy)]
#[repr(Rust, packed(4))]
struct Entry {
    tag: Tag,
    readiness: Readiness,
}

const EMPTY: Entry = Entry { tag: Tag::NONE, readiness: Readiness::empty() };

impl Ready {
    /// An empty list. No allocation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty list with room for `capacity` entries.
    ///
    /// It grows by itself: to the number of keys that are registered, at each wait.
    ///
    /// # Panics
    ///
    /// If that many entries (of 12 bytes) are more than memory can have, as `Vec::with_capacity`.
    ///
    /// # Examples
    ///
    /// Room for 1000 keys from the beginning:
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
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { room: vec![EMPTY; capacity], ..Self::default() }
    }

    /// How many keys are ready.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.found
    }

    /// Whether no key is ready.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found == 0
    }

    /// Whether a [`Waker`](crate::Waker) was used since the wait before. It has no entry of its own.
    ///
    /// # Examples
    ///
    /// Wakes that come before the wait end it at once:
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
        self.woken
    }

    /// The readiness of one key, if it is ready. Looks at every entry.
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

    /// The tokens of the keys that are ready, each once, with what was seen.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter { selector: self.selector, entries: self.entries().iter() }
    }

    #[inline]
    fn entries(&self) -> &[Entry] {
        self.room.get(..self.found).unwrap_or_default()
    }

    /// Forgets everything, and makes room for `most` entries of `selector`.
    #[inline]
    pub(crate) fn begin(&mut self, selector: SelectorId, most: usize) -> Filling<'_> {
        self.selector = selector;
        self.woken = false;
        self.found = 0;
        if self.room.len() < most {
            self.grow(most);
        }
        Filling { room: &mut self.room, found: 0 }
    }

    /// Apart, as it is rare.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, most: usize) {
        // As a list that is pushed to would: not at every wait of a program that registers one file more before each.
        self.room.reserve(most - self.room.len());
        self.room.resize(self.room.capacity(), EMPTY);
    }

    /// Ends what [`begin`](Self::begin) began, with so many entries.
    pub(crate) fn end(&mut self, found: usize, woken: bool) {
        (self.found, self.woken) = (found, woken);
    }

    /// The slots of the keys that are ready.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        self.entries().iter().map(|entry| entry.tag.slot())
    }
}

/// A [`Ready`] that is being filled.
pub(crate) struct Filling<'a> {
    room: &'a mut [Entry],
    pub(crate) found: usize,
}

impl Filling<'_> {
    /// Takes what a back end reports of a key: one entry for each, with what counts.
    #[inline]
    pub(crate) fn push<F, D>(&mut self, tag: Tag, key: &Slot<F, D>, reported: Readiness) {
        let readiness = reported & key.counts;
        if readiness.is_empty() {
            return;
        }
        let place = key.place.load(Ordering::Relaxed) as usize;
        if place < self.found {
            if let Some(earlier) = self.room.get_mut(place).filter(|earlier| { earlier.tag } == tag) {
                earlier.readiness |= readiness;
                return;
            }
        }
        // There is room for all keys, which are fewer than the numbers of slots.
        if let Some(entry) = self.room.get_mut(self.found) {
            *entry = Entry { tag, readiness };
            key.place.store(self.found as u32, Ordering::Relaxed);
            self.found += 1;
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
        f.debug_struct("Ready").field("woken", &self.woken).field("entries", &Entries(self)).finish()
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

    fn into_iter(mut self) -> Self::IntoIter {
        self.room.truncate(self.found);
        IntoIter { selector: self.selector, entries: self.room.into_iter() }
    }
}

/// The entries of a borrowed [`Ready`].
#[derive(Clone)]
#[must_use = "iterators do nothing unless consumed"]
pub struct Iter<'a> {
    selector: SelectorId,
    entries: std::slice::Iter<'a, Entry>,
}

/// The entries of a [`Ready`].
#[must_use = "iterators do nothing unless consumed"]
pub struct IntoIter {
    selector: SelectorId,
    entries: std::vec::IntoIter<Entry>,
}

impl Entry {
    #[inline]
    fn named(self, selector: SelectorId) -> (Token, Readiness) {
        (Token::new(selector, self.tag.slot(), self.tag.generation()), self.readiness)
    }
}

impl Iterator for Iter<'_> {
    type Item = (Token, Readiness);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        Some(self.entries.next()?.named(self.selector))
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
        Some(self.entries.next()?.named(self.selector))
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
