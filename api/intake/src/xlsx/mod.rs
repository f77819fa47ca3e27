//! Sheets of an XLSX workbook, cell by cell and as displayed.
//!
//! Ids and phones keep all digits. A number that lost digits in Excel is refused. Excel can hide rows,
//! columns and whole sheets. Each row has a flag that is true if it is hidden; hidden columns are read like
//! the others.

mod date_format;
mod decimal;
mod number_format;
mod parts;
mod sheet_scan;

use crate::cell::{Cell, CellText, ExactValue, TableRow, too_long};
use crate::shared_file::SharedFile;
use crate::{CELL_BYTES_MAX, COLUMNS_MAX, ImportError, ROW_BYTES_MAX, zip_limits};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use decimal::Decimal;
use number_format::NumberFormat;
use parts::SheetArchive;
pub(crate) use sheet_scan::HIDDEN_LISTED_MAX;
use sheet_scan::SheetScan;
use std::fs::File;
use std::io::BufReader;
use zip::ZipArchive;

/// Whole numbers from this one on have lost digits and are refused: Excel keeps 15 (IEEE 754 double).
const EXACT_NUMBER_MAX: f64 = 1e15;

/// Reason for a cell with a formula but no stored value.
const UNCACHED: &str = "the cell holds a formula without a value stored in the file; open the file in Excel, save it \
    and import it again / 公式的计算结果未保存在文件中：请用 Excel 打开并保存后再导入";

/// The name of a sheet, and whether it is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetName {
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
}

/// An XLSX workbook opened for reading.
pub(crate) struct Workbook {
    cells: Xlsx<BufReader<SharedFile>>,
    archive: SheetArchive,
    sheets: Vec<SheetName>,
}

impl Workbook {
    /// Opens the workbook in `file`. Fails if it is too large when uncompressed (`zip_limits`) or cannot be
    /// read.
    pub(crate) fn open(mut file: File) -> Result<Self, ImportError> {
        zip_limits::check(&mut file)?;
        let shared = SharedFile::new(file);
        let archive = ZipArchive::new(BufReader::new(shared.reopened())).map_err(unreadable)?;
        let cells = Xlsx::new(BufReader::new(shared)).map_err(unreadable)?;
        let sheets = cells.sheets_metadata().iter();
        let sheets = sheets
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| SheetName {
                name: sheet.name.clone(),
                is_hidden: sheet.visible != SheetVisible::Visible,
            })
            .collect();
        Ok(Self {
            cells,
            archive,
            sheets,
        })
    }

    /// Returns the workbook's worksheets in order, with hidden ones, without chart sheets.
    pub(crate) fn sheets(&self) -> &[SheetName] {
        &self.sheets
    }

    /// Returns the sheet to read: the one with this name, even if hidden; without a name, the first visible
    /// one. Fails with `NoSheet` if there is none.
    pub(crate) fn chosen(&self, named: Option<&str>) -> Result<SheetName, ImportError> {
        let mut sheets = self.sheets.iter();
        let found = match named {
            Some(name) => sheets.find(|sheet| sheet.name == name),
            None => sheets.find(|sheet| !sheet.is_hidden),
        };
        found.cloned().ok_or_else(|| {
            let names: Vec<String> = self.sheets.iter().map(|sheet| sheet.name.clone()).collect();
            ImportError::NoSheet {
                wanted: named.map(crate::cut),
                sheets: crate::cut_titles(&names),
            }
        })
    }

    /// Returns which rows of the sheet are hidden, and which formulas have no value.
    pub(crate) fn scan(&mut self, sheet: &str) -> Result<SheetScan, ImportError> {
        let path = parts::path_of_sheet(&mut self.archive, sheet)?;
        sheet_scan::scan(&mut self.archive, &path)
    }

    /// Passes the rows of the sheet with a value to `take`, in order, until it returns false.
    pub(crate) fn each_row(
        &mut self,
        sheet: &str,
        scan: &SheetScan,
        take: &mut dyn FnMut(TableRow) -> Result<bool, ImportError>,
    ) -> Result<(), ImportError> {
        let is_1904 = self.cells.has_1904_epoch();
        let mut reader = self.cells.worksheet_cells_reader(sheet).map_err(unreadable)?;
        let display = WorkbookFormats::of(&reader, is_1904);
        let mut row = RowBeingRead::default();
        while let Some((cell, style)) = reader.next_cell_with_style_id().map_err(unreadable)? {
            let (index, column) = cell.get_position();
            if index != row.index {
                let done = std::mem::take(&mut row);
                row.index = index;
                if !done.given(scan, take)? {
                    return Ok(());
                }
            }
            let place = usize::try_from(column).unwrap_or(usize::MAX);
            if place >= COLUMNS_MAX {
                return Err(ImportError::TooLarge {
                    what: "the number of columns",
                    limit: COLUMNS_MAX as u64,
                });
            }
            let text = match scan.is_uncached(index, column) {
                true => Err(UNCACHED.to_owned()),
                false => display.text(cell.get_value(), style),
            };
            row.set(place, text)?;
        }
        row.given(scan, take).map(|_more| ())
    }
}

