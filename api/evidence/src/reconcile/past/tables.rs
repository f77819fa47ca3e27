//! Files of other systems record by record: any usual encoding, a bound on every cell, bad ones by line.

use crate::reconcile::reading::{CELL_BYTES_MAX, FileError, text_of};
use csv::{ReaderBuilder, StringRecord};
use std::io;
use std::path::Path;

/// What takes a record: its line, and it or why it cannot be read.
pub(super) type Take<'a> = dyn FnMut(u64, Result<&StringRecord, String>) -> Result<(), FileError> + 'a;

pub(super) fn each_record(path: &Path, take: &mut Take<'_>) -> Result<(), FileError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text_of(path)?);
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.is_io_error() => return Err(io::Error::other(error).into()),
            Err(error) => {
                take(line, Err(error.to_string()))?;
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        let is_long = record.iter().any(|cell| cell.len() > CELL_BYTES_MAX);
        let read = match is_long {
            true => Err(format!("a cell has more than {CELL_BYTES_MAX} bytes")),
            false => Ok(&record),
        };
        take(line, read)?;
    }
}
