//! VICIdial's tables as CSV, with a header or in the order of its schema: the log of dials, what the switch
//! saw of them, and the list of people. A status without a dial proves no dial.

use super::schema::{ANSWERED, NOT_ANSWERED, NOT_DIALED, PEOPLE, SWITCH, table_of};
use super::tables::each_record;
use super::{BadRow, PastFiles, PastRow, phone, when};
use crate::reconcile::file_reader::FileError;
use crate::reconcile::formats::ExternalCallRow;
use crate::reconcile::values::seconds;
use chrono::FixedOffset;
use csv::StringRecord;
use domain::time::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Contradictions between the tables: all are counted, and the first of each are listed by line or id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TableDifferences {
    /// Calls that the switch saw and that are not in the log.
    pub only_in_carrier_log: u64,
    /// Dials in the log that the switch did not see.
    pub only_in_log: u64,
    /// People with a `called_count` that is not the number of their rows.
    pub called_count_differs: u64,
    pub named: Vec<String>,
}

/// Most differences of each kind that are listed; further ones are only counted.
const NAMED_MAX: usize = 100;

struct LogRow {
    file: usize,
    line: u64,
    person: String,
    row: Result<Call, String>,
}

struct Call {
    callee: String,
    start: Timestamp,
    talk_s: u64,
    status: String,
    key: String,
}

struct CarrierLogRow {
    file: usize,
    line: u64,
    person: String,
    start: Result<Timestamp, String>,
    status: String,
    talk_s: u64,
}

struct Person {
    phone: Result<String, String>,
    called: Option<u64>,
}

#[derive(Default)]
struct Tables {
    log: BTreeMap<String, LogRow>,
    seen: BTreeMap<String, CarrierLogRow>,
    people: BTreeMap<String, Person>,
    bad: Vec<BadRow>,
    has_seen: bool,
}

pub(super) fn read(files: &[PathBuf], offset: Option<FixedOffset>) -> Result<PastFiles, FileError> {
    let mut tables = Tables::default();
    for (file, path) in files.iter().enumerate() {
        tables.read(file, path, offset)?;
    }
    Ok(tables.joined())
}

/// A record of a table, accessed by the names of its columns.
struct Cells<'a> {
    record: &'a StringRecord,
    places: &'a BTreeMap<&'static str, usize>,
}

impl<'a> Cells<'a> {
    fn of(&self, name: &str) -> &'a str {
        let place = self.places.get(name);
        let cell = place.and_then(|place| self.record.get(*place));
        cell.map_or("", str::trim)
    }
}

impl Tables {
    fn read(&mut self, file: usize, path: &Path, offset: Option<FixedOffset>) -> Result<(), FileError> {
        let mut known = None;
        each_record(path, &mut |line, record| {
            let record = match record {
                Ok(record) => record,
                Err(why) => return self.refuse(file, line, why),
            };
            if known.is_none() {
                let Some((table, places, is_header)) = table_of(path, record) else {
                    let why = "by its header or name, it is none of vicidial_log, vicidial_carrier_log and \
                               vicidial_list";
                    return Err(FileError::Header(why.to_owned()));
                };
                known = Some((table.name, places));
                if is_header {
                    return Ok(());
                }
            }
            let Some((name, places)) = &known else {
                return Ok(());
            };
            let last = places.values().max().copied().unwrap_or_default();
            let cells = Cells { record, places };
            // A row without a header may lack the last columns in an older schema.
            if record.len() <= last && *name != PEOPLE.name {
                return self.refuse(file, line, format!("it has {} columns, too few", record.len()));
            }
            self.take(name, &cells, (file, line).into(), offset)
        })
    }

    fn refuse(&mut self, file: usize, line: u64, why: String) -> Result<(), FileError> {
        self.room()?;
        self.bad.push(BadRow { file, line, why });
        Ok(())
    }

