//! The last value of a column that a query of another database was read to, as it is kept.

use serde::{Deserialize, Serialize};

/// Longest value that is kept: a number, or a date with a time and an offset.
const VALUE_BYTES_MAX: usize = 64;

/// Longest name of a column, as databases bound it.
const COLUMN_BYTES_MAX: usize = 256;

/// The last value of a column that a query was read to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueryMark {
    /// SHA-256 of where and what was asked, in hexadecimal digits: neither stands in the log.
    pub query: String,
    pub column: String,
    /// A number or a time: nothing personal is a mark.
    pub value: String,
}

impl QueryMark {
    /// Whether a value is a number or a time, as databases write them.
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
