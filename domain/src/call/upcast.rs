//! Steps from old versions of call events to newer ones; `event.rs` names the kind and version of each.

use serde_json::{Map, Value};

/// Upcasts `call.answered` from version 1 to 2. Version 2 adds the ways in which keypresses can arrive; the
/// member stays absent, which means unknown.
pub(super) const fn answered_to_2(data: Map<String, Value>) -> Map<String, Value> {
    data
}
