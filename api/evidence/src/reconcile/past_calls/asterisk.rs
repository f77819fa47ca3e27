//! Asterisk's `cdr_csv`. A row proves a dial if a channel to the callee was made and the callee could hear it
//! ring. A row that failed before that is kept but proves no dial.

use super::tables::each_record;
use super::{BadRow, PastFiles, PastRow, phone, when};
use crate::reconcile::file_reader::FileError;
use crate::reconcile::formats::ExternalCallRow;
use crate::reconcile::values::seconds;
use chrono::FixedOffset;
use csv::StringRecord;
use std::path::PathBuf;

/// Fewest and most columns (`cdr.conf`: the last two are optional).
const COLUMNS: std::ops::RangeInclusive<usize> = 16..=18;

pub(super) fn read(files: &[PathBuf], offset: Option<FixedOffset>) -> Result<PastFiles, FileError> {
    let mut past = PastFiles::default();
    for (file, path) in files.iter().enumerate() {
        each_record(path, &mut |line, record| {
            past.room()?;
            match record.and_then(|record| row(record, offset)) {
                Ok(row) => past.rows.push(PastRow {
                    file,
                    theirs: ExternalCallRow { line, ..row.theirs },
                    ..row
                }),
                Err(why) => past.bad.push(BadRow { file, line, why }),
            }
            Ok(())
        })?;
    }
    Ok(past)
}

fn row(record: &StringRecord, offset: Option<FixedOffset>) -> Result<PastRow, String> {
    if !COLUMNS.contains(&record.len()) {
        return Err(format!("it has {} columns, not 16 to 18", record.len()));
    }
    let cell = |place: usize| record.get(place).unwrap_or_default().trim();
    let callee = phone("", cell(2))?;
    let start = when(cell(9), offset)?;
    let talk_s = seconds(cell(13))?;
    let status = cell(14).to_uppercase();
    let was_made = !cell(6).is_empty() || cell(7).eq_ignore_ascii_case("dial");
    let was_heard = ["ANSWERED", "NO ANSWER", "BUSY"].contains(&status.as_str());
    let ids = [cell(17), cell(16)].into_iter().filter(|id| !id.is_empty());
    let unique = cell(16);
    // The start as text from the file, so that the same record has the same key with any offset.
    let key = match unique.is_empty() {
        true => format!("{}/{talk_s}", cell(9)),
        false => format!("{unique}/{}", cell(9)),
    };
    // The key of an earlier version, which parsed the start first: records imported then are recognized as
    // the same.
    let former_key = match unique.is_empty() {
        true => format!("{start}/{talk_s}"),
        false => format!("{unique}/{start}"),
    };
    let theirs = ExternalCallRow {
        line: 0,
        sip_ids: ids
            .map(|id| id.split('@').next().unwrap_or(id).to_owned())
            .collect(),
        key,
        callee,
        start,
        talk_s,
        minutes: talk_s.div_ceil(60),
    };
    let proves_dial = was_made && was_heard;
    Ok(PastRow {
        former_key: Some(former_key).filter(|former| *former != theirs.key),
        answered: Some(status == "ANSWERED").filter(|_known| proves_dial),
        theirs,
        file: 0,
        status,
        proves_dial,
    })
}
