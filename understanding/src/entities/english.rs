//! Amounts, shares, periods and times as they are spoken in English: "fifteen hundred yuan", "half a year",
//! "next Wednesday at 3 pm", "in half an hour", "after 8".

use super::{CallMoment, Found, Granularity, PeriodUnit, Value};
use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, TimeDelta};

/// A word with the places of its characters.
struct Word {
    text: String,
    start: usize,
    end: usize,
}

/// A text in words, and where one reads.
struct Words {
    all: Vec<Word>,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut all: Vec<Word> = Vec::new();
        let mut open: Option<Word> = None;
        let characters: Vec<char> = text.chars().collect();
        for (place, found) in characters.iter().enumerate() {
            let digit_at = |place: usize| characters.get(place).is_some_and(char::is_ascii_digit);
            let within = matches!(found, ',' | '.' | ':') && place > 0 && digit_at(place - 1) && digit_at(place + 1);
            if found.is_ascii_alphanumeric() || within || matches!(found, '%' | '$' | '¥') {
                let word = open.get_or_insert(Word { text: String::new(), start: place, end: place });
                word.text.extend(found.to_lowercase());
                word.end = place + 1;
            } else {
                all.extend(open.take());
            }
        }
        all.extend(open);
        Self { all }
    }

    fn at(&self, place: usize) -> &str {
        self.all.get(place).map_or("", |word| word.text.as_str())
    }

    fn found(&self, from: usize, to: usize, value: Value, granularity: Granularity) -> Option<Found> {
        let start = self.all.get(from)?.start;
        let end = self.all.get(to.checked_sub(1)?)?.end;
        Some(Found { places: start..end, value, granularity })
    }

    /// Whether the words go on so; where they end then.
    fn follows(&self, place: usize, words: &str) -> Option<usize> {
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

/// Everything found in English words.
pub(super) fn find(text: &str, moment: CallMoment) -> Vec<Found> {
    let words = Words::of(text);
    let (mut place, mut all) = (0, Vec::new());
    while place < words.all.len() {
        let found = time(&words, place, moment)
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
    const WORDS: [&str; 20] = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ];
    WORDS.iter().position(|known| *known == word).and_then(|place| i64::try_from(place).ok())
}

fn tens(word: &str) -> Option<i64> {
    const WORDS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let place = WORDS.iter().position(|known| *known == word)?;
    Some((i64::try_from(place).ok()? + 2) * 10)
}

/// A number in thousandths from a place, and where it ends.
fn number(words: &Words, start: usize) -> Option<(i64, usize)> {
    let written = words.at(start).trim_start_matches(['$', '¥']).replace(',', "");
    if written.starts_with(|first: char| first.is_ascii_digit()) {
        let written = written.trim_end_matches('%');
        let (whole, part) = written.split_once('.').unwrap_or((written, ""));
        let part: String = part.chars().chain("000".chars()).take(3).collect();
        let value = whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(part.parse().ok()?)?;
        return match words.at(start + 1) {
            "thousand" => Some((value.checked_mul(1_000)?, start + 2)),
            "hundred" => Some((value.checked_mul(100)?, start + 2)),
            _ => Some((value, start + 1)),
        };
    }
    let (mut total, mut section, mut place) = (0_i64, 0_i64, start);
    loop {
        let word = words.at(place);
        if let Some(value) = small(word).or_else(|| tens(word)) {
            section += value;
        } else if word == "a" && matches!(words.at(place + 1), "hundred" | "thousand") {
            section += 1;
        } else if word == "hundred" && section > 0 {
            section *= 100;
        } else if word == "thousand" && section > 0 {
            (total, section) = (total + section * 1_000, 0);
        } else if !(word == "and" && place > start && small(words.at(place + 1)).or(tens(words.at(place + 1))).is_some()) {
            break;
        }
        place += 1;
    }
    if place == start {
        return None;
    }
    let mut value = (total + section) * 1_000;
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

fn amount(words: &Words, start: usize) -> Option<(Found, usize)> {
    let about = matches!(words.at(start), "about" | "around" | "roughly");
    let begin = start + usize::from(about);
    let signed = words.at(begin).starts_with('¥');
    let (value, end) = number(words, begin)?;
    let unit = matches!(words.at(end), "yuan" | "rmb" | "cny" | "kuai");
    if !unit && !signed {
        return None;
    }
    let fen = value.checked_mul(100)? / 1_000;
    let granularity = if about { Granularity::About } else { Granularity::Exact };
    let end = end + usize::from(unit);
    let value = Value::Amount { fen_min: fen, fen_max: fen };
    Some((words.found(start, end, value, granularity)?, end))
}

fn share(words: &Words, start: usize) -> Option<(Found, usize)> {
    let (value, end) = number(words, start)?;
    let end = if words.at(end.checked_sub(1)?).ends_with('%') {
        end
    } else {
        words.follows(end, "percent").or_else(|| words.follows(end, "per cent"))?
    };
    // Thousandths of a percent are tens of millionths.
    let value = Value::Share { millionths: value.checked_mul(10)? };
    Some((words.found(start, end, value, Granularity::Exact)?, end))
}

/// A period: what is counted, how many, where it ends.
fn period(words: &Words, start: usize) -> Option<(PeriodUnit, i64, usize)> {
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
            (count, end) = (count + more, behind);
        }
    }
    Some((counted, count, end))
}

