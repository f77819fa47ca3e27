//! The facts of a request that its events keep: a mark of its body, and its trace context.
//!
//! Only events that the request itself made have them, and only if the request had the header. They travel
//! with the cause of every command, so they are `Copy` and hold their bytes inline.

use crate::personal::LookupHash;
use crate::record::position::StreamVersion;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use values::hex;

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
        hex::decode_lower_case(hash.0.get(..2 * MARK_BYTES)?).map(Self)
    }
}

/// The trace context of a request: a `traceparent` of version 00 (W3C Trace Context, section 3.2), which has
/// lower-case digits only.
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
        let mut fields = text.split('-');
        let [version] = hex::decode_lower_case::<1>(fields.next()?)?;
        let read = Self {
            trace: hex::decode_lower_case(fields.next()?)?,
            parent: hex::decode_lower_case(fields.next()?)?,
            flags: hex::decode_lower_case(fields.next()?)?,
        };
        let is_known = version < 0xff && (version > 0 || fields.next().is_none());
        let is_said = read.trace != [0; 16] && read.parent != [0; 8];
        (is_known && is_said).then_some(read)
    }

    /// Returns the context of a sampled span that begins a trace. Neither id may be zero.
    pub const fn begin(trace: [u8; 16], span: [u8; 8]) -> Self {
        Self {
            trace,
            parent: span,
            flags: [SAMPLED],
        }
    }

    /// Returns the context of another span of the same trace, with the same flags.
    pub const fn with_span(self, span: [u8; 8]) -> Self {
        Self { parent: span, ..self }
    }

    pub const fn trace_id(&self) -> [u8; 16] {
        self.trace
    }

    /// Returns the id of the span that the context names: the parent of what follows from it.
    pub const fn span_id(&self) -> [u8; 8] {
        self.parent
    }

    /// Returns true if the trace is recorded (section 3.2.3.4, `sampled`).
    pub const fn is_sampled(&self) -> bool {
        self.flags[0] & SAMPLED != 0
    }
}

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, parent) = (hex::encode(&self.trace), hex::encode(&self.parent));
        write!(f, "00-{trace}-{parent}-{}", hex::encode(&self.flags))
    }
}

impl fmt::Display for RequestMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
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
        let read = hex::decode_lower_case(&text).map(Self);
        read.ok_or_else(|| serde::de::Error::custom("is no mark of a request"))
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
    fn a_span_of_a_trace_has_its_ids_and_its_flags() {
        let sampled = TraceParent::begin([1; 16], [2; 8]);
        assert_eq!(
            sampled.to_string(),
            format!("00-{}-{}-01", "01".repeat(16), "02".repeat(8))
        );
        let child = sampled.with_span([3; 8]);
        assert_eq!((child.trace_id(), child.span_id()), ([1; 16], [3; 8]));
        assert!(child.is_sampled());
        let unsampled = format!("00-{}-{}-00", "01".repeat(16), "02".repeat(8));
        assert!(!TraceParent::read(&unsampled).unwrap().is_sampled());
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
