//! Questions in SQL from outside: one read-only query over the documented views, bounded in time, rows and
//! bytes, and told clearly why not.
//!
//! Two doors stand one behind the other. `guard` reads the SQL and lets only what both databases answer alike
//! pass: one query, documented views, named functions. What passes is written anew from what was read, so
//! that the database never sees a text that the guard read otherwise. Behind it the database's own means
//! hold: on SQLite an authorizer and limits, on PostgreSQL a read-only transaction, a time limit and a search
//! path that reaches the documented views only. Questions have threads and connections of their own: a long
//! one never keeps a view or a reader waiting.

mod expression;
pub(crate) mod growth;
mod guard;
mod names;
pub(crate) mod queue;
mod scope;
pub(crate) mod space;
mod spill;
mod sqlite;
#[cfg(test)]
mod tests;

use domain::problem::{Kind, Problem};
pub use expression::FUNCTIONS;
use expression::separator_of;
pub use guard::guarded;
pub(crate) use guard::read;
pub use sqlite::SqliteQuestions;

use crate::value::Val;
use async_trait::async_trait;

/// Longest SQL text; as much as an inquiry's record keeps.
pub const SQL_BYTES_MAX: usize = domain::inquiry::SQL_BYTES_MAX;
/// Most rows of one answer: more is an export.
pub const ROWS_MAX: usize = 10_000;
/// Rows of an answer where nobody said how many.
pub const ROWS_DEFAULT: usize = 1_000;
/// Longest value, and longest row, of an answer: the longest text of a documented view has a few hundred
/// bytes. A chain of `||` doubles a text each time.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;
/// Columns of an answer: five times the widest documented view.
pub const COLUMNS_MAX: usize = 200;
/// Most bytes of temporary files that questions take at once: a sort of a million wide rows.
pub const TEMPORARY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most bytes of values in one answer.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest time a query may run.
pub const TIMEOUT_MAX_MS: u64 = 30_000;
/// How long a query may run where nobody said.
pub const TIMEOUT_DEFAULT_MS: u64 = 5_000;
/// Queries that run at once: on two cores one stays for everything else most of the time.
pub const QUERIES_AT_ONCE: usize = 2;
/// Queries that wait for a place; the next one is told to come again.
pub const QUERIES_WAITING_MAX: usize = 8;

/// How much one question may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskLimits {
    pub rows_max: usize,
    pub timeout_ms: u64,
}

impl Default for AskLimits {
    fn default() -> Self {
        Self {
            rows_max: ROWS_DEFAULT,
            timeout_ms: TIMEOUT_DEFAULT_MS,
        }
    }
}

impl AskLimits {
    /// What was asked for, no more than is given to anybody.
    pub fn bounded(self) -> Self {
        Self {
            rows_max: self.rows_max.clamp(1, ROWS_MAX),
            timeout_ms: self.timeout_ms.clamp(1, TIMEOUT_MAX_MS),
        }
    }
}

/// Why an answer ends before the query's last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncated {
    /// There are more rows than were asked for.
    Rows,
    /// The next row would exceed `ANSWER_BYTES_MAX`.
    Bytes,
}

impl Truncated {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Bytes => "bytes",
        }
    }
}

/// An answer: as many values per row as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Val>>,
    pub truncated: Option<Truncated>,
    /// Bytes of the values.
    pub bytes: usize,
}

/// Where in the SQL text something stands: both from 1; 0 where it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => Ok(()),
            line => write!(f, " (line {line}, column {})", self.column),
        }
    }
}

