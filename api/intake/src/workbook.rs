//! Rows of a workbook for readers of other files than contact lists: bills, and lists of numbers.

use crate::source::Cell;
use crate::{ImportError, file_kind, xlsx};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Whether a file is a workbook (XLSX), by its first bytes.
pub fn is_workbook(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    let mark = file_kind::ARCHIVE_MARK;
    File::open(path)?
        .take(u64::try_from(mark.len()).unwrap_or(u64::MAX))
        .read_to_end(&mut head)?;
    Ok(head == mark)
}

/// Hands each row that is not blank to `take`, numbered as a spreadsheet counts, until `take` wants no more.
pub fn each_workbook_row(
    path: &Path,
    take: &mut dyn FnMut(u64, Vec<Cell>) -> Result<bool, ImportError>,
) -> Result<(), ImportError> {
    let file = File::open(path).map_err(ImportError::Disk)?;
    xlsx::each_row_of(file, take)
}
