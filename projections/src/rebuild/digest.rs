//! Compares the rows of tables: a SHA-256 over each table in key order, and the keys of the first rows that
//! differ.

use crate::database::{Table, Tx, each_row};
use crate::error::ProjectionError;
use crate::value::Val;
use domain::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Most differing rows named per table; the digests cover all rows.
pub const DIFFERENCES_MAX: usize = 20;

/// Most rows of one table that are compared one by one if its digests differ (some tens of megabytes);
/// later rows are not named.
const COMPARED_ROWS_MAX: usize = 200_000;

/// The digest of a table: the number of its rows, and the SHA-256 over all of them in key order, in
/// lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TableDigest {
    pub rows: u64,
    pub sha256: String,
}

/// One table of live rows compared with the same table of rebuilt rows: a replay in memory, or the new rows
/// of a shadow rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TableCheck {
    pub table: String,
    pub live: TableDigest,
    pub replay: TableDigest,
    /// Keys of rows that differ or exist on one side only; at most `DIFFERENCES_MAX`.
    pub differences: Vec<Difference>,
}

impl TableCheck {
    /// Returns true if both sides have the same number of rows and the same digest.
    pub fn agrees(&self) -> bool {
        self.live == self.replay
    }
}

/// A row that differs between the two sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    pub key: String,
    pub what: DifferenceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    OnlyLive,
    OnlyReplay,
    Differs,
}

pub(crate) fn digest(tx: &mut dyn Tx, table: &Table) -> Result<TableDigest, ProjectionError> {
    let mut rows = 0;
    let mut all = Sha256::new();
    each_row(tx, table, &mut |row| {
        rows += 1;
        all.update(encoded(&row));
        Ok(())
    })?;
    let sha256 = hex::encode(&all.finalize());
    Ok(TableDigest { rows, sha256 })
}

/// Encodes a row with type, length and bytes of every value, so that only equal rows have equal bytes.
fn encoded(row: &[Val]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in row {
        let (kind, content) = match value {
            Val::Null => (b'n', Vec::new()),
            Val::Int(value) => (b'i', value.to_be_bytes().to_vec()),
            // SQLite returns a boolean column as an integer.
            Val::Bool(value) => (b'i', i64::from(*value).to_be_bytes().to_vec()),
            Val::Real(value) => (b'r', value.to_bits().to_be_bytes().to_vec()),
            Val::Text(value) => (b't', value.as_bytes().to_vec()),
            Val::Blob(value) => (b'b', value.clone()),
        };
        bytes.push(kind);
        bytes.extend(content.len().to_be_bytes());
        bytes.extend(content);
    }
    bytes
}

pub(crate) type Hashes = BTreeMap<String, Vec<u8>>;

/// Returns the hash of each row by its key, for the first `COMPARED_ROWS_MAX` rows.
pub(crate) fn hashes(tx: &mut dyn Tx, table: &Table) -> Result<Hashes, ProjectionError> {
    let mut hashes = BTreeMap::new();
    each_row(tx, table, &mut |row| {
        if hashes.len() < COMPARED_ROWS_MAX {
            let hash = Sha256::digest(encoded(&row)).to_vec();
            hashes.insert(key_text(&row, table.key_columns), hash);
        }
        Ok(())
    })?;
    Ok(hashes)
}

fn key_text(row: &[Val], key_columns: usize) -> String {
    let parts = row.iter().take(key_columns).map(|value| match value {
        Val::Null => "-".to_owned(),
        Val::Int(value) => value.to_string(),
        Val::Bool(value) => value.to_string(),
        Val::Real(value) => value.to_string(),
        Val::Text(value) => value.clone(),
        Val::Blob(value) => format!("{} bytes", value.len()),
    });
    parts.collect::<Vec<_>>().join(" ")
}

pub(crate) fn differences(live: Hashes, replay: Hashes) -> Vec<Difference> {
    let only_replay = replay.keys().filter(|key| !live.contains_key(*key));
    let only_replay = only_replay.map(|key| (key, DifferenceKind::OnlyReplay));
    let of_live = live.iter().filter_map(|(key, hash)| match replay.get(key) {
        None => Some((key, DifferenceKind::OnlyLive)),
        Some(other) if other == hash => None,
        Some(_) => Some((key, DifferenceKind::Differs)),
    });
    let all = of_live.chain(only_replay).take(DIFFERENCES_MAX);
    all.map(|(key, what)| Difference {
        key: key.clone(),
        what,
    })
    .collect()
}