fn period_entity(words: &Words, start: usize) -> Option<(Found, usize)> {
    let (unit, count, end) = period(words, start)?;
    let value = Value::Period { unit, count_min: count, count_max: count };
    Some((words.found(start, end, value, Granularity::Exact)?, end))
}

/// What a time is made of before it is reckoned.
fn time(words: &Words, start: usize, moment: CallMoment) -> Option<(Found, usize)> {
    let now = DateTime::from_timestamp_millis(moment.at_ms)?.naive_utc();
    let now = now.checked_add_signed(TimeDelta::minutes(i64::from(moment.zone_minutes)))?;
    let found = |from: Option<NaiveDateTime>, to: Option<NaiveDateTime>, end, granularity| {
        let utc = |local: NaiveDateTime| {
            local.and_utc().timestamp_millis() - i64::from(moment.zone_minutes) * 60_000
        };
        let is_past = to.is_some_and(|to| to <= now);
        let value = Value::Time { start_ms: from.map(utc), end_ms: to.map(utc), is_past };
        Some((words.found(start, end, value, granularity)?, end))
    };
    if words.at(start) == "in" {
        let (unit, count, end) = period(words, start + 1)?;
        return match unit {
            PeriodUnit::Minutes => {
                let from = now.checked_add_signed(TimeDelta::try_minutes(count)?)?;
                found(Some(from), Some(from + TimeDelta::minutes(1)), end, Granularity::Minute)
            }
            PeriodUnit::Days => {
                let day = now.date().checked_add_days(Days::new(u64::try_from(count).ok()?))?;
                let from = day.and_time(NaiveTime::MIN);
                found(Some(from), Some(from + TimeDelta::days(1)), end, Granularity::Day)
            }
            PeriodUnit::Months | PeriodUnit::Instalments => None,
        };
    }
    let day = day(words, start, now);
    let place = day.map_or(start, |(_, end)| end);
    let base = day.map_or(now.date().and_time(NaiveTime::MIN), |(day, _)| day);
    let side = words.at(place);
    let lead = usize::from(matches!(side, "at" | "after" | "before" | "around"));
    let part = words.follows(place, "in the").map_or(words.at(place), |next| words.at(next));
    if let Some((from, to)) = part_of_day(part).filter(|_| day.is_some()) {
        let end = words.follows(place, "in the").unwrap_or(place) + 1;
        let hours = |hour: i64| Some(base + TimeDelta::hours(hour));
        return found(hours(from), hours(to), end, Granularity::PartOfDay);
    }
    if let Some((minutes, exact, end)) = clock(words, place + lead, lead == 1) {
        let mut from = base + TimeDelta::minutes(minutes);
        if day.is_none() && from <= now {
            let later = from + TimeDelta::hours(12);
            from = if minutes < 720 && later > now { later } else { from + TimeDelta::days(1) };
        }
        return match side {
            "after" => found(Some(from), None, end, Granularity::Open),
            "before" => found(None, Some(from), end, Granularity::Open),
            _ if exact => found(Some(from), Some(from + TimeDelta::minutes(1)), end, Granularity::Minute),
            _ => found(Some(from), Some(from + TimeDelta::hours(1)), end, Granularity::Hour),
        };
    }
    let (from, end) = day?;
    found(Some(from), Some(from + TimeDelta::days(1)), end, Granularity::Day)
}

