//! Finds the values in a customer's words: amounts, numbers, percentages, periods, times, phones, cards and
//! identity numbers.
//!
//! It reads spoken and written Chinese and English. Each entity has its place in the text, its value and its
//! exactness. Times are computed from the call's own moment, which is an argument. A value that cannot be
//! known (a day of the lunar calendar) is returned as unknown, never guessed.

mod calendar;
mod chinese_time;
mod digits;
mod english;
mod english_time;
mod figures;
mod money;
mod number;
mod period;

pub(crate) use digits::{DigitRun, classify_run, english_digit, runs, spoken_digit};
pub use digits::{is_bank_card, is_identity_number};
pub use figures::figures;

use crate::text::FoldedText;
use serde::Serialize;
use std::ops::Range;

/// The time and zone of a call; words like "tomorrow" are computed from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallMoment {
    /// The call's time, in milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// The callee's zone, in minutes east of UTC.
    pub zone_minutes: i32,
}

/// How exact a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// Exactly as said.
    Exact,
    /// Approximately this value.
    About,
    /// From one value to another.
    Span,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// Morning, afternoon, evening.
    PartOfDay,
    /// A day.
    Day,
    /// A week, or its end.
    Week,
    /// A month, or some of its days.
    Month,
    /// Known on one side only.
    Open,
}

/// The unit in which a period is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodUnit {
    /// 期, payments of an instalment plan.
    Instalments,
    /// Months; years are twelve.
    Months,
    /// Days; weeks are seven, half a month fifteen.
    Days,
    /// Minutes; hours are sixty.
    Minutes,
}

/// Why an entity was found although its value is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingValueReason {
    /// 初十: a day of the lunar calendar without its month.
    LunarDay,
    /// A day that does not exist, for example 31 April.
    NoSuchDay,
}

/// The value of an entity, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Value {
    /// Money in fen, as a range; both ends are equal if one sum was named.
    Amount {
        /// The lowest amount.
        fen_min: i64,
        /// The highest amount.
        fen_max: i64,
    },
    /// A number in thousandths, as a range.
    Number {
        /// The lowest number.
        thousandths_min: i64,
        /// The highest number.
        thousandths_max: i64,
    },
    /// A share of a whole in millionths: 3.5 % is 35,000; 七折 is 700,000.
    Share {
        /// Millionths of the whole.
        millionths: i64,
    },
    /// A length of time, or a number of instalments, as a range.
    Period {
        /// The unit that is counted.
        unit: PeriodUnit,
        /// The lowest count.
        count_min: i64,
        /// The highest count.
        count_max: i64,
    },
    /// A stretch of time in milliseconds of UTC; a missing side is open.
    Time {
        /// The beginning of the time, in milliseconds of UTC; `null` if it is open.
        start_ms: Option<i64>,
        /// The end of the time, which is no longer part of it, in milliseconds of UTC; `null` if it is open.
        end_ms: Option<i64>,
        /// True if all of it is over at the call's moment: the flow then asks.
        is_past: bool,
    },
    /// A mobile number of eleven digits.
    Phone(String),
    /// A bank card number, by Luhn's check.
    BankCard(String),
    /// A resident identity number, by ISO 7064, MOD 11-2.
    IdentityNumber(String),
    /// An entity with an unknown value.
    Unknown(MissingValueReason),
}

/// A value that a text names, with its place in the text and its exactness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// The bytes of the entity in the text.
    pub span: Range<usize>,
    /// The value of the entity.
    #[serde(flatten)]
    pub value: Value,
    /// How exact the value is.
    pub granularity: Granularity,
}

/// An entity by its characters in the text, before its bytes are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityMatch {
    pub(crate) places: Range<usize>,
    pub(crate) value: Value,
    pub(crate) granularity: Granularity,
}

/// Returns every entity of a text, in order of place; none overlap. `moment` is the time from which times
/// are computed.
pub fn find(text: &str, moment: CallMoment) -> Vec<Entity> {
    let folded = FoldedText::of(text);
    // Earlier kinds win if two overlap: a card is no phone, "half an hour from now" no period.
    let by_kind = [
        digits::find(&folded),
        each_place(&folded, |text, place| chinese_time::at(text, place, moment)),
        each_place(&folded, money::share_at),
        each_place(&folded, period::at),
        each_place(&folded, money::amount_at),
        english::find(text, moment),
        each_place(&folded, number::entity_at),
    ];
    let mut kept: Vec<EntityMatch> = Vec::new();
    for found in by_kind.into_iter().flatten() {
        let apart = |other: &EntityMatch| {
            other.places.end <= found.places.start || found.places.end <= other.places.start
        };
        if kept.iter().all(apart) {
            kept.push(found);
        }
    }
    kept.sort_by_key(|found| found.places.start);
    let entity = |found: EntityMatch| Entity {
        span: folded.bytes(found.places, text),
        value: found.value,
        granularity: found.granularity,
    };
    kept.into_iter().map(entity).collect()
}

/// Returns every run of digits in a text, written or spoken, of any meaning, with corrections applied.
pub fn digit_runs(text: &str) -> Vec<String> {
    let runs = runs(&FoldedText::of(text));
    runs.iter().map(|run| run.digits.iter().collect()).collect()
}

/// Applies `read` at each place of a text, and continues after each entity that it finds. Returns the
/// entities.
fn each_place(
    text: &FoldedText,
    read: impl Fn(&FoldedText, usize) -> Option<EntityMatch>,
) -> Vec<EntityMatch> {
    let (mut place, mut all) = (0, Vec::new());
    while place < text.chars().len() {
        match read(text, place) {
            Some(found) => {
                place = found.places.end.max(place + 1);
                all.push(found);
            }
            None => place += 1,
        }
    }
    all
}

#[cfg(test)]
mod tests;
