//! Reads the heading of a record without a parser, if the record has exactly the form that `record` writes:
//! members in order, no space between them, nothing escaped.
//!
//! Loading an entity reads each record of its stream, and most of that time was spent parsing unused members.
//! A record that differs from this form in one byte is left to the parser, so the result is never different
//! from the parser's (the tests change every byte of records and compare).

use crate::record::stored_event::StreamVersion;
use crate::time::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::ops::Range;
use uuid::Uuid;
use uuid::fmt::Hyphenated;
use values::ids::{CommandId, EventId};

/// The members of an event's record that rebuilding an entity needs, borrowed from the record.
#[derive(Debug, Deserialize)]
pub struct Heading<'a> {
    pub id: EventId,
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    pub version: u16,
    pub stream_version: StreamVersion,
    pub at: Timestamp,
    pub command: CommandId,
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// Returns the bytes of a record in which the name of its stream is written; `None` if the record does not
/// begin in the form that `record` writes. Reads only the beginning of the record.
pub fn stream_in(record: &[u8]) -> Option<Range<usize>> {
    let rest = record.strip_prefix(b"{\"id\":\"")?.get(Hyphenated::LENGTH..)?;
    let rest = rest.strip_prefix(b"\",\"kind\":\"")?;
    let rest = plain_string(rest)?.1.strip_prefix(b",\"version\":")?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let rest = rest.get(digits..)?.strip_prefix(b",\"stream\":\"")?;
    let start = record.len() - rest.len();
    Some(start..start + plain_string(rest)?.0.len())
}

/// Splits at the next quotation mark, which is left out. `None` if the text before it has an escape.
fn plain_string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    let (string, rest) = text.split_at_checked(end)?;
    Some((string, rest.strip_prefix(b"\"")?))
}

/// Returns the heading of a record; `None` if the record is not exactly in the form that `record` writes
/// and needs the parser.
pub(crate) fn read(record: &[u8]) -> Option<Heading<'_>> {
    let mut text = Remainder(std::str::from_utf8(record).ok()?);
    text.skip("{\"id\":\"")?;
    let id = EventId::new(text.uuid()?);
    text.skip(",\"kind\":\"")?;
    let kind = text.string()?;
    text.skip(",\"version\":")?;
    let version = u16::try_from(text.number()?).ok()?;
    text.skip(",\"stream\":\"")?;
    text.string()?;
    text.skip(",\"stream_version\":")?;
    let stream_version = StreamVersion(text.number()?);
    text.skip(",\"at\":\"")?;
    let at: Timestamp = text.string()?.parse().ok()?;
    for member in [
        ",\"causation\":\"",
        ",\"correlation\":\"",
        ",\"campaign\":\"",
        ",\"customer\":\"",
    ] {
        if text.skip(member).is_some() {
            text.string()?;
        }
    }
    text.skip(",\"command\":\"")?;
    let command = CommandId::new(text.uuid()?);
    if text.skip(",\"by\":{").is_some() {
        text.skip_object()?;
    }
    for member in [",\"request\":\"", ",\"traceparent\":\""] {
        if text.skip(member).is_some() {
            text.string()?;
        }
    }
    // Not a member of the heading; it may be present or absent.
    text.skip(",\"rehearsal\":true").unwrap_or_default();
    text.skip(",\"data\":")?;
    let data: &RawValue = serde_json::from_str(text.0.strip_suffix('}')?).ok()?;
    Some(Heading {
        id,
        kind: Cow::Borrowed(kind),
        version,
        stream_version,
        at,
        command,
        data,
    })
}

/// The part of a record that has not been read yet.
struct Remainder<'a>(&'a str);

impl<'a> Remainder<'a> {
    fn skip(&mut self, member: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(member)?;
        Some(())
    }

