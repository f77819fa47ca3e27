//! What leads astray whoever looks for events: columns beside a record that differ from it, and an index that
//! differs from the columns. The same comparison for every store that has such columns.

use domain::stored_event::Position;
use serde::Deserialize;
use std::borrow::Cow;
use uuid::Uuid;

/// What leads astray whoever looks for events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misleading {
    /// A column that differs from its record.
    Column(Position, &'static str),
    /// A table of `index.db` that does not hold what the rows say. Deleted, the file is made again.
    Index(&'static str),
}

/// The columns of one row as they were found, none trusted.
pub(crate) struct Columns<'a> {
    pub(crate) stream: Option<&'a [u8]>,
    pub(crate) version: Option<u64>,
    pub(crate) id: Option<&'a [u8]>,
    pub(crate) kind: Option<&'a [u8]>,
    pub(crate) campaign: Option<&'a [u8]>,
    pub(crate) customer: Option<&'a [u8]>,
}

/// The members of a record that have a column.
#[derive(Deserialize)]
struct Indexed<'a> {
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

impl Columns<'_> {
    /// The first column that is not what the record says. A record that cannot be read is left to whoever
    /// checks records.
    pub(crate) fn wrong(&self, record: &[u8]) -> Option<&'static str> {
        let said = serde_json::from_slice::<Indexed<'_>>(record).ok()?;
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
