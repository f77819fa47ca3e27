//! The table of names in the audit trail: each text once, with the number that rows use.

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Val, storable};
use domain::ids::StreamId;
use domain::stored_event::Position;
use std::fmt::Display;

/// A name and its number. The number is the primary key; the name is unique, so both can be looked up.
pub(super) const NAMES: Table = Table {
    name: "audit_trail_name",
    ddl: &["create table audit_trail_name (name text not null unique, number bigint primary key)"],
    key_columns: 1,
};

/// Most names that one event can add. An event's first number is its position times this.
const NAMES_OF_AN_EVENT: u64 = 8;

/// Assigns numbers to the names of one event. The same log always gives each name the same number.
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

    /// Returns the number of a name, and adds the name if it is new.
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

/// Returns a name as the database stores it, so that names it cannot tell apart are one.
pub(super) fn stored(name: &str) -> Val {
    Val::Text(storable(name).into_owned())
}

/// Returns the part of a stream's name after its aggregate: for a call or customer, the id that other columns
/// use. `None` if a foreign name has no dash.
pub(super) fn own_id(stream: &StreamId) -> Option<&str> {
    stream.as_str().split_once('-').map(|(_, id)| id)
}
