//! Reads their file row by row: in any usual encoding, with a size limit for each row. Bad rows are reported
//! by line.

use crate::reconcile::columns::Columns;
use crate::reconcile::formats::{ExternalCallRow, Format, Layout};
use chrono::FixedOffset;
use csv::{ReaderBuilder, StringRecord};
use intake::ImportError;
use intake::cell::{Cell, ExactValue};
use intake::encoding::{DecodingReader, Detection, EncodingChoice};
use intake::is_workbook;
use intake::table::{Table, TableOptions, TableReport};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes at the start of a file by which its encoding is detected.
const DETECT_BYTES: usize = 256 * 1024;

/// Longest cell in bytes; a longer one makes its row bad. The longest clid and lastdata of a switch are far
/// below.
pub(super) const CELL_BYTES_MAX: usize = 4_096;

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}")]
    Disk(#[from] io::Error),
    #[error("{0}")]
    Header(String),
}

/// Returns a reader of the file's text as UTF-8, decoded by the encoding that its first bytes indicate.
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

/// How another system's file is to be read.
#[derive(Debug, Clone)]
pub struct CallFileOptions {
    /// Time zone of their clock, for times without a zone.
    pub offset: FixedOffset,
    pub table: TableOptions,
}

/// Reads a bill (CSV or XLSX) and passes each of its rows, good or bad.
fn read_bill(
    path: &Path,
    said: &Columns,
    reading: &CallFileOptions,
    take: &mut dyn FnMut(Result<ExternalCallRow, (u64, String)>),
) -> Result<TableReport, FileError> {
    let mut table = Table::open(path, reading.table.clone()).map_err(refused)?;
    let layout = |titles: &[String]| {
        let header = StringRecord::from(titles);
        Layout::of_header(&header, said, reading.offset).map_err(ImportError::Unreadable)
    };
    let report = table.each_titled_row(&layout, &mut |layout, line, cells| {
        let record = cells
            .map_err(|bad| bad.reason)
            .and_then(|cells| record_of(&cells));
        let row = record.and_then(|record| layout.read(&record, line));
        take(row.map_err(|why| (line, why)));
        Ok(true)
    });
    report.map_err(refused)
}

fn refused(error: ImportError) -> FileError {
    match error {
        ImportError::Disk(error) => FileError::Disk(error),
        ImportError::Unreadable(why) => FileError::Header(why),
        ImportError::NoHeader => FileError::Header("the file is empty".to_owned()),
        other => FileError::Header(other.to_string()),
    }
}

/// Returns the texts of a row's cells: a time in the form in which it is stored, a number with all its
/// digits. Fails with the reason if a cell is unreliable.
fn record_of(cells: &[Cell]) -> Result<StringRecord, String> {
    let mut record = StringRecord::new();
    for cell in cells {
        let cell = cell.as_ref().map_err(Clone::clone)?;
        let text = match cell.exact {
            Some(ExactValue::Date(_)) => cell.moment(),
            Some(ExactValue::Number(_)) | None => cell.identifier(),
        };
        if text.len() > CELL_BYTES_MAX {
            return Err(format!("a cell has more than {CELL_BYTES_MAX} bytes"));
        }
        record.push_field(text);
    }
    Ok(record)
}

impl Format {
    /// Passes each row of the file to `take`: the row, or its line and the reason why it cannot be read.
    pub fn read_file(
        self,
        path: &Path,
        said: &Columns,
        reading: &CallFileOptions,
        take: &mut dyn FnMut(Result<ExternalCallRow, (u64, String)>),
    ) -> Result<TableReport, FileError> {
        match self {
            Self::Asterisk if is_workbook(path)? => {
                let why = "it is a workbook, but Asterisk's file is text: use --format csv for a bill";
                Err(FileError::Header(why.to_owned()))
            }
            Self::Asterisk => {
                read_records(text_of(path)?, reading.offset, take)?;
                Ok(TableReport::default())
            }
            Self::Csv => read_bill(path, said, reading, take),
        }
    }
}

