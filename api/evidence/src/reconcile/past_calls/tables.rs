//! Reads files of other systems record by record: in any usual encoding, with a size limit for cells and
//! rows. Bad rows are reported by line. A stray quote costs only its own line.

use crate::reconcile::file_reader::{CELL_BYTES_MAX, FileError, text_of};
use csv::StringRecord;
use intake::csv_text::{CsvText, Row};
use std::path::Path;

/// Receives a record of a file: its line, and the record or the reason why it cannot be read.
pub(super) type RecordHandler<'a> =
    dyn FnMut(u64, Result<&StringRecord, String>) -> Result<(), FileError> + 'a;

pub(super) fn each_record(path: &Path, take: &mut RecordHandler<'_>) -> Result<(), FileError> {
    let mut text = CsvText::open(Box::new(text_of(path)?))?;
    let mut line = 1;
    loop {
        let row = text.next_row(line);
        let cells = match row.map_err(|error| FileError::Header(format!("line {line}: {error}")))? {
            None => return Ok(()),
            Some(Row::StrayQuote) => {
                take(line, Err("a quote in it is not closed".to_owned()))?;
                line += 1;
                continue;
            }
            Some(Row::Cells(cells)) => cells,
        };
        let is_blank = matches!(cells.as_slice(), [only] if only.is_empty());
        if !is_blank {
            let is_long = cells.iter().any(|cell| cell.len() > CELL_BYTES_MAX);
            let record = StringRecord::from(cells.as_slice());
            let read = match is_long {
                true => Err(format!("a cell has more than {CELL_BYTES_MAX} bytes")),
                false => Ok(&record),
            };
            take(line, read)?;
        }
        line += 1 + lines_within(&cells);
    }
}

fn lines_within(cells: &[String]) -> u64 {
    let ends = |cell: &String| cell.bytes().filter(|byte| *byte == b'\n').count() as u64;
    cells.iter().map(ends).sum()
}
