//! From a customer file or body to enrolments: one list per content, one reply per row.
//!
//! A file (CSV, XLSX) or a body (`POST tasks/data`) is read as rows. Each row is mapped to named members,
//! checked and normalised, and enrolled. A row that cannot be enrolled is reported with row, column and
//! reason; the others continue. Rows are streamed: memory use does not grow with the file, except for the
//! ids that are needed to find repeated customers and numbers.

mod bilingual_reason;
pub mod body;
pub mod bounded_file;
pub mod campaign_body;
pub mod cell;
mod conversation_schemas;
mod csv;
pub mod csv_text;
pub mod deal_file;
pub mod encoding;
mod evidence;
mod file_kind;
pub mod header;
mod hours_and_quotas;
mod likelihood;
pub mod list_country;
pub mod mapping;
pub mod mapping_file;
pub mod members;
pub mod model_tiers;
pub mod number_file;
pub mod profile_file;
pub mod row;
pub mod same_number;
mod schedule_members;
mod shared_file;
pub mod source;
pub mod spool;
pub mod table;
mod target_members;
#[cfg(any(test, feature = "testing"))]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what tests stand on")]
pub mod testing;
mod value_kind;
mod xlsx;
mod zip_limits;

pub use file_kind::is_workbook;

use domain::problem::{Problem, ProblemKind};
use encoding::{Candidates, EncodingMismatch};
use serde::{Deserialize, Serialize};

/// Most data rows of one list: Excel's own limit, and the 1,000,000 of CUS-1.
pub const ROWS_MAX: u64 = 1_048_575;

/// Most columns of one file. More is a mistake, not a customer list.
pub(crate) const COLUMNS_MAX: usize = 256;

/// Longest cell or member value in UTF-8 bytes. A record has at most 65,527 bytes, and sealing adds a third
/// and 28 bytes.
pub const CELL_BYTES_MAX: usize = 4_096;

/// Longest row as text, in bytes. It also limits the effect of a quote that is never closed.
pub(crate) const ROW_BYTES_MAX: u64 = 65_536;

/// Most bad rows that a report lists with their reasons. Further ones are only counted.
pub const BAD_ROWS_LISTED_MAX: usize = 1_000;

/// Longest part of a cell, title or reason that a message repeats, in characters; the rest is cut.
const SHOWN_CHARS_MAX: usize = 200;

/// Most titles that a message lists.
const TITLES_SHOWN_MAX: usize = 20;

/// Returns at most the first `SHOWN_CHARS_MAX` characters of a text from a file, with `…` if it was cut.
pub fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Returns at most the first `TITLES_SHOWN_MAX` titles of a header, cut and joined with commas.
fn cut_titles(header: &[String]) -> String {
    let shown = header.iter().take(TITLES_SHOWN_MAX).map(|title| cut(title));
    let mut shown = shown.collect::<Vec<_>>().join(", ");
    if header.len() > TITLES_SHOWN_MAX {
        shown.push_str(", …");
    }
    shown
}

/// Why one row cannot be enrolled: its number, its column and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BadRow {
    /// As in a spreadsheet: the header is row 1. In a body, the first record is row 1.
    pub row: u64,
    /// The column's own title, or the member's name.
    pub column: String,
    pub reason: String,
}

