//! Decides the commands of an inquiry: recorded once, ended once, and without phone numbers in its text.

use super::command::InquiryCommand;
use super::event::{ComparisonFacts, ExportFacts, InquiryEvent, ReadFacts, SearchFacts};
use super::refusal::InquiryRefusal;
use super::state::InquiryState;

/// Longest SQL text of a query, in bytes; a longer one is refused. Queries of analysts have a few hundred
/// bytes, those of tools a few thousand; a record has 64 KiB.
pub const SQL_BYTES_MAX: usize = 16 * 1024;
/// Longest name of the user who made an inquiry, in bytes; a longer one is refused.
pub const USER_BYTES_MAX: usize = 64;
/// Longest reason of a read of personal data, in bytes; a longer one is refused.
pub const REASON_BYTES_MAX: usize = 256;
/// Longest route, `door` or field name in an inquiry, in bytes; a longer one is refused. Three times the
/// longest in use.
const WORD_BYTES_MAX: usize = 128;
/// Most fields that one read names; more are refused. A page of the console shows fewer than ten.
const FIELDS_MAX: usize = 32;
/// Most reads that one page combines; more are refused. The customer page has eight.
const PARTS_MAX: usize = 16;
/// Most calls that one read names; more are refused. 500 ids take 20 KB of the 64 KB of a record.
pub const CALLS_NAMED_MAX: usize = 500;
/// Longest stored explanation of a failed inquiry, in bytes; a longer one is cut.
pub const DETAIL_BYTES_MAX: usize = 1_024;
/// Fewest digits of a run that may be a phone number and is masked (ITU-T E.164 numbers have 7 to 15
/// digits).
const RUN_DIGITS_MIN: usize = 7;
/// Fewest digits, with single blanks or dashes between them, that may be a phone number and are masked: a
/// date with its hour has ten, `138-0013-8000` has eleven.
const PARTED_DIGITS_MIN: usize = 11;

type DecideResult = Result<Vec<InquiryEvent>, InquiryRefusal>;

pub(super) fn decide(state: &InquiryState, command: InquiryCommand) -> DecideResult {
    match command {
        InquiryCommand::Query {
            sql,
            by,
            rows_max,
            timeout_ms,
        } => {
            let asked = InquiryEvent::Queried {
                sql: mask_numbers(&sql),
                by: by.as_deref().map(mask_numbers),
                rows_max,
                timeout_ms,
            };
            if sql.trim().is_empty() {
                return Err(InquiryRefusal::Empty);
            }
            within("sql", &sql, SQL_BYTES_MAX)?;
            ask(state, by.as_deref(), asked)
        }
        InquiryCommand::Export { facts, by } => export(state, facts, by),
        InquiryCommand::ReadPersonalData { facts, by } => read(state, facts, by),
        InquiryCommand::Search { facts, by } => search(state, facts, by),
        InquiryCommand::Compare { facts, by } => compare(state, facts, by),
        InquiryCommand::Answer {
            rows,
            bytes,
            elapsed_ms,
            truncated,
        } => end(
            state,
            InquiryEvent::Answered {
                rows,
                bytes,
                elapsed_ms,
                truncated,
            },
        ),
        InquiryCommand::Refuse { code, detail } => {
            let detail = cut(&mask_numbers(&detail), DETAIL_BYTES_MAX).to_owned();
            end(state, InquiryEvent::Refused { code, detail })
        }
    }
}

fn export(state: &InquiryState, facts: ExportFacts, by: Option<String>) -> DecideResult {
    let who = by.as_deref().map(mask_numbers);
    ask(state, by.as_deref(), InquiryEvent::Exported { facts, by: who })
}

/// Records a search of the audit log. Digits of its words that may be a phone number are masked.
fn search(state: &InquiryState, mut facts: SearchFacts, by: Option<String>) -> DecideResult {
    within("words", facts.words.as_deref().unwrap_or(""), REASON_BYTES_MAX)?;
    within("by", facts.acted_by.as_deref().unwrap_or(""), USER_BYTES_MAX)?;
    within("kind", facts.event_kind.as_deref().unwrap_or(""), WORD_BYTES_MAX)?;
    for text in [&mut facts.words, &mut facts.acted_by, &mut facts.event_kind] {
        *text = text.as_deref().map(mask_numbers);
    }
    let who = by.as_deref().map(mask_numbers);
    ask(state, by.as_deref(), InquiryEvent::Searched { facts, by: who })
}

