//! The data of all registries: their dates, per area code where editions have one, and their salts. It is
//! part of a campaign's facts, so that the rules stay pure.

mod edition;

pub use edition::{AreaCode, DigestScheme, Edition, NumberDigest, SALT_BYTES_MAX};

use crate::screening::NumberListName;
use crate::working_calendar::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Most registries of an installation; a further one is refused. Each is checked at every dial.
pub const REGISTRIES_MAX: usize = 64;

/// Most salts of all registries together; a further one is refused. Each costs a digest and a read at every
/// dial.
pub const SALTS_MAX: usize = 16;

/// Most area codes of one registry; more are refused. 800 exist.
pub const REGISTRY_AREAS_MAX: usize = 800;

/// What is known of one registry after its imported editions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryEditions {
    /// Date of the last edition of the whole registry.
    pub whole: Option<Day>,
    /// Date of the last edition by area code.
    pub areas: BTreeMap<AreaCode, Day>,
    /// The salts of all editions that came as digests. Entries remain after an edition in clear text or with
    /// another salt, so every salt stays in use.
    pub digests: BTreeSet<DigestScheme>,
    /// The last edition.
    pub last: Option<Edition>,
}

impl RegistryEditions {
    /// Returns the date of the registry for a number (E.164): that of its area code or of the whole
    /// registry, the later one. `None` if no edition covers it.
    pub fn as_of(&self, e164: Option<&str>) -> Option<Day> {
        let area = e164.and_then(AreaCode::of_number);
        let of_area = area.and_then(|area| self.areas.get(&area)).copied();
        self.whole.max(of_area)
    }

    /// Returns the date of the newest edition, whatever it covers; `None` without editions.
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

    /// Returns the earliest known date of what the edition covers, if all of these dates are later than the
    /// edition's; otherwise `None`.
    pub fn find_later_date(&self, edition: &Edition) -> Option<Day> {
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

/// The dates and salts of all registries, by the registry's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegistryBook {
    lists: BTreeMap<NumberListName, RegistryEditions>,
}

impl RegistryBook {
    pub fn get(&self, name: &NumberListName) -> Option<&RegistryEditions> {
        self.lists.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&NumberListName, &RegistryEditions)> {
        self.lists.iter()
    }

    pub fn len(&self) -> usize {
        self.lists.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// Returns the salts with which a dial looks a number up: those of all digest editions of all
    /// registries.
    pub fn salts(&self) -> BTreeSet<&DigestScheme> {
        self.lists.values().flat_map(|list| &list.digests).collect()
    }

    /// Returns true if an edition of this registry came as digests with this salt.
    pub fn uses_digests(&self, name: &NumberListName, digests: &DigestScheme) -> bool {
        self.get(name).is_some_and(|list| list.digests.contains(digests))
    }

    /// Adds an edition of the named registry.
    pub fn take(&mut self, name: &NumberListName, edition: &Edition) {
        self.lists.entry(name.clone()).or_default().take(edition);
    }
}
