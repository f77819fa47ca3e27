//! Converts a reply to a JSON value, for code that reads its parts: pages, tables and tests.

use serde::Serialize;
use serde_json::Value;

/// Returns the reply as a JSON value, with members in the order of their names, as they are sent.
pub fn value(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}
