//! The position of an event in the order of all events, and its version in its own stream.

use serde::{Deserialize, Serialize};

/// An event's place in the order of all events of the log: increasing, opaque, 0 before the first event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Position(pub u64);

impl Position {
    /// Serializes a position as decimal text for JSON responses: it may exceed the 53 bits of a JavaScript
    /// number.
    pub fn as_text<S: serde::Serializer>(position: &Self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(position)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::str::FromStr for Position {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, std::num::ParseIntError> {
        text.parse().map(Self)
    }
}

/// A stream's version: the number of its events, from 1; 0 before the first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
#[schemars(inline)]
pub struct StreamVersion(pub u64);