    fn room(&self) -> Result<(), FileError> {
        let rows = self.log.len() + self.seen.len() + self.people.len() + self.bad.len();
        match rows < super::PAST_ROWS_MAX {
            true => Ok(()),
            false => Err(FileError::Header(format!(
                "more than {} rows: import fewer files at once",
                super::PAST_ROWS_MAX
            ))),
        }
    }

    fn take(
        &mut self,
        table: &str,
        cells: &Cells<'_>,
        at: RowLocation,
        offset: Option<FixedOffset>,
    ) -> Result<(), FileError> {
        self.room()?;
        let person = cells.of("lead_id").to_owned();
        let unique = cells.of("uniqueid").to_owned();
        if table == PEOPLE.name {
            let one = Person {
                phone: phone(cells.of("phone_code"), cells.of("phone_number")),
                called: cells.of("called_count").parse().ok(),
            };
            self.people.insert(person, one);
            return Ok(());
        }
        if unique.is_empty() {
            return self.refuse(at.file, at.line, "its uniqueid is empty".to_owned());
        }
        if table == SWITCH.name {
            self.has_seen = true;
            let seen = CarrierLogRow {
                file: at.file,
                line: at.line,
                person,
                start: when(cells.of("call_date"), offset),
                status: cells.of("dialstatus").to_uppercase(),
                talk_s: seconds(cells.of("answered_time")).unwrap_or(0),
            };
            self.seen.insert(unique, seen);
            return Ok(());
        }
        let logged = LogRow {
            file: at.file,
            line: at.line,
            row: call(cells, &unique, offset),
            person,
        };
        self.log.insert(unique, logged);
        Ok(())
    }

    fn joined(mut self) -> PastFiles {
        let mut past = PastFiles {
            differences: self.differences(),
            ..PastFiles::default()
        };
        for (unique, logged) in std::mem::take(&mut self.log) {
            let seen = self.seen.remove(&unique);
            match logged.row {
                Ok(call) => past.rows.push(joined_row(
                    call,
                    seen.as_ref(),
                    RowLocation {
                        file: logged.file,
                        line: logged.line,
                    },
                )),
                Err(why) => self.bad.push(BadRow {
                    file: logged.file,
                    line: logged.line,
                    why,
                }),
            }
        }
        for (unique, seen) in std::mem::take(&mut self.seen) {
            match self.alone(&unique, &seen) {
                Ok(row) => past.rows.push(row),
                Err(why) => self.bad.push(BadRow {
                    file: seen.file,
                    line: seen.line,
                    why,
                }),
            }
        }
        past.rows.sort_by_key(|row| (row.file, row.theirs.line));
        self.bad.sort_by_key(|bad| (bad.file, bad.line));
        past.bad = self.bad;
        past
    }

    /// Returns the call of a row that only the switch has, with the phone from the list of people. Fails if
    /// the list does not have it.
    fn alone(&self, unique: &str, seen: &CarrierLogRow) -> Result<PastRow, String> {
        let person = self.people.get(&seen.person);
        let person = person.ok_or("no table says whose phone it was (vicidial_list)")?;
        let call = Call {
            callee: person.phone.clone()?,
            start: seen.start.clone()?,
            talk_s: seen.talk_s,
            status: seen.status.clone(),
            key: unique.to_owned(),
        };
        let place = RowLocation {
            file: seen.file,
            line: seen.line,
        };
        Ok(joined_row(call, Some(seen), place))
    }

