//! Extracts values for a flow's slots from an utterance: which of several values counts, and which was
//! named only to refuse it.

use domain::flow::{FlowRun, Slot, SlotKind};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use understanding::entities::{CallMoment, Entity, PeriodUnit, Value, digit_runs, find};

/// Time zone of calls without one: Beijing time, in minutes from UTC.
const ZONE_MINUTES: i32 = 480;

/// Words directly before a value that refuse it.
const REFUSED_BEFORE: &[&str] = &[
    "不要",
    "不想要",
    "不想",
    "不是",
    "不办",
    "不选",
    "不用",
    "不考虑",
    "别",
    "not",
    "don't want",
];
/// Words directly after a value that refuse it.
const REFUSED_BEHIND: &[&str] = &[
    "不要",
    "不办",
    "不用",
    "不需要",
    "不考虑",
    "不划算",
    "算了",
    "免了",
];
/// Words directly before a value that replace another value with it.
const IN_PLACE: &[&str] = &["要", "是", "改成", "换成", "改", "换", "选"];

/// The values that an utterance contains for a flow's slots.
#[derive(Debug, Default)]
pub(super) struct UtteranceValues {
    /// Values by slot: the last one that was not refused, because a speaker who corrects a value says the
    /// right one last.
    pub(super) slots: BTreeMap<String, String>,
    /// True if a value replaces another that was refused.
    pub(super) replaces: bool,
}

impl UtteranceValues {
    /// Extracts the values for the slots of a running flow from an utterance. If the question asks for them
    /// (`wanted`), a free-text slot takes the whole utterance and a digits slot the longest run of digits.
    pub(super) fn said(text: &str, run: &FlowRun, wanted: &[String], at: Timestamp) -> Self {
        let known = |name: &str| run.values().contains_key(name);
        Self::among(text, run.slots(), known, wanted, at)
    }

    /// Extracts the values for slots without a running flow. `known` returns true for slots that have a
    /// value already; `wanted` are those that the question asks for.
    pub(super) fn among(
        text: &str,
        slots: &BTreeMap<String, Slot>,
        known: impl Fn(&str) -> bool,
        wanted: &[String],
        at: Timestamp,
    ) -> Self {
        let mut said = Self::default();
        if slots.is_empty() {
            return said;
        }
        let moment = CallMoment {
            at_ms: at.micros() / 1_000,
            zone_minutes: ZONE_MINUTES,
        };
        let entities = find(text, moment);
        for (name, slot) in slots {
            let asked = wanted.contains(name);
            let value = match slot.kind {
                SlotKind::Text => asked.then(|| text.trim().to_owned()),
                SlotKind::Digits => asked.then(|| longest_run(text)).flatten(),
                kind => {
                    let last = last_wanted(text, &entities, |value| value_of(kind, value, asked));
                    let answers = asked || known(name);
                    said.replaces |= answers && last.as_ref().is_some_and(|(_, replaces)| *replaces);
                    last.map(|(value, _)| value)
                }
            };
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                said.slots.insert(name.clone(), value);
            }
        }
        said
    }
}

/// Returns the last value that was not refused, with true if it replaces a refused one; `None` if there is
/// none.
fn last_wanted(
    text: &str,
    entities: &[Entity],
    value_of: impl Fn(&Value) -> Option<String>,
) -> Option<(String, bool)> {
    let (mut last, mut refused) = (None, false);
    for entity in entities {
        let Some(value) = value_of(&entity.value) else {
            continue;
        };
        if is_refused(text, entity, entities) {
            refused = true;
        } else {
            last = Some((value, refused || before(text, entity).ends_with(IN_PLACE)));
        }
    }
    last
}

/// Returns true if the words around a value refuse it: 不要三期, 三期也不要. Refusing words after it belong to the
/// next value if one follows directly.
fn is_refused(text: &str, entity: &Entity, entities: &[Entity]) -> bool {
    if before(text, entity).ends_with(REFUSED_BEFORE) {
        return true;
    }
    let behind = text.get(entity.span.end..).unwrap_or_default();
    let behind = behind.trim_start_matches(['的', '也', '都', '就', '我', '嘛', '呢']);
    REFUSED_BEHIND.iter().any(|words| {
        let Some(rest) = behind.strip_prefix(words) else {
            return false;
        };
        let place = text.len() - rest.len();
        entities.iter().all(|other| other.span.start != place)
    })
}

/// Returns the text before a value, without filler words (分, 办, 那, 个) at its end.
fn before<'a>(text: &'a str, entity: &Entity) -> TextEnding<'a> {
    let before = text.get(..entity.span.start).unwrap_or_default();
    TextEnding(before.trim_end_matches([' ', '分', '办', '那', '个']))
}

/// A text with a test of its ending.
struct TextEnding<'a>(&'a str);

impl TextEnding<'_> {
    fn ends_with(&self, words: &[&str]) -> bool {
        words.iter().any(|words| self.0.ends_with(words))
    }
}

/// Returns the longest run of digits in a text; of equally long ones the last; `None` if it has no digit.
fn longest_run(text: &str) -> Option<String> {
    digit_runs(text).into_iter().max_by_key(String::len)
}

/// Returns an entity in the format of a slot of this kind; `None` if it is of another kind. A bare number
/// counts only if the question asks for the slot.
fn value_of(kind: SlotKind, value: &Value, asked: bool) -> Option<String> {
    let whole = || match value {
        Value::Number {
            thousandths_min,
            thousandths_max,
        } if asked && thousandths_min == thousandths_max && thousandths_min % 1_000 == 0 => {
            Some(thousandths_min / 1_000)
        }
        _ => None,
    };
    let number = match (kind, value) {
        (
            SlotKind::Months,
            Value::Period {
                unit: PeriodUnit::Instalments | PeriodUnit::Months,
                count_min,
                count_max,
            },
        ) if count_min == count_max => Some(*count_min),
        (SlotKind::Months | SlotKind::Integer, _) => whole(),
        (SlotKind::MoneyFen, Value::Amount { fen_min, fen_max }) if fen_min == fen_max => Some(*fen_min),
        (
            SlotKind::Time,
            Value::Time {
                start_ms: Some(start_ms),
                is_past: false,
                ..
            },
        ) => {
            return local_text(*start_ms);
        }
        (SlotKind::Phone, Value::Phone(digits)) => return Some(digits.clone()),
        _ => None,
    };
    number.map(|number| number.to_string())
}

/// Returns an instant as RFC 3339 in Beijing time, with seconds set to 00.
fn local_text(at_ms: i64) -> Option<String> {
    let zone = chrono::FixedOffset::east_opt(ZONE_MINUTES * 60)?;
    let at = chrono::DateTime::from_timestamp_millis(at_ms)?.with_timezone(&zone);
    Some(at.format("%Y-%m-%dT%H:%M:00%:z").to_string())
}
