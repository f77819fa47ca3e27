//! Rows of comma-separated text with quotes as in RFC 4180. A stray quote invalidates only its own line.
//!
//! A quote opens a value if it is the value's first character, and closes it before a separator or line
//! end. Two quotes inside a value stand for one. A closed value is one value, even with many lines; the
//! caller checks its length. A quote that is not closed within `ROW_MAX` is a stray quote: its line is bad,
//! and reading continues with the next line.

use crate::{ImportError, ROW_BYTES_MAX};
use std::io::{self, Read};

/// Bytes read from the source at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// Most bytes of one row, as an index. The end of a quote is searched for up to here.
const ROW_MAX: usize = 65_536;
const _: () = assert!(ROW_MAX as u64 == ROW_BYTES_MAX);

/// One row of the text.
#[derive(Debug, PartialEq, Eq)]
pub enum Row {
    Cells(Vec<String>),
    /// A line with a stray quote. Only this line is lost.
    StrayQuote,
}

/// A text that is read row by row. Memory use is limited by the size of a row.
pub struct CsvText {
    source: Box<dyn Read + Send>,
    separator: u8,
    /// The bytes read. Those before `at` were returned already.
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

/// What the bytes read so far contain of the next row.
enum RowScan {
    /// The row, and the bytes it uses including its line end.
    Row(Row, usize),
    More,
    /// A row of several lines that is longer than allowed. The start of the next row is unknown.
    TooLong,
}

/// Why a value cannot be read: more bytes are needed, its quote is never closed, or the search limit was
/// reached.
enum ValueScanStop {
    More,
    Stray,
    /// The end of a quote was not found within the searched range.
    Far,
}

impl CsvText {
    /// Opens a text. The separator comes from a first line `sep=;`, as in Excel (that line is not a row),
    /// or is detected from the first lines.
    pub fn open(source: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut opened = Self {
            source,
            separator: b',',
            text: Vec::new(),
            at: 0,
            ended: false,
        };
        while !opened.ended && opened.text.len() < CHUNK_BYTES {
            opened.fill()?;
        }
        match named_separator(&opened.text) {
            Some((separator, line)) => {
                opened.separator = separator;
                opened.at = line;
            }
            None => opened.separator = separator(&opened.text),
        }
        Ok(opened)
    }

    /// Returns the next row, or `None` at the end of the text. Fails with `RowTooLong { row }` if the row
    /// has more than `ROW_MAX` bytes; `row` is the caller's number for it.
    pub fn next_row(&mut self, row: u64) -> Result<Option<Row>, ImportError> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            if rest.is_empty() && self.ended {
                return Ok(None);
            }
            match row_of(rest, self.separator, self.ended) {
                RowScan::Row(read, used) => {
                    self.at += used;
                    return Ok(Some(read));
                }
                RowScan::TooLong => return Err(ImportError::RowTooLong { row }),
                RowScan::More if rest.len() > ROW_MAX => return Err(ImportError::RowTooLong { row }),
                RowScan::More => self.fill().map_err(ImportError::Disk)?,
            }
        }
    }

    /// Reads the next `CHUNK_BYTES` bytes and drops those already returned. Sets `ended` at the end of the
    /// source.
    fn fill(&mut self) -> io::Result<()> {
        self.text.drain(..self.at);
        self.at = 0;
        let kept = self.text.len();
        self.text.resize(kept + CHUNK_BYTES, 0);
        let room = self.text.get_mut(kept..).unwrap_or_default();
        let count = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.text.truncate(kept + count);
        self.ended = count == 0;
        Ok(())
    }
}

