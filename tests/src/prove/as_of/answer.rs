//! What of an answer is compared: all but where and when it was asked.

use serde_json::Value;

/// An answer without where and when it was asked; of a refusal nothing but its code.
pub(super) fn plain(body: Value) -> Value {
    let mut body = body;
    if let Some(code) = body.get("code") {
        return code.clone();
    }
    // What a row of the list says of why nobody is called now.
    let rows = body.get_mut("items").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(Value::as_object_mut) {
        for name in ["hours", "pause_reason", "stage", "time_zone"] {
            row.remove(name);
        }
    }
    if let Some(members) = body.as_object_mut() {
        // Only now are hours open or not.
        for name in [
            "known",
            "as_of_position",
            "complete_up_to",
            "looked_back_events",
            "hours",
        ] {
            members.remove(name);
        }
    }
    body
}
