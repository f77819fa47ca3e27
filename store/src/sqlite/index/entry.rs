//! An index entry: an event's position and the keys by which it is found.
//!
//! A key is a hash of a name. Two names may have the same key, so a lookup also checks the row's own column.

use super::super::digest::xxh64;
use domain::ids::EventId;
use domain::stored_event::Position;

/// The key of the index: a hash of a stream name, an event id, a campaign or a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::sqlite) struct Key(u64);

impl Key {
    pub(in crate::sqlite) fn of(name: &str) -> Self {
        Self(xxh64(name.as_bytes(), 0))
    }

    /// Returns the key of an event id: its second half. An id is a hash already, and only two bits of that
    /// half are fixed.
    pub(in crate::sqlite) fn of_id(id: EventId) -> Self {
        Self(id.uuid().as_u64_pair().1)
    }

    /// Returns the key as a signed number, as SQLite stores it.
    pub(in crate::sqlite) const fn signed(self) -> i64 {
        self.0.cast_signed()
    }
}

/// The property by which the index finds events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) enum LookupProperty {
    Stream,
    Id,
    Campaign,
    Customer,
}

impl LookupProperty {
    pub(super) const ALL: [Self; 4] = [Self::Stream, Self::Id, Self::Campaign, Self::Customer];

    /// Returns the name of this property's table in `index.db`.
    pub(in crate::sqlite) const fn table(self) -> &'static str {
        match self {
            Self::Stream => "by_stream",
            Self::Id => "by_id",
            Self::Campaign => "by_campaign",
            Self::Customer => "by_customer",
        }
    }
}

/// The index entry of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sqlite) struct Entry {
    pub(in crate::sqlite) position: Position,
    pub(in crate::sqlite) version: u64,
    pub(in crate::sqlite) stream: Key,
    pub(in crate::sqlite) id: Key,
    pub(in crate::sqlite) campaign: Option<Key>,
    pub(in crate::sqlite) customer: Option<Key>,
}

impl Entry {
    pub(super) const fn key(&self, by: LookupProperty) -> Option<Key> {
        match by {
            LookupProperty::Stream => Some(self.stream),
            LookupProperty::Id => Some(self.id),
            LookupProperty::Campaign => self.campaign,
            LookupProperty::Customer => self.customer,
        }
    }
}
