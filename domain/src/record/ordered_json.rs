//! Writes the members of a record's data in the order of their names, at every depth, without building a
//! value.
//!
//! All records have been written in this form, and proofs hash their bytes. The output is byte for byte the
//! same as that of `serde_json::Value`, with maps ordered by name.

use crate::decider::EventData;
use crate::record::text::USUAL_RECORD_BYTES;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Appends the event's `data` object as JSON with its members ordered by name, at every depth. Fails with a
/// reason if the data is not an object.
pub(crate) fn append_data<E: EventData>(event: &E, out: &mut Vec<u8>) -> Result<(), String> {
    let mut tagged = Vec::with_capacity(USUAL_RECORD_BYTES);
    serde_json::to_writer(&mut tagged, event).map_err(|error| error.to_string())?;
    let data = tagged
        .strip_prefix(b"{\"kind\":\"")
        .and_then(|rest| rest.strip_prefix(event.kind().as_bytes()))
        .and_then(|rest| rest.strip_prefix(b"\",\"data\":"))
        .and_then(|rest| rest.strip_suffix(b"}"))
        .filter(|data| data.first() == Some(&b'{'))
        .ok_or("data is not an object")?;
    append_ordered(data, out).ok_or_else(|| "its JSON does not end".to_owned())
}

/// Appends JSON text with the members of all objects in order. `text` is as the serializer writes it,
/// without white space. Of two members with one name the last one is kept. `None` if the text is cut off.
fn append_ordered(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match text.first()? {
        b'{' => append_object(text, out),
        b'[' if text.contains(&b'{') => append_array(text, out),
        _ => {
            out.extend_from_slice(text);
            Some(())
        }
    }
}

/// A member's name as written, with its quotes, and its value.
type Member<'a> = (&'a [u8], &'a [u8]);

fn append_object(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut members: Vec<Member<'_>> = Vec::with_capacity(USUAL_MEMBERS);
    let mut rest = text.strip_prefix(b"{")?.strip_suffix(b"}")?;
    while !rest.is_empty() {
        let (name, after) = rest.split_at_checked(end_of_string(rest)?)?;
        let value = after.strip_prefix(b":")?;
        let (value, after) = value.split_at_checked(end_of_value(value)?)?;
        members.push((name, value));
        rest = after_comma(after)?;
    }
    // Stable: of members with one name, the one written last stays last.
    members.sort_by(|one, next| order(one.0, next.0));
    members.reverse();
    members.dedup_by(|earlier, kept| order(earlier.0, kept.0).is_eq());
    members.reverse();
    let mut mark = b'{';
    for (name, value) in &members {
        out.push(mark);
        out.extend_from_slice(name);
        out.push(b':');
        append_ordered(value, out)?;
        mark = b',';
    }
    out.extend_from_slice(if members.is_empty() { b"{}" } else { b"}" });
    Some(())
}

/// Initial capacity for an object's members; most objects have at most as many.
const USUAL_MEMBERS: usize = 8;

fn append_array(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut rest = text.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut mark = b'[';
    while !rest.is_empty() {
        let (element, after) = rest.split_at_checked(end_of_value(rest)?)?;
        out.push(mark);
        append_ordered(element, out)?;
        mark = b',';
        rest = after_comma(after)?;
    }
    out.push(b']');
    Some(())
}

/// Returns the text after a leading comma; empty at the end. `None` if the comma is missing or nothing
/// follows it.
fn after_comma(rest: &[u8]) -> Option<&[u8]> {
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(b",").filter(|rest| !rest.is_empty())
}

/// Compares two member names; names with an escape are rare and are decoded first.
fn order(one: &[u8], next: &[u8]) -> Ordering {
    if one.contains(&b'\\') || next.contains(&b'\\') {
        return decoded(one).cmp(&decoded(next));
    }
    // Without the closing quote, so that a name comes before longer names that begin with it.
    one.strip_suffix(b"\"").cmp(&next.strip_suffix(b"\""))
}

/// Returns a member's name without quotes and escapes.
fn decoded(name: &[u8]) -> Cow<'_, str> {
    let name: Result<Name<'_>, _> = serde_json::from_slice(name);
    name.map_or(Cow::Borrowed(""), |name| name.0)
}

/// A member's name, borrowed if nothing in it is escaped.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Returns the length in bytes of the JSON string at the beginning of the text, with both quotes; `None` if
/// it does not end.
fn end_of_string(text: &[u8]) -> Option<usize> {
    let mut at = text.first().filter(|first| **first == b'"').map(|_| 1)?;
    loop {
        at += text
            .get(at..)?
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\'))?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Returns the length in bytes of the JSON value at the beginning of the text; `None` if there is none.
fn end_of_value(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match text.get(at) {
            Some(b'"') => at += end_of_string(text.get(at..)?)?,
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
                continue;
            }
            Some(b'}' | b']') if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            Some(b',' | b':') if depth > 0 => {
                at += 1;
                continue;
            }
            Some(b',' | b':' | b'}' | b']') => return None,
            // A number or a word.
            Some(_) => {
                let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']');
                let rest = text.get(at..)?;
                at += rest.iter().position(is_end).unwrap_or(rest.len());
            }
            None => return None,
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(text: impl AsRef<[u8]>) -> Option<String> {
        let mut out = Vec::new();
        append_ordered(text.as_ref(), &mut out)?;
        Some(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_written_is_what_a_value_with_ordered_maps_writes() {
        for text in [
            r#"{}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":[],"b":{},"c":[{}],"d":"","e":[[{"b":1,"a":{}}],1]}"#,
            r#"{"b":{"d":[{"f":1,"e":[]},"{",null],"c":"x\"{y"},"a":-1.5}"#,
            r#"{"名":"单","a\n":true,"a":[[1,2],["{"]]}"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"b":1,"a":1,"b":2,"a":2,"b":3}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"ab":1,"a":2,"a!":3,"a b":4,"":5}"#,
            r#"{"a#":1,"a\"":2,"a!":3,"a\\":4,"a]":5,"a[":6}"#,
            r#"{"\u0001":1,"\t":2,"\n":3,"\\":4,"\"":5}"#,
            r#"{"z":18446744073709551615,"y":-9223372036854775808,"x":0.1}"#,
            r#"{"x":"\\","w":"\\\"","v":"}],:"}"#,
            r#""plain""#,
            r#"[{"b":"\\"},{"d":1,"c":[{"z":1,"y":"\"]"}]}]"#,
        ] {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(ordered(text), Some(serde_json::to_string(&value).unwrap()));
        }
    }

    #[test]
    fn what_is_cut_off_is_refused_wherever_the_cut_is() {
        let text = r#"{"b":{"d":[{"f":1,"e":[]},"{",null],"c":"x\"{y"},"a":-1.5,"名":[{}]}"#;
        assert!(ordered(text).is_some());
        for cut in 1..text.len() {
            assert_eq!(ordered(&text.as_bytes()[..cut]), None, "cut at {cut}");
        }
        for wrong in [r#"{"a":}"#, r#"{"a"}"#, r#"{a:1}"#, r#"{"a":1,}"#, "[{},]", ""] {
            assert_eq!(ordered(wrong), None, "{wrong}");
        }
    }
}
