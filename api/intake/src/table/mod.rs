//! A table in a file: text with separators, in any encoding, or a sheet of a workbook.
//!
//! Every reader of rows reads through this module, so that hidden rows, the row of titles and the encoding
//! mean the same for lists, numbers, profiles, deals, mappings and bills.

mod options;
mod titles;

pub use options::{HiddenRows, TableOptions};
pub(crate) use titles::HEADER_ROWS_MAX;

use crate::cell::{Cell, TableRow};
use crate::csv::{CsvRows, StrayQuotes};
use crate::encoding::{DetectedEncoding, Detection, name};
use crate::file_kind::{self, ARCHIVE_MARK, HEAD_BYTES};
use crate::spool::FILE_BYTES_MAX;
use crate::xlsx::{SheetName, Workbook};
use crate::{BadRow, ImportError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use titles::TitleFinder;

/// Most unread sheets that a report names; further ones are left out.
const SHEETS_LISTED_MAX: usize = 50;

/// Bytes read at once while the encoding is detected.
const CHUNK_BYTES: usize = 64 * 1024;

/// What was read of a workbook, and what it hides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct WorkbookReport {
    /// The sheet that was read.
    #[schemars(example = &"名单")]
    pub sheet: String,
    /// Rows with values that are hidden or filtered out in Excel.
    pub hidden_rows: u64,
    /// True if the hidden rows were read.
    pub hidden_rows_read: bool,
    /// Numbers of the first hidden rows.
    pub first_hidden_rows: Vec<u64>,
    /// The workbook's other sheets, which were not read.
    pub sheets_not_read: Vec<SheetNotRead>,
}

/// A sheet that was not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SheetNotRead {
    pub name: String,
    /// True if the sheet is hidden in Excel.
    pub hidden: bool,
}

/// How a table was read: the row of its titles, and facts about the workbook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableReport {
    /// The row of the titles, as in a spreadsheet; 0 before it is found.
    pub header_row: u64,
    pub workbook: Option<WorkbookReport>,
}

/// Receives a row below the titles: the result of reading the titles, the row's number, and its cells.
/// Returns false if no more rows are needed.
pub type RowHandler<'a, T> = dyn FnMut(&T, u64, Result<Vec<Cell>, BadRow>) -> Result<bool, ImportError> + 'a;

/// A table that can be read. Blocking.
pub struct Table {
    content: Content,
    options: TableOptions,
}

enum Content {
    Text(Box<TextFile>),
    Workbook(Box<Workbook>),
}

struct TextFile {
    file: File,
    seen: DetectedEncoding,
    stray: StrayQuotes,
}

/// Copies a pipe to a file without a name. No other user can read it, and it disappears with the process.
/// Fails with `TooLarge` above `FILE_BYTES_MAX`.
fn copy_of(pipe: File) -> Result<File, ImportError> {
    let mut copy = tempfile::tempfile().map_err(ImportError::Disk)?;
    let mut bounded = pipe.take(FILE_BYTES_MAX.saturating_add(1));
    let bytes = std::io::copy(&mut bounded, &mut copy).map_err(ImportError::Disk)?;
    if bytes > FILE_BYTES_MAX {
        return Err(ImportError::TooLarge {
            what: "the size of the file in bytes",
            limit: FILE_BYTES_MAX,
        });
    }
    Ok(copy)
}

