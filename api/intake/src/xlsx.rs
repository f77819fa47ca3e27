//! Rows of an XLSX file's first sheet, cell by cell; ids and phones stay text, lost digits are refused.

use crate::mapping::{Column, Mapping};
use crate::source::{Cell, RowSink, RowSource, name_cells, too_long};
use crate::{CELL_BYTES_MAX, COLUMNS_MAX, ImportError, ROW_BYTES_MAX, unfolding};
use calamine::{DataRef, Reader, Xlsx, XlsxError};
use std::fs::File;
use std::io::BufReader;

/// Whole numbers from here on have lost digits: Excel keeps 15 (IEEE 754 double, rounded for display).
const EXACT_NUMBER_MAX: f64 = 1e15;

/// An XLSX file as rows.
pub(crate) struct XlsxSource {
    workbook: Xlsx<BufReader<File>>,
    mapping: Mapping,
}

impl XlsxSource {
    pub(crate) fn open(mut file: File, mapping: Mapping) -> Result<Self, ImportError> {
        unfolding::check(&mut file)?;
        let workbook = Xlsx::new(BufReader::new(file)).map_err(unreadable)?;
        Ok(Self { workbook, mapping })
    }

    /// The titles alone.
    pub(crate) fn titles(mut self) -> Result<Vec<String>, ImportError> {
        let mut titles = None;
        each_row(&mut self.workbook, |row| {
            if row.is_blank() {
                return Ok(true);
            }
            let cells = row.cells.into_iter();
            titles = Some(cells.map(Result::unwrap_or_default).collect());
            Ok(false)
        })?;
        titles.ok_or(ImportError::NoHeader)
    }
}

/// Cells of one row as they come, until the next row begins.
#[derive(Default)]
struct RowBeingRead {
    /// From 0.
    index: u32,
    cells: Vec<Cell>,
    bytes: u64,
}

impl RowBeingRead {
    /// A cell that is there twice is there once, and a row holds no more text than one of a CSV file.
    fn set(&mut self, column: usize, cell: Cell) -> Result<(), ImportError> {
        self.bytes += cell.as_ref().map_or(0, |text| text.len() as u64);
        if self.bytes > ROW_BYTES_MAX {
            let row = u64::from(self.index) + 1;
            return Err(ImportError::RowTooLong { row });
        }
        while self.cells.len() <= column {
            self.cells.push(Ok(String::new()));
        }
        if let Some(at) = self.cells.get_mut(column) {
            *at = cell;
        }
        Ok(())
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
        let mut naming = Naming {
            mapping: &self.mapping,
            columns: None,
            sink,
        };
        each_row(&mut self.workbook, |row| naming.take(row))?;
        if naming.columns.is_none() {
            return Err(ImportError::NoHeader);
        }
        Ok(())
    }
}

/// Rows of the first sheet that are not blank, numbered as a spreadsheet counts, until `take` wants no more.
pub(crate) fn each_row_of(
    mut file: File,
    mut take: impl FnMut(u64, Vec<Cell>) -> Result<bool, ImportError>,
) -> Result<(), ImportError> {
    unfolding::check(&mut file)?;
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(unreadable)?;
    each_row(&mut workbook, |row| match row.is_blank() {
        true => Ok(true),
        false => take(u64::from(row.index) + 1, row.cells),
    })
}

/// Rows of the first sheet in order, until `take` wants no more.
fn each_row(
    workbook: &mut Xlsx<BufReader<File>>,
    mut take: impl FnMut(RowBeingRead) -> Result<bool, ImportError>,
) -> Result<(), ImportError> {
    let sheet = workbook.sheet_names().first().cloned();
    let sheet = sheet.ok_or(ImportError::NoHeader)?;
    let mut reader = workbook.worksheet_cells_reader(&sheet).map_err(unreadable)?;
    let mut row = RowBeingRead::default();
    while let Some(cell) = reader.next_cell().map_err(unreadable)? {
        let (index, column) = cell.get_position();
        if index != row.index {
            let done = std::mem::take(&mut row);
            row.index = index;
            if !take(done)? {
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
        row.set(column, text(cell.get_value()))?;
    }
    take(row).map(|_more| ())
}

/// A cell as the text a person sees, or why it cannot be trusted.
fn text(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) => short(text),
        // One text may stand in a million cells: what is too long is not even copied.
        DataRef::SharedString(text) => short(text),
        DataRef::Int(number) => Ok(number.to_string()),
        DataRef::Bool(truth) => Ok(truth.to_string()),
        DataRef::Float(number) => number_text(*number),
        DataRef::DateTime(date) => {
            let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
            Ok(format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
            ))
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => short(text),
        DataRef::Error(error) => Err(format!("the cell holds the error {error}")),
    }
}

