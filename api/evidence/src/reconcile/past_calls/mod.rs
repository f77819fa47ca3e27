//! Imports records of other systems as history (NEW-13): Asterisk's `Master.csv` and VICIdial's tables as
//! CSV. Each row becomes a call with what it proves. A row with a time without a zone is refused unless the
//! zone is given.
//!
//! `vicidial_log` has phone, status and talk; `vicidial_carrier_log` has what the switch saw of the same
//! call; `vicidial_list` has the phone for a row without one, and how often the system called it by its own
//! count.

mod asterisk;
mod schema;
mod tables;
mod vicidial;

pub use vicidial::TableDifferences;

use crate::reconcile::file_reader::FileError;
use crate::reconcile::formats::ExternalCallRow;
use crate::reconcile::values::instant;
use chrono::FixedOffset;
use domain::calling_code::DefaultCountry;
use domain::past_call::HistorySource;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use domain::time::Timestamp;
use std::path::PathBuf;

/// Most rows of all files of one import; more are refused and need several imports.
pub const PAST_ROWS_MAX: usize = 1_000_000;

/// One call of another system, with what its row proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRow {
    /// The row as a comparison with our calls reads it.
    pub theirs: ExternalCallRow,
    /// The file's place among the given files.
    pub file: usize,
    pub status: String,
    pub proves_dial: bool,
    /// `None` if the row does not show it.
    pub answered: Option<bool>,
    /// The key under which an earlier version imported the same record, if it was another one.
    pub former_key: Option<String>,
}

/// A row that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    pub file: usize,
    pub line: u64,
    pub why: String,
}

/// The content of files.
#[derive(Debug, Default)]
pub struct PastFiles {
    pub rows: Vec<PastRow>,
    pub bad: Vec<BadRow>,
    /// Contradictions between VICIdial's own tables.
    pub differences: TableDifferences,
}

/// Reads all files of one system and returns its calls and the bad rows. `offset`: the zone of its clock,
/// for times without a zone; without it, rows with these times are bad.
pub fn read_past(
    source: HistorySource,
    files: &[PathBuf],
    offset: Option<FixedOffset>,
) -> Result<PastFiles, FileError> {
    match source {
        HistorySource::Asterisk => asterisk::read(files, offset),
        HistorySource::Vicidial => vicidial::read(files, offset),
    }
}

impl PastFiles {
    fn room(&self) -> Result<(), FileError> {
        if self.rows.len() + self.bad.len() >= PAST_ROWS_MAX {
            let why = format!("more than {PAST_ROWS_MAX} rows: import fewer files at once");
            return Err(FileError::Header(why));
        }
        Ok(())
    }
}

/// Parses a time with its own zone, otherwise in the given one. Fails if it has none and none is given.
fn when(text: &str, offset: Option<FixedOffset>) -> Result<Timestamp, String> {
    if let Ok(at) = text.trim().parse() {
        return Ok(at);
    }
    let offset = offset.ok_or_else(|| format!("{text:?} has no zone: give --utc-offset"))?;
    instant(text, offset)
}

/// Returns a row's number in international form if the row has its country, in `code` or with a plus;
/// otherwise as it is.
fn phone(code: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    let whole = match code.trim().trim_start_matches('+') {
        code if code.is_empty() || text.starts_with('+') => text.to_owned(),
        code => format!("+{code}{text}"),
    };
    match PhoneNumber::parse(&whole, DefaultCountry::Unknown) {
        Ok(phone) => Ok(phone.as_e164().to_owned()),
        // The installation adds its country.
        Err(InvalidPhoneNumber::NoCountryCode) => Ok(whole),
        Err(_not_one) => Err("the callee is not a phone number".to_owned()),
    }
}

#[cfg(test)]
mod tests;
