//! Finds rows of digits, written or spoken: mobile phones, bank cards, resident identity numbers.
//!
//! Groups may be separated by blanks, dashes and, if they are spoken, commas. A speaker may correct a group
//! (不对，是三八). A card is recognized by Luhn's check (ISO/IEC 7812-1), an identity number by its own (GB 11643,
//! ISO 7064 MOD 11-2), a phone by its shape; everything else is only a row of digits.

use super::{EntityMatch, Granularity, Value, number};
use crate::english_numbers::SMALL;
use crate::text::FoldedText;
use std::ops::Range;

/// A run of digits that were said or written, with their places in the text and the beginnings of their
/// groups.
#[derive(Debug, Clone, Default)]
pub(crate) struct DigitRun {
    /// The digits; the last may be `x`.
    pub(crate) digits: Vec<char>,
    /// The characters of each digit in the text: one, or those of an English word.
    pub(crate) places: Vec<Range<usize>>,
    /// The places of digits that the speaker took back.
    pub(crate) taken_back: Vec<Range<usize>>,
    /// The beginnings of the groups, as indexes of digits.
    groups: Vec<usize>,
}

/// Words with which a speaker takes back the last group of digits; 是 may follow.
const CORRECTIONS: &[&str] = &[
    "不对不对",
    "不对",
    "不是",
    "说错了",
    "错了",
    "哦不",
    "no sorry",
    "sorry",
];
/// Words between groups that have no meaning.
const FILLERS: &[&str] = &[
    "然后是",
    "然后",
    "后面是",
    "接着是",
    "接着",
    "嗯",
    "呃",
    "额",
    "再",
    "是",
];

impl DigitRun {
    fn text(&self, range: Range<usize>) -> String {
        self.digits.get(range).unwrap_or_default().iter().collect()
    }

    /// Takes the last group back: as many digits as follow, or all of them if a whole number follows. False
    /// if the numbers of digits do not fit.
    fn replace_last(&mut self, following: &DigitRun) -> bool {
        let last = self.groups.last().copied().unwrap_or(0);
        let same = following.digits.len() == self.digits.len() - last;
        let kept = if is_phone(&following.text(0..following.digits.len())) {
            0
        } else if same {
            last
        } else {
            return false;
        };
        self.taken_back
            .extend_from_slice(self.places.get(kept..).unwrap_or_default());
        self.digits.truncate(kept);
        self.places.truncate(kept);
        self.groups.retain(|group| *group < kept);
        true
    }

    fn join(&mut self, following: DigitRun) {
        let before = self.digits.len();
        self.groups
            .extend(following.groups.iter().map(|group| group + before));
        self.digits.extend(following.digits);
        self.places.extend(following.places);
    }
}

/// Returns the digit for a Chinese or written character, also 洞 and 拐; `None` for 两 and other characters.
pub(crate) fn spoken_digit(found: char) -> Option<char> {
    match found {
        '0'..='9' => Some(found),
        '洞' => Some('0'),
        '拐' => Some('7'),
        other => number::digit(other)
            .filter(|_| !"两兩".contains(other))
            .and_then(|digit| char::from_digit(u32::try_from(digit).ok()?, 10)),
    }
}

/// Returns the digit that a whole English word means ("oh" is zero), and the place after the word; `None`
/// if `start` has none.
pub(crate) fn english_digit(text: &FoldedText, start: usize) -> Option<(char, usize)> {
    let is_letter = |place: usize| text.at(place).is_some_and(char::is_alphabetic);
    if start.checked_sub(1).is_some_and(is_letter) {
        return None;
    }
    let (word, end) = text
        .one_of(start, &["oh"])
        .or_else(|| text.one_of(start, SMALL.get(..10)?))?;
    let digit = SMALL.iter().position(|small| *small == word).unwrap_or(0);
    let digit = char::from_digit(u32::try_from(digit).ok()?, 10)?;
    (!is_letter(end)).then_some((digit, end))
}

/// Returns the group of digits that begins at a place; empty if none begins there.
fn group(text: &FoldedText, start: usize) -> DigitRun {
    let mut run = DigitRun {
        groups: vec![0],
        ..DigitRun::default()
    };
    let mut place = start;
    if let Some((digit, end)) = english_digit(text, start) {
        run.digits.push(digit);
        run.places.push(start..end);
        return run;
    }
    while let Some(found) = text.at(place) {
        let digit = spoken_digit(found).or_else(|| {
            let is_check = matches!(found, 'x') && run.digits.len() >= 3;
            let ends = !text
                .at(place + 1)
                .is_some_and(|behind| behind.is_ascii_alphanumeric());
            (is_check && ends).then_some('x')
        });
        let Some(digit) = digit else {
            break;
        };
        run.digits.push(digit);
        run.places.push(place..place + 1);
        place += 1;
    }
    run
}

/// Returns all runs of digits in a text; groups that the speaker corrected have their corrected digits.
pub(crate) fn runs(text: &FoldedText) -> Vec<DigitRun> {
    let (mut all, mut place) = (Vec::<DigitRun>::new(), 0);
    while place < text.chars().len() {
        let first = group(text, place);
        if first.digits.is_empty() {
            place += 1;
            continue;
        }
        let mut run = first;
        place = run.places.last().map_or(place + 1, |last| last.end);
        while let Some((following, corrects)) = following(text, place) {
            let end = following.places.last().map_or(place, |last| last.end);
            if corrects {
                if !run.replace_last(&following) {
                    break;
                }
            } else if run.digits.len() + following.digits.len() > RUN_DIGITS_MAX {
                break;
            }
            run.join(following);
            place = end;
        }
        all.push(run);
    }
    all
}

