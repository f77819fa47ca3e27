//! What of an answer is compared: all but where and when it was asked, and what no copy of a day holds.

use serde_json::Value;

/// The list of campaigns.
pub(super) const LIST: &str = "/api/v1/campaigns";

/// What of the answer to a path is answered as of a past moment too.
pub(super) fn comparable(path: &str, answer: Value) -> Value {
    match path {
        LIST => without_people(answer),
        _ => answer,
    }
}

/// The list of campaigns without what the copies of a day do not count: people apart from machines (decision
/// 0057).
fn without_people(mut list: Value) -> Value {
    let drop_people = |value: &mut Value| {
        if let Some(members) = value.as_object_mut() {
            members.retain(|name, _| !name.ends_with("_people"));
        }
    };
    if let Some(versions) = list.pointer_mut("/versions") {
        drop_people(versions);
    }
    let items = list.pointer_mut("/items").and_then(Value::as_array_mut);
    items.into_iter().flatten().for_each(drop_people);
    list
}

/// An answer without where and when it was asked; of a refusal nothing but its code.
pub(super) fn plain(body: Value) -> Value {
    let mut body = body;
    if let Some(code) = body.get("code") {
        return code.clone();
    }
    if let Some(members) = body.as_object_mut() {
        for name in ["known", "as_of_position", "looked_back_events"] {
            members.remove(name);
        }
    }
    body
}
