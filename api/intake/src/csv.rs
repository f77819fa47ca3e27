//! Rows of a CSV file. It is decoded, its separator is detected from the first lines, and the size of every
//! row is limited.

use crate::cell::{CellText, TableRow};
use crate::csv_text::{CsvText, Row};
use crate::encoding::DecodingReader;
use crate::{BadRow, ImportError};
use encoding_rs::Encoding;
use std::io::Read;

/// Reason for a line with a quote that is opened but not closed. The rows after it are read.
const STRAY_QUOTE: &str = "a quote is opened and not closed before a separator or the end of a line; \
    leave it out, or write it twice within quotes / 引号没有成对：请删除，或在引号内写两次";

/// Reason for a quote that is not closed in rows that the system itself wrote from a query: the rows after
/// it cannot be determined, so the import ends.
const STRAY_IN_QUERY: &str = "a value in the query's result is longer than a row may be, or was cut: nothing after it \
    is read; leave the column out of the query, or shorten it / 查询结果中有过长或被截断的值，其后均未读取：请在查询中去掉或截短该列";

/// What a quote that is not closed means for the rows after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum StrayQuotes {
    /// Files written by people may have unclosed quotes: only their line is bad.
    #[default]
    CostTheirLine,
    /// Rows written by a program cannot have them: the import ends.
    EndTheImport,
}

/// The rows of a comma-separated text (or other separator), numbered from 1.
pub(crate) struct CsvRows {
    text: CsvText,
    row: u64,
    stray: StrayQuotes,
}

impl CsvRows {
    /// Opens the text in this encoding and detects its separator. `file` must be at its first byte.
    pub(crate) fn open(
        file: impl Read + Send + 'static,
        encoding: &'static Encoding,
        stray: StrayQuotes,
    ) -> Result<Self, ImportError> {
        let text = CsvText::open(Box::new(DecodingReader::new(file, encoding)));
        Ok(Self {
            text: text.map_err(ImportError::Disk)?,
            row: 0,
            stray,
        })
    }

    /// Returns the next row that has a value, or `None` at the end. Blank lines are skipped but counted in
    /// the row number. A line with a stray quote is a bad row, or ends the import, as `StrayQuotes` says.
    pub(crate) fn next_row(&mut self) -> Result<Option<TableRow>, ImportError> {
        loop {
            self.row += 1;
            let cells = match self.text.next_row(self.row)? {
                None => return Ok(None),
                Some(Row::Cells(cells)) if is_blank(&cells) => continue,
                Some(Row::Cells(cells)) => {
                    Ok(cells.into_iter().map(|text| Ok(CellText::from(text))).collect())
                }
                Some(Row::StrayQuote) if self.stray == StrayQuotes::EndTheImport => {
                    let said = format!("row {}: {STRAY_IN_QUERY}", self.row);
                    return Err(ImportError::Unreadable(said));
                }
                Some(Row::StrayQuote) => Err(BadRow {
                    row: self.row,
                    column: "\"".to_owned(),
                    reason: STRAY_QUOTE.to_owned(),
                }),
            };
            return Ok(Some(TableRow {
                number: self.row,
                is_hidden: false,
                cells,
            }));
        }
    }
}

fn is_blank(cells: &[String]) -> bool {
    cells.iter().all(|cell| cell.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::EncodingChoice;
    use crate::mapping::{Mapping, Member};
    use crate::source::{ListRows, ReadRow, RowSource};
    use crate::spool::{Spool, SpooledFile};
    use encoding_rs::GBK;
    use std::ops::ControlFlow;

    fn spooled(bytes: &[u8]) -> SpooledFile {
        let mut spool = Spool::new(&std::env::temp_dir()).unwrap();
        spool.write(bytes).unwrap();
        spool.finish(EncodingChoice::Auto)
    }

    fn rows(bytes: Vec<u8>) -> Vec<ReadRow> {
        let mut source = ListRows::new(spooled(&bytes).into_table().unwrap(), Mapping::default());
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
        let rows = rows(bytes.into_owned());
        let row = rows[0].as_ref().unwrap();
        assert_eq!(row.row, 2);
        assert_eq!(row.members[&Member::Name], "张三");
        assert_eq!(row.members[&Member::Phone], "138-0013-8000");
        assert_eq!(row.variables["days"], "3");
    }

    #[test]
    fn the_separator_is_found_and_quotes_hold_line_ends() {
        let rows = rows(b"id;phone;note\n1;2;\"a;\nb\"\n\n3;4;\n".to_vec());
        assert_eq!(rows[0].as_ref().unwrap().variables["note"], "a;\nb");
        assert_eq!(rows[1].as_ref().unwrap().members[&Member::CustomerId], "3");
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_row_with_more_cells_than_the_header_is_bad() {
        let rows = rows(b"id,phone\n1,2,3\n4,5\n".to_vec());
        assert_eq!(rows[0].as_ref().unwrap_err().row, 2);
        assert!(rows[1].is_ok());
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_line_and_no_other() {
        let mut bytes = b"id,phone\n1,\"2\n".to_vec();
        bytes.extend(b"x,y\n".repeat(100_000));
        let rows = rows(bytes);
        assert_eq!(rows.len(), 100_001);
        let bad = rows[0].as_ref().unwrap_err();
        assert!(bad.row == 2 && bad.reason.contains("quote"), "{bad:?}");
        assert!(rows[1..].iter().all(Result::is_ok));
    }

    /// A line of a note in the form of a customer row. It must not be called.
    #[test]
    fn rows_of_a_query_end_at_a_quote_that_is_not_closed() {
        let table = spooled(b"id,phone\n1,2\n3,\"4\n5,6\n").of_query().into_table();
        let mut source = ListRows::new(table.unwrap(), Mapping::default());
        let mut count = 0;
        let ended = source.read_rows(&mut |row| {
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
        let rows = rows(text.into_bytes());
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].as_ref().unwrap_err().column, "note");
        assert!(rows[1].is_ok());
    }

    #[test]
    fn an_empty_file_has_no_header() {
        let mut source = ListRows::new(spooled(b"").into_table().unwrap(), Mapping::default());
        let read = source.read_rows(&mut |_| ControlFlow::Continue(()));
        assert!(matches!(read, Err(ImportError::NoHeader)), "{read:?}");
    }
}