/// The cells of one row, collected until the next row begins.
#[derive(Default)]
struct RowBeingRead {
    /// Index of the row, starting at 0.
    index: u32,
    cells: Vec<Cell>,
    bytes: u64,
}

impl RowBeingRead {
    /// Sets the cell of a column. A repeated cell replaces the earlier one. Fails with `RowTooLong` when
    /// the row's text has more than `ROW_BYTES_MAX` bytes.
    fn set(&mut self, column: usize, cell: Cell) -> Result<(), ImportError> {
        self.bytes += cell.as_ref().map_or(0, |text| text.shown.len() as u64);
        if self.bytes > ROW_BYTES_MAX {
            let row = u64::from(self.index) + 1;
            return Err(ImportError::RowTooLong { row });
        }
        while self.cells.len() <= column {
            self.cells.push(Ok(CellText::default()));
        }
        if let Some(at) = self.cells.get_mut(column) {
            *at = cell;
        }
        Ok(())
    }

    fn is_blank(&self) -> bool {
        self.cells
            .iter()
            .all(|cell| cell.as_ref().is_ok_and(|text| text.shown.trim().is_empty()))
    }

    /// Passes the row to `take` if it has a value. Returns false if no more rows are needed.
    fn given(
        self,
        scan: &SheetScan,
        take: &mut dyn FnMut(TableRow) -> Result<bool, ImportError>,
    ) -> Result<bool, ImportError> {
        if self.is_blank() {
            return Ok(true);
        }
        take(TableRow {
            number: u64::from(self.index) + 1,
            is_hidden: scan.is_hidden(self.index),
            cells: Ok(self.cells),
        })
    }
}

/// The number formats of a workbook, by which its values are displayed.
struct WorkbookFormats {
    /// The number format of each style.
    formats: Vec<NumberFormat>,
    is_1904: bool,
}

impl WorkbookFormats {
    fn of(reader: &XlsxCellReader<'_, BufReader<SharedFile>>, is_1904: bool) -> Self {
        let formats = reader.styles().iter().map(|style| {
            let format = style.number_format.as_ref();
            format.map_or_else(NumberFormat::default, |format| {
                NumberFormat::read(&format.format_code, format.format_id)
            })
        });
        Self {
            formats: formats.collect(),
            is_1904,
        }
    }

    /// Returns a cell's text as displayed, or why it is unreliable. A text that is too long is an error.
    fn text(&self, value: &DataRef<'_>, style: usize) -> Cell {
        match value {
            DataRef::Empty => Ok(CellText::default()),
            DataRef::String(text) => short(text),
            // One text may be used in a million cells, so a text that is too long is not even copied.
            DataRef::SharedString(text) => short(text),
            #[expect(clippy::cast_precision_loss, reason = "a larger number is refused")]
            DataRef::Int(number) => self.number(*number as f64, style),
            DataRef::Bool(truth) => Ok(CellText::from(truth.to_string())),
            DataRef::Float(number) => self.number(*number, style),
            DataRef::DateTime(date) => self.number(date.as_f64(), style),
            DataRef::DateTimeIso(text) => short(text.replace('T', " ").trim_end_matches(" 00:00:00")),
            DataRef::DurationIso(text) => short(text),
            DataRef::Error(error) => Err(format!("the cell holds the error {error}")),
        }
    }