/// Reads the first row of `text`. `ended`: no bytes follow `text`, so its last line is complete.
fn row_of(text: &[u8], separator: u8, ended: bool) -> RowScan {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let read = match rest.first() {
            Some(b'"') => quoted(rest, separator, ended, ROW_MAX.saturating_sub(at)),
            Some(_) | None => plain(rest, separator, ended),
        };
        let (cell, used) = match read {
            Ok(read) => read,
            Err(ValueScanStop::More) => return RowScan::More,
            Err(ValueScanStop::Far) if has_line_end(text.get(..at)) => return RowScan::TooLong,
            Err(ValueScanStop::Stray | ValueScanStop::Far) => return stray(text, ended),
        };
        cells.push(cell);
        at += used;
        match text.get(at) {
            Some(byte) if *byte == separator => at += 1,
            Some(_) | None => return ended_row(cells, text, at, ended),
        }
    }
}

/// Returns a row of which the last cell ends at `at`, with the length of its line end (LF, CR or CRLF)
/// included. Asks for more bytes if a CR is the last byte read.
fn ended_row(cells: Vec<String>, text: &[u8], at: usize, ended: bool) -> RowScan {
    let end = match (text.get(at), text.get(at + 1)) {
        (None, _) => 0,
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\r'), None) if !ended => return RowScan::More,
        (Some(_), _) => 1,
    };
    RowScan::Row(Row::Cells(cells), at + end)
}

/// Returns a stray-quote row for the first line of `text`, which is skipped.
fn stray(text: &[u8], ended: bool) -> RowScan {
    let line = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    match line {
        Some(at) => ended_row(Vec::new(), text, at, ended).with(Row::StrayQuote),
        None if ended => RowScan::Row(Row::StrayQuote, text.len()),
        None => RowScan::More,
    }
}

impl RowScan {
    fn with(self, row: Row) -> Self {
        match self {
            Self::Row(_, used) => Self::Row(row, used),
            Self::More => Self::More,
            Self::TooLong => Self::TooLong,
        }
    }
}

/// Returns true if an earlier value of the row contains a line end: then its quotes were intended.
fn has_line_end(before: Option<&[u8]>) -> bool {
    before
        .unwrap_or_default()
        .iter()
        .any(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Returns the unquoted value at the start of `text`, up to the separator or line end, and its length in
/// bytes.
fn plain(text: &[u8], separator: u8, ended: bool) -> Result<(String, usize), ValueScanStop> {
    let end = text
        .iter()
        .position(|byte| *byte == separator || matches!(byte, b'\n' | b'\r'));
    match end {
        Some(end) => Ok((owned(text.get(..end)), end)),
        None if ended => Ok((owned(Some(text)), text.len())),
        None => Err(ValueScanStop::More),
    }
}

/// Returns a quoted value without its quotes, and the number of bytes used, which is at most `reach`.
fn quoted(text: &[u8], separator: u8, ended: bool, reach: usize) -> Result<(String, usize), ValueScanStop> {
    let mut value = Vec::new();
    let mut at = 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'"') else {
            return Err(match at + rest.len() > reach {
                true => ValueScanStop::Far,
                false if ended => ValueScanStop::Stray,
                false => ValueScanStop::More,
            });
        };
        if at + length > reach {
            return Err(ValueScanStop::Far);
        }
        value.extend_from_slice(rest.get(..length).unwrap_or_default());
        at += length + 1;
        match text.get(at) {
            Some(b'"') => {
                value.push(b'"');
                at += 1;
            }
            None if !ended => return Err(ValueScanStop::More),
            None => return Ok((owned(Some(&value)), at)),
            Some(byte) if *byte == separator || matches!(byte, b'\n' | b'\r') => {
                return Ok((owned(Some(&value)), at));
            }
            Some(_) => return Err(ValueScanStop::Stray),
        }
    }
}

