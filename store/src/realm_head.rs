//! The position of a realm's last event, found without reading the log again at each request.

use crate::realm_records::realm_of;
use domain::event_filter::EventFilter;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX, StoreError};
use domain::realm::RealmName;
use domain::stored_event::Position;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// By how much the part of the log that is searched next, backwards, is larger than the one before.
const WIDER: u64 = 4;

/// What is known of the end of a realm's log.
pub(crate) struct RealmHead {
    /// The realm has no event up to and including this position.
    begun: Position,
    known: Mutex<KnownEnd>,
}

#[derive(Clone, Copy)]
struct KnownEnd {
    /// The log was searched up to this position.
    searched: Position,
    /// The realm's last known event; 0 without one.
    last: Position,
}

impl KnownEnd {
    fn end(self) -> Position {
        self.searched.max(self.last)
    }
}

impl RealmHead {
    pub(crate) fn new(begun: Position) -> Self {
        let known = KnownEnd {
            searched: begun,
            last: Position(0),
        };
        Self {
            begun,
            known: Mutex::new(known),
        }
    }

    pub(crate) const fn begun(&self) -> Position {
        self.begun
    }

    fn known(&self) -> MutexGuard<'_, KnownEnd> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of an event of the realm.
    pub(crate) fn note(&self, position: Position) {
        let mut known = self.known();
        known.last = known.last.max(position);
    }

    /// Returns what is known of the end of a log that ends at `whole`. If more was known before, the log
    /// lost events and nothing is known.
    fn known_up_to(&self, whole: Position) -> KnownEnd {
        let mut known = self.known();
        if whole < known.end() {
            *known = KnownEnd {
                searched: self.begun,
                last: Position(0),
            };
        }
        *known
    }

    /// Returns the position of the realm's last event, 0 without one, and whether an event of the other
    /// realm was seen. Reads only what was appended since the last search, from the end.
    pub(crate) async fn find(
        &self,
        log: &dyn EventStore,
        realm: RealmName,
    ) -> Result<(Position, bool), StoreError> {
        let mut whole = log.head().await?;
        let mut known = *self.known();
        if whole < known.end() {
            // Another request may have read the head later; otherwise the log lost events.
            whole = log.head().await?;
            known = self.known_up_to(whole);
        }
        if whole == known.last || whole <= known.searched {
            return Ok((known.last, false));
        }
        let (found, has_gaps) = last_of(log, realm, known.searched, whole).await?;
        let last = found.unwrap_or(known.last).max(known.last);
        let mut now = self.known();
        now.searched = now.searched.max(whole);
        now.last = now.last.max(last);
        Ok((last, has_gaps))
    }
}

/// Returns the last event of the realm between two positions, the second included, and whether an event of
/// the other realm was read.
async fn last_of(
    log: &dyn EventStore,
    realm: RealmName,
    from: Position,
    until: Position,
) -> Result<(Option<Position>, bool), StoreError> {
    let (mut until, mut width, mut has_gaps) = (until, 1, false);
    while until > from {
        let begin = Position(until.0.saturating_sub(width)).max(from);
        let (mut after, mut last) = (begin, None);
        while after < until {
            let page = log
                .read_matching_until(&EventFilter::default(), after, until, PAGE_EVENTS_MAX)
                .await?;
            for event in &page.events {
                match realm_of(event) == realm {
                    true => last = Some(event.position),
                    false => has_gaps = true,
                }
            }
            if page.reached <= after {
                break;
            }
            after = page.reached;
        }
        if last.is_some() {
            return Ok((last, has_gaps));
        }
        (until, width) = (begin, width.saturating_mul(WIDER));
    }
    Ok((None, has_gaps))
}