/// Longest run that is read, in digits: three bank cards. Further groups begin a new run.
const RUN_DIGITS_MAX: usize = 57;

/// Returns the group of digits after the separators at `start`, and true if it corrects the group before.
/// `None` if no group follows.
fn following(text: &FoldedText, start: usize) -> Option<(DigitRun, bool)> {
    let skip = |mut place: usize| {
        while text
            .at(place)
            .is_some_and(|found| matches!(found, ' ' | '-' | ',' | '·'))
        {
            place += 1;
        }
        place
    };
    let mut place = skip(start);
    let mut corrects = false;
    if let Some((_, end)) = text.one_of(place, CORRECTIONS) {
        corrects = true;
        place = skip(end);
        if text.at(place) == Some('是') {
            place = skip(place + 1);
        }
    } else if let Some((_, end)) = text.one_of(place, FILLERS) {
        place = skip(end);
    }
    let run = group(text, place);
    (!run.digits.is_empty()).then_some((run, corrects))
}

/// Returns the mobile phones, bank cards and identity numbers of a text.
pub(super) fn find(text: &FoldedText) -> Vec<EntityMatch> {
    runs(text)
        .iter()
        .flat_map(|run| {
            classify_run(run)
                .into_iter()
                .map(|(range, value)| found(run, range, value))
        })
        .collect()
}

fn found(run: &DigitRun, range: Range<usize>, value: Value) -> EntityMatch {
    let start = run.places.get(range.start).map_or(0, |place| place.start);
    let last = run.places.get(range.end.saturating_sub(1));
    EntityMatch {
        places: start..last.map_or(start + 1, |place| place.end),
        value,
        granularity: Granularity::Exact,
    }
}

/// Returns the values in a run, from group to group: of all digits if they form one, else the longest value
/// from each group on.
pub(crate) fn classify_run(run: &DigitRun) -> Vec<(Range<usize>, Value)> {
    let ends: Vec<usize> = run
        .groups
        .iter()
        .skip(1)
        .copied()
        .chain([run.digits.len()])
        .collect();
    let (mut all, mut from) = (Vec::new(), 0);
    for start in &run.groups {
        if *start < from {
            continue;
        }
        let hit = ends.iter().rev().filter(|end| *end > start).find_map(|end| {
            let (range, value) = whole(&run.text(*start..*end))?;
            Some((start + range.start..start + range.end, value))
        });
        if let Some((range, value)) = hit {
            from = range.end;
            all.push((range, value));
        }
    }
    all
}

/// Returns the value that all of these digits form, and its digits without a country code. `None` if they
/// form none.
fn whole(digits: &str) -> Option<(Range<usize>, Value)> {
    if is_identity_number(digits) {
        return Some((0..18, Value::IdentityNumber(digits.to_uppercase())));
    }
    for prefix in ["", "86", "0086"] {
        if let Some(rest) = digits.strip_prefix(prefix).filter(|rest| is_phone(rest)) {
            return Some((prefix.len()..digits.len(), Value::Phone(rest.to_owned())));
        }
    }
    is_bank_card(digits).then(|| (0..digits.len(), Value::BankCard(digits.to_owned())))
}

/// Returns true for a mobile number of mainland China: 1, then 3 to 9, then nine digits.
fn is_phone(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    bytes.len() == 11
        && bytes.first() == Some(&b'1')
        && bytes.get(1).is_some_and(|second| (b'3'..=b'9').contains(second))
        && bytes.iter().all(u8::is_ascii_digit)
}

/// Returns true for a bank card number: 13 to 19 digits, the first 3 to 9, with a valid Luhn check (ISO/IEC
/// 7812-1).
pub fn is_bank_card(digits: &str) -> bool {
    let begins = digits
        .as_bytes()
        .first()
        .is_some_and(|first| (b'3'..=b'9').contains(first));
    if !begins || !(13..=19).contains(&digits.len()) {
        return false;
    }
    let mut sum = 0;
    for (place, digit) in digits.chars().rev().enumerate() {
        let Some(digit) = digit.to_digit(10) else {
            return false;
        };
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum += doubled / 10 + doubled % 10;
    }
    sum % 10 == 0
}

/// Returns true for a resident identity number: 17 digits with a possible birthday, and the right check
/// character (GB 11643).
pub fn is_identity_number(digits: &str) -> bool {
    /// 2 to the power of the place, modulo 11 (ISO 7064, MOD 11-2).
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if digits.len() != 18 || !digits.is_ascii() {
        return false;
    }
    let mut sum = 0;
    for (digit, weight) in digits.chars().zip(WEIGHTS) {
        let Some(digit) = digit.to_digit(10) else {
            return false;
        };
        sum += digit * weight;
    }
    let check = "10x98765432".chars().nth((sum % 11) as usize);
    let number = |range: Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok());
    let is_birthday = number(6..10).is_some_and(|year| (1900..2100).contains(&year))
        && number(10..12).is_some_and(|month| (1..=12).contains(&month))
        && number(12..14).is_some_and(|day| (1..=31).contains(&day));
    is_birthday && digits.chars().next_back().map(|last| last.to_ascii_lowercase()) == check
}
