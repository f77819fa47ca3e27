//! Rows of a CSV file: decoded, its separator found from the header, a bound on every row.

use crate::csv_text::{CsvText, Row};
use crate::encoding::DecodingReader;
use crate::mapping::{Column, Mapping};
use crate::source::{RowSink, RowSource, name_cells};
use crate::{BadRow, COLUMNS_MAX, ImportError};
use encoding_rs::Encoding;
use std::io::Read;

/// Said of a line with a quote that opens and does not close; the rows behind it are read.
const STRAY_QUOTE: &str = "a quote is opened and not closed before a separator or the end of a line; \
    leave it out, or write it twice within quotes / 引号没有成对：请删除，或在引号内写两次";

/// Said of the same in rows that we wrote ourselves: which lines are rows is not known any more.
const STRAY_IN_QUERY: &str = "a value that the query gave is longer than a row may be, or was cut: nothing behind it is \
    read; leave the column out of the query, or shorten it / 查询结果中有过长或被截断的值，其后均未读取：请在查询中去掉或截短该列";

/// What a quote that is not closed does to the rows behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StrayQuotes {
    /// People write such quotes: their line is bad.
    #[default]
    CostTheirLine,
    /// Of rows that a program wrote: there are none.
    EndTheImport,
}

/// A CSV file as rows.
pub(crate) struct CsvSource {
    text: CsvText,
    columns: Vec<Column>,
    row: u64,
    stray: StrayQuotes,
}

impl CsvSource {
    /// Reads the header; `file` is at its first byte.
    pub(crate) fn open(
        file: impl Read + Send + 'static,
        encoding: &'static Encoding,
        mapping: &Mapping,
    ) -> Result<Self, ImportError> {
        let mut opened = Self::unread(file, encoding)?;
        let header = opened.header()?;
        if header.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of columns",
                limit: COLUMNS_MAX as u64,
            });
        }
        opened.columns = mapping.columns(&header)?;
        Ok(opened)
    }

    /// The titles alone; `file` is at its first byte.
    pub(crate) fn titles(
        file: impl Read + Send + 'static,
        encoding: &'static Encoding,
    ) -> Result<Vec<String>, ImportError> {
        Self::unread(file, encoding)?.header()
    }

    fn unread(file: impl Read + Send + 'static, encoding: &'static Encoding) -> Result<Self, ImportError> {
        let text = CsvText::open(Box::new(DecodingReader::new(file, encoding)));
        Ok(Self {
            text: text.map_err(ImportError::Disk)?,
            columns: Vec::new(),
            row: 0,
            stray: StrayQuotes::default(),
        })
    }

    fn header(&mut self) -> Result<Vec<String>, ImportError> {
        loop {
            match self.read()? {
                Some(Row::Cells(cells)) if is_blank(&cells) => {}
                Some(Row::Cells(cells)) => return Ok(cells),
                Some(Row::StrayQuote) => return Err(ImportError::Unreadable(STRAY_QUOTE.to_owned())),
                None => return Err(ImportError::NoHeader),
            }
        }
    }

    /// The same of a file in which every quote is closed.
    pub(crate) const fn whose_stray_quotes(mut self, stray: StrayQuotes) -> Self {
        self.stray = stray;
        self
    }

    fn read(&mut self) -> Result<Option<Row>, ImportError> {
        self.row += 1;
        self.text.next_row(self.row)
    }
}

/// A row without any value is a blank line at the end of many files, not a customer.
fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

impl RowSource for CsvSource {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        while let Some(row) = self.read()? {
            let named = match row {
                Row::Cells(cells) if is_blank(&cells) => continue,
                Row::Cells(cells) => name_cells(self.row, &self.columns, cells.into_iter().map(Ok).collect()),
                Row::StrayQuote if self.stray == StrayQuotes::EndTheImport => {
                    let said = format!("row {}: {STRAY_IN_QUERY}", self.row);
                    return Err(ImportError::Unreadable(said));
                }
                Row::StrayQuote => Err(BadRow {
                    row: self.row,
                    column: "\"".to_owned(),
                    reason: STRAY_QUOTE.to_owned(),
                }),
            };
            if sink(named).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Member;
    use crate::source::ReadRow;
    use encoding_rs::{GB18030, GBK, UTF_8};
    use std::io;
    use std::ops::ControlFlow;

