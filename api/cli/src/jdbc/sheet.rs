//! The rows of a query as an unnamed CSV file: it holds personal data in clear and vanishes with the process.

use crate::jdbc::JdbcError;
use intake::ROWS_MAX;
use intake::spool::FILE_BYTES_MAX;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// A file that counts the bytes written and refuses more than an import accepts.
struct LimitedFile {
    file: File,
    bytes: u64,
}

impl Write for LimitedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        if self.bytes > FILE_BYTES_MAX {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A CSV file in the making, with its number of rows.
pub(crate) struct Sheet {
    writer: BufWriter<LimitedFile>,
    rows: u64,
}

impl Sheet {
    pub(crate) fn new() -> Result<Self, JdbcError> {
        let file = tempfile::tempfile()?;
        Ok(Self {
            writer: BufWriter::new(LimitedFile { file, bytes: 0 }),
            rows: 0,
        })
    }

    /// Writes a row, the header first. Every value is in quotes, so that it cannot be misread.
    pub(crate) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a [u8]>) -> Result<(), JdbcError> {
        self.rows += 1;
        if self.rows > ROWS_MAX + 1 {
            return Err(JdbcError::TooMuch("the number of rows"));
        }
        let mut line = Vec::new();
        for cell in cells {
            if !line.is_empty() {
                line.push(b',');
            }
            line.push(b'"');
            for byte in cell {
                line.extend(std::iter::repeat_n(*byte, 1 + usize::from(*byte == b'"')));
            }
            line.push(b'"');
        }
        line.push(b'\n');
        self.piece(&line)
    }

    /// Appends a piece of CSV that the database produced. Fails if the file gets larger than an import
    /// accepts.
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> Result<(), JdbcError> {
        self.writer.write_all(bytes).map_err(too_large)
    }

    /// Returns the file, at its first byte.
    pub(crate) fn finish(self) -> Result<File, JdbcError> {
        let counted = self.writer.into_inner();
        let mut file = counted.map_err(|error| too_large(error.into_error()))?.file;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

fn too_large(error: io::Error) -> JdbcError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => JdbcError::TooMuch("the size of the rows in bytes"),
        _ => JdbcError::Disk(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn values_stand_in_quotes_whatever_they_hold() {
        let mut sheet = Sheet::new().unwrap();
        sheet.row([b"id".as_slice(), b"note"]).unwrap();
        sheet.row([b"1".as_slice(), b"a \"b\",\nc"]).unwrap();
        let mut text = String::new();
        sheet.finish().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "\"id\",\"note\"\n\"1\",\"a \"\"b\"\",\nc\"\n");
    }
}
