//! The file formats of an export behind one trait: header, rows, end.

use crate::exports::ExportError;
use crate::exports::offset::{is_date, serial};
use chrono::FixedOffset;
use projections::Val;
use projections::sql_views::{SqlColumn, Unit};
use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use serde_json::{Map, Value};
use std::io::{self, Seek, Write};

/// Rows per sheet, header included (the format's limit).
const SHEET_ROWS_MAX: u32 = 1_048_576;

/// Longest text of a cell, in characters (the format's limit).
const CELL_CHARACTERS_MAX: usize = 32_767;

/// Date format of cells: to the millisecond, and sortable as text.
const DATE_FORMAT: &str = "yyyy-mm-dd hh:mm:ss.000";

/// Column width for this date format, in characters.
const DATE_WIDTH: f64 = 24.0;

/// A file of rows in one format. `finish` must be called, otherwise the file is incomplete.
pub(crate) trait Sheet: Send {
    fn row(&mut self, row: &[Val]) -> Result<(), ExportError>;
    /// Writes the end of the file and flushes it.
    fn finish(self: Box<Self>) -> Result<(), ExportError>;
}

pub(super) type ExportOutput = Box<dyn Write + Send>;

/// CSV for Excel and programs: UTF-8 with a byte order mark, CRLF (RFC 4180), no text that a spreadsheet
/// would interpret as a formula.
pub(crate) struct CsvSheet {
    writer: csv::Writer<ExportOutput>,
}

impl CsvSheet {
    pub(super) fn begin(mut out: ExportOutput, columns: &[&SqlColumn]) -> Result<Self, ExportError> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        writer.write_record(columns.iter().map(|column| column.name))?;
        Ok(Self { writer })
    }
}

impl Sheet for CsvSheet {
    fn row(&mut self, row: &[Val]) -> Result<(), ExportError> {
        for value in row {
            match value {
                Val::Null => self.writer.write_field("")?,
                Val::Int(number) => self.writer.write_field(number.to_string())?,
                Val::Bool(flag) => self.writer.write_field(i64::from(*flag).to_string())?,
                Val::Real(number) => self.writer.write_field(number.to_string())?,
                Val::Text(text) => self.writer.write_field(harmless(text).as_ref())?,
                Val::Blob(_) => self.writer.write_field("")?,
            }
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.writer.flush()?)
    }
}

/// Returns the text with an apostrophe before it if a spreadsheet would interpret it as a formula (OWASP,
/// CSV injection); otherwise unchanged.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}").into();
    }
    text.into()
}

/// Writes the rows of an export as one JSON object per line.
pub(crate) struct JsonLines {
    out: io::BufWriter<ExportOutput>,
    columns: Vec<&'static str>,
}

impl JsonLines {
    pub(super) fn begin(out: ExportOutput, columns: &[&'static SqlColumn]) -> Self {
        Self {
            out: io::BufWriter::new(out),
            columns: columns.iter().map(|column| column.name).collect(),
        }
    }
}

impl Sheet for JsonLines {
    fn row(&mut self, row: &[Val]) -> Result<(), ExportError> {
        let members = self.columns.iter().zip(row);
        let members = members.map(|(name, value)| ((*name).to_owned(), crate::inquiries::json_of(value)));
        let object = Value::Object(members.collect::<Map<_, _>>());
        serde_json::to_writer(&mut self.out, &object).map_err(io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        Ok(self.out.flush()?)
    }
}

/// An Excel workbook. Rows are kept in temporary files, not in memory; a full sheet is followed by another.
/// Ids and codes are text, so that no digits are lost. Instants are dates in local time, with the offset in
/// the column header.
pub(crate) struct XlsxSheet {
    workbook: Workbook,
    columns: Vec<&'static SqlColumn>,
    out: ExportOutput,
    offset: FixedOffset,
    date: CellFormat,
    /// Number of the next row of the last sheet.
    next: u32,
}

impl XlsxSheet {
    pub(super) fn begin(
        out: ExportOutput,
        columns: &[&'static SqlColumn],
        offset: FixedOffset,
    ) -> Result<Self, ExportError> {
        let mut sheet = Self {
            workbook: Workbook::new(),
            columns: columns.to_vec(),
            out,
            offset,
            date: CellFormat::new().set_num_format(DATE_FORMAT),
            next: 0,
        };
        sheet.add_sheet()?;
        Ok(sheet)
    }

    fn add_sheet(&mut self) -> Result<(), ExportError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        for (column, place) in self.columns.iter().zip(0_u16..) {
            if is_date(column) {
                sheet.set_column_width(place, DATE_WIDTH)?;
                sheet.write_string(0, place, format!("{} ({})", column.name, self.offset))?;
                continue;
            }
            sheet.write_string(0, place, column.name)?;
        }
        // The header row stays visible.
        sheet.set_freeze_panes(1, 0)?;
        self.next = 1;
        Ok(())
    }

