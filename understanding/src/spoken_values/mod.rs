//! Turns values into words that a synthesizer reads correctly: amounts, dates, digits, shares, phones,
//! numbers.
//!
//! The results are fixed by `fixtures/spoken/golden.tsv`. A full card or identity number is never read aloud:
//! it has no form here.

mod chinese;
mod english;

use serde::Deserialize;
use std::borrow::Cow;

pub use chinese::integer as chinese_integer;
pub use english::integer as english_integer;

/// The language that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Mandarin, in simplified characters.
    Chinese,
    /// English.
    English,
}

/// A value to be spoken; in JSON its `kind` is the variant's name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum SpokenValue<'s> {
    /// An amount in fen.
    Amount {
        /// The number of fen.
        fen: i64,
    },
    /// A day of the calendar; without a year it is a day of this year.
    Date {
        /// The year, if it is to be said.
        year: Option<i32>,
        /// The month, 1 to 12.
        month: u32,
        /// The day, 1 to 31.
        day: u32,
    },
    /// A time of day.
    Time {
        /// The hour, 0 to 23.
        hour: u32,
        /// The minute, 0 to 59.
        minute: u32,
    },
    /// Digits, spoken one by one; in Chinese one is 幺.
    Digits {
        /// The digits; blanks and dashes between them are not said.
        digits: Cow<'s, str>,
    },
    /// A phone number in groups of three, four and four.
    Phone {
        /// The digits of the number; blanks and dashes between them are not said.
        digits: Cow<'s, str>,
    },
    /// A share in millionths: 35,000 is 3.5 %.
    Share {
        /// Millionths of the whole.
        millionths: i64,
    },
    /// A number in thousandths, with the word that is counted: in Chinese, two is 两 before it.
    Number {
        /// The number, in thousandths.
        thousandths: i64,
        /// 期, 个, 次; or the English noun.
        counted: Option<Cow<'s, str>>,
    },
}

/// Returns the words for a value in a language; `None` for an impossible value (month 13, letters among
/// digits).
pub fn say(spoken: &SpokenValue<'_>, language: Language) -> Option<String> {
    match language {
        Language::Chinese => chinese::say(spoken),
        Language::English => english::say(spoken),
    }
}

/// Returns true if this date exists; without a year, if it exists in a leap year.
fn is_day(year: Option<i32>, month: u32, day: u32) -> bool {
    // Without a year the 29th of February is valid: 2024 has it.
    chrono::NaiveDate::from_ymd_opt(year.unwrap_or(2024), month, day).is_some()
}

/// Returns the digits of a phone number, without blanks and dashes, in groups as they are spoken; `None` if
/// it contains anything else.
fn phone_groups(phone: &str) -> Option<Vec<String>> {
    let digits: Vec<char> = phone
        .chars()
        .filter(|found| !matches!(found, ' ' | '-'))
        .collect();
    if digits.is_empty() || !digits.iter().all(char::is_ascii_digit) {
        return None;
    }
    let (first, rest) = digits.split_at_checked(if digits.len() == 11 { 3 } else { digits.len() % 4 })?;
    let groups = std::iter::once(first)
        .chain(rest.chunks(4))
        .filter(|group| !group.is_empty());
    Some(groups.map(|group| group.iter().collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden(kind: &str, value: &str, language: Language) -> Option<String> {
        let numbers: Vec<i64> = value
            .split(['-', ':'])
            .filter_map(|part| part.parse().ok())
            .collect();
        let small = |place: usize| u32::try_from(numbers[place]).expect("a small number");
        let spoken = match kind {
            "amount" => SpokenValue::Amount {
                fen: value.parse().expect("fen"),
            },
            "date" if numbers.len() == 3 => SpokenValue::Date {
                year: i32::try_from(numbers[0]).ok(),
                month: small(1),
                day: small(2),
            },
            "date" => SpokenValue::Date {
                year: None,
                month: small(0),
                day: small(1),
            },
            "time" => SpokenValue::Time {
                hour: small(0),
                minute: small(1),
            },
            "digits" => SpokenValue::Digits { digits: value.into() },
            "phone" => SpokenValue::Phone { digits: value.into() },
            "share" => SpokenValue::Share {
                millionths: value.parse().expect("millionths"),
            },
            "number" => {
                let (number, counted) = value
                    .split_once('*')
                    .map_or((value, None), |(n, c)| (n, Some(c.into())));
                SpokenValue::Number {
                    thousandths: number.parse().expect("thousandths"),
                    counted,
                }
            }
            other => panic!("no kind {other}"),
        };
        say(&spoken, language)
    }

    #[test]
    fn each_line_of_the_golden_table_is_said_so() {
        let table = include_str!("../../../fixtures/spoken/golden.tsv");
        let mut lines = 0;
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('\t').collect();
            let [language, kind, value, words] = parts.as_slice() else {
                panic!("{line}");
            };
            let language = if *language == "zh" {
                Language::Chinese
            } else {
                Language::English
            };
            let wanted = (*words != "-").then(|| (*words).to_owned());
            assert_eq!(golden(kind, value, language), wanted, "{line}");
            lines += 1;
        }
        assert!(lines >= 200, "{lines} lines");
    }

    #[test]
    fn what_is_said_is_understood_again() {
        use crate::entities::{CallMoment, Value, find};
        let moment = CallMoment {
            at_ms: 0,
            zone_minutes: 480,
        };
        for fen in [
            50,
            105,
            350,
            10_005,
            12_300,
            25_000,
            100_050,
            320_000,
            1_005_000,
            123_456_789,
        ] {
            let said = say(&SpokenValue::Amount { fen }, Language::Chinese).expect("an amount");
            let found: Vec<Value> = find(&said, moment).into_iter().map(|found| found.value).collect();
            assert_eq!(
                found,
                [Value::Amount {
                    fen_min: fen,
                    fen_max: fen
                }],
                "{said}"
            );
        }
        let phone = SpokenValue::Phone {
            digits: "13800138000".into(),
        };
        let said = say(&phone, Language::Chinese).expect("a phone");
        let found: Vec<Value> = find(&said, moment).into_iter().map(|found| found.value).collect();
        assert_eq!(found, [Value::Phone("13800138000".into())], "{said}");
    }
}
