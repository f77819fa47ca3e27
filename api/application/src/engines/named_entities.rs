//! Entities of a text in the form of the API: digits, units and positions.

use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use understanding::entities::{Entity, Granularity, MissingValueReason, PeriodUnit, Value};

/// An entity named in a text: amount, period, time, phone and so on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NamedEntityResponse {
    /// `amount`, `number`, `share`, `period`, `time`, `phone`, `bank_card`, `identity_number`, `unknown`.
    #[schemars(example = &"period")]
    pub kind: String,
    /// The value in digits: money in fen, a share in millionths, a time as RFC 3339 in UTC.
    #[schemars(example = &"3")]
    pub value: String,
    /// Upper end, if a range was named.
    #[schemars(example = &"500000")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// For a period: the unit that is counted.
    #[schemars(example = &"month")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How precise the value is, for example a day or a minute.
    #[schemars(example = &"exact")]
    pub granularity: String,
    /// Index of its first character in the text.
    pub begin: usize,
    /// Index of the first character after it.
    pub end: usize,
}

pub(super) fn shown(text: &str, entity: &Entity, masked: bool) -> NamedEntityResponse {
    let characters = |bytes: usize| text.get(..bytes).unwrap_or(text).chars().count();
    let span = |low: i64, high: i64| (low.to_string(), (low != high).then(|| high.to_string()));
    let hidden = |digits: &String| {
        if !masked {
            return digits.clone();
        }
        let shown_from = digits.chars().count().saturating_sub(4);
        let star = |(place, found)| if place < shown_from { '*' } else { found };
        digits.chars().enumerate().map(star).collect()
    };
    let moment = |ms: i64| Timestamp::from_micros(ms.saturating_mul(1_000)).to_string();
    let mut unit = None;
    let (kind, (value, until)) = match &entity.value {
        Value::Amount { fen_min, fen_max } => ("amount", span(*fen_min, *fen_max)),
        Value::Number {
            thousandths_min,
            thousandths_max,
        } => {
            let whole = |value: &i64| thousandths(*value);
            let until = (thousandths_min != thousandths_max).then(|| whole(thousandths_max));
            ("number", (whole(thousandths_min), until))
        }
        Value::Share { millionths } => ("share", (millionths.to_string(), None)),
        Value::Period {
            unit: counted,
            count_min,
            count_max,
        } => {
            unit = Some(unit_code(*counted).to_owned());
            ("period", span(*count_min, *count_max))
        }
        Value::Time { start_ms, end_ms, .. } => (
            "time",
            (start_ms.map(moment).unwrap_or_default(), end_ms.map(moment)),
        ),
        Value::Phone(digits) => ("phone", (hidden(digits), None)),
        Value::BankCard(digits) => ("bank_card", (hidden(digits), None)),
        Value::IdentityNumber(digits) => ("identity_number", (hidden(digits), None)),
        Value::Unknown(why) => ("unknown", (unknown_code(*why).to_owned(), None)),
    };
    NamedEntityResponse {
        kind: kind.to_owned(),
        value,
        until,
        unit,
        granularity: granularity_code(entity.granularity).to_owned(),
        begin: characters(entity.span.start),
        end: characters(entity.span.end),
    }
}

/// Formats a number given in thousandths as a decimal number: 12500 is 12.5.
fn thousandths(value: i64) -> String {
    let (sign, size) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    let (whole, part) = (size / 1_000, size % 1_000);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    let part = format!("{part:03}");
    format!("{sign}{whole}.{}", part.trim_end_matches('0'))
}

const fn unit_code(unit: PeriodUnit) -> &'static str {
    match unit {
        PeriodUnit::Instalments => "instalments",
        PeriodUnit::Months => "months",
        PeriodUnit::Days => "days",
        PeriodUnit::Minutes => "minutes",
    }
}

const fn unknown_code(why: MissingValueReason) -> &'static str {
    match why {
        MissingValueReason::LunarDay => "lunar_day",
        MissingValueReason::NoSuchDay => "no_such_day",
    }
}

const fn granularity_code(granularity: Granularity) -> &'static str {
    match granularity {
        Granularity::Exact => "exact",
        Granularity::About => "about",
        Granularity::Span => "span",
        Granularity::Minute => "minute",
        Granularity::Hour => "hour",
        Granularity::PartOfDay => "part_of_day",
        Granularity::Day => "day",
        Granularity::Week => "week",
        Granularity::Month => "month",
        Granularity::Open => "open",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use understanding::entities::{CallMoment, find};

    #[test]
    fn named_values_are_digits_and_what_names_a_person_is_hidden() {
        let moment = CallMoment {
            at_ms: 1_772_416_800_000,
            zone_minutes: 480,
        };
        let text = "分十二期，先付五千块，电话13800138000";
        let entities = |masked| {
            let named = find(text, moment);
            let shown = named.iter().map(|one| shown(text, one, masked));
            shown
                .map(|one| (one.kind, one.value, one.begin))
                .collect::<Vec<_>>()
        };
        let expected = [
            ("period", "12", 1),
            ("amount", "500000", 7),
            ("phone", "*******8000", 13),
        ];
        let expected = expected.map(|(kind, value, begin)| (kind.to_owned(), value.to_owned(), begin));
        assert_eq!(entities(true), expected);
        assert_eq!(entities(false)[2].1, "13800138000");
    }

    #[test]
    fn thousandths_are_written_without_noughts_behind() {
        let written = [12_500, 3_000, -250, 1].map(thousandths);
        assert_eq!(written, ["12.5", "3", "-0.25", "0.001"]);
    }
}