fn short(text: &str) -> Cell {
    if text.len() > CELL_BYTES_MAX {
        return Err(too_long(text));
    }
    Ok(text.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Member;

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
    fn a_row_is_bounded_however_often_its_cells_are_said() {
        let mut row = RowBeingRead::default();
        for _ in 0..20_000 {
            row.set(0, Ok("123".to_owned())).unwrap();
        }
        assert_eq!(row.cells.len(), 1);
        let long = text(&DataRef::SharedString(&"x".repeat(4_097)));
        assert!(long.unwrap_err().contains("4097 bytes"));
        let full = (0..30).try_for_each(|column| row.set(column, Ok("x".repeat(4_000))));
        assert!(matches!(full, Err(ImportError::RowTooLong { row: 1 })));
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
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &workbook()).unwrap();
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

    fn workbook() -> Vec<u8> {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD
            .decode(WORKBOOK)
            .unwrap()
    }

    /// The workbook above, whose sheet declares entities and names them in its first cell.
    fn with_entities(declared: &str, named: &str) -> File {
        use std::io::{Cursor, Read, Write};
        let mut parts = zip::ZipArchive::new(Cursor::new(workbook())).unwrap();
        let mut writer = zip::ZipWriter::new(tempfile::tempfile().unwrap());
        for index in 0..parts.len() {
            let mut part = parts.by_index(index).unwrap();
            let (name, mut text) = (part.name().unwrap().into_owned(), String::new());
            part.read_to_string(&mut text).unwrap();
            if name == "xl/worksheets/sheet1.xml" {
                let declared = format!("<!DOCTYPE worksheet [{declared}]><worksheet");
                let sheet = text.replacen("<worksheet", &declared, 1);
                text = sheet.replacen("<t>C1</t>", &format!("<t>{named}</t>"), 1);
                assert_ne!(text, sheet);
            }
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(name, options).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap()
    }

    /// The first cell of the first row, or that the file is refused.
    fn first_cell(file: File) -> Result<String, String> {
        let mut found = Err("no row".to_owned());
        let mut source = XlsxSource::open(file, Mapping::default()).map_err(|error| error.to_string())?;
        let read = source.read_rows(&mut |row| {
            found = match row {
                Ok(row) => Ok(row.members[&Member::CustomerId].clone()),
                Err(bad) => Err(bad.reason),
            };
            std::ops::ControlFlow::Break(())
        });
        read.map_err(|error| error.to_string())?;
        found
    }

    #[test]
    fn an_entity_of_a_workbook_is_never_resolved() {
        use std::io::Write;
        let mut beside = tempfile::NamedTempFile::new().unwrap();
        beside.write_all(b"what stands in another file").unwrap();
        let address = format!("file://{}", beside.path().display());
        assert_eq!(
            first_cell(with_entities("", "C3 &amp; C4")).as_deref(),
            Ok("C3 & C4")
        );
        let external = format!(r#"<!ENTITY x SYSTEM "{address}">"#);
        let inner = r#"<!ENTITY x "resolved">"#;
        let growing = r#"<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;">"#;
        for declared in [external.as_str(), inner, growing] {
            let read = first_cell(with_entities(declared, "C&x;1"));
            let said = format!("{read:?}");
            for resolved in ["what stands", "resolved", "aaaa"] {
                assert!(!said.contains(resolved), "{declared}: {said}");
            }
        }
        let of_parameters = format!(r#"<!ENTITY % x SYSTEM "{address}"> %x;"#);
        let read = format!("{:?}", first_cell(with_entities(&of_parameters, "C3")));
        assert!(!read.contains("what stands"), "{read}");
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
