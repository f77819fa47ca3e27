//! What a spoken flow knows in all of its nodes: slots, answers, intents that count anywhere, words for them.

use super::variable::{VALUE_CHARS_MAX, VariableKind};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::fabe::Fabe;

/// Most intents that count in every node.
pub const GLOBAL_INTENTS_MAX: usize = 60;

/// Most approved answers that a flow itself may carry.
pub const ANSWERS_MAX: usize = 100;

/// How often one intent is answered in a call unless it says otherwise; then it counts as unclear.
pub const DIGRESSIONS_MAX: u32 = 3;

/// Stands for the intent's label in a wording that asks back.
pub(super) const INTENT: &str = "{{intent}}";

/// The intent by which somebody agrees, in every shipped set.
pub const AFFIRM: &str = "affirm";
/// The intent by which somebody says no.
pub const DENY: &str = "deny";
/// The intent by which somebody asks for a person.
pub(super) const HUMAN: &str = "transfer_human";

/// What counts in every node of a spoken flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    /// What is learned from the callee, by name; a text speaks a slot as it does a variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Slot>,
    /// Intents that count in every node that does not take them itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intents: BTreeMap<String, GlobalIntent>,
    /// Approved answers, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Answer>,
    /// What an intent is called where it is asked back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How an uncertain reading is asked back; `{{intent}}` is the intent's label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Parts of the flow that are called and return, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, Group>,
}

/// The dialogue of a flow that says nothing of one.
pub(super) static SILENT: Dialogue = Dialogue {
    slots: BTreeMap::new(),
    intents: BTreeMap::new(),
    answers: BTreeMap::new(),
    labels: BTreeMap::new(),
    confirm: None,
    groups: BTreeMap::new(),
};

impl Dialogue {
    /// What an intent is called towards the callee.
    pub fn label<'a>(&'a self, intent: &'a str) -> &'a str {
        self.labels.get(intent).map_or(intent, String::as_str)
    }
}

/// A value learned in the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowSlot")]
pub struct Slot {
    #[serde(rename = "type")]
    pub kind: SlotKind,
    /// The only values it takes, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// What a slot holds, and so which entity of what was said fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// The utterance itself.
    Text,
    /// A whole number.
    Integer,
    /// A number of months, such as the terms of an instalment.
    Months,
    /// An amount in fen.
    MoneyFen,
    /// A moment, RFC 3339.
    Time,
    Phone,
    Digits,
}

impl SlotKind {
    /// The value as it is put into a text of a language.
    pub fn spoken(self, value: &str, language: &str) -> String {
        match self {
            Self::Digits | Self::Phone => VariableKind::Digits.spoken(value),
            Self::MoneyFen => value.parse::<u64>().map_or_else(
                |_| value.to_owned(),
                |fen| format!("{}.{:02}", fen / 100, fen % 100),
            ),
            Self::Time => spoken_time(value, language).unwrap_or_else(|| value.to_owned()),
            Self::Text | Self::Integer | Self::Months => value.to_owned(),
        }
    }
}

/// Month, day and hour of a moment in its own zone; midnight is a whole day.
fn spoken_time(value: &str, language: &str) -> Option<String> {
    let (date, time) = value.split_once('T')?;
    let mut parts = date.splitn(3, '-').skip(1).map(|part| part.parse::<u32>().ok());
    let (month, day) = (parts.next()??, parts.next()??);
    let mut clock = time.splitn(3, ':').map(|part| part.parse::<u32>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let chinese = language.starts_with("zh");
    Some(match (hour, minute) {
        (0, 0) if chinese => format!("{month}月{day}日"),
        (_, 0) if chinese => format!("{month}月{day}日{hour}点"),
        _ if chinese => format!("{month}月{day}日{hour}点{minute}分"),
        (0, 0) => format!("{month}/{day}"),
        _ => format!("{month}/{day} {hour}:{minute:02}"),
    })
}

impl Slot {
    /// True where the slot may have this value.
    pub fn accepts(&self, value: &str) -> bool {
        let digits = || !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        let fits = !value.trim().is_empty() && value.chars().count() <= VALUE_CHARS_MAX;
        let of_kind = match self.kind {
            SlotKind::Text => true,
            SlotKind::Time => value.parse::<Timestamp>().is_ok(),
            SlotKind::Integer => value.parse::<i64>().is_ok(),
            SlotKind::Months | SlotKind::MoneyFen => value.parse::<u64>().is_ok(),
            SlotKind::Phone | SlotKind::Digits => digits(),
        };
        fits && of_kind && (self.options.is_empty() || self.options.iter().any(|one| one == value))
    }
}

/// What follows where an intent is understood in a node that does not take it. Exactly one of `then`,
/// `answer`, `replay` and `slower`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalIntent {
    /// The call goes on there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// The answer is said, and the question asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The question is asked again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
    /// The question is asked again, and everything is said more slowly from here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slower: bool,
    /// How often in a call; three times unless it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// An approved answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowAnswer")]
pub struct Answer {
    pub text: String,
    /// How the answer to an objection argues; for the checker and for who writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fabe: Option<Fabe>,
}

/// A part of the flow that `sub_flow` calls; a `return` node goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowGroup")]
pub struct Group {
    pub start: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_spoken_as_people_say_it() {
        let at = "2026-03-03T15:00:00+08:00";
        for (kind, value, spoken) in [
            (SlotKind::Time, at, "3月3日15点"),
            (SlotKind::Time, "2026-03-03T00:00:00+08:00", "3月3日"),
            (SlotKind::Time, "2026-03-03T09:30:00+08:00", "3月3日9点30分"),
            (SlotKind::Time, "tomorrow", "tomorrow"),
            (SlotKind::MoneyFen, "325050", "3250.50"),
            (SlotKind::Phone, "138", "1 3 8"),
            (SlotKind::Months, "3", "3"),
        ] {
            assert_eq!(kind.spoken(value, "zh-CN"), spoken);
        }
    }

    #[test]
    fn a_slot_takes_values_of_its_kind_and_among_its_options() {
        let slot = |kind, options: &[&str]| Slot {
            kind,
            options: options.iter().map(|one| (*one).to_owned()).collect(),
        };
        for (slot, value, takes) in [
            (slot(SlotKind::Months, &["3", "6"]), "3", true),
            (slot(SlotKind::Months, &["3", "6"]), "5", false),
            (slot(SlotKind::Months, &[]), "-3", false),
            (slot(SlotKind::Integer, &[]), "-3", true),
            (slot(SlotKind::Digits, &[]), "12a", false),
            (slot(SlotKind::Text, &[]), " ", false),
            (slot(SlotKind::Time, &[]), "2026-03-03T15:00:00+08:00", true),
            // What names no instant would be said back, and be nothing when the call is closed.
            (slot(SlotKind::Time, &[]), "2026-03-03T15:00:00", false),
            (slot(SlotKind::Time, &[]), "tomorrow", false),
        ] {
            assert_eq!(slot.accepts(value), takes, "{value}");
        }
    }
}
