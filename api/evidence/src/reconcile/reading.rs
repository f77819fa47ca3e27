//! Reads their file row by row: any usual encoding, a bound on every row, bad ones told by line.

use crate::reconcile::columns::Columns;
use crate::reconcile::formats::{Format, Layout, Theirs};
use chrono::FixedOffset;
use csv::{ReaderBuilder, StringRecord};
use intake::encoding::{DecodingReader, Detection, EncodingChoice};
use intake::workbook::{each_workbook_row, is_workbook};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes looked at to tell the encoding.
const DETECT_BYTES: usize = 256 * 1024;

/// Longest cell: the longest clid and lastdata of a switch are far below.
pub(super) const CELL_BYTES_MAX: usize = 4_096;

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("{0}")]
    Header(String),
}

/// A file's text, in whatever encoding its first bytes are.
pub(super) fn text_of(path: &Path) -> io::Result<DecodingReader<File>> {
    let mut head = Vec::new();
    File::open(path)?
        .take(u64::try_from(DETECT_BYTES).unwrap_or(u64::MAX))
        .read_to_end(&mut head)?;
    let mut detection = Detection::default();
    detection.feed(&head);
    let encoding = detection.finish(EncodingChoice::Auto);
    Ok(DecodingReader::new(File::open(path)?, encoding.encoding))
}

impl Format {
    /// Hands each row to `take`: read, or its line and why it cannot be.
    pub fn read_file(
        self,
        path: &Path,
        said: &Columns,
        offset: FixedOffset,
        take: &mut dyn FnMut(Result<Theirs, (u64, String)>),
    ) -> Result<(), FileError> {
        if is_workbook(path)? {
            return self.read_workbook(path, said, offset, take);
        }
        self.read_rows(text_of(path)?, said, offset, take)
    }

    /// A bill as a workbook (XLSX): its first row that is not blank is the header.
    fn read_workbook(
        self,
        path: &Path,
        said: &Columns,
        offset: FixedOffset,
        take: &mut dyn FnMut(Result<Theirs, (u64, String)>),
    ) -> Result<(), FileError> {
        if self == Self::Asterisk {
            let why = "it is a workbook, and asterisk's file is text: say --format csv for a bill";
            return Err(FileError::Header(why.to_owned()));
        }
        let mut layout: Option<Result<Layout, String>> = None;
        let read = each_workbook_row(path, &mut |line, cells| {
            let Some(Ok(layout)) = &layout else {
                let titles: StringRecord = cells.into_iter().map(Result::unwrap_or_default).collect();
                let header = Layout::of_header(&titles, said, offset);
                let is_good = header.is_ok();
                layout = Some(header);
                return Ok(is_good);
            };
            let record: Result<StringRecord, String> = cells.into_iter().collect();
            let row = record.and_then(|record| layout.read(&record, line));
            take(row.map_err(|why| (line, why)));
            Ok(true)
        });
        read.map_err(|error| FileError::Header(error.to_string()))?;
        match layout {
            Some(Ok(_)) => Ok(()),
            Some(Err(why)) => Err(FileError::Header(why)),
            None => Err(FileError::Header("the file is empty".to_owned())),
        }
    }

