//! The dialogue of a spoken flow, which applies in all of its nodes: slots, approved answers, global intents,
//! labels and groups.

use super::variable::{VALUE_CHARS_MAX, VariableKind};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::fabe::Fabe;

/// Most global intents of one flow; more are a fault.
pub const GLOBAL_INTENTS_MAX: usize = 60;

/// Most approved answers of one flow; more are a fault.
pub const ANSWERS_MAX: usize = 100;

/// How many times a global intent without `max` is followed in one call. After that the utterance counts as
/// unclear.
pub const DIGRESSIONS_MAX: u32 = 3;

/// The placeholder in a confirmation wording that the intent's label replaces.
pub(super) const INTENT: &str = "{{intent}}";

/// The intent of agreement in every bundled intent set.
pub const AFFIRM: &str = "affirm";
/// The intent of denial ("no") in every bundled intent set.
pub const DENY: &str = "deny";
/// The intent of a callee who asks for a person.
pub(super) const HUMAN: &str = "transfer_human";

/// Dialogue settings that apply in every node of a spoken flow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dialogue {
    /// Values that calls collect from the callee, by name. Texts use a slot like a variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, Slot>,
    /// Global intents: they apply in every node that does not handle the intent itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub intents: BTreeMap<String, GlobalIntent>,
    /// Approved answers, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Answer>,
    /// Names of intents for confirmation questions to the callee, by intent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Wording of the question that confirms an uncertain intent. `{{intent}}` is replaced by the intent's
    /// label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Groups of nodes that `sub_flow` nodes enter and `return` nodes leave, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, FlowGroup>,
}

/// The empty dialogue, used for a flow without the member `dialogue`.
pub(super) static SILENT: Dialogue = Dialogue {
    slots: BTreeMap::new(),
    intents: BTreeMap::new(),
    answers: BTreeMap::new(),
    labels: BTreeMap::new(),
    confirm: None,
    groups: BTreeMap::new(),
};

impl Dialogue {
    /// Returns the name of an intent for texts to the callee: its label, or the intent's id if it has none.
    pub fn label<'a>(&'a self, intent: &'a str) -> &'a str {
        self.labels.get(intent).map_or(intent, String::as_str)
    }
}

/// A value that calls collect from the callee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowSlot")]
pub struct Slot {
    #[serde(rename = "type")]
    pub kind: SlotKind,
    /// The permitted values. Empty: every value of the type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// The type of a slot. It decides which entity of an utterance fills the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// The text of the utterance.
    Text,
    /// A whole number.
    Integer,
    /// A number of months, for example of an instalment plan.
    Months,
    /// An amount of money in fen.
    MoneyFen,
    /// A point in time, RFC 3339.
    Time,
    Phone,
    Digits,
}

impl SlotKind {
    /// Returns a slot's value as it is spoken in a language (BCP 47): digits one by one, money in yuan,
    /// times as date and time.
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

/// Returns month, day and time of an RFC 3339 time as text, in its own time zone; only the day for
/// midnight. `None` for another text.
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
    /// Returns true if the slot may hold this value: not blank, not too long, of its type and one of its
    /// options, if it has some.
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

/// What a global intent does in a node that does not handle it. Exactly one of `then`, `answer`, `replay` and
/// `slower` is set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalIntent {
    /// The node to which the call goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
    /// Id of the answer that is said before the question is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Asks the question again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replay: bool,
    /// Asks the question again and speaks more slowly from here on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slower: bool,
    /// How many times per call; three if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

/// An approved answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowAnswer")]
pub struct Answer {
    pub text: String,
    /// The argument of an answer to an objection. Read by the checks and by authors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fabe: Option<Fabe>,
}

/// A group of nodes: `sub_flow` enters it, a `return` node leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FlowGroup")]
pub struct FlowGroup {
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
            // A value that is not a valid time would be spoken back to the callee and then be missing when
            // the call closes.
            (slot(SlotKind::Time, &[]), "2026-03-03T15:00:00", false),
            (slot(SlotKind::Time, &[]), "tomorrow", false),
        ] {
            assert_eq!(slot.accepts(value), takes, "{value}");
        }
    }
}
