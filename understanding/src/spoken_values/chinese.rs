//! Words numbers, money, dates, shares and digits in Mandarin.
//!
//! 二 or 两: 两 before a measure word and before 千, 万 and 亿 at the head of a number; 二 elsewhere.

use super::{SpokenValue, is_day, phone_groups};

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

pub(super) fn say(spoken: &SpokenValue<'_>) -> Option<String> {
    match *spoken {
        SpokenValue::Amount { fen } => amount(fen),
        SpokenValue::Date { year, month, day } => {
            let before = match year {
                Some(year) => format!("{}年", plain_digits(&year.to_string())?),
                None => String::new(),
            };
            let words = || {
                Some(format!(
                    "{before}{}月{}日",
                    integer(month.into())?,
                    integer(day.into())?
                ))
            };
            is_day(year, month, day).then(words)?
        }
        SpokenValue::Time { hour, minute } => time(hour, minute),
        SpokenValue::Digits { ref digits } => row(digits),
        SpokenValue::Phone { ref digits } => {
            let groups: Option<Vec<String>> = phone_groups(digits)?.iter().map(|group| row(group)).collect();
            Some(groups?.join("，"))
        }
        SpokenValue::Share { millionths } => {
            let share = thousandths(millionths.checked_div(10)?)?;
            Some(match share.strip_prefix("负") {
                Some(positive) => format!("负百分之{positive}"),
                None if millionths == 1_000_000 => "百分之百".to_owned(),
                None => format!("百分之{share}"),
            })
        }
        SpokenValue::Number {
            thousandths: number,
            counted: None,
        } => thousandths(number),
        SpokenValue::Number {
            thousandths: 2_000,
            counted: Some(ref counted),
        } => Some(format!("两{counted}")),
        SpokenValue::Number {
            thousandths: number,
            counted: Some(ref counted),
        } => Some(format!("{}{counted}", thousandths(number)?)),
    }
}

/// Returns an integer in Chinese words; `None` from ten thousand 亿 (10¹²) on.
pub fn integer(number: i64) -> Option<String> {
    if number < 0 {
        return Some(format!("负{}", integer(number.checked_neg()?)?));
    }
    if number >= 1_000_000_000_000 {
        return None;
    }
    if number == 0 {
        return Some("零".to_owned());
    }
    let mut words = String::new();
    let sections = [
        (number / 100_000_000, "亿"),
        (number / 10_000 % 10_000, "万"),
        (number % 10_000, ""),
    ];
    let mut gap = false;
    for (section, unit) in sections {
        if section == 0 {
            gap = gap || !words.is_empty();
            continue;
        }
        if !words.is_empty() && (gap || section < 1_000) {
            words.push('零');
        }
        gap = false;
        words.push_str(&below_ten_thousand(section, words.is_empty(), unit));
        words.push_str(unit);
    }
    Some(words)
}

/// Returns a number below ten thousand in words. 两 replaces 二 at the head of a number, before 千 and before
/// the unit of a section (`unit_behind`).
fn below_ten_thousand(number: i64, is_head: bool, unit_behind: &str) -> String {
    let mut words = String::new();
    let mut gap = false;
    for (worth, unit) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = number / worth % 10;
        if digit == 0 {
            gap = gap || !words.is_empty();
            continue;
        }
        if gap {
            words.push('零');
            gap = false;
        }
        // 十二, not 一十二, at the head of a number.
        if !(digit == 1 && worth == 10 && words.is_empty() && is_head) {
            let is_pair = digit == 2
                && words.is_empty()
                && is_head
                && (worth == 1_000 || worth == 1 && !unit_behind.is_empty());
            words.push_str(if is_pair { "两" } else { digit_word(digit) });
        }
        words.push_str(unit);
    }
    words
}

fn digit_word(digit: i64) -> &'static str {
    usize::try_from(digit)
        .ok()
        .and_then(|digit| DIGITS.get(digit))
        .copied()
        .unwrap_or("")
}

fn thousandths(number: i64) -> Option<String> {
    if number < 0 {
        return Some(format!("负{}", thousandths(number.checked_neg()?)?));
    }
    let whole = integer(number / 1_000)?;
    let part = format!("{:03}", number % 1_000);
    let part = part.trim_end_matches('0');
    Some(if part.is_empty() {
        whole
    } else {
        format!("{whole}点{}", plain_digits(part)?)
    })
}

fn amount(fen: i64) -> Option<String> {
    if fen < 0 {
        return Some(format!("负{}", amount(fen.checked_neg()?)?));
    }
    let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut words = String::new();
    if yuan == 2 {
        words.push_str("两元");
    } else if yuan > 0 || jiao == 0 && fen == 0 {
        words.push_str(&integer(yuan)?);
        words.push('元');
    }
    if jiao > 0 {
        words.push_str(digit_word(jiao));
        words.push('角');
    } else if yuan > 0 && fen > 0 {
        words.push('零');
    }
    if fen > 0 {
        words.push_str(digit_word(fen));
        words.push('分');
    }
    Some(words)
}

fn time(hour: u32, minute: u32) -> Option<String> {
    if hour > 23 || minute > 59 {
        return None;
    }
    let (part, hour) = match hour {
        0..=5 => ("凌晨", hour),
        6..=8 => ("早上", hour),
        9..=11 => ("上午", hour),
        12 => ("中午", 12),
        13..=17 => ("下午", hour - 12),
        _ => ("晚上", hour - 12),
    };
    let hour = if hour == 2 {
        "两".to_owned()
    } else {
        integer(hour.into())?
    };
    Some(match minute {
        0 => format!("{part}{hour}点"),
        30 => format!("{part}{hour}点半"),
        1..=9 => format!("{part}{hour}点零{}分", integer(minute.into())?),
        _ => format!("{part}{hour}点{}分", integer(minute.into())?),
    })
}

/// Returns digits spoken one by one, with 幺 for one so that it is not mistaken for 七. Blanks and dashes are
/// skipped; `None` for other characters.
fn row(digits: &str) -> Option<String> {
    let word = |digit: char| if digit == '1' { Some("幺") } else { plain(digit) };
    let words: Option<String> = digits
        .chars()
        .filter(|found| !matches!(found, ' ' | '-'))
        .map(word)
        .collect();
    words.filter(|words| !words.is_empty())
}

fn plain(digit: char) -> Option<&'static str> {
    digit
        .to_digit(10)
        .and_then(|digit| DIGITS.get(digit as usize))
        .copied()
}

fn plain_digits(digits: &str) -> Option<String> {
    digits.chars().map(plain).collect()
}