/// Converts bytes to text. The decoder writes UTF-8, so nothing is lost.
fn owned(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// Returns the separator from a first line `sep=;`, and the length of that line including its end.
fn named_separator(head: &[u8]) -> Option<(u8, usize)> {
    let end = head
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(head.len());
    let line = head.get(..end)?.trim_ascii_start();
    // Excel writes it in quotes if it is in a cell.
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (word, behind) = line.split_at_checked(4)?;
    if !word.eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    let (separator, behind) = behind.split_first()?;
    let is_alone = behind
        .iter()
        .all(|byte| matches!(byte, b'"' | b' ') || byte == separator);
    let is_separator =
        !separator.is_ascii_alphanumeric() && !matches!(separator, b'"' | b' ') && separator.is_ascii();
    let line_end = match head.get(end..) {
        Some([b'\r', b'\n', ..]) => 2,
        Some([_, ..]) => 1,
        Some([]) | None => 0,
    };
    (is_alone && is_separator).then_some((*separator, end + line_end))
}

/// Lines from which the separator is detected. There may be a headline and notes above the titles.
const SEPARATOR_LINES: usize = 20;

/// Returns the separator of the first lines: the one of comma, tab, semicolon and `|` that occurs equally
/// often in most lines; a comma if none occurs.
fn separator(head: &[u8]) -> u8 {
    let lines: Vec<&[u8]> = head.split(|&byte| byte == b'\n').take(SEPARATOR_LINES).collect();
    let mut best = (0, 0, b',');
    for candidate in [b',', b'\t', b';', b'|'] {
        let counts: Vec<usize> = lines
            .iter()
            .map(|line| line.iter().filter(|&&byte| byte == candidate).count())
            .filter(|count| *count > 0)
            .collect();
        let alike = |count: usize| counts.iter().filter(|one| **one == count).count();
        let most = counts.iter().map(|count| (alike(*count), *count)).max();
        if let Some((lines, count)) = most
            && (lines, count) > (best.0, best.1)
        {
            best = (lines, count, candidate);
        }
    }
    best.2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a few bytes at a time, as a pipe may.
    struct DrippingReader(Vec<u8>, usize);

    impl Read for DrippingReader {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            let given: Vec<u8> = self.0.drain(..count).collect();
            buffer[..count].copy_from_slice(&given);
            Ok(count)
        }
    }

    fn rows_by(text: &str, step: usize) -> Vec<Row> {
        let source = Box::new(DrippingReader(text.as_bytes().to_vec(), step));
        let mut read = CsvText::open(source).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = read.next_row(1).unwrap() {
            rows.push(row);
        }
        rows
    }

    fn rows(text: &str) -> Vec<Row> {
        let whole = rows_by(text, usize::MAX);
        for step in [1, 2, 3, 7] {
            assert_eq!(rows_by(text, step), whole, "{step}");
        }
        whole
    }

    fn cells(cells: &[&str]) -> Row {
        Row::Cells(cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn values_quotes_and_every_kind_of_line_end_are_read() {
        let read = rows("a,b\r\n1,\"x, \"\"y\"\"\"\r2,\"two\r\nlines\"\n,\n\n3,");
        let expected = [
            cells(&["a", "b"]),
            cells(&["1", "x, \"y\""]),
            cells(&["2", "two\r\nlines"]),
            cells(&["", ""]),
            cells(&[""]),
            cells(&["3", ""]),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn a_first_line_may_name_the_separator_and_is_no_row() {
        for text in [
            "sep=;\r\nid;a,b\n1;2,3\n",
            "SEP=;\nid;a,b\n1;2,3\n",
            "\"sep=;\"\nid;a,b\n1;2,3\n",
        ] {
            assert_eq!(
                rows(text),
                [cells(&["id", "a,b"]), cells(&["1", "2,3"])],
                "{text}"
            );
        }
        assert_eq!(rows("sep=\t\nid\tphone\n"), [cells(&["id", "phone"])]);
        assert_eq!(rows("sep=;"), []);
        // A title is not a separator line.
        assert_eq!(rows("sep=a,phone\n1,2\n")[0], cells(&["sep=a", "phone"]));
        assert_eq!(rows("separator,phone\n1,2\n")[0], cells(&["separator", "phone"]));
    }

    #[test]
    fn the_separator_is_detected_below_a_headline_and_beside_notes() {
        let headline = rows("Customers, March\nid;phone;note\n1;2;x, y\n3;4;\n");
        assert_eq!(headline[1], cells(&["id", "phone", "note"]));
        let tags = rows("id,phone,tags\n1,2,a;b;c\n3,4,d;e\n");
        assert_eq!(tags[1], cells(&["1", "2", "a;b;c"]));
        assert_eq!(rows("alone\n1\n")[0], cells(&["alone"]));
    }

    #[test]
    fn a_stray_quote_costs_its_own_line_at_any_place() {
        let good = |id: &str| cells(&[id, "13800138000"]);
        for line in [
            "2,\"13800138001",
            "\"2,13800138001",
            "2,\"138\"00138001",
            "2,\"\"\"",
            "2,\"",
        ] {
            let read = rows(&format!(
                "id,phone\n1,13800138000\n{line}\n3,13800138000\n4,\"a\"\n"
            ));
            let expected = [
                cells(&["id", "phone"]),
                good("1"),
                Row::StrayQuote,
                good("3"),
                cells(&["4", "a"]),
            ];
            assert_eq!(read, expected, "{line}");
        }
        // A quote inside a value is an ordinary character, such as for inches.
        assert_eq!(rows("a,b\n1,7\"\n")[1], cells(&["1", "7\""]));
    }

    #[test]
    fn many_stray_quotes_cost_as_many_lines() {
        let text = format!("id,phone\n{}", "1,\"13800138000\n2,13800138000\n".repeat(2_000));
        let read = rows_by(&text, usize::MAX);
        assert_eq!(read.len(), 4_001);
        let stray = read.iter().filter(|row| **row == Row::StrayQuote).count();
        assert_eq!(stray, 2_000);
    }

    /// A note of 20 KiB with lines in the form of customer rows. None of them is a row.
    #[test]
    fn a_long_value_in_quotes_stays_one_value_with_all_of_its_lines() {
        let note = "\n9,13800138009".repeat(1_500);
        let text = format!("id,phone,note\n1,13800138000,\"{note}\"\n2,13800138000,b\n");
        for step in [usize::MAX, 4_001] {
            let read = rows_by(&text, step);
            assert_eq!(read.len(), 3, "{step}");
            assert_eq!(read[1], cells(&["1", "13800138000", &note]));
            assert_eq!(read[2], cells(&["2", "13800138000", "b"]));
        }
    }

    #[test]
    fn a_row_of_several_long_values_is_refused_rather_than_taken_for_many() {
        let note = "\n9,13800138009".repeat(3_000);
        let text = format!("id,a,b\n1,\"{note}\",\"{note}\"\n2,x,y\n");
        let mut read = CsvText::open(Box::new(io::Cursor::new(text))).unwrap();
        assert!(matches!(read.next_row(1), Ok(Some(Row::Cells(_)))));
        assert!(matches!(
            read.next_row(2),
            Err(ImportError::RowTooLong { row: 2 })
        ));
    }

    #[test]
    fn a_stray_quote_far_from_any_other_costs_its_line_alone() {
        let many = "3,13800138000\n".repeat(20_000);
        let read = rows_by(&format!("id,phone\n1,\"13800138000\n{many}"), usize::MAX);
        assert_eq!((read.len(), &read[1]), (20_002, &Row::StrayQuote));
    }

    #[test]
    fn a_line_without_an_end_is_refused_in_bounded_memory() {
        let source = Box::new(io::Cursor::new("x".repeat(10 * ROW_MAX)));
        let mut read = CsvText::open(source).unwrap();
        assert!(matches!(
            read.next_row(7),
            Err(ImportError::RowTooLong { row: 7 })
        ));
        assert!(read.text.len() <= ROW_MAX + 2 * CHUNK_BYTES);
    }
}
