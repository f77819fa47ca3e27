//! Canonical JSON and its hash: equal content gives equal bytes, whatever the order of its members.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// Returns the value as canonical JSON: one line, no blanks, members sorted by the bytes of their names,
/// strings and numbers as serde_json writes them.
pub fn canonical_json(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// Returns the SHA-256 of the value's canonical JSON, in lower-case hex. Equal content gives equal hashes.
pub fn content_hash(value: &Value) -> String {
    let digest = Sha256::digest(canonical_json(value).as_bytes());
    crate::hex::encode(&digest)
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            let open = std::iter::once('[').chain(std::iter::repeat(','));
            for (item, before) in items.iter().zip(open) {
                text.push(before);
                write(item, text);
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            // The map keeps the insertion order if a crate of the build enables that feature, so it is sorted
            // here.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_bytes());
            let open = std::iter::once('{').chain(std::iter::repeat(','));
            for ((name, item), before) in sorted.iter().zip(open) {
                text.push(before);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(item, text);
            }
            text.push_str(if sorted.is_empty() { "{}" } else { "}" });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_nothing_is_padded() {
        let value = json!({"b": [1, {"z": null, "a": true}], "a": "号\"", "c": {}, "d": []});
        assert_eq!(
            canonical_json(&value),
            r#"{"a":"号\"","b":[1,{"a":true,"z":null}],"c":{},"d":[]}"#
        );
        assert_eq!(
            serde_json::from_str::<Value>(&canonical_json(&value)).unwrap(),
            value
        );
    }

    #[test]
    fn the_hash_is_of_the_canonical_bytes() {
        assert_eq!(
            content_hash(&json!({})),
            "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
        let one: Value = serde_json::from_str(r#"{"a":1,"b":2}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{ "b": 2, "a": 1 }"#).unwrap();
        assert_eq!(content_hash(&one), content_hash(&other));
    }
}