impl Table {
    /// Opens the file at `path`; its kind is determined by its first bytes and must agree with its name. A
    /// pipe (`/dev/stdin`, `<(…)`) is copied to a temporary file first, because a table is read several
    /// times. Fails if the file is neither a workbook nor text, or its encoding is uncertain.
    pub fn open(path: &Path, options: TableOptions) -> Result<Self, ImportError> {
        let mut file = File::open(path).map_err(ImportError::Disk)?;
        if !file.metadata().map_err(ImportError::Disk)?.is_file() {
            file = copy_of(file)?;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self::of_file(file, &name, options)
    }

    /// Opens the table in an open file, as `open` does. `name` is the user's name for the file; empty if it
    /// has none.
    pub fn of_file(mut file: File, name: &str, options: TableOptions) -> Result<Self, ImportError> {
        let mut head = Vec::new();
        file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        let head_bytes = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
        Read::by_ref(&mut file)
            .take(head_bytes)
            .read_to_end(&mut head)
            .map_err(ImportError::Disk)?;
        file_kind::check(name, &head, &mut file)?;
        if head.starts_with(ARCHIVE_MARK) {
            return Self::of_workbook(file, options);
        }
        let seen = seen_in(&mut file, options.encoding)?;
        seen.check()?;
        Self::of_text(file, seen, StrayQuotes::default(), options)
    }

    /// Opens a workbook after its kind was checked.
    pub(crate) fn of_workbook(file: File, options: TableOptions) -> Result<Self, ImportError> {
        Ok(Self {
            content: Content::Workbook(Box::new(Workbook::open(file)?)),
            options,
        })
    }

    /// Opens text after its kind and encoding were checked.
    pub(crate) fn of_text(
        mut file: File,
        seen: DetectedEncoding,
        stray: StrayQuotes,
        options: TableOptions,
    ) -> Result<Self, ImportError> {
        file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        Ok(Self {
            content: Content::Text(Box::new(TextFile { file, seen, stray })),
            options,
        })
    }

    /// Returns a workbook's sheets, each with whether it is hidden; empty for text.
    pub fn sheets(&self) -> Vec<SheetNotRead> {
        match &self.content {
            Content::Text(_) => Vec::new(),
            Content::Workbook(workbook) => not_read(workbook.sheets(), None),
        }
    }

    /// Selects the sheet of the workbook to read.
    pub(crate) fn choose_sheet(&mut self, name: &str) {
        self.options.sheet = Some(name.to_owned());
    }

    /// Passes every row with a value to `take`, including titles and hidden rows, until it returns false.
    /// Returns the workbook's report; `None` for text. Each call reads from the first row.
    pub fn each_row(
        &mut self,
        take: &mut dyn FnMut(TableRow) -> Result<bool, ImportError>,
    ) -> Result<Option<WorkbookReport>, ImportError> {
        let workbook = match &mut self.content {
            Content::Text(text) => {
                text.file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
                let file = text.file.try_clone().map_err(ImportError::Disk)?;
                let mut rows = CsvRows::open(BufReader::new(file), text.seen.encoding, text.stray)?;
                while let Some(row) = rows.next_row()? {
                    if !take(row)? {
                        break;
                    }
                }
                return Ok(None);
            }
            Content::Workbook(workbook) => workbook,
        };
        let sheet = workbook.chosen(self.options.sheet.as_deref())?.name;
        let scan = workbook.scan(&sheet)?;
        if self.options.hidden_rows == HiddenRows::Refuse && scan.hidden_rows > 0 {
            return Err(ImportError::HiddenRows {
                sheet: crate::cut(&sheet),
                count: scan.hidden_rows,
                first: scan.first_hidden.first().copied().unwrap_or_default(),
            });
        }
        workbook.each_row(&sheet, &scan, take)?;
        Ok(Some(WorkbookReport {
            sheets_not_read: not_read(workbook.sheets(), Some(&sheet)),
            sheet,
            hidden_rows: scan.hidden_rows,
            hidden_rows_read: self.options.hidden_rows == HiddenRows::Include,
            first_hidden_rows: scan.first_hidden,
        }))
    }

    /// Finds the row that `read_titles` accepts, then passes each row below it to `take`, until it returns
    /// false. Hidden rows are passed only if the options include them; with `Refuse`, they are an error.
    pub fn each_titled_row<T>(
        &mut self,
        read_titles: &dyn Fn(&[String]) -> Result<T, ImportError>,
        take: &mut RowHandler<'_, T>,
    ) -> Result<TableReport, ImportError> {
        let encoding = self.encoding();
        let mut titled = TitleFinder::new(self.options.clone(), read_titles, take);
        let workbook = self.each_row(&mut |row| titled.take(row));
        let workbook = workbook.map_err(|error| read_as(error, encoding))?;
        titled.finish().map_err(|error| read_as(error, encoding))?;
        Ok(titled.report(workbook))
    }

    /// Returns the row of titles with its number: the row that the options name, or the first that `fits`,
    /// or else the first row.
    pub(crate) fn titles(
        &mut self,
        fits: &dyn Fn(&[String]) -> bool,
    ) -> Result<(u64, Vec<String>), ImportError> {
        let named = self.options.header_row;
        let mut first = None;
        let mut found = None;
        let mut seen = 0;
        self.each_row(&mut |row| {
            if named.is_some_and(|named| row.number < named) {
                return Ok(true);
            }
            let Some(titles) = titles::titles_of(&row) else {
                return Ok(true);
            };
            seen += 1;
            if named.is_some() || fits(&titles) {
                found = Some((row.number, titles));
                return Ok(false);
            }
            first.get_or_insert((row.number, titles));
            Ok(seen < HEADER_ROWS_MAX)
        })?;
        found.or(first).ok_or(ImportError::NoHeader)
    }

    fn encoding(&self) -> Option<&'static str> {
        match &self.content {
            Content::Text(text) => Some(name(text.seen.encoding)),
            Content::Workbook(_) => None,
        }
    }
}

/// Replaces a missing-column error by one that also names the encoding: the column may exist, with its
/// title read in the wrong encoding.
fn read_as(error: ImportError, encoding: Option<&'static str>) -> ImportError {
    match (error, encoding) {
        (missing @ ImportError::MissingColumn { .. }, Some(encoding)) => ImportError::ReadAs {
            error: missing.to_string(),
            encoding,
        },
        (other, _) => other,
    }
}

fn not_read(sheets: &[SheetName], read: Option<&str>) -> Vec<SheetNotRead> {
    let others = sheets.iter().filter(|sheet| Some(sheet.name.as_str()) != read);
    let others = others.take(SHEETS_LISTED_MAX).map(|sheet| SheetNotRead {
        name: sheet.name.clone(),
        hidden: sheet.is_hidden,
    });
    others.collect()
}

/// Reads the whole file and returns its encoding. Leaves the file at its end.
fn seen_in(
    file: &mut File,
    choice: crate::encoding::EncodingChoice,
) -> Result<DetectedEncoding, ImportError> {
    file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
    let mut detection = Detection::default();
    let mut piece = vec![0_u8; CHUNK_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(detection.finish(choice)),
            Ok(count) => detection.feed(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ImportError::Disk(error)),
        }
    }
}

#[cfg(test)]
mod tests;
