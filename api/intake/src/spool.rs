//! A file on its way in: written aside without a name, hashed and its encoding seen, then read as rows.
//!
//! The content's hash names the list, so it must be known before the first enrolment. The file has no
//! name on disk (`O_TMPFILE`): it holds personal data in clear and vanishes with the process.

use crate::ImportError;
use crate::csv::{CsvSource, StrayQuotes};
use crate::encoding::{Detection, EncodingChoice, Seen, name};
use crate::file_kind::{self, ARCHIVE_MARK, HEAD_BYTES};
use crate::mapping::Mapping;
use crate::source::{RowSink, RowSource};
use crate::xlsx::XlsxSource;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::path::Path;

/// Largest file: a million rows of 250 bytes.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A file being received.
pub struct Spool {
    file: File,
    hash: Sha256,
    detection: Detection,
    head: Vec<u8>,
    bytes: u64,
}

/// A file received whole.
pub struct Spooled {
    file: File,
    pub content_sha256: String,
    seen: Seen,
    head: Vec<u8>,
    is_archive: bool,
    stray: StrayQuotes,
}

impl Spool {
    /// `directory` is the data directory: the one place that is known to have room and to be private.
    pub fn new(directory: &Path) -> Result<Self, ImportError> {
        Ok(Self {
            file: tempfile::tempfile_in(directory).map_err(ImportError::Disk)?,
            hash: Sha256::new(),
            detection: Detection::default(),
            head: Vec::new(),
            bytes: 0,
        })
    }

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

    pub fn finish(self, choice: EncodingChoice) -> Spooled {
        Spooled {
            file: self.file,
            content_sha256: hex(&self.hash.finalize()),
            seen: self.detection.finish(choice),
            is_archive: self.head.starts_with(ARCHIVE_MARK),
            head: self.head,
            stray: StrayQuotes::default(),
        }
    }
}

impl Spooled {
    /// The same of rows that a query gave: a program wrote them, and every quote in them is closed.
    pub const fn of_query(mut self) -> Self {
        self.stray = StrayQuotes::EndTheImport;
        self
    }

    /// Refuses a file that is not what its name says, or is written otherwise than was said.
    pub fn check(&self, file_name: &str) -> Result<(), ImportError> {
        file_kind::check(file_name, &self.head)?;
        match self.is_archive {
            true => Ok(()),
            false => self.seen.check(),
        }
    }

    /// What the reader took the file for, as shown in the report.
    pub fn format(&self) -> String {
        if self.is_archive {
            "XLSX".to_owned()
        } else {
            format!("CSV, {}", name(self.seen.encoding))
        }
    }

    /// The rows. Nothing is opened before they are read: whoever reads them does so off the runtime.
    pub fn into_rows(self, mapping: Mapping) -> Box<dyn RowSource> {
        Box::new(Unopened(Some((self, mapping))))
    }

    /// The same rows for whoever looks at them first: read to their end, or let go, before `into_rows`.
    pub fn rows(&self, mapping: Mapping) -> Result<Box<dyn RowSource>, ImportError> {
        let again = Self {
            file: self.file.try_clone().map_err(ImportError::Disk)?,
            content_sha256: self.content_sha256.clone(),
            seen: self.seen,
            head: self.head.clone(),
            is_archive: self.is_archive,
            stray: self.stray,
        };
        Ok(again.into_rows(mapping))
    }

    /// The bytes as they came, for whoever reads them by lines. Blocking.
    pub fn into_reader(mut self) -> Result<BufReader<File>, ImportError> {
        self.file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        Ok(BufReader::new(self.file))
    }

    /// The titles of its columns. Blocking; before `into_rows`.
    pub(crate) fn titles(&self) -> Result<Vec<String>, ImportError> {
        let mut file = self.file.try_clone().map_err(ImportError::Disk)?;
        file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        match self.is_archive {
            true => XlsxSource::open(file, Mapping::default())?.titles(),
            false => CsvSource::titles(BufReader::new(file), self.seen.encoding),
        }
    }

    fn open(mut self, mapping: Mapping) -> Result<Box<dyn RowSource>, ImportError> {
        self.file.seek(SeekFrom::Start(0)).map_err(ImportError::Disk)?;
        if self.is_archive {
            return Ok(Box::new(XlsxSource::open(self.file, mapping)?));
        }
        let encoding = self.seen.encoding;
        let file = BufReader::new(self.file);
        let opened = CsvSource::open(file, encoding, &mapping).map_err(|error| match error {
            missing @ ImportError::MissingColumn { .. } => ImportError::ReadAs {
                error: missing.to_string(),
                encoding: name(encoding),
            },
            other => other,
        });
        Ok(Box::new(opened?.whose_stray_quotes(self.stray)))
    }
}

/// A file whose header or parts nobody has looked at yet.
struct Unopened(Option<(Spooled, Mapping)>);

impl RowSource for Unopened {
    fn read_rows(&mut self, sink: &mut RowSink<'_>) -> Result<(), ImportError> {
        match self.0.take() {
            Some((spooled, mapping)) => spooled.open(mapping)?.read_rows(sink),
            // Rows are read once.
            None => Ok(()),
        }
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
