//! Masks texts that events store permanently in clear: reasons, notes and file names. Digits that may be a
//! person's number are masked before the text becomes part of a command, as in transcripts. Dates like
//! `20261128` stay.
//!
//! Masking refuses nothing: a reason with a phone number in it is accepted and masked.

use crate::transcript_masking::masked_words;
use std::ops::Range;

/// Lengths, in digits, of a day, a day with hour and minute, and a day with seconds: `20261128`,
/// `202611280930`, `20261128093000`.
const DAY_DIGITS: [usize; 3] = [8, 12, 14];

/// Most digits in a number before a day, across a separator, for the day to count as a day: a part number
/// (`2_20261128`). Three digits may be an area code or the start of a mobile number (`021-20261128`), so
/// the whole may be a phone number.
const BEFORE_DAY_DIGITS_MAX: usize = 2;
/// Most digits in a number after a day, across a separator, for the day to count as a day: a time or a part
/// number (`20261128_093000`). More may be parts of one long number.
const BEHIND_DAY_DIGITS_MAX: usize = 6;

/// Longest file extension, in characters: `.parquet` has seven letters.
const ENDING_CHARS_MAX: usize = 8;

/// Placeholder for a day's digits after the first, while the rest of the text is masked: a letter that
/// occurs in no number and, repeated, in no word that announces one (`qq` does). The first digit stays, so
/// that 密码20261128 is masked as an announced secret.
const DAY_MARK: char = 'z';

/// The character that replaces a masked one.
const STAR: char = '*';

/// Returns a reason or note with phone numbers, card numbers and the like masked. Dates stay.
pub fn masked_reason(text: &str) -> String {
    masked_but_days(text)
}

/// Masks what identifies a person in a file name and keeps its extension: `催收_13800138000.xlsx` becomes
/// `催收_138****8000.xlsx`.
pub fn masked_file_name(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let is_ending = (1..=ENDING_CHARS_MAX).contains(&ending.len())
        && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && ending.bytes().any(|byte| byte.is_ascii_alphabetic());
    match is_ending {
        true => format!("{}.{ending}", masked_but_days(stem)),
        false => masked_but_days(name),
    }
}

/// Returns a text with everything masked that may identify a person, except its days. Days are replaced by
/// a placeholder first, so that no day is read as part of a number.
fn masked_but_days(text: &str) -> String {
    let written: Vec<char> = text.chars().collect();
    let days = days(&written);
    let mut marked = written.clone();
    for day in &days {
        fill(&mut marked, day.start + 1..day.end, DAY_MARK);
    }
    // Masking does not change the number of characters.
    let mut masked: Vec<char> = masked_words(&marked.iter().collect::<String>()).chars().collect();
    for day in days {
        if masked.get(day.clone()) != marked.get(day.clone()) {
            fill(&mut masked, day, STAR);
            continue;
        }
        for place in day {
            if let (Some(shown), Some(digit)) = (masked.get_mut(place), written.get(place)) {
                *shown = *digit;
            }
        }
    }
    masked.into_iter().collect()
}

fn fill(text: &mut [char], range: Range<usize>, character: char) {
    if let Some(part) = text.get_mut(range) {
        part.fill(character);
    }
}

/// Returns the ranges of the days in a text that are not part of a longer number.
fn days(text: &[char]) -> Vec<Range<usize>> {
    let runs = digit_runs(text);
    let is_by_itself = |index: usize, run: &Range<usize>| {
        let before = index.checked_sub(1).and_then(|index| runs.get(index));
        let before = before.filter(|before| is_separated(text, before.end..run.start));
        let behind = runs.get(index + 1);
        let behind = behind.filter(|behind| is_separated(text, run.end..behind.start));
        before.is_none_or(|before| before.len() <= BEFORE_DAY_DIGITS_MAX)
            && behind.is_none_or(|behind| behind.len() <= BEHIND_DAY_DIGITS_MAX)
    };
    let of_days = runs.iter().enumerate();
    of_days
        .filter(|&(index, run)| is_day(text.get(run.clone()).unwrap_or_default()) && is_by_itself(index, run))
        .map(|(_, run)| run.clone())
        .collect()
}

/// Returns the ranges of the runs of ASCII digits in a text.
fn digit_runs(text: &[char]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (place, _) in text
        .iter()
        .enumerate()
        .filter(|(_, found)| found.is_ascii_digit())
    {
        match runs.last_mut() {
            Some(last) if last.end == place => last.end = place + 1,
            Some(_) | None => runs.push(place..place + 1),
        }
    }
    runs
}

/// Returns true if there is no letter or digit between two runs of digits, so that they may be parts of one
/// number.
fn is_separated(text: &[char], between: Range<usize>) -> bool {
    let between = text.get(between).unwrap_or_default();
    between.iter().all(|found| !found.is_alphanumeric())
}

/// Returns true if the digits are a day from 1990 to 2099, with or without a time of day.
fn is_day(digits: &[char]) -> bool {
    let number = |range: Range<usize>| {
        let part: String = digits.get(range).unwrap_or_default().iter().collect();
        part.parse::<u32>().unwrap_or(u32::MAX)
    };
    let is_date = (1990..2100).contains(&number(0..4))
        && (1..=12).contains(&number(4..6))
        && (1..=31).contains(&number(6..8));
    let is_minute = digits.len() == 8 || (number(8..10) < 24 && number(10..12) < 60);
    let is_second = digits.len() < 14 || number(12..14) < 60;
    DAY_DIGITS.contains(&digits.len()) && is_date && is_minute && is_second
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_are_masked_in_reasons_however_they_are_written() {
        for (written, kept) in [
            ("he rang from 13800138000", "he rang from 138****8000"),
            ("138 0013 8000 投诉", "138 **** 8000 投诉"),
            ("１３８００１３８０００", "１３８****８０００"),
            ("幺三八零零幺三八零零零来电", "幺三八****八零零零来电"),
            ("卡号4111111111111112", "卡号****************"),
            ("身份证110105194912310021", "身份证******************"),
            ("ticket 1234567", "ticket *******"),
            ("write to wang@example.com", "write to ****************"),
            ("密码20261128", "密码********"),
            ("complaint 17", "complaint 17"),
            ("the list of 20261128 was wrong", "the list of 20261128 was wrong"),
            ("欠款120000元已还", "欠款120000元已还"),
            ("", ""),
        ] {
            assert_eq!(masked_reason(written), kept, "{written}");
            assert_eq!(masked_reason(kept), kept, "what is masked stays");
        }
        for number in ["021-20261128", "138-20261128", "138 20261128"] {
            assert!(
                !masked_reason(number).contains("20261128"),
                "{number} holds no day"
            );
        }
    }

    #[test]
    fn a_files_name_keeps_its_day_and_its_ending() {
        for (written, kept) in [
            ("催收_13800138000.xlsx", "催收_138****8000.xlsx"),
            ("13800138000.7z", "138****8000.7z"),
            ("名单_20261128.csv", "名单_20261128.csv"),
            ("名单20261128_2.csv", "名单20261128_2.csv"),
            ("2_20261128_093000.csv", "2_20261128_093000.csv"),
            ("20261128093000.csv", "20261128093000.csv"),
            ("20261328.csv", "********.csv"),
            ("1234567", "*******"),
            ("upload", "upload"),
            (".csv", ".csv"),
        ] {
            assert_eq!(masked_file_name(written), kept, "{written}");
        }
    }
}
