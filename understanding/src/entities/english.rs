//! Reads amounts, shares and periods in spoken English: "fifteen hundred yuan", "half a year".

use super::{CallMoment, EntityMatch, Granularity, PeriodUnit, Value, english_time};
use crate::english_numbers::{SMALL, TENS};

/// A word of a text, with the places of its characters.
struct Word {
    text: String,
    start: usize,
    end: usize,
}

/// A text as a list of words.
pub(super) struct Words {
    all: Vec<Word>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut all: Vec<Word> = Vec::new();
        let mut open: Option<Word> = None;
        let characters: Vec<char> = text.chars().collect();
        for (place, found) in characters.iter().enumerate() {
            let digit_at = |place: usize| characters.get(place).is_some_and(char::is_ascii_digit);
            let within =
                matches!(found, ',' | '.' | ':') && place > 0 && digit_at(place - 1) && digit_at(place + 1);
            if found.is_ascii_alphanumeric() || within || matches!(found, '%' | '$' | '¥') {
                let word = open.get_or_insert(Word {
                    text: String::new(),
                    start: place,
                    end: place,
                });
                word.text.extend(found.to_lowercase());
                word.end = place + 1;
            } else {
                all.extend(open.take());
            }
        }
        all.extend(open);
        Self { all }
    }

    pub(super) fn at(&self, place: usize) -> &str {
        self.all.get(place).map_or("", |word| word.text.as_str())
    }

    pub(super) fn found(
        &self,
        from: usize,
        to: usize,
        value: Value,
        granularity: Granularity,
    ) -> Option<EntityMatch> {
        let start = self.all.get(from)?.start;
        let end = self.all.get(to.checked_sub(1)?)?.end;
        Some(EntityMatch {
            places: start..end,
            value,
            granularity,
        })
    }

    /// Returns the place after `words` if the text has them at `place`; `None` otherwise.
    pub(super) fn follows(&self, place: usize, words: &str) -> Option<usize> {
        let mut at = place;
        for word in words.split(' ') {
            if self.at(at) != word {
                return None;
            }
            at += 1;
        }
        Some(at)
    }
}

/// Returns every time, period, share and amount in English words of a text, in order.
pub(super) fn find(text: &str, moment: CallMoment) -> Vec<EntityMatch> {
    let words = Words::of(text);
    let (mut place, mut all) = (0, Vec::new());
    while place < words.all.len() {
        let found = english_time::time(&words, place, moment)
            .or_else(|| period_entity(&words, place))
            .or_else(|| share(&words, place))
            .or_else(|| amount(&words, place));
        let Some((found, end)) = found else {
            place += 1;
            continue;
        };
        all.push(found);
        place = end.max(place + 1);
    }
    all
}

fn small(word: &str) -> Option<i64> {
    let place = SMALL.iter().position(|known| *known == word)?;
    i64::try_from(place).ok()
}

fn tens(word: &str) -> Option<i64> {
    let place = TENS
        .iter()
        .position(|known| *known == word && !known.is_empty())?;
    Some(i64::try_from(place).ok()? * 10)
}

/// Returns the value of "thousand" or "million"; `None` for another word.
fn group(word: &str) -> Option<i64> {
    match word {
        "thousand" => Some(1_000),
        "million" => Some(1_000_000),
        _ => None,
    }
}

/// Returns true for a word that multiplies the number before it: hundred, thousand, million.
pub(super) fn is_times(word: &str) -> bool {
    word == "hundred" || group(word).is_some()
}