    fn rows(bytes: Vec<u8>, encoding: &'static Encoding) -> Vec<ReadRow> {
        let mut source = CsvSource::open(io::Cursor::new(bytes), encoding, &Mapping::default()).unwrap();
        let mut rows = Vec::new();
        source
            .read_rows(&mut |row| {
                rows.push(row);
                ControlFlow::Continue(())
            })
            .unwrap();
        rows
    }

    #[test]
    fn a_gbk_file_gives_its_names() {
        let (bytes, _, _) = GBK.encode("客户ID,手机号,姓名,days\nC001,138-0013-8000,张三,3\n");
        let rows = rows(bytes.into_owned(), GB18030);
        let row = rows[0].as_ref().unwrap();
        assert_eq!(row.row, 2);
        assert_eq!(row.members[&Member::Name], "张三");
        assert_eq!(row.members[&Member::Phone], "138-0013-8000");
        assert_eq!(row.variables["days"], "3");
    }

    #[test]
    fn the_separator_is_found_and_quotes_hold_line_ends() {
        let rows = rows(b"id;phone;note\n1;2;\"a;\nb\"\n\n3;4;\n".to_vec(), UTF_8);
        assert_eq!(rows[0].as_ref().unwrap().variables["note"], "a;\nb");
        assert_eq!(rows[1].as_ref().unwrap().members[&Member::CustomerId], "3");
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_row_with_more_cells_than_the_header_is_bad() {
        let rows = rows(b"id,phone\n1,2,3\n4,5\n".to_vec(), UTF_8);
        assert_eq!(rows[0].as_ref().unwrap_err().row, 2);
        assert!(rows[1].is_ok());
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_line_and_no_other() {
        let mut bytes = b"id,phone\n1,\"2\n".to_vec();
        bytes.extend(b"x,y\n".repeat(100_000));
        let rows = rows(bytes, UTF_8);
        assert_eq!(rows.len(), 100_001);
        let bad = rows[0].as_ref().unwrap_err();
        assert!(bad.row == 2 && bad.reason.contains("quote"), "{bad:?}");
        assert!(rows[1..].iter().all(Result::is_ok));
    }

    /// A line of a note that looks like a person would be called.
    #[test]
    fn rows_of_a_query_end_at_a_quote_that_is_not_closed() {
        let text = b"id,phone\n1,2\n3,\"4\n5,6\n".to_vec();
        let read = CsvSource::open(io::Cursor::new(text), UTF_8, &Mapping::default()).unwrap();
        let mut read = read.whose_stray_quotes(StrayQuotes::EndTheImport);
        let mut count = 0;
        let ended = read.read_rows(&mut |row| {
            count += u32::from(row.is_ok());
            ControlFlow::Continue(())
        });
        assert!(matches!(ended, Err(ImportError::Unreadable(_))), "{ended:?}");
        assert_eq!(count, 1);
    }

    #[test]
    fn a_long_note_makes_its_row_bad_and_its_lines_are_none() {
        let note = "\n9,13800138009".repeat(1_500);
        let text = format!("id,phone,note\n1,2,\"{note}\"\n3,4,x\n");
        let rows = rows(text.into_bytes(), UTF_8);
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].as_ref().unwrap_err().column, "note");
        assert!(rows[1].is_ok());
    }

    #[test]
    fn an_empty_file_has_no_header() {
        let empty = CsvSource::open(io::Cursor::new(Vec::new()), UTF_8, &Mapping::default());
        assert!(matches!(empty, Err(ImportError::NoHeader)));
    }
}
