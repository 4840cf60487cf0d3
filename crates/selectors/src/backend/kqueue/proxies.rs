//! Filters that the kernel refuses although the descriptor is ready for them.

use std::collections::BTreeMap;

use select_sys::kqueue::Filter;

use crate::interest::Mode;
use crate::readiness::Readiness;
use crate::token::Tag;

/// A filter that is always ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proxy {
    pub(super) tag: Tag,
    pub(super) readiness: Readiness,
    pub(super) mode: Mode,
    /// Whether the next wait reports it.
    pub(super) is_armed: bool,
}

/// The proxies of a queue, by descriptor and filter. The kernel has no entry for any of them.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    map: BTreeMap<(usize, Filter), Proxy>,
    armed: usize,
}

impl Proxies {
    pub(super) fn insert(&mut self, ident: usize, filter: Filter, proxy: Proxy) {
        self.remove(ident, filter);
        self.armed += usize::from(proxy.is_armed);
        self.map.insert((ident, filter), proxy);
    }

    /// Removes a proxy, and returns whether there was one.
    pub(super) fn remove(&mut self, ident: usize, filter: Filter) -> bool {
        let removed = self.map.remove(&(ident, filter));
        self.armed -= usize::from(removed.is_some_and(|proxy| proxy.is_armed));
        removed.is_some()
    }

    pub(super) fn contains(&self, ident: usize, filter: Filter) -> bool {
        self.map.contains_key(&(ident, filter))
    }

    /// Whether the next wait reports something.
    pub(super) fn are_ready(&self) -> bool {
        self.armed > 0
    }

    /// Reports the armed proxies, and disarms those that are not level-triggered. Returns the one-shot proxies that fired.
    pub(super) fn report(&mut self, mut report: impl FnMut(Tag, Readiness)) -> Vec<(usize, Filter)> {
        let mut fired = Vec::new();
        for (&entry, proxy) in self.map.iter_mut().filter(|(_, proxy)| proxy.is_armed) {
            report(proxy.tag, proxy.readiness);
            if proxy.mode != Mode::Level {
                proxy.is_armed = false;
                self.armed -= 1;
            }
            if proxy.mode == Mode::Oneshot {
                fired.push(entry);
            }
        }
        fired
    }
}
