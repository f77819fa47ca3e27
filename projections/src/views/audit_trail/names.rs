//! Each text once, with the number by which the rows of the trail name it.

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Val, storable};
use domain::ids::StreamId;
use domain::stored_event::Position;
use std::fmt::Display;

/// A name and its number, which is the key on SQLite's side: names are looked up by either.
pub(super) const NAMES: Table = Table {
    name: "audit_trail_name",
    ddl: &["create table audit_trail_name (name text not null unique, number bigint primary key)"],
    key_columns: 1,
};

/// Names that one event may bring: its numbers are its position times this, and what follows.
const NAMES_OF_AN_EVENT: u64 = 8;

/// Numbers of one event's names. The same log gives each name the same number, however it is read.
pub(super) struct Names<'a> {
    tx: &'a mut dyn Tx,
    next: u64,
}

impl<'a> Names<'a> {
    pub(super) fn of(tx: &'a mut dyn Tx, position: Position) -> Self {
        Self {
            tx,
            next: position.0.saturating_mul(NAMES_OF_AN_EVENT),
        }
    }

    /// The number of a name, which gets one if it has none.
    pub(super) fn number(&mut self, name: impl Display) -> Result<Val, ProjectionError> {
        let key = [stored(&name.to_string())];
        let known = self.tx.row(&NAMES, &key)?.and_then(|row| row.get(1).cloned());
        if let Some(number) = known {
            return Ok(number);
        }
        let number = Val::count(self.next);
        self.next += 1;
        let [name] = key;
        self.tx.append_row(&NAMES, vec![name, number.clone()])?;
        Ok(number)
    }

    pub(super) fn maybe_number(&mut self, name: Option<impl Display>) -> Result<Val, ProjectionError> {
        name.map_or(Ok(Val::Null), |name| self.number(name))
    }
}

/// A name as the database keeps it: two that it cannot tell apart are one.
pub(super) fn stored(name: &str) -> Val {
    Val::Text(storable(name).into_owned())
}

/// What a stream is called behind its aggregate: of a call or a person the id by which other columns name it.
/// `None` where a foreign name has no dash.
pub(super) fn own_id(stream: &StreamId) -> Option<&str> {
    stream.as_str().split_once('-').map(|(_, id)| id)
}
