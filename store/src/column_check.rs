//! Compares the columns beside a record with the record. A wrong column or index entry makes a search by
//! stream, id, kind, campaign or customer miss events. All stores with such columns use this comparison.

use domain::stored_event::Position;
use serde::Deserialize;
use std::borrow::Cow;
use uuid::Uuid;

/// A difference between the records and the columns or index by which events are looked up; a look-up
/// misses events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupMismatch {
    /// The named column of the event at this position differs from its record.
    Column(Position, &'static str),
    /// The named table of `index.db` does not match the rows. If the file is deleted, it is built again.
    Index(&'static str),
}

/// The columns of one row as stored, unverified.
pub(crate) struct StoredColumns<'a> {
    pub(crate) stream: Option<&'a [u8]>,
    pub(crate) version: Option<u64>,
    pub(crate) id: Option<&'a [u8]>,
    pub(crate) kind: Option<&'a [u8]>,
    pub(crate) campaign: Option<&'a [u8]>,
    pub(crate) customer: Option<&'a [u8]>,
}

/// The members of a record that have a column.
#[derive(Deserialize)]
struct RecordColumns<'a> {
    #[serde(borrow)]
    stream: Cow<'a, str>,
    stream_version: u64,
    id: Uuid,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    campaign: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    customer: Option<Cow<'a, str>>,
}

impl StoredColumns<'_> {
    /// Returns the name of the first column that differs from the record. `None` if all agree, or if the
    /// record is not valid JSON; other checks report that.
    pub(crate) fn wrong(&self, record: &[u8]) -> Option<&'static str> {
        let said = serde_json::from_slice::<RecordColumns<'_>>(record).ok()?;
        let campaign = said.campaign.as_deref().map(str::as_bytes);
        let customer = said.customer.as_deref().map(str::as_bytes);
        let columns = [
            ("stream", self.stream == Some(said.stream.as_bytes())),
            ("version", self.version == Some(said.stream_version)),
            ("id", self.id == Some(said.id.as_bytes().as_slice())),
            ("kind", self.kind == Some(said.kind.as_bytes())),
            ("campaign", self.campaign == campaign),
            ("customer", self.customer == customer),
        ];
        columns
            .into_iter()
            .find_map(|(column, is_right)| (!is_right).then_some(column))
    }
}
