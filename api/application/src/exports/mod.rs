//! Exports: rows of the documented views as a file. An export is logged before the first row is sent.
//!
//! An async task reads pages of rows and a separate thread writes them in the requested format, so that
//! neither a slow disk nor a slow client delays the views or other readers. At most two pages wait between
//! them.

mod offset;
#[cfg(feature = "parquet")]
mod parquet;
pub mod service;
mod sheet;

use crate::inquiries::elapsed_ms;
use crate::installation::{Installation, follow};
use chrono::{FixedOffset, Offset};
use domain::ids::InquiryId;
use domain::inquiry::{ExportFacts, InquiryCommand};
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Cause, Position};
use domain::time::Timestamp;
use projections::Val;
use projections::sql_views::{ExportFilter, ExportableView, SqlColumn};
pub use service::hand_on;
pub use sheet::harmless;
use sheet::{CsvSheet, ExportOutput, JsonLines, Sheet, XlsxSheet};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Pages of rows that may wait for the thread that writes them.
const PAGES_WAITING_MAX: usize = 2;

/// A file format of exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For Excel and programs: UTF-8 with a byte order mark, no formulas
    Csv,
    /// An Excel workbook
    Xlsx,
    /// Apache Parquet, Snappy
    Parquet,
    /// One JSON object per line
    Jsonl,
}

impl Format {
    /// The formats by their name in parameters and commands, each with its purpose.
    pub const WORDS: &[(&str, &str)] = &[
        (
            "csv",
            "For Excel and programs: UTF-8 with a byte order mark, no formulas",
        ),
        ("xlsx", "An Excel workbook"),
        ("parquet", "Apache Parquet, Snappy"),
        ("jsonl", "One JSON object per line"),
    ];

    /// Returns the format's name in parameters and commands.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }
    /// The media types of all formats.
    pub const MEDIA_TYPES: [&'static str; 4] = [
        Self::Csv.media_type(),
        Self::Xlsx.media_type(),
        Self::Parquet.media_type(),
        Self::Jsonl.media_type(),
    ];
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Jsonl => "application/jsonl",
        }
    }
    /// Returns the format with this name; `None` if there is none.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Csv, Self::Xlsx, Self::Parquet, Self::Jsonl];
        all.into_iter().find(|format| format.word() == word)
    }
}

/// A request for an export.
#[derive(Debug, Clone)]
pub struct ExportRequest {
    pub what: &'static ExportableView,
    pub format: Format,
    pub filter: ExportFilter,
    pub by: Option<String>,
}

/// Why a file was not written to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error("the file cannot be written: {0}")]
    Write(String),
    #[cfg_attr(
        feature = "parquet",
        expect(dead_code, reason = "this build has every format")
    )]
    #[error("this build does not support Parquet: build it with `cargo build --features parquet`")]
    NotBuilt,
}

impl From<io::Error> for ExportError {
    fn from(error: io::Error) -> Self {
        Self::Write(error.to_string())
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Write(_) => {
                Self::new(ProblemKind::Unavailable, "export-unwritable", error.to_string())
            }
            ExportError::NotBuilt => Self::refused("format-not-built", error.to_string()),
        }
    }
}

/// The size of a written file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportSize {
    pub rows: u64,
    pub bytes: u64,
}

/// Returns the requested columns of a view, a comma-separated list; all if none is requested. Fails on an
/// unknown column and lists the existing ones.
pub fn columns(what: &ExportableView, asked: Option<&str>) -> Result<Vec<&'static SqlColumn>, Problem> {
    let all = what.columns();
    let Some(asked) = asked else {
        return Ok(all.iter().collect());
    };
    let named = asked.split(',').map(str::trim).filter(|name| !name.is_empty());
    let found = named.map(|name| {
        all.iter().find(|column| column.name == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|column| column.name).collect();
            let there = names.join(", ");
            Problem::refused(
                "column-unknown",
                format!("there is no column {name}; there are {there}"),
            )
        })
    });
    let found: Vec<_> = found.collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Err(Problem::refused("column-unknown", "give at least one column"));
    }
    Ok(found)
}

/// An export that is logged and not written yet.
pub struct PendingExport {
    id: InquiryId,
    cause: Cause,
    at: Timestamp,
    order: ExportRequest,
}

/// Logs an export before any row is read. Fails if this build does not support the format.
pub async fn begin(installation: &Installation, order: ExportRequest) -> Result<PendingExport, Problem> {
    if order.format == Format::Parquet && cfg!(not(feature = "parquet")) {
        let why = "this build does not support Parquet: build it with `cargo build --features parquet`";
        return Err(Problem::refused("format-not-built", why));
    }
    let cause = Cause::outside(installation.new_command());
    let id = InquiryId::derive(cause.command);
    let filter = &order.filter;
    let facts = ExportFacts {
        what: order.what.name.to_owned(),
        format: order.format.word().to_owned(),
        columns: filter
            .columns
            .iter()
            .map(|column| column.name.to_owned())
            .collect(),
        campaign: filter.campaign.clone(),
        from: filter.from,
        until: filter.until,
        ..ExportFacts::default()
    };
    let by = order.by.clone();
    let command = InquiryCommand::Export { facts, by };
    installation.entities.inquiries.ask(&id, command, cause).await?;
    let at = installation.now();
    Ok(PendingExport { id, cause, at, order })
}