    fn read_rows(
        self,
        text: impl Read,
        said: &Columns,
        offset: FixedOffset,
        take: &mut dyn FnMut(Result<Theirs, (u64, String)>),
    ) -> Result<(), FileError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text);
        let mut record = StringRecord::new();
        let mut layout = match self {
            Self::Asterisk => Some(Layout::asterisk(offset)),
            Self::Csv => None,
        };
        loop {
            let line = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) if layout.is_none() => {
                    return Err(FileError::Header("the file is empty".to_owned()));
                }
                Ok(false) => return Ok(()),
                Err(error) if error.is_io_error() => return Err(io::Error::other(error).into()),
                Err(error) => {
                    take(Err((line, error.to_string())));
                    continue;
                }
            }
            let line = record.position().map_or(line, csv::Position::line);
            let Some(layout) = &layout else {
                layout = Some(Layout::of_header(&record, said, offset).map_err(FileError::Header)?);
                continue;
            };
            let row = match record.iter().any(|cell| cell.len() > CELL_BYTES_MAX) {
                true => Err(format!("a cell has more than {CELL_BYTES_MAX} bytes")),
                false => layout.read(&record, line),
            };
            take(row.map_err(|why| (line, why)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, text: &[u8]) -> (Vec<Theirs>, Vec<(u64, String)>) {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let offset = FixedOffset::east_opt(8 * 3_600).unwrap();
        format
            .read_rows(text, &Columns::default(), offset, &mut |row| match row {
                Ok(row) => good.push(row),
                Err(why) => bad.push(why),
            })
            .unwrap();
        (good, bad)
    }

    #[test]
    fn a_bad_row_is_told_by_its_line_and_the_others_count() {
        let text = "callee,start,duration\n13800138000,2026-11-20 10:00:00,5\n,2026-11-20 10:00:00,5\n\
                    13800138000,soon,5\n13800138000,2026-11-20 10:00:00,-5\n13800138000,2026-11-20 10:00:01,0\n";
        let (good, bad) = read(Format::Csv, text.as_bytes());
        assert_eq!(good.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6]);
        assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn an_empty_bill_is_an_error_and_an_empty_switch_file_is_not() {
        let offset = FixedOffset::east_opt(0).unwrap();
        assert!(
            Format::Csv
                .read_rows(&b""[..], &Columns::default(), offset, &mut |_| {})
                .is_err()
        );
        assert_eq!(read(Format::Asterisk, b"").0.len(), 0);
    }

    #[test]
    fn a_bill_in_gb18030_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bill.csv");
        let text = "被叫号码,开始时间,通话时长\n13800138000,2026-11-20 10:00:00,5\n";
        let (bytes, _, _) = encoding_rs::GB18030.encode(text);
        std::fs::write(&path, bytes).unwrap();
        let mut rows = 0;
        let offset = FixedOffset::east_opt(8 * 3_600).unwrap();
        Format::Csv
            .read_file(&path, &Columns::default(), offset, &mut |row| {
                rows += usize::from(row.is_ok());
            })
            .unwrap();
        assert_eq!(rows, 1);
    }

    fn fixture(format: Format, name: &str) -> (Vec<Theirs>, Vec<u64>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures/cdr")
            .join(name);
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let offset = FixedOffset::east_opt(8 * 3_600).unwrap();
        format
            .read_file(&path, &Columns::default(), offset, &mut |row| match row {
                Ok(row) => good.push(row),
                Err((line, _)) => bad.push(line),
            })
            .unwrap();
        (good, bad)
    }

    #[test]
    fn a_master_csv_is_read_but_for_the_row_that_is_cut_off() {
        let (good, bad) = fixture(Format::Asterisk, "asterisk_master.csv");
        let talk: Vec<_> = good.iter().map(|row| (row.line, row.talk_s)).collect();
        assert_eq!((talk, bad), (vec![(1, 41), (2, 0), (3, 0)], vec![4]));
        assert_eq!(good[0].sip_ids[0], "6f1b9a52-3c5e-5d8b-9a0e-2b1f6c7d8e9f");
    }

    #[test]
    fn a_bill_is_read_from_a_workbook_too() {
        let (good, bad) = fixture(Format::Csv, "bill_zh.xlsx");
        let talk: Vec<_> = good.iter().map(|row| (row.line, row.talk_s)).collect();
        assert_eq!((talk, bad), (vec![(2, 41), (3, 13)], vec![4]));
        let start = good[0].start.to_string();
        assert_eq!(start, "2026-03-02T02:04:09.000000Z");
    }

    #[test]
    fn a_chinese_bill_is_read_but_for_the_row_without_a_time() {
        let (good, bad) = fixture(Format::Csv, "bill_zh.csv");
        let talk: Vec<_> = good.iter().map(|row| (row.talk_s, row.minutes)).collect();
        assert_eq!((talk, bad), (vec![(41, 1), (61, 2)], vec![4]));
    }
}
