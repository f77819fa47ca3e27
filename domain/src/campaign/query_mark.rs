//! High-water mark: the last value of a column up to which a query of another database was imported.

use serde::{Deserialize, Serialize};

/// The most bytes of a mark's value: a number, or a date with a time and an offset.
const VALUE_BYTES_MAX: usize = 64;

/// The most bytes of the name of a mark's column, as databases limit it.
const COLUMN_BYTES_MAX: usize = 256;

/// How far a query of another database was imported: the last value of one of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(query, column, value)]
pub struct QueryMark {
    /// SHA-256 of the database's address and the query, in hexadecimal digits: neither is in the log.
    pub query: String,
    pub column: String,
    /// A number or a time, never personal data.
    pub value: String,
}

impl QueryMark {
    /// Returns true if the text can be a mark's value: digits and the characters of numbers and times only,
    /// at most 64 bytes.
    pub fn is_value(value: &str) -> bool {
        let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_digit() || b"-+:./ TZ".contains(&byte);
        has_digit && value.len() <= VALUE_BYTES_MAX && value.bytes().all(plain)
    }

    pub(super) fn is_whole(&self) -> bool {
        let is_hash = self.query.len() == 64 && self.query.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_named = !self.column.is_empty() && self.column.len() <= COLUMN_BYTES_MAX;
        is_hash && is_named && Self::is_value(&self.value)
    }
}