    fn differences(&self) -> TableDifferences {
        let mut found = TableDifferences::default();
        let named = |text: String, named: &mut Vec<String>| {
            if named.len() < NAMED_MAX {
                named.push(text);
            }
        };
        let logged: BTreeSet<&String> = self.log.keys().collect();
        for (unique, seen) in &self.seen {
            if !logged.contains(unique) {
                found.only_in_carrier_log += 1;
                named(
                    format!("vicidial_carrier_log line {}: not in vicidial_log", seen.line),
                    &mut found.named,
                );
            }
        }
        let mut rows: BTreeMap<&String, u64> = BTreeMap::new();
        for (unique, logged) in &self.log {
            *rows.entry(&logged.person).or_default() += 1;
            if self.has_seen && !self.seen.contains_key(unique) {
                found.only_in_log += 1;
                named(
                    format!("vicidial_log line {}: the switch did not see it", logged.line),
                    &mut found.named,
                );
            }
        }
        for (person, listed) in &self.people {
            let has = rows.get(person).copied().unwrap_or_default();
            if listed.called.is_some_and(|called| called != has) {
                found.called_count_differs += 1;
                let called = listed.called.unwrap_or_default();
                let text = format!("vicidial_list {person}: called_count {called}, rows {has}");
                named(text, &mut found.named);
            }
        }
        found
    }
}

/// The file and the line of a row.
struct RowLocation {
    file: usize,
    line: u64,
}

impl From<(usize, u64)> for RowLocation {
    fn from(place: (usize, u64)) -> Self {
        let (file, line) = place;
        Self { file, line }
    }
}

/// Reads a call of the log of dials. Its start is `start_epoch`, seconds of UTC, if that is given;
/// otherwise `call_date`, which is in the server's local time and needs `offset`.
fn call(cells: &Cells<'_>, unique: &str, offset: Option<FixedOffset>) -> Result<Call, String> {
    let epoch: Option<i64> = cells.of("start_epoch").parse().ok().filter(|epoch| *epoch > 0);
    let micros = epoch.and_then(|epoch| epoch.checked_mul(1_000_000));
    let start = match micros {
        Some(micros) => writable(Timestamp::from_micros(micros))?,
        None => when(cells.of("call_date"), offset)?,
    };
    let talk = cells.of("length_in_sec");
    Ok(Call {
        callee: phone(cells.of("phone_code"), cells.of("phone_number"))?,
        start,
        talk_s: if talk.is_empty() { 0 } else { seconds(talk)? },
        status: cells.of("status").to_uppercase(),
        key: unique.to_owned(),
    })
}

/// Returns the time if its text can be parsed again; otherwise fails: milliseconds in place of seconds give
/// a year that is too large.
fn writable(start: Timestamp) -> Result<Timestamp, String> {
    let written = start.to_string().parse::<Timestamp>();
    written.map_err(|_year| "its start_epoch is not a time in seconds".to_owned())
}

/// Joins a row of the log with what the switch saw of the same call. If the switch made no channel, the row
/// proves no dial; if the callee's phone rang, it proves one, whatever the row's status.
fn joined_row(call: Call, seen: Option<&CarrierLogRow>, place: RowLocation) -> PastRow {
    let seen = seen.map(|seen| seen.status.as_str());
    let was_not_made = matches!(
        seen,
        Some("CHANUNAVAIL" | "CONGESTION" | "DONTCALL" | "INVALIDARGS")
    );
    let status = call.status.as_str();
    let has_rung = matches!(seen, Some("ANSWER" | "BUSY" | "NOANSWER" | "CANCEL"));
    let proves_dial = has_rung || (!was_not_made && !NOT_DIALED.contains(&status));
    let answered = match seen {
        Some("ANSWER") => Some(true),
        Some("BUSY" | "NOANSWER" | "CANCEL") => Some(false),
        Some(_) | None if NOT_ANSWERED.contains(&status) => Some(false),
        Some(_) | None if ANSWERED.contains(&status) || call.talk_s > 0 => Some(true),
        Some(_) | None => None,
    };
    PastRow {
        theirs: ExternalCallRow {
            line: place.line,
            sip_ids: vec![call.key.clone()],
            key: call.key,
            callee: call.callee,
            start: call.start,
            talk_s: call.talk_s,
            minutes: call.talk_s.div_ceil(60),
        },
        file: place.file,
        status: call.status,
        answered: answered.filter(|_known| proves_dial),
        proves_dial,
        former_key: None,
    }
}
