//! Words numbers, money, dates, shares and digits in English.

use super::{SpokenValue, is_day, phone_groups};
use crate::english_numbers::{SMALL, TENS};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) fn say(spoken: &SpokenValue<'_>) -> Option<String> {
    match *spoken {
        SpokenValue::Amount { fen } => amount(fen),
        SpokenValue::Date { year, month, day } => {
            let name = MONTHS.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
            let words = format!("{name} {}", ordinal(day.into())?);
            let words = match year {
                Some(year) => format!("{words}, {}", year_words(year.into())?),
                None => words,
            };
            is_day(year, month, day).then_some(words)
        }
        SpokenValue::Time { hour, minute } => time(hour, minute),
        SpokenValue::Digits { ref digits } => row(digits),
        SpokenValue::Phone { ref digits } => {
            let groups: Option<Vec<String>> = phone_groups(digits)?.iter().map(|group| row(group)).collect();
            Some(groups?.join(", "))
        }
        SpokenValue::Share { millionths } => Some(format!("{} percent", thousandths(millionths / 10)?)),
        SpokenValue::Number {
            thousandths: number,
            counted: None,
        } => thousandths(number),
        SpokenValue::Number {
            thousandths: number,
            counted: Some(ref counted),
        } => {
            let plural = if number == 1_000 { "" } else { "s" };
            Some(format!("{} {counted}{plural}", thousandths(number)?))
        }
    }
}

/// Returns an integer in English words; `None` from a thousand billions (10¹²) on.
pub fn integer(number: i64) -> Option<String> {
    if number < 0 {
        return Some(format!("minus {}", integer(number.checked_neg()?)?));
    }
    if number >= 1_000_000_000_000 {
        return None;
    }
    if number == 0 {
        return Some("zero".to_owned());
    }
    let mut parts = Vec::new();
    for (worth, unit) in [
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1_000, "thousand"),
    ] {
        let section = number / worth % 1_000;
        if section > 0 {
            parts.push(format!("{} {unit}", below_thousand(section)));
        }
    }
    let rest = number % 1_000;
    if rest > 0 {
        let and = if rest < 100 && !parts.is_empty() {
            "and "
        } else {
            ""
        };
        parts.push(format!("{and}{}", below_thousand(rest)));
    }
    Some(parts.join(" "))
}

fn below_thousand(number: i64) -> String {
    let (hundreds, rest) = (number / 100, number % 100);
    match (hundreds, rest) {
        (0, rest) => below_hundred(rest),
        (hundreds, 0) => format!("{} hundred", below_hundred(hundreds)),
        (hundreds, rest) => format!("{} hundred and {}", below_hundred(hundreds), below_hundred(rest)),
    }
}

fn below_hundred(number: i64) -> String {
    let word = |words: &[&'static str], place: i64| {
        usize::try_from(place)
            .ok()
            .and_then(|place| words.get(place))
            .copied()
            .unwrap_or("")
    };
    match number {
        0..20 => word(&SMALL, number).to_owned(),
        _ if number % 10 == 0 => word(&TENS, number / 10).to_owned(),
        _ => format!("{}-{}", word(&TENS, number / 10), word(&SMALL, number % 10)),
    }
}

fn ordinal(day: i64) -> Option<String> {
    let words = below_hundred(day);
    let (head, last) = words
        .rsplit_once('-')
        .map_or(("", words.as_str()), |(head, last)| (head, last));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        other => match other.strip_suffix('y') {
            Some(stem) => format!("{stem}ieth"),
            None => format!("{other}th"),
        },
    };
    (1..=31).contains(&day).then(|| {
        if head.is_empty() {
            last.clone()
        } else {
            format!("{head}-{last}")
        }
    })
}

fn year_words(year: i64) -> Option<String> {
    match (year / 100, year % 100) {
        (_, _) if year < 1_000 => integer(year),
        (20, 0..10) => integer(year),
        (century, 0) => Some(format!("{} hundred", below_hundred(century))),
        (century, rest) if rest < 10 => {
            Some(format!("{} oh {}", below_hundred(century), below_hundred(rest)))
        }
        (century, rest) => Some(format!("{} {}", below_hundred(century), below_hundred(rest))),
    }
}

fn thousandths(number: i64) -> Option<String> {
    if number < 0 {
        return Some(format!("minus {}", thousandths(number.checked_neg()?)?));
    }
    let whole = integer(number / 1_000)?;
    let part = format!("{:03}", number % 1_000);
    let part = part.trim_end_matches('0');
    Some(if part.is_empty() {
        whole
    } else {
        format!("{whole} point {}", row(part)?)
    })
}

fn amount(fen: i64) -> Option<String> {
    if fen < 0 {
        return Some(format!("minus {}", amount(fen.checked_neg()?)?));
    }
    let (yuan, rest) = (fen / 100, fen % 100);
    let small = format!("{} fen", below_hundred(rest));
    Some(match (yuan, rest) {
        (yuan, 0) => format!("{} yuan", integer(yuan)?),
        (0, _) => small,
        (yuan, _) => format!("{} yuan and {small}", integer(yuan)?),
    })
}

fn time(hour: u32, minute: u32) -> Option<String> {
    if hour > 23 || minute > 59 {
        return None;
    }
    let half = if hour < 12 { "a.m." } else { "p.m." };
    let hour = below_hundred(i64::from(if hour.is_multiple_of(12) { 12 } else { hour % 12 }));
    Some(match minute {
        0 => format!("{hour} {half}"),
        1..=9 => format!("{hour} oh {} {half}", below_hundred(minute.into())),
        _ => format!("{hour} {} {half}", below_hundred(minute.into())),
    })
}

fn row(digits: &str) -> Option<String> {
    let word = |digit: char| {
        digit
            .to_digit(10)
            .and_then(|digit| SMALL.get(digit as usize))
            .copied()
    };
    let digits = digits.chars().filter(|found| !matches!(found, ' ' | '-'));
    let words: Option<Vec<&str>> = digits.map(word).collect();
    words
        .filter(|words| !words.is_empty())
        .map(|words| words.join(" "))
}
