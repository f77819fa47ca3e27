//! Reads a page of one stream: its places by the index, then the rows at these places.

use super::stream_page::{EVENTS_EXPECTED, StreamPage};
use super::{ReadResult, Reader};
use crate::error::from_sqlite;
use crate::sqlite::index::{IndexedEvent, Key, LookupProperty};
use crate::sqlite::row::{signed, unsigned};
use domain::ids::StreamId;
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::{Position, StreamVersion};

/// The query for a stream's places in the index file.
const FILED: &str = "SELECT pos, version FROM places.by_stream
    WHERE key = ?1 AND pos > ?2 AND pos <= ?3 AND version > ?4 ORDER BY pos";

/// The query for consecutive rows: `COLUMNS`, and the row's version and stream.
const STRETCH: &str = "SELECT pos, recorded_at, digest, record, version, stream FROM event
    WHERE pos >= ?1 AND pos <= ?2 ORDER BY pos";

impl Reader {
    /// Reads one page of the events of a stream after a version. `Damaged` if the versions do not follow
    /// one another, because a row is missing.
    pub(super) fn stream(&self, stream: &StreamId, after: StreamVersion, limit: usize) -> ReadResult {
        let mut page = StreamPage::begin(stream, after, limit.min(PAGE_EVENTS_MAX));
        let mut begin = self.bookmarks.before(stream, after);
        let key = Key::of(stream.as_str());
        let seen = self.look(LookupProperty::Stream, key, begin, usize::MAX)?;
        while page.has_room() && begin < seen.base {
            let places = self.filed(key, begin, seen.base, &page)?;
            let Some(last) = places.last() else { break };
            begin = last.position;
            self.take_all(&mut page, &places)?;
        }
        // All are passed on, without a limit: entries of another stream with the same key may be among them.
        let later = seen.places.iter().filter(|place| place.version > after.0);
        self.take_all(&mut page, &later.copied().collect::<Vec<_>>())?;
        if let Some((version, position)) = page.full() {
            self.bookmarks.note(stream, version, position);
        }
        Ok(page.end())
    }

    /// Reads the next entries of a stream from the index file, up to the position `base`; at most as many
    /// as fit on the page.
    fn filed(
        &self,
        key: Key,
        begin: Position,
        base: Position,
        page: &StreamPage<'_>,
    ) -> Result<Vec<IndexedEvent>, StoreError> {
        let mut statement = self.prepare(FILED)?;
        let values = (
            key.signed(),
            signed(begin.0),
            signed(base.0),
            signed(page.last_version().0),
        );
        let mut rows = statement.query(values).map_err(|error| from_sqlite(&error))?;
        let mut places = Vec::with_capacity(page.room().min(EVENTS_EXPECTED));
        while places.len() < page.room()
            && let Some(row) = rows.next().map_err(|error| from_sqlite(&error))?
        {
            let number = |column| row.get(column).map(unsigned).map_err(|error| from_sqlite(&error));
            places.push(IndexedEvent {
                position: Position(number(0)?),
                version: number(1)?,
            });
        }
        Ok(places)
    }

    /// Reads the rows at these entries' positions into the page. Rows of one append are consecutive and
    /// read with one query.
    fn take_all(&self, page: &mut StreamPage<'_>, places: &[IndexedEvent]) -> Result<(), StoreError> {
        for run in places.chunk_by(|place, next| next.position.0 == place.position.0 + 1) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else {
                continue;
            };
            if !page.has_room() {
                break;
            }
            let mut statement = self.prepare(STRETCH)?;
            let mut rows = statement
                .query((signed(first.position.0), signed(last.position.0)))
                .map_err(|error| from_sqlite(&error))?;
            for place in run {
                if !page.has_room() {
                    break;
                }
                let row = rows.next().map_err(|error| from_sqlite(&error))?;
                page.take(row, place)?;
            }
        }
        Ok(())
    }
}
