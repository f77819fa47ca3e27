//! A small cache that drops the least recently used entry.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// A cache of at most `most` values by key. Storing one more drops the least recently used value; `get` and
/// `keep` both count as a use.
#[derive(Debug)]
pub(crate) struct LruCache<K, V> {
    most: usize,
    kept: Mutex<CacheEntries<K, V>>,
}

#[derive(Debug)]
struct CacheEntries<K, V> {
    uses: u64,
    things: BTreeMap<K, (u64, V)>,
}

impl<K: Ord + Clone, V: Clone> LruCache<K, V> {
    /// Creates an empty cache for at most `most` values.
    pub(crate) const fn of(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::new(CacheEntries {
                uses: 0,
                things: BTreeMap::new(),
            }),
        }
    }

    /// Returns a clone of the value with this name, which becomes the most recently used one.
    pub(crate) fn get(&self, name: &K) -> Option<V> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        let (used, thing) = kept.things.get_mut(name)?;
        *used = now;
        Some(thing.clone())
    }

    /// Stores a value and replaces one with the same name.
    pub(crate) fn keep(&self, name: K, thing: V) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        kept.things.insert(name, (now, thing));
        while kept.things.len() > self.most {
            let oldest = kept.things.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                return;
            };
            kept.things.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_used_longest_ago_leaves() {
        let recent = LruCache::of(2);
        recent.keep("a", 1);
        recent.keep("b", 2);
        assert_eq!(recent.get(&"a"), Some(1));
        recent.keep("c", 3);
        assert_eq!(
            (recent.get(&"a"), recent.get(&"b"), recent.get(&"c")),
            (Some(1), None, Some(3))
        );
    }
}