/// Passes the rows of Asterisk's file, which has no titles, to `take`.
fn read_records(
    text: impl Read,
    offset: FixedOffset,
    take: &mut dyn FnMut(Result<ExternalCallRow, (u64, String)>),
) -> Result<(), FileError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text);
    let mut record = StringRecord::new();
    let layout = Layout::asterisk(offset);
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.is_io_error() => return Err(io::Error::other(error).into()),
            Err(error) => {
                take(Err((line, error.to_string())));
                continue;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        let row = match record.iter().any(|cell| cell.len() > CELL_BYTES_MAX) {
            true => Err(format!("a cell has more than {CELL_BYTES_MAX} bytes")),
            false => layout.read(&record, line),
        };
        take(row.map_err(|why| (line, why)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use intake::table::HiddenRows;

    fn reading() -> CallFileOptions {
        CallFileOptions {
            offset: FixedOffset::east_opt(8 * 3_600).unwrap(),
            table: TableOptions {
                hidden_rows: HiddenRows::Refuse,
                ..TableOptions::default()
            },
        }
    }

    type FileRead = (Vec<ExternalCallRow>, Vec<(u64, String)>);

    fn read_as(format: Format, bytes: &[u8], reading: &CallFileOptions) -> Result<FileRead, FileError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        format.read_file(file.path(), &Columns::default(), reading, &mut |row| match row {
            Ok(row) => good.push(row),
            Err(why) => bad.push(why),
        })?;
        Ok((good, bad))
    }

    fn read(format: Format, bytes: &[u8]) -> FileRead {
        read_as(format, bytes, &reading()).unwrap()
    }

    #[test]
    fn a_workbook_is_a_bill_and_its_hidden_rows_are_refused_until_they_are_named() {
        use intake::testing::{Sheet, number_cell, text_cell, text_row, workbook};
        let call = |row: u32, hidden: &str| {
            let cells = [
                number_cell(&format!("A{row}"), "13800138000", 0),
                number_cell(&format!("B{row}"), "46346.4166666667", 1),
                text_cell(&format!("C{row}"), "41"),
            ];
            format!("<row r=\"{row}\" {hidden}>{}</row>", cells.concat())
        };
        let titles = text_row(2, "", &["被叫号码", "开始时间", "通话时长"]);
        let sheet = |last: &str| Sheet {
            name: "话单",
            state: "visible",
            rows: [
                text_row(1, "", &["十一月话单"]),
                titles.clone(),
                call(3, ""),
                call(4, last),
            ]
            .concat(),
        };
        let formats = ["m\"月\"d\"日\" h:mm"];
        let (good, bad) = read(Format::Csv, &workbook(&[sheet("")], &formats));
        assert_eq!((good.len(), bad.len()), (2, 0), "{bad:?}");
        assert_eq!((good[0].line, good[0].callee.as_str()), (3, "13800138000"));
        assert_eq!(good[0].start.to_string(), "2026-11-20T02:00:00.000000Z");
        let filtered = workbook(&[sheet("hidden=\"1\"")], &formats);
        let refused = read_as(Format::Csv, &filtered, &reading())
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("row 4") && refused.contains("--hidden-rows"),
            "{refused}"
        );
        for (hidden_rows, count) in [(HiddenRows::Include, 2), (HiddenRows::Exclude, 1)] {
            let named = CallFileOptions {
                table: TableOptions {
                    hidden_rows,
                    ..TableOptions::default()
                },
                ..reading()
            };
            assert_eq!(read_as(Format::Csv, &filtered, &named).unwrap().0.len(), count);
        }
    }

    #[test]
    fn a_bad_row_is_reported_by_its_line_and_the_others_count() {
        let text = "callee,start,duration\n13800138000,2026-11-20 10:00:00,5\n,2026-11-20 10:00:00,5\n\
                    13800138000,soon,5\n13800138000,2026-11-20 10:00:00,-5\n13800138000,2026-11-20 10:00:01,0\n";
        let (good, bad) = read(Format::Csv, text.as_bytes());
        assert_eq!(good.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 6]);
        assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn an_empty_bill_is_an_error_and_an_empty_switch_file_is_not() {
        assert!(read_as(Format::Csv, b"", &reading()).is_err());
        assert_eq!(read(Format::Asterisk, b"").0.len(), 0);
    }

    #[test]
    fn a_bill_in_gb18030_is_read() {
        let text = "被叫号码,开始时间,通话时长\n13800138000,2026-11-20 10:00:00,5\n";
        let (bytes, _, _) = encoding_rs::GB18030.encode(text);
        assert_eq!(read(Format::Csv, &bytes).0.len(), 1);
    }

    fn fixture(format: Format, name: &str) -> (Vec<ExternalCallRow>, Vec<u64>) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures/cdr")
            .join(name);
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        format
            .read_file(&path, &Columns::default(), &reading(), &mut |row| match row {
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