    /// Returns the text before the next quotation mark, and skips both. `None` if it has an escape or
    /// control character.
    fn string(&mut self) -> Option<&'a str> {
        let (string, rest) = self.0.split_once('"')?;
        // Checks every byte without a branch, so that many are checked in one step.
        let is_plain = |is_plain, byte| is_plain & (byte != b'\\') & (byte >= b' ');
        string.bytes().fold(true, is_plain).then_some(())?;
        self.0 = rest;
        Some(string)
    }

    /// Skips an object that holds only plain texts, up to its end; `None` for another object.
    fn skip_object(&mut self) -> Option<()> {
        loop {
            self.skip("\"")?;
            self.string()?;
            self.skip(":\"")?;
            self.string()?;
            if self.skip("}").is_some() {
                return Some(());
            }
            self.skip(",")?;
        }
    }

    /// Reads a UUID in the hyphenated form in which it is written; `None` for another form.
    fn uuid(&mut self) -> Option<Uuid> {
        let (string, rest) = self.0.split_at_checked(Hyphenated::LENGTH)?;
        self.0 = rest.strip_prefix('"')?;
        Uuid::try_parse(string).ok()
    }

    /// Reads an unsigned integer in JSON form, without leading zeros; `None` for other text.
    fn number(&mut self) -> Option<u64> {
        let end = self.0.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, rest) = self.0.split_at_checked(end)?;
        if digits.len() > 1 && digits.starts_with('0') {
            return None;
        }
        let number = digits.parse().ok()?;
        self.0 = rest;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records with all members that one can have, with the fewest, and with difficult values in each place.
    const RECORDS: [&str; 4] = [
        r#"{"id":"ed3d61ec-947c-5bf5-9545-8d15472b078a","kind":"call.permitted","version":2,"stream":"call-17142e13-aa3b-551b-9a1d-8c5058843c15","stream_version":10,"at":"2026-03-02T02:00:00.000000Z","causation":"ed3d61ec-947c-5bf5-9545-8d15472b078b","correlation":"17142e13-aa3b-551b-9a1d-8c5058843c15","campaign":"T1","customer":"00000000000000000000000000000002","command":"17142e13-aa3b-551b-9a1d-8c5058843c15","rehearsal":true,"data":{"reason":"a \"b\" 中","n":[1,{}]}}"#,
        r#"{"id":"ed3d61ec-947c-5bf5-9545-8d15472b078a","kind":"number.dial_released","version":1,"stream":"number-a","stream_version":1,"at":"2026-03-02T02:00:00.000001Z","command":"17142e13-aa3b-551b-9a1d-8c5058843c15","data":{}}"#,
        r#"{"id":"ed3d61ec-947c-5bf5-9545-8d15472b078a","kind":"x","version":65535,"stream":"号-a","stream_version":18446744073709551615,"at":"2026-03-02T02:00:00Z","correlation":"17142e13-aa3b-551b-9a1d-8c5058843c15","command":"17142e13-aa3b-551b-9a1d-8c5058843c15","data":{"a":{"data":{}}}}"#,
        r#"{"id":"ed3d61ec-947c-5bf5-9545-8d15472b078a","kind":"y","version":3,"stream":"s","stream_version":7,"at":"2026-03-02T02:00:00.5+08:00","customer":"c","command":"17142e13-aa3b-551b-9a1d-8c5058843c15","rehearsal":true,"data":{"b":1}}"#,
    ];

    /// Returns the members of a heading for comparison.
    fn members(heading: &Heading<'_>) -> (EventId, String, u16, StreamVersion, Timestamp, CommandId, String) {
        let data = heading.data.get().to_owned();
        let kind = heading.kind.to_string();
        (
            heading.id,
            kind,
            heading.version,
            heading.stream_version,
            heading.at,
            heading.command,
            data,
        )
    }

    /// Compares with the parser's result; returns true if the record was read without the parser.
    fn check(record: &[u8]) -> bool {
        let parsed: Result<Heading<'_>, _> = serde_json::from_slice(record);
        let Some(read) = read(record) else { return false };
        let text = String::from_utf8_lossy(record);
        assert_eq!(
            parsed.map(|parsed| members(&parsed)).ok(),
            Some(members(&read)),
            "{text}"
        );
        true
    }

    #[test]
    fn records_as_they_are_written_are_read_as_the_parser_reads_them() {
        for record in RECORDS {
            assert!(check(record.as_bytes()), "{record}");
        }
    }

    #[test]
    fn whatever_byte_is_changed_lost_or_added_nothing_is_read_that_the_parser_would_not_read() {
        let others = *b"\"\\{}[]:,019-+. \n\x00\x1f\x7f\x80\xffaeEzZ/u";
        let mut read_count = 0;
        for record in RECORDS {
            let record = record.as_bytes();
            for place in 0..record.len() {
                let (before, behind) = record.split_at(place);
                let mut changed = vec![[before, &behind[1..]].concat(), before.to_vec()];
                for other in others {
                    changed.push([before, &[other], &behind[1..]].concat());
                    changed.push([before, &[other], behind].concat());
                }
                read_count += changed.iter().filter(|changed| check(changed)).count();
            }
        }
        assert!(
            read_count > 1_000,
            "texts within members may differ: {read_count}"
        );
    }

    #[test]
    fn another_order_or_a_space_is_left_to_the_parser() {
        let record = RECORDS[1];
        for changed in [
            record.replacen(",\"version\":1", ",\"version\": 1", 1),
            record
                .replacen(",\"version\":1", "", 1)
                .replacen("{\"id\"", "{\"version\":1,\"id\"", 1),
            record.replacen("number.dial", "number\\u002edial", 1),
            format!("{record} "),
        ] {
            assert!(serde_json::from_str::<Heading<'_>>(&changed).is_ok(), "{changed}");
            assert!(read(changed.as_bytes()).is_none(), "{changed}");
        }
    }
}
