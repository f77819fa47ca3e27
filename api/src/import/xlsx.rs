//! Rows of an XLSX file's first sheet, cell by cell; ids and phones stay text, lost digits are refused.

use super::mapping::{Column, Mapping};
use super::source::{Cell, RowSink, RowSource, name_cells};
use super::{COLUMNS_MAX, ImportError};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Most bytes the file may unfold to: a million rows of text, far below what fills a small machine's memory.
const UNFOLDED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Most times a file may unfold its own size; spreadsheets reach 20, bombs thousands.
const UNFOLDED_RATIO_MAX: u64 = 200;

/// Whole numbers from here on have lost digits: Excel keeps 15 (IEEE 754 double, rounded for display).
const EXACT_NUMBER_MAX: f64 = 1e15;

/// An XLSX file as rows.
pub(crate) struct XlsxSource {
    workbook: Xlsx<BufReader<File>>,
    mapping: Mapping,
}

impl XlsxSource {
    pub(crate) fn open(mut file: File, mapping: Mapping) -> Result<Self, ImportError> {
        check_unfolded(&mut file)?;
        file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        let workbook = Xlsx::new(BufReader::new(file)).map_err(unreadable)?;
        Ok(Self { workbook, mapping })
    }
}

/// Cells of one row as they come, until the next row begins.
#[derive(Default)]
struct RowBeingRead {
    /// From 0.
    index: u32,
    cells: Vec<Cell>,
}

impl RowBeingRead {
    fn set(&mut self, column: usize, cell: Cell) {
        while self.cells.len() < column {
            self.cells.push(Ok(String::new()));
        }
        self.cells.push(cell);
    }

    fn is_blank(&self) -> bool {
        self.cells
            .iter()
            .all(|cell| cell.as_ref().is_ok_and(|text| text.trim().is_empty()))
    }
}

/// Header once read, then every row to the sink.
struct Naming<'a, 'b> {
    mapping: &'a Mapping,
    columns: Option<Vec<Column>>,
    sink: &'a mut RowSink<'b>,
}

impl Naming<'_, '_> {
    /// False when nobody wants more.
    fn take(&mut self, row: RowBeingRead) -> Result<bool, ImportError> {
        if row.is_blank() {
            return Ok(true);
        }
        let Some(columns) = &self.columns else {
            let header: Vec<String> = row.cells.into_iter().map(Result::unwrap_or_default).collect();
            self.columns = Some(self.mapping.columns(&header)?);
            return Ok(true);
        };
        let named = name_cells(u64::from(row.index) + 1, columns, row.cells);
        Ok((self.sink)(named).is_continue())
    }
}

impl RowSource for XlsxSource {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        let sheet = self
            .workbook
            .sheet_names()
            .first()
            .cloned()
            .ok_or(ImportError::NoHeader)?;
        let mut reader = self.workbook.worksheet_cells_reader(&sheet).map_err(unreadable)?;
        let mut naming = Naming {
            mapping: &self.mapping,
            columns: None,
            sink,
        };
        let mut row = RowBeingRead::default();
        while let Some(cell) = reader.next_cell().map_err(unreadable)? {
            let (index, column) = cell.get_position();
            if index != row.index {
                let done = std::mem::take(&mut row);
                row.index = index;
                if !naming.take(done)? {
                    return Ok(());
                }
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if column >= COLUMNS_MAX {
                return Err(ImportError::TooLarge {
                    what: "the number of columns",
                    limit: COLUMNS_MAX as u64,
                });
            }
            row.set(column, text(cell.get_value()));
        }
        naming.take(row)?;
        if naming.columns.is_none() {
            return Err(ImportError::NoHeader);
        }
        Ok(())
    }
}

/// A cell as the text a person sees, or why it cannot be trusted.
fn text(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) => Ok(text.clone()),
        DataRef::SharedString(text) => Ok((*text).to_owned()),
        DataRef::Int(number) => Ok(number.to_string()),
        DataRef::Bool(truth) => Ok(truth.to_string()),
        DataRef::Float(number) => number_text(*number),
        DataRef::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            Ok(format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
            ))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Ok(text.clone()),
        DataRef::Error(error) => Err(format!("the cell holds the error {error}")),
    }
}

/// `13800138000` and `3.5` as text; what Excel has rounded is refused.
fn number_text(number: f64) -> Cell {
    if number.abs() >= EXACT_NUMBER_MAX {
        return Err("a number of more than 15 digits has lost digits in Excel; \
                    format the column as text and enter it again (请将该列设为文本格式)"
            .to_owned());
    }
    Ok(number.to_string())
}

fn unreadable(error: XlsxError) -> ImportError {
    ImportError::Unreadable(error.to_string())
}

