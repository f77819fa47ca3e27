//! Personal values as they are shown to whoever may see that there is one.

use domain::personal::Personal;
use serde_json::Value;

/// A personal value as shown: masked where it can be read, nothing where it cannot.
pub fn masked(value: Option<&Personal<String>>, mask: fn(&str) -> String) -> Value {
    value
        .and_then(Personal::value)
        .map_or(Value::Null, |value| Value::String(mask(value)))
}