    /// Adds a filter over the rows of the last sheet. Called when it has all its rows.
    fn add_filter(&mut self) -> Result<(), ExportError> {
        let (rows, columns) = (self.next, u16::try_from(self.columns.len()).unwrap_or(u16::MAX));
        if let (Some(sheet), Some(last)) = (self.workbook.worksheets_mut().last_mut(), columns.checked_sub(1))
        {
            sheet.autofilter(0, 0, rows.saturating_sub(1), last)?;
        }
        Ok(())
    }
}

impl Sheet for XlsxSheet {
    fn row(&mut self, row: &[Val]) -> Result<(), ExportError> {
        if self.next >= SHEET_ROWS_MAX {
            self.add_filter()?;
            self.add_sheet()?;
        }
        let Some(sheet) = self.workbook.worksheets_mut().last_mut() else {
            return Ok(());
        };
        for ((value, column), place) in row.iter().zip(&self.columns).zip(0_u16..) {
            if let Some(days) = is_date(column).then(|| serial(value, self.offset)).flatten() {
                sheet.write_number_with_format(self.next, place, days, &self.date)?;
                continue;
            }
            match value {
                Val::Null | Val::Blob(_) => continue,
                // A cell stores 53 bits. Larger numbers are written as text.
                Val::Int(number) if matches!(column.unit, Unit::Micros) => {
                    sheet.write_string(self.next, place, number.to_string())?
                }
                Val::Int(number) => sheet.write_number(self.next, place, *number as f64)?,
                Val::Bool(flag) => sheet.write_number(self.next, place, f64::from(u8::from(*flag)))?,
                Val::Real(number) => sheet.write_number(self.next, place, *number)?,
                Val::Text(text) => {
                    let text: String = text.chars().take(CELL_CHARACTERS_MAX).collect();
                    sheet.write_string(self.next, place, text)?
                }
            };
        }
        self.next += 1;
        Ok(())
    }

    /// Writes the workbook to the output. The format's directory is at its end, so the workbook is made in
    /// a temporary file first.
    fn finish(mut self: Box<Self>) -> Result<(), ExportError> {
        self.add_filter()?;
        let mut whole = tempfile::tempfile()?;
        self.workbook.save_to_writer(&mut whole)?;
        whole.rewind()?;
        io::copy(&mut whole, &mut self.out)?;
        Ok(self.out.flush()?)
    }
}

impl From<XlsxError> for ExportError {
    fn from(error: XlsxError) -> Self {
        Self::Write(error.to_string())
    }
}

impl From<csv::Error> for ExportError {
    fn from(error: csv::Error) -> Self {
        Self::Write(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, Reader};
    use projections::sql_views::SQL_VIEWS;
    use std::io::Read;

    fn beijing() -> FixedOffset {
        FixedOffset::east_opt(8 * 3_600).unwrap()
    }

    #[test]
    fn instants_are_dates_in_local_time_and_their_head_says_the_offset() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let calls = SQL_VIEWS.iter().find(|view| view.name == "calls").unwrap();
        let names = ["permitted_at", "permitted_time", "answered_time", "corrected_at"];
        let columns = names.map(|name| calls.columns.iter().find(|column| column.name == name).unwrap());
        let out: ExportOutput = Box::new(file.reopen().unwrap());
        let mut sheet = Box::new(XlsxSheet::begin(out, &columns, beijing()).unwrap());
        let at = "2026-03-02T18:00:00.123456Z";
        let micros = at.parse::<domain::time::Timestamp>().unwrap().micros();
        let row = [
            Val::Int(micros),
            Val::Text(at.to_owned()),
            Val::Null,
            Val::Int(micros),
        ];
        sheet.row(&row).unwrap();
        sheet.finish().unwrap();
        let mut book: calamine::Xlsx<_> = calamine::open_workbook(file.path()).unwrap();
        let range = book.worksheet_range_at(0).unwrap().unwrap();
        let heads: Vec<String> = range
            .rows()
            .next()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        let head = [
            "permitted_at",
            "permitted_time (+08:00)",
            "answered_time (+08:00)",
            "corrected_at (+08:00)",
        ];
        assert_eq!(heads, head);
        let cells = range.rows().nth(1).unwrap();
        assert_eq!(
            cells[0],
            Data::String(micros.to_string()),
            "exact, beside its date"
        );
        assert_eq!(cells[2], Data::Empty);
        for date in [&cells[1], &cells[3]] {
            let Data::DateTime(date) = date else {
                panic!("no date: {date:?}")
            };
            assert_eq!(date.to_ymd_hms_milli(), (2026, 3, 3, 2, 0, 0, 123));
        }
    }

    #[test]
    fn the_head_of_a_workbook_stays_in_sight_and_its_rows_can_be_filtered() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let columns: Vec<&'static SqlColumn> = SQL_VIEWS[0].columns.iter().take(3).collect();
        let out: ExportOutput = Box::new(file.reopen().unwrap());
        let mut sheet = Box::new(XlsxSheet::begin(out, &columns, beijing()).unwrap());
        let row = [Val::Int(1), Val::Text("a".to_owned()), Val::Null];
        sheet.row(&row).unwrap();
        sheet.row(&row).unwrap();
        sheet.finish().unwrap();
        let mut archive = zip::ZipArchive::new(file.reopen().unwrap()).unwrap();
        let mut part = archive.by_name("xl/worksheets/sheet1.xml").unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        assert!(
            text.contains("ySplit=\"1\"") && text.contains("state=\"frozen\""),
            "{text}"
        );
        assert!(text.contains("<autoFilter ref=\"A1:C3\""), "{text}");
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+8613800138000", "'+8613800138000"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), written);
        }
    }
}
