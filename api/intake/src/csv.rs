//! Rows of a CSV file: separator found from the header, quotes as RFC 4180, a bound on every row.

use crate::encoding::DecodingReader;
use crate::mapping::{Column, Mapping};
use crate::source::{RowSink, RowSource, name_cells};
use crate::{COLUMNS_MAX, ImportError, ROW_BYTES_MAX};
use csv::{Reader, ReaderBuilder, StringRecord};
use encoding_rs::Encoding;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes the CSV reader may have read ahead of the row it is at.
const READ_AHEAD_BYTES: u64 = 64 * 1024;

/// Fails a read when one row has taken more than its bytes.
struct Bounded<R> {
    source: R,
    left: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let left = self.left.load(Ordering::Relaxed);
        let used = count as u64;
        if used > left {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "row too long"));
        }
        self.left.store(left - used, Ordering::Relaxed);
        Ok(count)
    }
}

/// A CSV file as rows.
pub(crate) struct CsvSource {
    reader: Reader<Box<dyn Read + Send>>,
    left: Arc<AtomicU64>,
    columns: Vec<Column>,
    record: StringRecord,
    row: u64,
}

impl CsvSource {
    /// Reads the header; `file` is at its first byte.
    pub(crate) fn open(
        file: impl Read + Send + 'static,
        encoding: &'static Encoding,
        mapping: &Mapping,
    ) -> Result<Self, ImportError> {
        let mut text = BufReader::new(DecodingReader::new(file, encoding));
        let separator = separator(text.fill_buf().map_err(ImportError::Disk)?);
        let left = Arc::new(AtomicU64::new(0));
        let source: Box<dyn Read + Send> = Box::new(Bounded {
            source: text,
            left: Arc::clone(&left),
        });
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(source);
        let mut opened = Self {
            reader,
            left,
            columns: Vec::new(),
            record: StringRecord::new(),
            row: 0,
        };
        if !opened.read()? {
            return Err(ImportError::NoHeader);
        }
        let header: Vec<String> = opened.record.iter().map(str::to_owned).collect();
        if header.len() > COLUMNS_MAX {
            return Err(ImportError::TooLarge {
                what: "the number of columns",
                limit: COLUMNS_MAX as u64,
            });
        }
        opened.columns = mapping.columns(&header)?;
        Ok(opened)
    }

    fn read(&mut self) -> Result<bool, ImportError> {
        self.left
            .store(ROW_BYTES_MAX + READ_AHEAD_BYTES, Ordering::Relaxed);
        self.row += 1;
        let row = self.row;
        self.reader
            .read_record(&mut self.record)
            .map_err(|error| match error.kind() {
                csv::ErrorKind::Io(io) if io.kind() == io::ErrorKind::FileTooLarge => {
                    ImportError::RowTooLong { row }
                }
                _ => ImportError::Unreadable(error.to_string()),
            })
    }
}

impl RowSource for CsvSource {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        while self.read()? {
            // A row without any value is a blank line at the end of many files, not a customer.
            if self.record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let cells = self.record.iter().map(|cell| Ok(cell.to_owned())).collect();
            if sink(name_cells(self.row, &self.columns, cells)).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The separator that stands most often in the first line; a comma when none does.
fn separator(head: &[u8]) -> u8 {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| line.iter().filter(|&&byte| byte == separator).count();
    let mut best = b',';
    for candidate in [b'\t', b';', b'|'] {
        if count(candidate) > count(best) {
            best = candidate;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Member;
    use crate::source::ReadRow;
    use encoding_rs::{GB18030, GBK, UTF_8};
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
    fn a_quote_that_is_never_closed_does_not_swallow_the_file() {
        let mut bytes = b"id,phone\n1,\"2".to_vec();
        bytes.extend(b"x,y\n".repeat(100_000));
        let mut source = CsvSource::open(io::Cursor::new(bytes), UTF_8, &Mapping::default()).unwrap();
        let read = source.read_rows(&mut |_| ControlFlow::Continue(()));
        assert!(matches!(read, Err(ImportError::RowTooLong { row: 2 })));
    }

    #[test]
    fn an_empty_file_has_no_header() {
        let empty = CsvSource::open(io::Cursor::new(Vec::new()), UTF_8, &Mapping::default());
        assert!(matches!(empty, Err(ImportError::NoHeader)));
    }
}
