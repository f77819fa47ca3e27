//! An answer as a value: for whoever takes it apart again, as pages, tables and tests do.

use serde::Serialize;
use serde_json::Value;

/// Members in the order of their names, as they are sent.
pub fn value(body: &impl Serialize) -> Value {
    serde_json::to_value(body).unwrap_or_default()
}