/// Why a whole file or request body cannot be read. Bad single rows are `BadRow` instead.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file has no header row")]
    NoHeader,
    #[error("row {row} is empty: name the row of the titles with --header-row")]
    NoHeaderAt { row: u64 },
    #[error(
        "no column is mapped to {member}; the columns are {columns}; map one with --map COLUMN={member}, or name the \
         row of the titles with --header-row"
    )]
    MissingColumn { member: &'static str, columns: String },
    #[error("the file has no column {column} ({chinese}); the columns are {columns}")]
    WithoutColumn {
        column: &'static str,
        chinese: &'static str,
        columns: String,
    },
    #[error("mapping {0:?} must be COLUMN=member")]
    InvalidMapping(String),
    #[error("{0} must be text in a mapping: ids and phones lose digits as numbers")]
    MappedAs(String),
    #[error("the mapping uses column {0:?}, which is not in the file")]
    UnknownColumn(String),
    #[error("two columns are mapped to {0}")]
    MappedTwice(String),
    #[error("two columns have the title {0:?}; rename one")]
    TitledTwice(String),
    #[error("{0:?} contains {1}, which does not match its name; {2}")]
    OtherKind(String, &'static str, &'static str),
    #[error("{0}")]
    WrongEncoding(EncodingMismatch),
    #[error("{0}")]
    EncodingUnsure(Candidates),
    #[error(
        "{error}; the file was read as {encoding}: if its titles look wrong, give its encoding with \
         --encoding"
    )]
    ReadAs { error: String, encoding: &'static str },
    #[error("encoding {0:?} is not one of {names}", names = encoding::CODES.join(", "))]
    UnknownEncoding(String),
    #[error(
        "sheet {sheet:?} has {count} rows that are hidden or filtered out, the first is row {first}; choose \
         --hidden-rows include or --hidden-rows exclude (over HTTP hidden_rows=…)"
    )]
    HiddenRows { sheet: String, count: u64, first: u64 },
    #[error("{}", no_sheet(wanted.as_deref(), sheets))]
    NoSheet { wanted: Option<String>, sheets: String },
    #[error(
        "more than {limit} cells have a formula without a stored value; open the file in Excel, save it and \
         import it again"
    )]
    FormulasWithoutValues { limit: usize },
    #[error("the query parameter {option} takes {wants}")]
    InvalidOption {
        option: &'static str,
        wants: &'static str,
    },
    #[error("{what} exceeds the limit of {limit}")]
    TooLarge { what: &'static str, limit: u64 },
    #[error("row {row} has more than {ROW_BYTES_MAX} bytes; a quote may not be closed")]
    RowTooLong { row: u64 },
    #[error("the disk cannot be used: {0}")]
    Disk(std::io::Error),
}

/// Returns the message if the workbook does not have the sheet, or all its sheets are hidden.
fn no_sheet(wanted: Option<&str>, sheets: &str) -> String {
    match wanted {
        Some(name) => {
            format!("the workbook has no sheet {name:?}; its sheets are {sheets} / 工作簿中没有该工作表")
        }
        None => format!(
            "the workbook has no visible sheet; name the one to read with --sheet (over HTTP sheet=…); its sheets are \
             {sheets} / 工作簿没有可见的工作表，请用 --sheet 指明"
        ),
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let (kind, code) = match &error {
            ImportError::Unreadable(_) => (ProblemKind::Invalid, "file-unreadable"),
            ImportError::NoHeader | ImportError::NoHeaderAt { .. } => {
                (ProblemKind::Invalid, "file-without-header")
            }
            ImportError::HiddenRows { .. } => (ProblemKind::Refused, "rows-hidden"),
            ImportError::NoSheet { .. } => (ProblemKind::Refused, "sheet-missing"),
            ImportError::FormulasWithoutValues { .. } => (ProblemKind::Refused, "formulas-without-values"),
            ImportError::InvalidOption { .. } => (ProblemKind::Invalid, "query-invalid"),
            ImportError::MissingColumn { .. } | ImportError::WithoutColumn { .. } => {
                (ProblemKind::Refused, "column-missing")
            }
            ImportError::TitledTwice(_) => (ProblemKind::Refused, "column-twice"),
            ImportError::InvalidMapping(_)
            | ImportError::MappedAs(_)
            | ImportError::UnknownColumn(_)
            | ImportError::MappedTwice(_) => (ProblemKind::Refused, "mapping-invalid"),
            ImportError::OtherKind(..) => (ProblemKind::Refused, "file-of-another-kind"),
            ImportError::WrongEncoding(_) => (ProblemKind::Refused, "encoding-wrong"),
            ImportError::EncodingUnsure(_) => (ProblemKind::Refused, "encoding-unsure"),
            ImportError::ReadAs { .. } => (ProblemKind::Refused, "column-missing"),
            ImportError::UnknownEncoding(_) => (ProblemKind::Refused, "encoding-unknown"),
            ImportError::TooLarge { .. } | ImportError::RowTooLong { .. } => {
                (ProblemKind::TooLarge, "too-large")
            }
            ImportError::Disk(_) => (ProblemKind::Unavailable, "disk-unavailable"),
        };
        Self::new(kind, code, error.to_string())
    }
}