/// Writes the rows of a logged export to `out` and logs the result. Reports the number of rows read
/// so far to the callback.
pub async fn write(
    installation: &Installation,
    begun: PendingExport,
    out: ExportOutput,
    on_progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<ExportSize, Problem> {
    let written = pass_on(installation, &begun.order, out, on_progress).await;
    let command = match &written {
        Ok(exported) => InquiryCommand::Answer {
            rows: exported.rows,
            bytes: exported.bytes,
            elapsed_ms: elapsed_ms(installation, begun.at),
            truncated: false,
        },
        Err(problem) => InquiryCommand::Refuse {
            code: problem.code.to_owned(),
            detail: problem.detail.clone(),
        },
    };
    let end_cause = follow(begun.cause, "end");
    installation
        .entities
        .inquiries
        .ask(&begun.id, command, end_cause)
        .await?;
    written
}

type Page = Vec<Vec<Val>>;

async fn pass_on(
    installation: &Installation,
    order: &ExportRequest,
    out: ExportOutput,
    on_progress: &(dyn Fn(u64) + Send + Sync),
) -> Result<ExportSize, Problem> {
    let (send, pages) = mpsc::channel::<Page>(PAGES_WAITING_MAX);
    let (done, written) = oneshot::channel();
    let offset = match order.format {
        Format::Xlsx => offset::offset_of(installation, order.filter.campaign.as_ref()).await?,
        // Programs read RFC 3339, or microseconds, in UTC.
        Format::Csv | Format::Parquet | Format::Jsonl => chrono::Utc.fix(),
    };
    let (format, columns) = (order.format, order.filter.columns.clone());
    let writing = move || drop(done.send(write_pages(format, offset, &columns, out, pages)));
    installation.tasks().thread("export", Box::new(writing));
    let db = installation
        .exports
        .rows()
        .cloned()
        .unwrap_or_else(|| installation.rows.db());
    let (mut after, mut rows) = (Position(0), 0);
    let mut failed = None;
    loop {
        let page = match order.what.page(db.as_ref(), &order.filter, after).await {
            Ok((page, _)) if page.is_empty() => break,
            Ok((page, last)) => {
                after = last;
                page
            }
            Err(error) => {
                failed = Some(Problem::from(error));
                break;
            }
        };
        rows += u64::try_from(page.len()).unwrap_or(0);
        // The writer has given up. Its reason is returned below.
        if send.send(page).await.is_err() {
            break;
        }
        on_progress(rows);
    }
    if failed.is_some() {
        // An empty page tells the writer that the file is incomplete. It is sent only here.
        drop(send.send(Page::new()).await);
    }
    drop(send);
    let written = written
        .await
        .map_err(|_ended| Problem::fault("the export's thread ended"))?;
    match failed {
        Some(problem) => Err(problem),
        None => Ok(ExportSize {
            rows,
            bytes: written?,
        }),
    }
}

fn write_pages(
    format: Format,
    offset: FixedOffset,
    columns: &[&'static SqlColumn],
    out: ExportOutput,
    mut pages: mpsc::Receiver<Page>,
) -> Result<u64, ExportError> {
    let bytes = Arc::new(AtomicU64::new(0));
    let out = Box::new(CountingWriter {
        out,
        bytes: Arc::clone(&bytes),
    });
    let mut sheet = begin_sheet(format, offset, columns, out)?;
    while let Some(page) = pages.blocking_recv() {
        if page.is_empty() {
            return Err(ExportError::Write("the rows ended early".to_owned()));
        }
        for row in &page {
            sheet.row(row)?;
        }
    }
    sheet.finish()?;
    Ok(bytes.load(Ordering::Relaxed))
}

fn begin_sheet(
    format: Format,
    offset: FixedOffset,
    columns: &[&'static SqlColumn],
    out: ExportOutput,
) -> Result<Box<dyn Sheet>, ExportError> {
    Ok(match format {
        Format::Csv => Box::new(CsvSheet::begin(out, columns)?),
        Format::Jsonl => Box::new(JsonLines::begin(out, columns)),
        Format::Xlsx => Box::new(XlsxSheet::begin(out, columns, offset)?),
        #[cfg(feature = "parquet")]
        Format::Parquet => Box::new(parquet::ParquetSheet::begin(out, columns)?),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => return Err(ExportError::NotBuilt),
    })
}

/// A writer that counts the bytes written.
struct CountingWriter {
    out: ExportOutput,
    bytes: Arc<AtomicU64>,
}

impl Write for CountingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.bytes
            .fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
