//! What is known of all lists that others keep: of each its date, per area code where it came so, and how its
//! numbers are hidden. It travels with a campaign's facts, so that rules stay pure.

mod edition;

pub use edition::{AreaCode, Digests, Edition, NumberDigest, SALT_BYTES_MAX};

use crate::screening::NumberListName;
use crate::working_calendar::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Most lists of an installation; each is looked through at a dial.
pub const REGISTRIES_MAX: usize = 64;

/// Most salts of all lists: each costs a digest and a read at every dial.
pub const SALTS_MAX: usize = 16;

/// Most area codes of one list: there are 800.
pub const REGISTRY_AREAS_MAX: usize = 800;

/// One list, as its editions left it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryKnown {
    /// The date of the last edition of the whole list.
    pub whole: Option<Day>,
    /// The last edition of each area code that came by itself.
    pub areas: BTreeMap<AreaCode, Day>,
    /// Every way in which its numbers came hidden: an edition in clear or under another salt does not take
    /// off the list who came before it, so what was ever taken binds for good.
    pub digests: BTreeSet<Digests>,
    /// Its last edition.
    pub last: Option<Edition>,
}

impl RegistryKnown {
    /// Of which day it is for a number: that of its area code, or of the whole list; the later one.
    pub fn as_of(&self, e164: Option<&str>) -> Option<Day> {
        let area = e164.and_then(AreaCode::of_number);
        let of_area = area.and_then(|area| self.areas.get(&area)).copied();
        self.whole.max(of_area)
    }

    /// The date of its newest edition, whatever that was about.
    pub fn newest(&self) -> Option<Day> {
        self.whole.max(self.areas.values().max().copied())
    }

    fn take(&mut self, edition: &Edition) {
        if edition.areas.is_empty() {
            self.whole = self.whole.max(Some(edition.as_of));
        }
        for area in &edition.areas {
            let of_area = self.areas.entry(*area).or_insert(edition.as_of);
            *of_area = (*of_area).max(edition.as_of);
        }
        self.digests.extend(edition.digests.clone());
        self.last = Some(edition.clone());
    }

    /// The later day that is known of all that an edition is about; `None` where it is older than nothing.
    pub fn later_than(&self, edition: &Edition) -> Option<Day> {
        let later = |known: Option<Day>| known.filter(|known| *known > edition.as_of);
        match edition.areas.is_empty() {
            true => later(self.whole),
            false => {
                let of_area = |area: &AreaCode| later(self.areas.get(area).copied());
                let days: Option<Vec<Day>> = edition.areas.iter().map(of_area).collect();
                days.and_then(|days| days.into_iter().min())
            }
        }
    }
}

/// All lists, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryBook {
    lists: BTreeMap<NumberListName, RegistryKnown>,
}

impl RegistryBook {
    pub fn get(&self, name: &NumberListName) -> Option<&RegistryKnown> {
        self.lists.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&NumberListName, &RegistryKnown)> {
        self.lists.iter()
    }

    pub fn len(&self) -> usize {
        self.lists.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The salts by which numbers are looked for at a dial: of all lists, and of all their editions.
    pub fn salts(&self) -> BTreeSet<&Digests> {
        self.lists.values().flat_map(|list| &list.digests).collect()
    }

    /// Lists that came as digests under this salt.
    pub fn is_under(&self, name: &NumberListName, digests: &Digests) -> bool {
        self.get(name).is_some_and(|list| list.digests.contains(digests))
    }

    /// After one more edition.
    pub fn take(&mut self, name: &NumberListName, edition: &Edition) {
        self.lists.entry(name.clone()).or_default().take(edition);
    }
}
