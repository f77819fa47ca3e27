//! A sorted map for a few entries, stored as a vector that takes only the memory of its entries.
//!
//! Most customers have one enrolment with three variables, and most numbers one claim. A node of a `BTreeMap`
//! has room for eleven entries, which was most of the memory of an idle entity. This map has the same order
//! and the same results as a `BTreeMap`.

/// Number of entries up to which the capacity grows by exactly one. Above it, the capacity grows like a
/// `Vec`'s.
const EXACT_MAX: usize = 8;

/// A sorted map for a few entries, with the order and results of a `BTreeMap` and less memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> SmallMap<K, V> {
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Inserts a value and returns the previous value of the key.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(place) => self
                .0
                .get_mut(place)
                .map(|(_, known)| std::mem::replace(known, value)),
            Err(place) => {
                if self.0.len() < EXACT_MAX {
                    self.0.reserve_exact(1);
                }
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(self.0.remove(place).1)
    }

    /// Returns the entries in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SmallMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Self::default();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn it_answers_as_a_tree_does_whatever_the_order() {
        let (mut few, mut tree) = (SmallMap::default(), BTreeMap::new());
        for step in 0_u32..200 {
            let key = step.wrapping_mul(2_654_435_761) % 37;
            if step % 5 == 0 {
                assert_eq!(few.remove(&key), tree.remove(&key));
            } else {
                assert_eq!(few.insert(key, step), tree.insert(key, step));
            }
            if let Some(value) = few.get_mut(&(key / 2)) {
                *value += 1;
            }
            if let Some(value) = tree.get_mut(&(key / 2)) {
                *value += 1;
            }
            assert!(few.iter().eq(tree.iter()), "after step {step}");
            assert_eq!((few.get(&key), few.len()), (tree.get(&key), tree.len()));
            assert_eq!(few.contains_key(&key), tree.contains_key(&key));
        }
        assert!(few.values().eq(tree.values()));
    }

    #[test]
    fn a_few_entries_take_no_room_for_others() {
        let few: SmallMap<u8, u8> = (0..3).map(|key| (key, key)).collect();
        assert_eq!(few.0.capacity(), 3);
        assert!(SmallMap::<u8, u8>::default().is_empty());
    }
}
