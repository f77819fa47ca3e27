//! A cache of the unwrapped keys of persons in use, with a limit.

use domain::ids::CustomerId;
use domain::ports::vault::PersonKey;
use std::collections::{HashMap, VecDeque};

/// The most unwrapped keys in the cache: enough for a campaign with this many customers, in about 10 MiB.
/// At the limit a key that was not used recently is removed.
pub(crate) const KEYS_CACHED_MAX: usize = 65_536;

struct CachedKey {
    key: PersonKey,
    /// True if the key was requested since it last moved through the queue.
    used: bool,
}

/// Cache of unwrapped keys with the second-chance (clock) rule: at the limit, the oldest key is removed
/// unless it was requested since its last turn.
pub(crate) struct KeyCache {
    keys: HashMap<CustomerId, CachedKey>,
    queue: VecDeque<CustomerId>,
    keys_max: usize,
}

impl KeyCache {
    pub(crate) fn new(keys_max: usize) -> Self {
        Self {
            keys: HashMap::new(),
            queue: VecDeque::new(),
            keys_max,
        }
    }

    pub(crate) fn get(&mut self, person: &CustomerId) -> Option<PersonKey> {
        let cached = self.keys.get_mut(person)?;
        cached.used = true;
        Some(cached.key.clone())
    }

    pub(crate) fn put(&mut self, key: PersonKey) {
        let person = key.person().clone();
        if self.keys.contains_key(&person) {
            return;
        }
        while self.keys.len() >= self.keys_max {
            self.drop_one();
        }
        self.queue.push_back(person.clone());
        self.keys.insert(person, CachedKey { key, used: false });
    }

    /// Removes a person's key from the cache. Its bytes are zeroed when the last holder drops it.
    pub(crate) fn forget(&mut self, person: &CustomerId) {
        self.keys.remove(person);
        self.queue.retain(|queued| queued != person);
    }

    fn drop_one(&mut self) {
        while let Some(person) = self.queue.pop_front() {
            match self.keys.get_mut(&person) {
                Some(cached) if cached.used => {
                    cached.used = false;
                    self.queue.push_back(person);
                }
                Some(_) | None => {
                    self.keys.remove(&person);
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u8) -> CustomerId {
        format!("{number:032x}").parse().unwrap()
    }

    #[test]
    fn the_cache_keeps_its_bound_and_what_is_in_use() {
        let mut cache = KeyCache::new(3);
        for number in 0..3 {
            cache.put(PersonKey::new(person(number), [number; 32]));
        }
        assert!(cache.get(&person(0)).is_some());
        cache.put(PersonKey::new(person(3), [3; 32]));
        let kept: Vec<_> = (0..4)
            .filter(|number| cache.get(&person(*number)).is_some())
            .collect();
        assert_eq!(kept, [0, 2, 3]);
        assert_eq!(cache.queue.len(), 3);
    }
}
