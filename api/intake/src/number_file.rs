//! Numbers that a file lists, such as numbers that must not be dialed: text with a number a line, CSV with a
//! header and further columns, "Unicode text", or a workbook; whatever a contact list may be.
//!
//! A title says which column holds the numbers. Without one it is the only column, or the only one whose
//! first cell can be a number.

use crate::csv_text::{CsvText, Row};
use crate::encoding::{DecodingReader, Detection, EncodingChoice};
use crate::mapping::Member;
use crate::{ImportError, cut, file_kind, workbook};
use chrono::NaiveDate;
use domain::calling_code::DefaultCountry;
use domain::phone_number::{InvalidPhoneNumber, PhoneNumber};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes looked at to tell the encoding.
const DETECT_BYTES: u64 = 256 * 1024;

/// Titles of a column of numbers, beside those of a contact list's phone.
const TITLES: [&str; 10] = [
    "号码",
    "被叫号码",
    "禁呼号码",
    "黑名单号码",
    "主叫号码",
    "number",
    "numbers",
    "msisdn",
    "phone number",
    "dnc",
];

/// What stands for a cell that cannot be read: it is no number either.
const UNREADABLE: &str = "?";

/// A file of numbers, read row by row.
pub struct NumberFile {
    rows: Rows,
    /// Where the numbers are, once a row was seen.
    column: Option<usize>,
    /// The title that the user names.
    titled: Option<String>,
    at: u64,
    /// The last line has no end: it may have been cut off.
    pub ends_open: bool,
}

enum Rows {
    Text(CsvText),
    Sheet(std::vec::IntoIter<(u64, Vec<String>)>),
}

impl NumberFile {
    /// Blocking, as all that reads a file. `column` is the title of the column of numbers.
    pub fn open(path: &Path, column: Option<&str>) -> Result<Self, ImportError> {
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(DETECT_BYTES).read_to_end(&mut head))
            .map_err(ImportError::Disk)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        file_kind::check(&name, head.get(..file_kind::HEAD_BYTES).unwrap_or(&head))?;
        let is_sheet = head.starts_with(file_kind::ARCHIVE_MARK);
        let rows = match is_sheet {
            true => Rows::Sheet(sheet(path)?.into_iter()),
            false => {
                let mut detection = Detection::default();
                detection.feed(&head);
                let seen = detection.finish(EncodingChoice::Auto);
                seen.check()?;
                let file = File::open(path).map_err(ImportError::Disk)?;
                let text = DecodingReader::new(file, seen.encoding);
                Rows::Text(CsvText::open(Box::new(text)).map_err(ImportError::Disk)?)
            }
        };
        Ok(Self {
            rows,
            column: None,
            titled: column.map(str::to_owned),
            at: 0,
            ends_open: !is_sheet && ends_open(path).map_err(ImportError::Disk)?,
        })
    }

    /// The next number as it is written, with its row from 1; nothing at the end.
    fn next_number(&mut self) -> Result<Option<(u64, String)>, ImportError> {
        while let Some((row, cells)) = self.next_cells()? {
            let first = cells.first().map_or("", |cell| cell.trim());
            if first.starts_with('#') || cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let column = match self.column {
                Some(column) => column,
                None => {
                    let found = column_of(&cells, self.titled.as_deref())?;
                    self.column = Some(found.place);
                    if found.is_header {
                        continue;
                    }
                    found.place
                }
            };
            let text = cells.get(column).map_or("", |cell| cell.trim());
            return Ok(Some((row, text.to_owned())));
        }
        Ok(None)
    }

    fn next_cells(&mut self) -> Result<Option<(u64, Vec<String>)>, ImportError> {
        let text = match &mut self.rows {
            Rows::Sheet(rows) => return Ok(rows.next()),
            Rows::Text(text) => text,
        };
        self.at += 1;
        let row = text.next_row(self.at)?;
        Ok(row.map(|row| match row {
            Row::Cells(cells) => (self.at, cells),
            Row::StrayQuote => (self.at, vec![UNREADABLE.to_owned(); self.column.unwrap_or(0) + 1]),
        }))
    }
}

impl Iterator for NumberFile {
    /// A row from 0, and the number as it is written; an error ends the file.
    type Item = (usize, io::Result<String>);

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_number() {
            Ok(None) => None,
            Ok(Some((row, text))) => {
                // A row without a number is told as one that has none.
                let text = if text.is_empty() {
                    UNREADABLE.to_owned()
                } else {
                    text
                };
                Some((
                    usize::try_from(row).unwrap_or(usize::MAX).saturating_sub(1),
                    Ok(text),
                ))
            }
            Err(error) => {
                let at = usize::try_from(self.at).unwrap_or(usize::MAX);
                Some((at, Err(io::Error::other(error))))
            }
        }
    }
}

