//! Looks up stored events by id, and versions of streams. The index gives the positions; the rows decide.

use super::super::index::{Key, LookupProperty};
use super::super::row::{signed, unsigned};
use super::{Appender, Batch};
use crate::batch::EventLocation;
use domain::ids::{EventId, StreamId};
use domain::stored_event::{Position, StreamVersion};
use rusqlite::OptionalExtension;

/// The number of a stream's newest positions that are read first from the index file. Two names can share a
/// key; if none of these positions has the stream, all are read.
const PLACES_FIRST: usize = 8;

impl Appender {
    pub(super) fn has_any(&self, batch: &Batch) -> rusqlite::Result<bool> {
        for record in &batch.records {
            if self.find(record.id)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the location of the event with this id, also if the current transaction wrote it; `None` if
    /// it is not stored.
    pub(super) fn find(&self, id: EventId) -> rusqlite::Result<Option<EventLocation>> {
        let key = Key::of_id(id);
        let mut positions = self.places.latest(LookupProperty::Id, key, usize::MAX)?;
        if self.added_ids.contains(&key) {
            let added = self.added.iter().filter(|entry| entry.id == key);
            positions.extend(added.map(|entry| entry.position));
        }
        for position in positions {
            let found = self.found_at(position, id)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn found_at(&self, position: Position, id: EventId) -> rusqlite::Result<Option<EventLocation>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT stream, version, batch_index, batch_count FROM event WHERE pos = ?1 AND id = ?2",
        )?;
        statement
            .query_row((signed(position.0), id.uuid().as_bytes().as_slice()), |row| {
                Ok(EventLocation {
                    position,
                    stream: StreamId::from_stored(row.get(0)?),
                    version: StreamVersion(unsigned(row.get(1)?)),
                    batch_index: row.get::<_, u32>(2)? as usize,
                    batch_count: row.get::<_, u32>(3)? as usize,
                })
            })
            .optional()
    }

    /// Returns the version of a stream: from memory if it is there, otherwise from its last stored event; 0
    /// for an unknown stream.
    pub(super) fn version(&self, stream: &StreamId) -> rusqlite::Result<StreamVersion> {
        if let Some(version) = self.heads.get(stream) {
            return Ok(*version);
        }
        let key = Key::of(stream.as_str());
        for most in [PLACES_FIRST, usize::MAX] {
            let places = self.places.latest(LookupProperty::Stream, key, most)?;
            let is_whole = places.len() < most;
            for position in places {
                if let Some(version) = self.version_at(position, stream)? {
                    return Ok(version);
                }
            }
            if is_whole {
                break;
            }
        }
        Ok(StreamVersion(0))
    }

    fn version_at(&self, position: Position, stream: &StreamId) -> rusqlite::Result<Option<StreamVersion>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT version FROM event WHERE pos = ?1 AND stream = ?2")?;
        statement
            .query_row((signed(position.0), stream.as_str()), |row| {
                Ok(StreamVersion(unsigned(row.get(0)?)))
            })
            .optional()
    }
}
