//! Steps from old versions of call events to newer ones; `event.rs` names the kind and version of each.

use serde_json::{Map, Value};

/// `call.answered` 1 → 2. Version 2 names how keys can arrive; version 1 did not say, so the member stays
/// absent: unknown.
pub(super) const fn answered_to_2(data: Map<String, Value>) -> Map<String, Value> {
    data
}