/// Records a comparison with another data set by its counts only; the compared values are not stored.
fn compare(state: &InquiryState, facts: ComparisonFacts, by: Option<String>) -> DecideResult {
    within("route", &facts.route, WORD_BYTES_MAX)?;
    within("door", &facts.door, WORD_BYTES_MAX)?;
    let who = by.as_deref().map(mask_numbers);
    ask(state, by.as_deref(), InquiryEvent::Compared { facts, by: who })
}

/// Records a read of personal data: which fields, calls and parts, not the values. The reader's own text is
/// limited and masked. Refused if no field is named.
fn read(state: &InquiryState, mut facts: ReadFacts, by: Option<String>) -> DecideResult {
    within("reason", facts.reason.as_deref().unwrap_or(""), REASON_BYTES_MAX)?;
    within("route", &facts.route, WORD_BYTES_MAX)?;
    within("door", &facts.door, WORD_BYTES_MAX)?;
    for field in &facts.fields {
        within("field", field, WORD_BYTES_MAX)?;
    }
    if facts.fields.is_empty() {
        return Err(InquiryRefusal::NothingRead);
    }
    few("fields", facts.fields.len(), FIELDS_MAX)?;
    few("parts", facts.parts.len(), PARTS_MAX)?;
    for part in &facts.parts {
        within("route", &part.route, WORD_BYTES_MAX)?;
        few("fields", part.fields.len(), FIELDS_MAX)?;
    }
    few("calls", facts.calls.len(), CALLS_NAMED_MAX)?;
    facts.reason = facts.reason.as_deref().map(mask_numbers);
    let who = by.as_deref().map(mask_numbers);
    ask(
        state,
        by.as_deref(),
        InquiryEvent::PersonalDataRead { facts, by: who },
    )
}

fn few(member: &'static str, count: usize, max: usize) -> Result<(), InquiryRefusal> {
    if count <= max {
        return Ok(());
    }
    Err(InquiryRefusal::TooMany { member, count, max })
}

fn ask(state: &InquiryState, by: Option<&str>, asked: InquiryEvent) -> DecideResult {
    within("user", by.unwrap_or(""), USER_BYTES_MAX)?;
    if state.is_asked() {
        return Err(InquiryRefusal::AskedBefore);
    }
    Ok(vec![asked])
}

/// Records the end of an inquiry. No event if it has ended already; refused if it was never recorded.
fn end(state: &InquiryState, ended: InquiryEvent) -> DecideResult {
    if !state.is_asked() {
        return Err(InquiryRefusal::NotAsked);
    }
    if state.has_ended() {
        return Ok(Vec::new());
    }
    Ok(vec![ended])
}

fn within(member: &'static str, text: &str, bytes_max: usize) -> Result<(), InquiryRefusal> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(InquiryRefusal::TooLong {
        member,
        bytes: text.len(),
        bytes_max,
    })
}

/// Returns the text cut to at most `bytes_max` bytes, at a character.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// Returns the text with a star for each digit (half-width or full-width) of a number that may be a phone
/// number.
pub fn mask_numbers(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut rest = characters.as_slice();
    while let Some((first, after)) = rest.split_first() {
        if !is_digit(*first) {
            masked.push(*first);
            rest = after;
            continue;
        }
        let (number, behind) = rest.split_at(number_length(rest));
        let hidden = may_be_a_phone_number(number);
        masked.extend(
            number
                .iter()
                .map(|one| if hidden && is_digit(*one) { '*' } else { *one }),
        );
        rest = behind;
    }
    masked
}

const fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | '\u{ff10}'..='\u{ff19}')
}

/// Returns how many characters at the start are digits with single blanks or dashes between them.
fn number_length(characters: &[char]) -> usize {
    let mut length = 0;
    for (index, character) in characters.iter().enumerate() {
        let between = matches!(character, ' ' | '-' | '\u{a0}') && length == index;
        if is_digit(*character) {
            length = index + 1;
        } else if !between {
            break;
        }
    }
    length
}

fn may_be_a_phone_number(characters: &[char]) -> bool {
    let digits = characters.iter().filter(|one| is_digit(**one)).count();
    let runs = characters.split(|one| !is_digit(*one));
    digits >= PARTED_DIGITS_MIN || runs.map(<[char]>::len).any(|run| run >= RUN_DIGITS_MIN)
}
