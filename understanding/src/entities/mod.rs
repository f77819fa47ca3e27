//! What a customer names: amounts, numbers, percentages, periods, times, phones, cards and identity numbers.
//!
//! From spoken and written Chinese and English. Each with where it stood, its value and how exact it is.
//! A time is reckoned from the call's own moment, which is an argument. What cannot be known is said so
//! (a day of the moon's calendar), never guessed.

mod calendar;
mod digits;
mod english;
mod english_when;
mod figures;
mod money;
mod number;
mod period;
mod when;

pub(crate) use digits::{Run, english_digit, named, runs, spoken_digit};
pub use digits::{is_bank_card, is_identity_number};
pub use figures::figures;

use crate::text::Folded;
use serde::Serialize;
use std::ops::Range;

/// When and where a call is: what "tomorrow" is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallMoment {
    /// Milliseconds since 1970 in UTC.
    pub at_ms: i64,
    /// The callee's zone, minutes east of UTC.
    pub zone_minutes: i32,
}

/// How exact a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// As said.
    Exact,
    /// About so much.
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

/// What a period counts.
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

/// Why something was heard but has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// 初十: a day of the lunar calendar, whose month was not said.
    LunarDay,
    /// 周三 of a week that is over, or 31 April.
    NoSuchDay,
}

/// A value of its kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Value {
    /// Money in fen, from and to; equal where one sum was named.
    Amount {
        /// The least.
        fen_min: i64,
        /// The most.
        fen_max: i64,
    },
    /// A number, in thousandths.
    Number {
        /// The least.
        thousandths_min: i64,
        /// The most.
        thousandths_max: i64,
    },
    /// A share of a whole in millionths: 3.5 % is 35,000; 七折 is 700,000.
    Share {
        /// Of a million.
        millionths: i64,
    },
    /// A length of time, or a number of instalments.
    Period {
        /// What is counted.
        unit: PeriodUnit,
        /// The least.
        count_min: i64,
        /// The most.
        count_max: i64,
    },
    /// A stretch of time in milliseconds of UTC; a missing side is open.
    Time {
        /// Its beginning.
        start_ms: Option<i64>,
        /// Its end, which is no longer part of it.
        end_ms: Option<i64>,
        /// Whether all of it is over at the call's moment: the flow asks.
        is_past: bool,
    },
    /// Eleven digits of a mobile number.
    Phone(String),
    /// A bank card by Luhn's check.
    BankCard(String),
    /// A resident identity number by ISO 7064, MOD 11-2.
    IdentityNumber(String),
    /// Heard, but not known.
    Unknown(Unknown),
}

/// Something that was named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What.
    #[serde(flatten)]
    pub value: Value,
    /// How exact.
    pub granularity: Granularity,
}

/// An entity by places of characters, before spans are reckoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) places: Range<usize>,
    pub(crate) value: Value,
    pub(crate) granularity: Granularity,
}

/// Every entity of a text in its order; none within another.
pub fn find(text: &str, moment: CallMoment) -> Vec<Entity> {
    let folded = Folded::of(text);
    // Earlier kinds win where two overlap: a card is no phone, "half an hour from now" no period.
    let by_kind = [
        digits::find(&folded),
        each_place(&folded, |text, place| when::at(text, place, moment)),
        each_place(&folded, money::share_at),
        each_place(&folded, period::at),
        each_place(&folded, money::amount_at),
        english::find(text, moment),
        each_place(&folded, number::entity_at),
    ];
    let mut kept: Vec<Found> = Vec::new();
    for found in by_kind.into_iter().flatten() {
        let apart =
            |other: &Found| other.places.end <= found.places.start || found.places.end <= other.places.start;
        if kept.iter().all(apart) {
            kept.push(found);
        }
    }
    kept.sort_by_key(|found| found.places.start);
    let entity = |found: Found| Entity {
        span: folded.bytes(found.places, text),
        value: found.value,
        granularity: found.granularity,
    };
    kept.into_iter().map(entity).collect()
}

/// Every run of digits of a text, as it was corrected: written or spoken, whatever it may stand for.
pub fn digit_runs(text: &str) -> Vec<String> {
    let runs = runs(&Folded::of(text));
    runs.iter().map(|run| run.digits.iter().collect()).collect()
}

/// What a reader finds place by place, going on behind what it found.
fn each_place(text: &Folded, read: impl Fn(&Folded, usize) -> Option<Found>) -> Vec<Found> {
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
