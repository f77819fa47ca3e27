//! The value of a customer for a campaign: by a column of its lists, by tags, or by the RFM grade.

use super::enrolment_ranking::EnrolmentFacts;
use super::plan::CallValue;
use crate::grouping::{RFM_GRADES, RfmLimits, grades_by_rules};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most words, tags, grades or steps of one ranking plan; more are a fault.
pub(super) const WORDS_MAX: usize = 64;

/// Longest name of a column, tag or grade, in bytes; a longer one is a fault.
pub(super) const WORD_BYTES_MAX: usize = 128;

/// The criterion of a customer's value. A customer without any of the named values has the value 0.
///
/// The alternatives are named types, because client generators would otherwise generate them twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ValueCriterion {
    Column(ColumnCriterion),
    Tags(TagCriterion),
    Rfm(GradeCriterion),
}

/// Value by a column of the lists: by its words, or by its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnCriterion {
    pub name: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, CallValue>,
    /// Steps: values from a number on. The highest step that is reached counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at_least: Vec<ValueStep>,
}

/// Value by tags of any level. The customer's best tag counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TagCriterion {
    pub values: BTreeMap<String, CallValue>,
}

/// Value by the RFM grade, computed at the enrolment from the attributes `last_order_date`, `orders_count`
/// and `orders_amount` with the given limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeCriterion {
    pub grades: BTreeMap<String, CallValue>,
    pub limits: GradeLimits,
}

/// A step: the value from this number on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueStep {
    pub number: i64,
    pub value: CallValue,
}

/// The values from which an RFM score is 2, 3, 4 and 5. For recency: the days up to which it is 5, 4, 3 and
/// 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeLimits {
    pub recency_days: [i64; 4],
    pub orders_count: [i64; 4],
    /// In whole units of the amount.
    pub amount: [i64; 4],
}

/// Units of the stored decimals: ten-thousandths.
const TEN_THOUSANDTHS: i64 = 10_000;

impl ValueCriterion {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Column(_) => "column",
            Self::Tags(_) => "tags",
            Self::Rfm(_) => "rfm",
        }
    }

    /// Returns every value that a customer can have by this criterion, each once, the lowest first.
    pub fn values(&self) -> Vec<CallValue> {
        let mut all = vec![CallValue::NONE];
        match self {
            Self::Column(ColumnCriterion { values, at_least, .. }) => {
                all.extend(values.values().copied());
                all.extend(at_least.iter().map(|step| step.value));
            }
            Self::Tags(TagCriterion { values }) | Self::Rfm(GradeCriterion { grades: values, .. }) => {
                all.extend(values.values().copied());
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns the value of a customer by this criterion: the highest that applies, 0 if none does.
    pub(super) fn value(&self, known: &EnrolmentFacts<'_>) -> CallValue {
        let best = match self {
            Self::Column(ColumnCriterion {
                name,
                values,
                at_least,
            }) => known.column(name).and_then(|text| {
                let by_word = values.get(text.trim()).copied();
                let number = whole_number(text);
                let reached = at_least
                    .iter()
                    .filter(|step| number.is_some_and(|number| number >= step.number));
                by_word.into_iter().chain(reached.map(|step| step.value)).max()
            }),
            Self::Tags(TagCriterion { values }) => values
                .iter()
                .filter(|(tag, _)| known.has_tag(tag))
                .map(|(_, value)| *value)
                .max(),
            Self::Rfm(GradeCriterion { grades, limits }) => known.rfm_facts().and_then(|facts| {
                let amount = limits.amount.map(|whole| whole.saturating_mul(TEN_THOUSANDTHS));
                let limits = RfmLimits {
                    recency_days: limits.recency_days,
                    orders_count: limits.orders_count,
                    amount,
                };
                let score = grades_by_rules(&[facts], &limits);
                let grade = score.first().map(|score| score.grade().code)?;
                grades.get(grade).copied()
            }),
        };
        best.unwrap_or_default()
    }

    /// Returns what is wrong with the criterion; `None` if it is valid.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let (name, words, steps) = match self {
            Self::Column(ColumnCriterion {
                name,
                values,
                at_least,
            }) => (name.as_str(), values, at_least.len()),
            Self::Tags(TagCriterion { values }) => ("tags", values, 0),
            Self::Rfm(GradeCriterion { grades, .. }) => ("rfm", grades, 0),
        };
        let is_word = |word: &str| !word.is_empty() && word.len() <= WORD_BYTES_MAX;
        if !is_word(name) || !words.keys().all(|word| is_word(word)) {
            return Some("names a column, tag or grade of 1 to 128 bytes");
        }
        if words.len() + steps == 0 || words.len() + steps > WORDS_MAX {
            return Some("says what 1 to 64 words or steps are worth");
        }
        let is_grade = |code: &String| RFM_GRADES.iter().any(|grade| grade.code == code);
        match self {
            Self::Rfm(GradeCriterion { grades, .. }) if !grades.keys().all(is_grade) => {
                Some("names a grade that RFM does not know: champion, regular, promising, new, to_win_back …")
            }
            Self::Column(_) | Self::Tags(_) | Self::Rfm(_) => None,
        }
    }
}

/// Reads a number as lists write it (`100,000.50`, `¥88`), rounded down to an integer; `None` if it is not
/// a number.
fn whole_number(text: &str) -> Option<i64> {
    let plain: String = text
        .trim()
        .trim_start_matches(['¥', '￥', '$'])
        .chars()
        .filter(|one| !matches!(one, ',' | '，' | ' '))
        .collect();
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_below = whole.starts_with('-') && fraction.bytes().any(|digit| digit != b'0');
    let whole: i64 = match whole {
        "-" if !fraction.is_empty() => 0,
        whole => whole.parse().ok()?,
    };
    whole.checked_sub(i64::from(is_below))
}

#[cfg(test)]
mod tests {
    use super::whole_number;

    #[test]
    fn numbers_are_read_as_lists_write_them() {
        for (text, number) in [
            ("100000", Some(100_000)),
            (" 100,000.50 ", Some(100_000)),
            ("¥88", Some(88)),
            ("-0.5", Some(-1)),
            ("-3", Some(-3)),
            ("-.5", Some(-1)),
            ("12.5.3", None),
            ("a lot", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(whole_number(text), number, "{text:?}");
        }
    }
}