/// Why a question is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It is no SQL that is read here.
    #[error("the SQL cannot be read: {why}{place}")]
    Syntax { why: String, place: Place },
    /// It would write, or reach for what is not given.
    #[error("{what} is not allowed{place}: {hint}")]
    Forbidden {
        what: String,
        hint: String,
        place: Place,
    },
    /// It names a column or makes a comparison that is not there.
    #[error("the query cannot be answered: {0}")]
    Wrong(String),
    #[error("the query is too large: {0}")]
    TooLarge(String),
    #[error(
        "the query was stopped after {ms} ms: narrow it by campaign or time, or raise timeout_ms (≤ {TIMEOUT_MAX_MS})"
    )]
    TooSlow { ms: u64 },
    /// Its rows were about to be replaced by others, or the database restarts.
    #[error("the database ended the query: its rows are being replaced, or it restarts; ask again")]
    Interrupted,
    #[error("{QUERIES_AT_ONCE} queries run and {QUERIES_WAITING_MAX} wait: come again")]
    Busy,
    #[error("the views are unavailable: {0}")]
    Unavailable(String),
    #[error("fault in the views: {0}")]
    Fault(String),
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let kind = match &error {
            AskError::Syntax { .. } => Kind::Invalid,
            AskError::Forbidden { .. } | AskError::Wrong(_) | AskError::TooSlow { .. } => Kind::Refused,
            AskError::TooLarge(_) => Kind::TooLarge,
            AskError::Busy => Kind::Busy,
            AskError::Unavailable(_) | AskError::Interrupted => Kind::Unavailable,
            AskError::Fault(why) => return Self::fault(why),
        };
        Self::new(kind, error.code(), error.to_string())
    }
}

impl AskError {
    /// Stable name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "query-syntax",
            Self::Forbidden { .. } => "query-forbidden",
            Self::Wrong(_) => "query-wrong",
            Self::TooLarge(_) => "query-too-large",
            Self::TooSlow { .. } => "query-too-slow",
            Self::Interrupted => "query-interrupted",
            Self::Busy => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Fault(_) => "fault",
        }
    }
}

/// The rows as questions from outside reach them.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Answers one query, within its limits. Dropping the future stops the query.
    async fn ask(&self, sql: &str, limits: AskLimits) -> Result<Asked, AskError>;
}

/// Takes rows until a limit is reached; answers whether another may come.
pub(crate) struct Gathered {
    limits: AskLimits,
    pub(crate) asked: Asked,
}

impl Gathered {
    pub(crate) const fn new(columns: Vec<String>, limits: AskLimits) -> Self {
        Self {
            limits,
            asked: Asked {
                columns,
                rows: Vec::new(),
                truncated: None,
                bytes: 0,
            },
        }
    }

    /// False once nothing more is taken.
    pub(crate) fn take(&mut self, row: Vec<Val>) -> bool {
        let asked = &mut self.asked;
        let bytes: usize = row.iter().map(bytes_of).sum();
        asked.truncated = if asked.rows.len() >= self.limits.rows_max {
            Some(Truncated::Rows)
        } else if asked.bytes + bytes > ANSWER_BYTES_MAX {
            Some(Truncated::Bytes)
        } else {
            None
        };
        if asked.truncated.is_none() {
            asked.bytes += bytes;
            asked.rows.push(row);
        }
        asked.truncated.is_none()
    }
}

/// Why a row is not answered, and which of its columns is the longest.
pub(crate) fn row_too_long(column: &str, bytes: usize) -> AskError {
    AskError::TooLarge(format!(
        "column {column} has {bytes} bytes in a row; a row may have {ROW_BYTES_MAX}: shorten it with substr"
    ))
}

/// Why a query is ended that sorts or keeps too much.
pub(crate) fn too_much_space() -> AskError {
    AskError::TooLarge(format!(
        "it takes more than {TEMPORARY_BYTES_MAX} bytes of temporary space: narrow it by campaign or time, or order fewer rows"
    ))
}

/// Why a query for more columns is not run.
pub(crate) fn too_many_columns(count: usize) -> AskError {
    AskError::TooLarge(format!("{count} columns, more than {COLUMNS_MAX}"))
}

/// A number counts as its eight bytes.
fn bytes_of(value: &Val) -> usize {
    match value {
        Val::Null | Val::Bool(_) => 1,
        Val::Int(_) | Val::Real(_) => 8,
        Val::Text(text) => text.len(),
        Val::Blob(bytes) => bytes.len(),
    }
}
