//! The facts of a request that its events keep: a mark of its body, and its trace context.
//!
//! Only events that the request itself made have them, and only if the request had the header. They travel
//! with the cause of every command, so they are `Copy` and hold their bytes inline.

use crate::personal::LookupHash;
use crate::record::position::StreamVersion;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The facts of an HTTP request that its command needs: idempotency mark, trace context and `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestFacts {
    /// The mark of a request that may be repeated, from its `Idempotency-Key`.
    pub mark: Option<RequestMark>,
    /// The trace context of the request, if it has one.
    pub traceparent: Option<TraceParent>,
    /// The stream version required by `If-Match`: otherwise nothing is done. No event stores it.
    pub expected: Option<StreamVersion>,
}

impl RequestFacts {
    /// The facts of a command without a request, or of a request without these headers.
    pub const NONE: Self = Self {
        mark: None,
        traceparent: None,
        expected: None,
    };
}

/// A keyed hash of a request's body and command: equal for a repeated request. Without the installation's
/// secret it reveals nothing about the body (which may be a phone number).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestMark([u8; MARK_BYTES]);

/// Bytes of a request mark: enough that two bodies never have the same mark in practice.
const MARK_BYTES: usize = 16;

impl RequestMark {
    /// Returns the mark: the first 16 bytes of the keyed hash of command id and body. `None` if the hash is
    /// not hexadecimal.
    pub fn of(hash: &LookupHash) -> Option<Self> {
        let digits = hash.0.as_bytes().get(..2 * MARK_BYTES)?;
        read_hex(digits).map(Self)
    }
}

/// The trace context of a request, from its `traceparent` header of version 00 (W3C Trace Context, section
/// 3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: [u8; 16],
    parent: [u8; 8],
    flags: [u8; 1],
}

impl TraceParent {
    /// Reads a `traceparent` header. `None` if it is invalid, which counts as absent (section 4.3). Of a
    /// later version the first four fields are read.
    pub fn read(text: &str) -> Option<Self> {
        let mut fields = text.split('-').map(str::as_bytes);
        let [version] = read_hex::<1>(fields.next()?)?;
        let read = Self {
            trace: read_hex(fields.next()?)?,
            parent: read_hex(fields.next()?)?,
            flags: read_hex(fields.next()?)?,
        };
        let is_known = version < 0xff && (version > 0 || fields.next().is_none());
        let is_said = read.trace != [0; 16] && read.parent != [0; 8];
        (is_known && is_said).then_some(read)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        write_hex(&self.trace, f)?;
        f.write_str("-")?;
        write_hex(&self.parent, f)?;
        f.write_str("-")?;
        write_hex(&self.flags, f)
    }
}

impl fmt::Display for RequestMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for RequestMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for RequestMark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceParent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| serde::de::Error::custom("is no traceparent"))
    }
}

impl<'de> Deserialize<'de> for RequestMark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read = read_hex(text.as_bytes()).map(Self);
        read.ok_or_else(|| serde::de::Error::custom("is no mark of a request"))
    }
}

fn write_hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn read_hex<const BYTES: usize>(digits: &[u8]) -> Option<[u8; BYTES]> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != BYTES || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; BYTES];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// Returns the value of a lower-case hexadecimal digit; the header allows no others (section 3.2).
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of W3C Trace Context, section 3.2.3.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written_as_it_came() {
        let read = TraceParent::read(EXAMPLE).unwrap();
        assert_eq!(read.to_string(), EXAMPLE);
        let stored = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<TraceParent>(&stored).unwrap(), read);
        let later = EXAMPLE.replacen("00", "cc", 1) + "-what-comes-later";
        assert_eq!(
            TraceParent::read(&later),
            Some(read),
            "of a later version what is known"
        );
    }

    #[test]
    fn what_is_no_traceparent_is_as_if_it_were_not_there() {
        let (zero_trace, zero_parent) = ("0".repeat(32), "0".repeat(16));
        let wrong = [
            String::new(),
            EXAMPLE.to_uppercase(),
            EXAMPLE.replace("00-4b", "ff-4b"),
            format!("{EXAMPLE}-more"),
            EXAMPLE.replace("4bf92f3577b34da6a3ce929d0e0e4736", &zero_trace),
            EXAMPLE.replace("00f067aa0ba902b7", &zero_parent),
            EXAMPLE.replace("-01", ""),
            EXAMPLE.replace("4bf9", "4b\u{e9}"),
        ];
        for text in wrong {
            assert_eq!(TraceParent::read(&text), None, "{text}");
        }
    }

    #[test]
    fn a_mark_is_written_and_read() {
        let mark = RequestMark([7; MARK_BYTES]);
        let stored = serde_json::to_string(&mark).unwrap();
        assert_eq!(stored, format!("\"{}\"", "07".repeat(MARK_BYTES)));
        assert_eq!(serde_json::from_str::<RequestMark>(&stored).unwrap(), mark);
        assert!(serde_json::from_str::<RequestMark>("\"07\"").is_err());
    }
}