/// A workbook's rows: at most as many as a sheet has.
fn sheet(path: &Path) -> Result<Vec<(u64, Vec<String>)>, ImportError> {
    let mut rows = Vec::new();
    workbook::each_workbook_row(path, &mut |row, cells| {
        let cells = cells
            .into_iter()
            .map(|cell| cell.unwrap_or_else(|_| UNREADABLE.to_owned()));
        rows.push((row, cells.collect()));
        Ok(true)
    })?;
    Ok(rows)
}

/// Where the numbers are, as the first row says it.
struct Found {
    place: usize,
    is_header: bool,
}

fn column_of(cells: &[String], titled: Option<&str>) -> Result<Found, ImportError> {
    let header = |place| Found {
        place,
        is_header: true,
    };
    if let Some(title) = titled {
        let place = cells.iter().position(|cell| cell.trim() == title);
        return place
            .map(header)
            .ok_or_else(|| ImportError::UnknownColumn(cut(title)));
    }
    let is_title = |cell: &String| {
        let plain = cell.trim().to_lowercase();
        TITLES.contains(&plain.as_str()) || Member::from_title(cell) == Some(Member::Phone)
    };
    if let Some(place) = cells.iter().position(is_title) {
        return Ok(header(place));
    }
    let filled: Vec<usize> = places(cells, |cell| !cell.trim().is_empty());
    let numbers = places(cells, may_be_number);
    match (filled.as_slice(), numbers.as_slice()) {
        ([place], _) | (_, [place]) => Ok(Found {
            place: *place,
            is_header: false,
        }),
        (_, _) => Err(ImportError::MissingColumn {
            member: Member::Phone.name(),
            // Their places: what stands there may be numbers.
            columns: (1..=cells.len())
                .map(|place| place.to_string())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

fn places(cells: &[String], wanted: impl Fn(&str) -> bool) -> Vec<usize> {
    let all = cells.iter().enumerate();
    all.filter(|(_, cell)| wanted(cell))
        .map(|(place, _)| place)
        .collect()
}

/// A number of any country; a day of the calendar has eight digits and is none.
fn may_be_number(cell: &str) -> bool {
    let day = cell
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .replace('/', "-");
    let is_day = NaiveDate::parse_from_str(&day, "%Y-%m-%d").is_ok();
    let read = PhoneNumber::parse(cell, DefaultCountry::Unknown);
    !is_day && matches!(read, Ok(_) | Err(InvalidPhoneNumber::NoCountryCode))
}

/// Whether the last line has no end; of what is no file nobody knows, and it is taken so.
fn ends_open(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut last = [0; 2];
    if file.seek(SeekFrom::End(-2)).is_err() || file.read_exact(&mut last).is_err() {
        return Ok(true);
    }
    // A line ends in 0A, and in UTF-16 in 0A 00 or 00 0A.
    Ok(!(last.ends_with(b"\n") || last == *b"\n\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8], column: Option<&str>) -> Result<Vec<(usize, String)>, ImportError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let file = NumberFile::open(&path, column)?;
        file.map(|(row, text)| match text {
            Ok(text) => Ok((row, text)),
            Err(error) => Err(ImportError::Disk(error)),
        })
        .collect()
    }

    fn numbers(name: &str, text: &str) -> Vec<(usize, String)> {
        read(name, text.as_bytes(), None).unwrap()
    }

    fn utf_16(text: &str) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_list_of_numbers_is_read_in_the_forms_of_a_contact_list() {
        let both = vec![(1, "13800138901".to_owned()), (2, "+86 138 0013 8902".to_owned())];
        let csv = "\u{feff}号码,登记时间\n13800138901,2026-01-01\n+86 138 0013 8902,2026-01-01\n";
        assert_eq!(numbers("dnc.csv", csv), both);
        let behind = "登记时间,手机号\n2026-01-01,13800138901\n2026-01-01,+86 138 0013 8902\n";
        assert_eq!(numbers("dnc.csv", behind), both);
        let unicode = utf_16("号码\t登记时间\r\n13800138901\t2026\r\n+86 138 0013 8902\t2026\r\n");
        assert_eq!(read("dnc.txt", &unicode, None).unwrap(), both);
    }

    #[test]
    fn without_a_title_the_column_is_the_one_that_can_hold_numbers() {
        let first = vec![(0, "13800138901".to_owned()), (1, "13800138902".to_owned())];
        assert_eq!(
            numbers("a.csv", "13800138901,2026-01-01\n13800138902,2026-01-02\n"),
            first
        );
        let lines = "# of March\n\n13800138901\nno number\n";
        let read_lines = numbers("a.txt", lines);
        assert_eq!(
            read_lines,
            [(2, "13800138901".to_owned()), (3, "no number".to_owned())]
        );
        let two = "13800138901,13800138902\n";
        let unclear = read("a.csv", two.as_bytes(), None).unwrap_err().to_string();
        assert!(
            unclear.contains("1, 2") && !unclear.contains("13800138901"),
            "{unclear}"
        );
        let said = read("a.csv", "x,y\n1,13800138901\n".as_bytes(), Some("y")).unwrap();
        assert_eq!(said, [(1, "13800138901".to_owned())]);
    }
}
