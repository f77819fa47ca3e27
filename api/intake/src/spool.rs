//! Receives a file: it is stored temporarily without a name, its hash and encoding are determined, and then
//! it is read as rows.
//!
//! The content's hash names the list, so it must be known before the first enrolment. The file has no name
//! on disk (`O_TMPFILE`), because it contains personal data in clear. It disappears with the process.

use crate::ImportError;
use crate::csv::StrayQuotes;
use crate::encoding::{DetectedEncoding, Detection, name};
use crate::file_kind::{self, ARCHIVE_MARK, HEAD_BYTES};
use crate::mapping::Mapping;
use crate::source::{ListRows, RowSink, RowSource};
use crate::table::{Table, TableOptions, TableReport};
use domain::hex;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::Path;

/// Largest file in bytes: a million rows of 250 bytes.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A file that is being received. It has no name on disk and disappears when it is dropped.
pub struct Spool {
    file: File,
    hash: Sha256,
    detection: Detection,
    head: Vec<u8>,
    bytes: u64,
}

/// A file that was received completely. It has no name on disk and disappears when it is dropped.
pub struct SpooledFile {
    file: File,
    pub content_sha256: String,
    seen: DetectedEncoding,
    head: Vec<u8>,
    is_archive: bool,
    stray: StrayQuotes,
    options: TableOptions,
}

impl Spool {
    /// Creates an empty spool on the disk of `directory`, which is the data directory: it has enough space
    /// and is private.
    pub fn new(directory: &Path) -> Result<Self, ImportError> {
        Ok(Self {
            file: tempfile::tempfile_in(directory).map_err(ImportError::Disk)?,
            hash: Sha256::new(),
            detection: Detection::default(),
            head: Vec::new(),
            bytes: 0,
        })
    }

    /// Appends a chunk. Fails with `TooLarge` when the file has more than `FILE_BYTES_MAX` bytes.
    pub fn write(&mut self, chunk: &[u8]) -> Result<(), ImportError> {
        self.bytes += chunk.len() as u64;
        if self.bytes > FILE_BYTES_MAX {
            return Err(ImportError::TooLarge {
                what: "the size of the file in bytes",
                limit: FILE_BYTES_MAX,
            });
        }
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(chunk.iter().take(missing));
        self.hash.update(chunk);
        self.detection.feed(chunk);
        self.file.write_all(chunk).map_err(ImportError::Disk)
    }

    /// Returns the complete file with its hash and encoding. `options` say how its rows are to be read.
    /// Does not check the file; `check` does.
    pub fn finish(self, options: impl Into<TableOptions>) -> SpooledFile {
        let options = options.into();
        SpooledFile {
            file: self.file,
            content_sha256: hex::encode(&self.hash.finalize()),
            seen: self.detection.finish(options.encoding),
            is_archive: self.head.starts_with(ARCHIVE_MARK),
            head: self.head,
            stray: StrayQuotes::default(),
            options,
        }
    }
}

impl SpooledFile {
    /// Marks the rows as the result of a query: they were written by a program, so every quote is closed.
    pub const fn of_query(mut self) -> Self {
        self.stray = StrayQuotes::EndTheImport;
        self.options.header_row = Some(1);
        self
    }

    /// Returns the name of the list: the content's SHA-256, or, if the request's options select other rows,
    /// a hash of both. A query's result is always named by its content.
    pub fn list_name(&self) -> String {
        let reading = self.options.reading();
        match reading.is_empty() || self.stray == StrayQuotes::EndTheImport {
            true => self.content_sha256.clone(),
            false => hex::encode(&Sha256::digest(format!("{}\n{reading}", self.content_sha256))),
        }
    }

    /// Fails if the file is not a workbook or text, if its kind differs from the extension of `file_name`,
    /// or if its text is not certainly in the named or detected encoding.
    pub fn check(&self, file_name: &str) -> Result<(), ImportError> {
        let mut file = self.file.try_clone().map_err(ImportError::Disk)?;
        file_kind::check(file_name, &self.head, &mut file)?;
        match self.is_archive {
            true => Ok(()),
            false => self.seen.check(),
        }
    }

    /// Returns the detected format as the report shows it: `XLSX`, or `CSV` with the encoding.
    pub fn format(&self) -> String {
        if self.is_archive {
            "XLSX".to_owned()
        } else {
            format!("CSV, {}", name(self.seen.encoding))
        }
    }

    /// Returns the rows of the file under this mapping. The file is opened at the first read, which blocks
    /// and must happen outside the async runtime.
    pub fn into_rows(self, mapping: Mapping) -> Box<dyn RowSource> {
        Box::new(PendingFile::Waiting(Box::new((self, mapping))))
    }

    /// Returns the same rows for a first pass. It shares the file's position, so it must be read completely
    /// or dropped before `into_rows` is read.
    pub fn rows(&self, mapping: Mapping) -> Result<Box<dyn RowSource>, ImportError> {
        let again = Self {
            file: self.file.try_clone().map_err(ImportError::Disk)?,
            content_sha256: self.content_sha256.clone(),
            seen: self.seen,
            head: self.head.clone(),
            is_archive: self.is_archive,
            stray: self.stray,
            options: self.options.clone(),
        };
        Ok(again.into_rows(mapping))
    }

    /// Returns a reader of the bytes as received, from the first. Blocking.
    pub fn into_reader(mut self) -> Result<BufReader<File>, ImportError> {
        self.file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        Ok(BufReader::new(self.file))
    }

    /// Returns the number and the titles of the row of titles: the first row that `fits`, or else the first
    /// row. Blocking. Call it before `into_rows`.
    pub(crate) fn titles(&self, fits: &dyn Fn(&[String]) -> bool) -> Result<(u64, Vec<String>), ImportError> {
        let file = self.file.try_clone().map_err(ImportError::Disk)?;
        self.table_of(file)?.titles(fits)
    }

    fn table_of(&self, file: File) -> Result<Table, ImportError> {
        match self.is_archive {
            true => Table::of_workbook(file, self.options.clone()),
            false => Table::of_text(file, self.seen, self.stray, self.options.clone()),
        }
    }

    /// Returns the file as a table. Blocking.
    pub(crate) fn into_table(self) -> Result<Table, ImportError> {
        let file = self.file.try_clone().map_err(ImportError::Disk)?;
        self.table_of(file)
    }
}

/// A file that is opened only when its rows are read.
enum PendingFile {
    Waiting(Box<(SpooledFile, Mapping)>),
    /// The rows were read. This is possible only once.
    Read(TableReport),
}

impl RowSource for PendingFile {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        match std::mem::replace(self, Self::Read(TableReport::default())) {
            Self::Waiting(waiting) => {
                let (spooled, mapping) = *waiting;
                let mut rows = ListRows::new(spooled.into_table()?, mapping);
                let read = rows.read_rows(sink);
                *self = Self::Read(rows.report());
                read
            }
            Self::Read(report) => {
                *self = Self::Read(report);
                Ok(())
            }
        }
    }

    fn report(&self) -> TableReport {
        match self {
            Self::Waiting(_) => TableReport::default(),
            Self::Read(report) => report.clone(),
        }
    }
}