/// Signature of a ZIP archive's end record and of one directory entry (APPNOTE 4.3.12, 4.3.16).
const END_RECORD: [u8; 4] = *b"PK\x05\x06";
const DIRECTORY_ENTRY: [u8; 4] = *b"PK\x01\x02";

/// Bytes at the end in which the end record must begin: its own 22 and a comment of at most 65,535.
const END_SEARCH_BYTES: u64 = 22 + 65_535;

/// Refuses an archive that says it unfolds to too much. What it says is checked again by the sizes read.
fn check_unfolded(file: &mut File) -> Result<(), ImportError> {
    let length = file.seek(SeekFrom::End(0)).map_err(ImportError::Disk)?;
    let tail_at = length.saturating_sub(END_SEARCH_BYTES);
    file.seek(SeekFrom::Start(tail_at)).map_err(ImportError::Disk)?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail).map_err(ImportError::Disk)?;
    let broken = || ImportError::Unreadable("it is not a whole XLSX archive".to_owned());
    let end = tail
        .windows(4)
        .rposition(|four| four == END_RECORD)
        .ok_or_else(broken)?;
    let directory_at = little_endian(&tail, end + 16).ok_or_else(broken)?;
    file.seek(SeekFrom::Start(directory_at))
        .map_err(ImportError::Disk)?;
    let mut directory = Vec::new();
    file.read_to_end(&mut directory).map_err(ImportError::Disk)?;
    let mut unfolded = 0_u64;
    let mut at = 0_usize;
    while directory.get(at..at + 4) == Some(&DIRECTORY_ENTRY) {
        unfolded += little_endian(&directory, at + 24).ok_or_else(broken)?;
        let lengths = directory.get(at + 28..at + 34).ok_or_else(broken)?;
        at += 46;
        for pair in lengths.chunks_exact(2) {
            at += usize::from(u16::from_le_bytes(pair.try_into().unwrap_or_default()));
        }
    }
    let limit = UNFOLDED_BYTES_MAX.min(length.saturating_mul(UNFOLDED_RATIO_MAX));
    if unfolded > limit {
        return Err(ImportError::TooLarge {
            what: "the unfolded size of the XLSX file",
            limit,
        });
    }
    Ok(())
}

fn little_endian(bytes: &[u8], at: usize) -> Option<u64> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(four)))
}

#[cfg(test)]
mod tests {
    use super::super::mapping::Member;
    use super::*;

    #[test]
    fn a_phone_kept_as_a_number_keeps_its_digits() {
        assert_eq!(
            text(&DataRef::Float(13_800_138_000.0)),
            Ok("13800138000".to_owned())
        );
        assert_eq!(text(&DataRef::Float(3.5)), Ok("3.5".to_owned()));
        assert_eq!(
            number_text(999_999_999_999_999.0),
            Ok("999999999999999".to_owned())
        );
    }

    #[test]
    fn an_identity_number_that_excel_rounded_is_refused() {
        assert!(number_text(1e15).unwrap_err().contains("15 digits"));
    }

