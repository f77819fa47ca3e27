//! Removes from a response what is not compared: its time, and the position that it is as of.

use serde_json::Value;

/// Returns a response without the time and position of the request; of a refusal only its code.
pub(super) fn strip_time_and_position(body: Value) -> Value {
    let mut body = body;
    if let Some(code) = body.get("code") {
        return code.clone();
    }
    // The members of a campaign's row that say why it does not dial now.
    let rows = body.get_mut("items").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(Value::as_object_mut) {
        for name in ["hours", "pause_reason", "stage", "time_zone"] {
            row.remove(name);
        }
    }
    if let Some(members) = body.as_object_mut() {
        // Whether hours are open is only known for now.
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
