//! The id of a turn: its conversation, and the stream version of the event with what was understood. The id
//! is stable across restores and reveals no words.

use crate::record::stored_event::StreamVersion;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use values::ids::{CallId, ConversationId, InvalidId};

/// The conversation of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, derive::EventMembers)]
pub enum TurnParent {
    Call(CallId),
    /// A text conversation.
    Conversation(ConversationId),
}

/// The id of one turn: `call.<id>.<version>` or `conversation.<id>.<version>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, derive::EventMembers)]
#[serde(try_from = "Cow<'_, str>")]
pub struct TurnId {
    pub of: TurnParent,
    /// Stream version of the event with what was understood.
    pub version: StreamVersion,
}

/// The pattern of a turn's id in JSON schemas.
const PATTERN: &str = "^(call|conversation)\\.[0-9a-f-]{36}\\.[1-9][0-9]{0,9}$";

/// Most digits of the stream version in a turn's id. No conversation has a stream of that many events.
const PLACE_DIGITS_MAX: usize = 10;

impl fmt::Display for TurnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            TurnParent::Call(id) => write!(f, "call.{id}.{}", self.version.0),
            TurnParent::Conversation(id) => write!(f, "conversation.{id}.{}", self.version.0),
        }
    }
}

impl FromStr for TurnId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        read(text).ok_or_else(|| InvalidId {
            kind: "turn",
            text: text.to_owned(),
            why: "it must be call.<id>.<place> or conversation.<id>.<place>",
        })
    }
}

fn read(text: &str) -> Option<TurnId> {
    let (of, rest) = text.split_once('.')?;
    let (id, place) = rest.split_once('.')?;
    if place.is_empty() || place.len() > PLACE_DIGITS_MAX || place.starts_with('0') {
        return None;
    }
    if !place.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let of = match of {
        "call" => TurnParent::Call(id.parse().ok()?),
        "conversation" => TurnParent::Conversation(id.parse().ok()?),
        _ => return None,
    };
    let found = TurnId {
        of,
        version: StreamVersion(place.parse().ok()?),
    };
    // A UUID has several text forms; only one is accepted, so that each turn has one id.
    (found.to_string() == text).then_some(found)
}

impl TryFrom<Cow<'_, str>> for TurnId {
    type Error = InvalidId;

    fn try_from(text: Cow<'_, str>) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl Serialize for TurnId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for TurnId {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TurnId".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string", "pattern": PATTERN,
            "examples": ["call.308b38fa-b3fa-59e5-b685-93b305968d97.12"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_has_one_name_and_is_read_back() {
        let id = "308b38fa-b3fa-59e5-b685-93b305968d97";
        for of in ["call", "conversation"] {
            let text = format!("{of}.{id}.12");
            let turn: TurnId = text.parse().unwrap();
            assert_eq!(turn.to_string(), text);
            assert_eq!(serde_json::to_value(turn).unwrap(), text);
            assert_eq!(
                serde_json::from_value::<TurnId>(text.clone().into()).unwrap(),
                turn
            );
        }
        let upper = id.to_uppercase();
        for bad in [
            format!("call.{id}"),
            format!("call.{id}.0"),
            format!("call.{id}.012"),
            format!("call.{id}.+1"),
            format!("call.{upper}.1"),
            format!("call.{id}.12345678901"),
            format!("summary.{id}.1"),
            "call.x.1".to_owned(),
        ] {
            assert!(bad.parse::<TurnId>().is_err(), "{bad}");
        }
    }
}