fn part_of_day(word: &str) -> Option<(i64, i64)> {
    Some(match word {
        "morning" => (8, 12),
        "noon" => (11, 13),
        "afternoon" => (12, 18),
        "evening" | "night" => (18, 24),
        _ => return None,
    })
}

fn day(words: &Words, start: usize, now: NaiveDateTime) -> Option<(NaiveDateTime, usize)> {
    let ahead = |days: i64, end: usize| {
        let date = now.date().checked_add_signed(TimeDelta::days(days))?;
        Some((date.and_time(NaiveTime::MIN), end))
    };
    for (said, days) in [
        ("the day after tomorrow", 2),
        ("day after tomorrow", 2),
        ("tomorrow", 1),
        ("today", 0),
        ("yesterday", -1),
        ("this", 0),
    ] {
        if let Some(end) = words.follows(start, said).filter(|_| said != "this") {
            return ahead(days, end);
        }
    }
    let (weeks, place) = match words.at(start) {
        "next" => (Some(1), start + 1),
        "this" => (Some(0), start + 1),
        "on" => (None, start + 1),
        _ => (None, start),
    };
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let name = NAMES.iter().position(|name| *name == words.at(place))?;
    let name = i64::try_from(name).ok()?;
    let days = name - i64::from(now.weekday().num_days_from_monday());
    let days = match weeks {
        Some(weeks) => days + 7 * weeks,
        None if days < 0 => days + 7,
        None => days,
    };
    ahead(days, place + 1)
}

/// Minutes of the day from "3 pm", "15:30", "half past eight", "8 o'clock"; a bare number only where led.
fn clock(words: &Words, start: usize, led: bool) -> Option<(i64, bool, usize)> {
    if words.at(start) == "noon" && led {
        return Some((720, false, start + 1));
    }
    if let Some(place) = words.follows(start, "half past") {
        let (hour, end) = number(words, place)?;
        return Some((pm(hour / 1_000, words.at(end), end).0 * 60 + 30, true, pm(0, words.at(end), end).1));
    }
    let word = words.at(start);
    let glued = word.strip_suffix("am").map(|hour| (hour, "am")).or(word.strip_suffix("pm").map(|hour| (hour, "pm")));
    let (digits, glued) = glued.unwrap_or((word, ""));
    if let Some((hour, minute)) = digits.split_once(':') {
        let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
        let said = if glued.is_empty() { words.at(start + 1) } else { glued };
        let (hour, end) = pm_exact(hour, said, start + 1 + usize::from(glued.is_empty()));
        let end = if glued.is_empty() && !matches!(said, "am" | "pm") { start + 1 } else { end };
        return (hour < 24 && minute < 60).then_some((hour * 60 + minute, true, end));
    }
    if !glued.is_empty() {
        let (hour, _) = pm_exact(digits.parse().ok()?, glued, start);
        return (hour < 24).then_some((hour * 60, false, start + 1));
    }
    let (hour, end) = number(words, start)?;
    let hour = hour / 1_000;
    let named = matches!(words.at(end), "am" | "pm" | "o") || words.follows(end, "a m").is_some();
    if !(named || led) || hour > 24 || matches!(words.at(end), "yuan" | "percent" | "days" | "months") {
        return None;
    }
    if let Some(end) = words.follows(end, "o clock") {
        return Some((pm(hour, words.at(end), end).0 * 60, false, pm(hour, words.at(end), end).1));
    }
    let (hour, end) = pm(hour, words.at(end), end);
    Some((hour * 60, false, end))
}

/// The hour with "am" or "pm" behind it; without, one to seven is afternoon.
fn pm(hour: i64, said: &str, end: usize) -> (i64, usize) {
    match said {
        "am" | "pm" => pm_exact(hour, said, end + 1),
        _ if (1..=7).contains(&hour) => (hour + 12, end),
        _ => (hour, end),
    }
}

fn pm_exact(hour: i64, said: &str, end: usize) -> (i64, usize) {
    match said {
        "pm" if hour < 12 => (hour + 12, end),
        "am" if hour == 12 => (0, end),
        _ => (hour, end),
    }
}
