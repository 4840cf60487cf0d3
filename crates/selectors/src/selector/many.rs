//! Changing and unregistering many keys at once.

use select_sys::fd::AsFd;

use super::Selector;
use crate::backend::Backend;
use crate::error::FailedKey;
use crate::interest::Interest;
use crate::keys::{Key, SelectorKey};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Changes the interest of many registrations, each as [`set_interest`](Self::set_interest) does.
    ///
    /// The closure gets each key, in no particular order, and returns its new interest: an empty one pauses the key, and
    /// `None` leaves it as it is.
    ///
    /// # Errors
    ///
    /// It stops at the first key that cannot be changed, and the error names that key. The keys before it are changed; this
    /// one and the others are not. Called again, it begins with the first key.
    ///
    /// # Examples
    ///
    /// A server that is busy reads nothing more:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let reader = selector.register(a, Interest::READ, ())?;
    /// let both = selector.register(b, Interest::READ | Interest::WRITE, ())?;
    /// selector.set_interests(|key| Some(key.interest() - Interest::READ))?;
    /// assert!(selector.key(reader).is_some_and(|key| key.is_paused()));
    /// assert!(selector.key(both).is_some_and(|key| key.interest() == Interest::WRITE));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "modify_all")]
    #[doc(alias = "for_each")]
    pub fn set_interests(
        &mut self,
        mut interest: impl FnMut(Key<'_, F, D>) -> Option<Interest>,
    ) -> Result<(), FailedKey> {
        for slot in 0..self.map.slots() {
            let Some(entry) = self.map.get(slot) else { continue };
            let token = entry.token();
            if let Some(interest) = interest(Key::new(entry)) {
                self.set_interest(token, interest).map_err(|error| FailedKey { token, error })?;
            }
        }
        Ok(())
    }

    /// Unregisters the keys for which a closure returns true, and returns an iterator over them.
    ///
    /// As [`Vec::extract_if`]: the iterator visits the keys when it is asked for the next one, in no particular order. If it
    /// is dropped before the end, the keys that it has not visited stay registered.
    ///
    /// # Errors
    ///
    /// An item is an error if a key cannot be [unregistered](Self::unregister). The error names the key, which stays
    /// registered. The iterator continues with the next key.
    ///
    /// # Examples
    ///
    /// Idle connections are closed:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    /// use std::time::{Duration, Instant};
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let now = Instant::now();
    /// selector.register(a, Interest::READ, now)?;
    /// selector.register(b, Interest::READ, now + Duration::from_secs(60))?;
    ///
    /// for key in selector.extract_if(|key| *key.data() <= now) {
    ///     let (_stream, last_heard) = key?.into_parts();
    ///     println!("a client was idle for {:?}", last_heard.elapsed());
    /// }
    /// assert_eq!(selector.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[doc(alias = "retain")]
    #[doc(alias = "drain_filter")]
    pub fn extract_if(
        &mut self,
        mut remove: impl FnMut(Key<'_, F, D>) -> bool,
    ) -> impl Iterator<Item = Result<SelectorKey<F, D>, FailedKey>> {
        (0..self.map.slots()).filter_map(move |slot| {
            let key = Key::new(self.map.get(slot)?);
            let token = key.token();
            remove(key).then(|| self.unregister(token).map_err(|error| FailedKey { token, error }))
        })
    }
}