    /// A workbook of one sheet, zipped: 客户ID, 手机号, 姓名, 备注 and three rows. The first phone is a number, the
    /// second a text; the last id is a number of 18 digits.
    const WORKBOOK: &str = "UEsDBBQAAAAIALVUdF1bma6u5QAAAAsCAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbK2RvVLDMBCEX0WjNhOdk4KCsZ0i0AYKXuCQ\
        z7HG+hudEszbIzuBggnQUN1Iu3vfalTvJmfFmRKb4Bu5UZXctfXLeyQWRfHcyCHneA/AeiCHrEIkX5Q+JIe5HNMRIuoRjwTbqroD\
        HXwmn9d53iHb+oF6PNksHqdyfaEksizF/mKcWY3EGK3RmIsOZ999o6yvBFWSi4cHE3lVDBJuEmblZ8A191SenUxH4hlTPqArLpgs\
        vIU0voYwqt+X3GgZ+t5o6oI+uRJRHBNhxwNRdlYtUzk0fvU3fzEzLGPzz0W+9n/2gOW72w9QSwMEFAAAAAgAtVR0XUuDozqWAAAA\
        BQEAAAsAAABfcmVscy8ucmVsc43PPQ7CMAwF4KtEPkDdMjCgpl1YuiIuEFL3R23iyAlQbk9GihgY/fz0Wa7bza3qQRJn9hqqooS2\
        qS+0mpSDOM0hqtzwUcOUUjghRjuRM7HgQD5vBhZnUh5lxGDsYkbCQ1keUT4N2Juq6zVI11egrq9A/9g8DLOlM9u7I59+nPhqZNnI\
        SEnDtuKTZbkxL0VGAZsadw82b1BLAwQUAAAACAC1VHRdSRfGNZ0AAAD0AAAADwAAAHhsL3dvcmtib29rLnhtbI2PPQ6DMAyFrxL5\
        AAQ6dEAhLF069wQpmCaCxMhOf47fCMreyX568uf3TP+Ji3ohS6DUQVPV0FvzJp7vRLMqZpIOfM5rq7UMHqOTilZMxZmIo8tF8kPL\
        yuhG8Yg5LvpU12cdXUiwE1r+h0HTFAa80PCMmPIOYVxcLtHEh1XAmu2D/KZKLmIHN1CbvI6lAChuQ1n4OjagrdHHhT5K2S9QSwME\
        FAAAAAgAtVR0XW026XSaAAAABgEAABoAAAB4bC9fcmVscy93b3JrYm9vay54bWwucmVsc43POw7CMAwG4KtEPkDdMjCgpl1YWBEX\
        iFK3qdo8FJvX7YkYEJUYmCz/tj7Lbf/wq7pR5jkGDU1VQ9+1Z1qNlIDdnFiVjcAanEg6ILJ15A1XMVEokzFmb6S0ecJk7GImwl1d\
        7zF/G7A11WnQkE9DA+ryTPSPHcdxtnSM9uopyI8TeI95YUckBTV5ItHwiRjfpamKCti1uPmwewFQSwMEFAAAAAgAtVR0XQS2UeRd\
        AQAAmwMAABgAAAB4bC93b3Jrc2hlZXRzL3NoZWV0MS54bWx9k99KwzAYxV+l5FbapH/QTdIMtyF4rT5A6eJWXNORhm1voGM4Bb2b\
        goigV954MRk+zlpfw7RK2TQZgSb9+v2Sc04JbozjvjGkPI0S5gPbQsCgLEw6Eev64PTk0KyBBsGjhJ+nPUqFIdtZ6oOeEIN9CNOw\
        R+MgtZIBZfLLWcLjQMhX3oXpgNOgU0JxHzoI7cI4iBgguKy1AxEQzJORweWxshoWiwMbGMIHEetHjB4LLutRSrAg2dtTfrk4amMo\
        CIZFDYa/TFPH5JNpfr/MrhcKqKU96OU2u7lSEG0t8XyRv79uElAaq9w5lTtHs0XLVvkquCGx3RpC5QNZCMPhugndftnn4+pjojKh\
        I4It+t1Kv6vT76j067qlGbOwZBbGVP9GB+YPs2w+36LUq5R6P9lZNpLDrtdROTsu3bH3NkNsen9idv7F7Gn0fM2mq+WdKmYdMVaJ\
        h2sXAlY3jXwDUEsBAhQDFAAAAAgAtVR0XVuZrq7lAAAACwIAABMAAAAAAAAAAAAAAIABAAAAAFtDb250ZW50X1R5cGVzXS54bWxQ\
        SwECFAMUAAAACAC1VHRdS4OjOpYAAAAFAQAACwAAAAAAAAAAAAAAgAEWAQAAX3JlbHMvLnJlbHNQSwECFAMUAAAACAC1VHRdSRfG\
        NZ0AAAD0AAAADwAAAAAAAAAAAAAAgAHVAQAAeGwvd29ya2Jvb2sueG1sUEsBAhQDFAAAAAgAtVR0XW026XSaAAAABgEAABoAAAAA\
        AAAAAAAAAIABnwIAAHhsL19yZWxzL3dvcmtib29rLnhtbC5yZWxzUEsBAhQDFAAAAAgAtVR0XQS2UeRdAQAAmwMAABgAAAAAAAAA\
        AAAAAIABcQMAAHhsL3dvcmtzaGVldHMvc2hlZXQxLnhtbFBLBQYAAAAABQAFAEUBAAAEBQAAAAA=";

    #[test]
    fn a_workbook_gives_its_rows_and_names_the_cell_that_lost_digits() {
        use base64::Engine;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(WORKBOOK)
            .unwrap();
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let mut rows = Vec::new();
        XlsxSource::open(file, Mapping::default())
            .unwrap()
            .read_rows(&mut |row| {
                rows.push(row);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        let phone = |row: usize| rows[row].as_ref().unwrap().members[&Member::Phone].clone();
        assert_eq!(
            (phone(0), phone(1)),
            ("13800138000".to_owned(), "138-0013-8001".to_owned())
        );
        let bad = rows[2].as_ref().unwrap_err();
        assert_eq!((bad.row, bad.column.as_str()), (4, "客户ID"));
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, b"PK\x03\x04 but no more").unwrap();
        assert!(matches!(
            XlsxSource::open(file, Mapping::default()),
            Err(ImportError::Unreadable(_))
        ));
    }
}