    fn number(&self, number: f64, style: usize) -> Cell {
        let format = self.formats.get(style);
        let moment = format
            .filter(|format| format.shows_a_date(number))
            .and_then(|format| Some((format, date_format::moment_of(number, self.is_1904)?)));
        if let Some((format, moment)) = moment {
            let shown = format.show(number, self.is_1904);
            let exact = date_format::exact(moment, format.shows_a_time(number));
            let shown = shown.unwrap_or_else(|| exact.clone());
            // A value of less than a day is a time or duration, without a date.
            let exact = (number >= 1.0).then_some(ExactValue::Date(exact));
            return Ok(CellText { shown, exact });
        }
        let plain = plain_number(number)?;
        let shown = format.and_then(|format| format.show(number, self.is_1904));
        Ok(match shown.filter(|shown| *shown != plain) {
            Some(shown) => CellText {
                shown,
                exact: Some(ExactValue::Number(plain)),
            },
            None => CellText::from(plain),
        })
    }
}

fn short(text: &str) -> Cell {
    if text.len() > CELL_BYTES_MAX {
        return Err(too_long(text));
    }
    Ok(CellText::from(text.to_owned()))
}

/// Returns a number as plain digits, for example `13800138000` and `3.5`. Fails for numbers of
/// `EXACT_NUMBER_MAX` and more, which Excel has rounded.
fn plain_number(number: f64) -> Result<String, String> {
    if number.abs() >= EXACT_NUMBER_MAX {
        return Err("a number with more than 15 digits has lost digits in Excel; \
                    format the column as text and enter it again (请将该列设为文本格式)"
            .to_owned());
    }
    let decimal = Decimal::of(number.abs()).ok_or_else(|| "the cell does not contain a number".to_owned())?;
    let sign = if number < 0.0 { "-" } else { "" };
    Ok(format!("{sign}{}", decimal.plain()))
}

fn unreadable(error: impl std::fmt::Display) -> ImportError {
    ImportError::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::{Mapping, Member};
    use crate::source::{ListRows, RowSource};
    use crate::table::{Table, TableOptions};

    fn text(value: &DataRef<'_>) -> Cell {
        let general = WorkbookFormats {
            formats: Vec::new(),
            is_1904: false,
        };
        general.text(value, 0)
    }

    fn list_of(file: File) -> Result<ListRows, ImportError> {
        let table = Table::of_file(file, "list.xlsx", TableOptions::default())?;
        Ok(ListRows::new(table, Mapping::default()))
    }

    #[test]
    fn a_phone_kept_as_a_number_keeps_its_digits() {
        for (number, wanted) in [
            (13_800_138_000.0, "13800138000"),
            (3.5, "3.5"),
            (999_999_999_999_999.0, "999999999999999"),
            (-0.1, "-0.1"),
        ] {
            assert_eq!(text(&DataRef::Float(number)).unwrap().shown, wanted);
        }
    }

    #[test]
    fn a_row_is_bounded_however_often_its_cells_are_said() {
        let mut row = RowBeingRead::default();
        for _ in 0..20_000 {
            row.set(0, Ok(CellText::from("123".to_owned()))).unwrap();
        }
        assert_eq!(row.cells.len(), 1);
        let long = text(&DataRef::SharedString(&"x".repeat(4_097)));
        assert!(long.unwrap_err().contains("4097 bytes"));
        let full = (0..30).try_for_each(|column| row.set(column, Ok(CellText::from("x".repeat(4_000)))));
        assert!(matches!(full, Err(ImportError::RowTooLong { row: 1 })));
    }

    #[test]
    fn an_identity_number_that_excel_rounded_is_refused() {
        assert!(text(&DataRef::Float(1e15)).unwrap_err().contains("15 digits"));
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
        list_of(file)
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

    /// The workbook above. Its sheet declares entities and uses them in its first cell.
    fn with_entities(declared: &str, named: &str) -> File {
        use std::io::{Cursor, Read, Write};
        let mut parts = ZipArchive::new(Cursor::new(workbook())).unwrap();
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

    /// Returns the first cell of the first row, or an error if the file is refused.
    fn first_cell(file: File) -> Result<String, String> {
        let mut found = Err("no row".to_owned());
        let mut source = list_of(file).map_err(|error| error.to_string())?;
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
        beside.write_all(b"text of another file").unwrap();
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
            for resolved in ["text of another", "resolved", "aaaa"] {
                assert!(!said.contains(resolved), "{declared}: {said}");
            }
        }
        let of_parameters = format!(r#"<!ENTITY % x SYSTEM "{address}"> %x;"#);
        let read = format!("{:?}", first_cell(with_entities(&of_parameters, "C3")));
        assert!(!read.contains("text of another"), "{read}");
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, b"PK\x03\x04 but no more").unwrap();
        assert!(matches!(
            list_of(file).map(|_list| ()),
            Err(ImportError::Unreadable(_))
        ));
    }
}
