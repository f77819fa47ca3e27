//! High-water mark: the last value of a column up to which a query of another database was imported.

use serde::{Deserialize, Serialize};

/// The most bytes of a value: a number, or a date with a time and an offset.
const VALUE_BYTES_MAX: usize = 64;

/// The most bytes of a column's name, as databases limit it.
const COLUMN_BYTES_MAX: usize = 256;

/// The last value of a column up to which a query was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueryMark {
    /// SHA-256 of the database's address and the query, in hexadecimal digits: neither is in the log.
    pub query: String,
    pub column: String,
    /// A number or a time, never personal data.
    pub value: String,
}

impl QueryMark {
    /// Returns true if the value is a number or a time, as databases write them.
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