/// Returns the number, in thousandths, that begins at a place, and the place after it; `None` if none
/// begins there.
pub(super) fn number(words: &Words, start: usize) -> Option<(i64, usize)> {
    let written = words.at(start).trim_start_matches(['$', '¥']).replace(',', "");
    if written.starts_with(|first: char| first.is_ascii_digit()) {
        let written = written.trim_end_matches('%');
        let (whole, part) = written.split_once('.').unwrap_or((written, ""));
        let part: String = part.chars().chain("000".chars()).take(3).collect();
        let value = whole
            .parse::<i64>()
            .ok()?
            .checked_mul(1_000)?
            .checked_add(part.parse().ok()?)?;
        return match words.at(start + 1) {
            "million" => Some((value.checked_mul(1_000_000)?, start + 2)),
            "thousand" => Some((value.checked_mul(1_000)?, start + 2)),
            "hundred" => Some((value.checked_mul(100)?, start + 2)),
            _ => Some((value, start + 1)),
        };
    }
    let (mut total, mut section, mut place) = (0_i64, 0_i64, start);
    loop {
        let word = words.at(place);
        if let Some(value) = small(word).or_else(|| tens(word)) {
            section = section.checked_add(value)?;
        } else if word == "a" && is_times(words.at(place + 1)) {
            section += 1;
        } else if word == "hundred" && section > 0 {
            section = section.checked_mul(100)?;
        } else if let Some(times) = group(word).filter(|_| section > 0) {
            (total, section) = (total.checked_add(section.checked_mul(times)?)?, 0);
        } else if !(word == "and"
            && place > start
            && small(words.at(place + 1)).or(tens(words.at(place + 1))).is_some())
        {
            break;
        }
        place += 1;
    }
    if place == start {
        return None;
    }
    let mut value = total.checked_add(section)?.checked_mul(1_000)?;
    if words.at(place) == "point" {
        let mut worth = 100;
        place += 1;
        while let Some(digit) = small(words.at(place)).filter(|digit| *digit < 10 && worth > 0) {
            value += digit * worth;
            worth /= 10;
            place += 1;
        }
    }
    Some((value, place))
}

fn amount(words: &Words, start: usize) -> Option<(EntityMatch, usize)> {
    let about = matches!(words.at(start), "about" | "around" | "roughly");
    let begin = start + usize::from(about);
    let signed = words.at(begin).starts_with('¥');
    let (value, end) = number(words, begin)?;
    let unit = matches!(words.at(end), "yuan" | "rmb" | "cny" | "kuai");
    if !unit && !signed {
        return None;
    }
    let fen = value.checked_mul(100)? / 1_000;
    let granularity = if about {
        Granularity::About
    } else {
        Granularity::Exact
    };
    let end = end + usize::from(unit);
    let value = Value::Amount {
        fen_min: fen,
        fen_max: fen,
    };
    Some((words.found(start, end, value, granularity)?, end))
}

fn share(words: &Words, start: usize) -> Option<(EntityMatch, usize)> {
    let (value, end) = number(words, start)?;
    let end = if words.at(end.checked_sub(1)?).ends_with('%') {
        end
    } else {
        words
            .follows(end, "percent")
            .or_else(|| words.follows(end, "per cent"))?
    };
    // Thousandths of a percent are tens of millionths.
    let value = Value::Share {
        millionths: value.checked_mul(10)?,
    };
    Some((words.found(start, end, value, Granularity::Exact)?, end))
}

/// Reads a length of time or a number of instalments: unit, count, and the place after it. `None` if none
/// begins at `start`.
pub(super) fn period(words: &Words, start: usize) -> Option<(PeriodUnit, i64, usize)> {
    let unit = |word: &str| {
        Some(match word.trim_end_matches('s') {
            "instalment" | "installment" => (PeriodUnit::Instalments, 1),
            "month" => (PeriodUnit::Months, 1),
            "year" => (PeriodUnit::Months, 12),
            "week" => (PeriodUnit::Days, 7),
            "day" => (PeriodUnit::Days, 1),
            "hour" => (PeriodUnit::Minutes, 60),
            "minute" => (PeriodUnit::Minutes, 1),
            _ => return None,
        })
    };
    let half = |unit: (PeriodUnit, i64)| match unit {
        (PeriodUnit::Months, 1) => Some((PeriodUnit::Days, 15)),
        (unit, each) if each % 2 == 0 => Some((unit, each / 2)),
        _ => None,
    };
    for words_of_half in ["half a", "half an"] {
        if let Some(place) = words.follows(start, words_of_half) {
            let (unit, count) = half(unit(words.at(place))?)?;
            return Some((unit, count, place + 1));
        }
    }
    let (count, end) = match words.at(start) {
        "a" | "an" => (1_000, start + 1),
        _ => number(words, start)?,
    };
    let (counted, each) = unit(words.at(end))?;
    let mut count = count.checked_mul(each)? / 1_000;
    let mut end = end + 1;
    if let Some(behind) = words.follows(end, "and a half") {
        let (small_unit, more) = half((counted, each))?;
        if small_unit == counted {
            (count, end) = (count.checked_add(more)?, behind);
        }
    }
    Some((counted, count, end))
}

fn period_entity(words: &Words, start: usize) -> Option<(EntityMatch, usize)> {
    let (unit, count, end) = period(words, start)?;
    let value = Value::Period {
        unit,
        count_min: count,
        count_max: count,
    };
    Some((words.found(start, end, value, Granularity::Exact)?, end))
}
