//! SQL queries from outside: one read-only query over the documented views, limited in time, rows and bytes.
//! A refusal states its reason.
//!
//! There are two lines of defense. `guard` parses the SQL and accepts only what both databases answer alike:
//! one query, documented views, known functions. An accepted query is written again from its parsed form, so
//! the database never gets a text that it could read differently from the guard. Then the database's own
//! means apply: on SQLite an authorizer and limits; on PostgreSQL a read-only transaction, a time limit and a
//! search path with the documented views only. Queries have their own threads and connections, so a long one
//! never delays a view or another reader.

mod expression;
mod guard;
mod names;
pub(crate) mod queue;
mod scope;
pub(crate) mod space;
mod spill;
mod sqlite;
#[cfg(test)]
mod tests;
pub(crate) mod text_limits;

use domain::problem::{Problem, ProblemKind};
pub use expression::FUNCTIONS;
use expression::separator_of;
pub use guard::check_sql;
pub(crate) use guard::read;
pub use sqlite::SqliteQuestions;

use crate::value::Val;
use async_trait::async_trait;

/// Longest SQL text, in bytes; the record of an inquiry stores as much.
pub const SQL_BYTES_MAX: usize = domain::inquiry::SQL_BYTES_MAX;
/// Most rows of one result; larger ones are exports.
pub const ROWS_MAX: usize = 10_000;
/// Rows of a result if the request states no limit.
pub const ROWS_DEFAULT: usize = 1_000;
/// Longest value and longest row of a result, in bytes. The longest text of a documented view has a few
/// hundred bytes, but a chain of `||` doubles a text each time.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;
/// Most columns of a result: five times the widest documented view.
pub const COLUMNS_MAX: usize = 200;
/// Most bytes of temporary files that running queries use together: a sort of a million wide rows.
pub const TEMPORARY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most bytes of values in one result.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Longest time a query may run, in milliseconds.
pub const TIMEOUT_MAX_MS: u64 = 30_000;
/// Time a query may run if the request states no limit.
pub const TIMEOUT_DEFAULT_MS: u64 = 5_000;
/// Queries that run at the same time: on two cores, one core usually stays free for everything else.
pub const QUERIES_AT_ONCE: usize = 2;
/// Queries that wait to run; the next one is refused with `Busy`.
pub const QUERIES_WAITING_MAX: usize = 8;

/// The limits of one query: rows and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    pub rows_max: usize,
    pub timeout_ms: u64,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            rows_max: ROWS_DEFAULT,
            timeout_ms: TIMEOUT_DEFAULT_MS,
        }
    }
}

impl QueryLimits {
    /// Returns these limits, reduced to the highest that any request gets.
    pub fn bounded(self) -> Self {
        Self {
            rows_max: self.rows_max.clamp(1, ROWS_MAX),
            timeout_ms: self.timeout_ms.clamp(1, TIMEOUT_MAX_MS),
        }
    }
}

/// The reason why a result ends before the query's last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruncationReason {
    /// There are more rows than the request allows.
    Rows,
    /// The next row would exceed `ANSWER_BYTES_MAX`.
    Bytes,
}

impl TruncationReason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Bytes => "bytes",
        }
    }
}

/// The result of a query. Each row has as many values as there are columns.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Val>>,
    pub truncated: Option<TruncationReason>,
    /// Total bytes of the values.
    pub bytes: usize,
}

/// A place in the SQL text; line and column count from 1, and are 0 if unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SqlLocation {
    pub line: u64,
    pub column: u64,
}

impl std::fmt::Display for SqlLocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => Ok(()),
            line => write!(f, " (line {line}, column {})", self.column),
        }
    }
}

/// The reason why a query failed or was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The SQL cannot be parsed.
    #[error("the SQL cannot be read: {why}{place}")]
    Syntax { why: String, place: SqlLocation },
    /// The query would write, or uses something that is not documented.
    #[error("{what} is not allowed{place}: {hint}")]
    Forbidden {
        what: String,
        hint: String,
        place: SqlLocation,
    },
    /// The query uses a column that does not exist or a comparison that the database rejects.
    #[error("the query cannot be answered: {0}")]
    Wrong(String),
    #[error("the query is too large: {0}")]
    TooLarge(String),
    #[error(
        "the query was stopped after {ms} ms: narrow it by campaign or time, or raise timeout_ms (≤ {TIMEOUT_MAX_MS})"
    )]
    TooSlow { ms: u64 },
    /// The database ended the query, because its rows were about to be replaced or it restarts.
    #[error("the database ended the query: its rows are being replaced, or it restarts; ask again")]
    Interrupted,
    #[error("{QUERIES_AT_ONCE} queries run and {QUERIES_WAITING_MAX} wait: try again later")]
    Busy,
    #[error("the views are unavailable: {0}")]
    Unavailable(String),
    #[error("fault in the views: {0}")]
    Fault(String),
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let kind = match &error {
            QueryError::Syntax { .. } => ProblemKind::Invalid,
            QueryError::Forbidden { .. } | QueryError::Wrong(_) | QueryError::TooSlow { .. } => {
                ProblemKind::Refused
            }
            QueryError::TooLarge(_) => ProblemKind::TooLarge,
            QueryError::Busy => ProblemKind::Busy,
            QueryError::Unavailable(_) | QueryError::Interrupted => ProblemKind::Unavailable,
            QueryError::Fault(why) => return Self::fault(why),
        };
        Self::new(kind, error.code(), error.to_string())
    }
}

impl QueryError {
    /// Returns the stable problem code, for programs.
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

/// The query service over the documented views.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Runs one query within its limits. Dropping the future stops the query.
    async fn ask(&self, sql: &str, limits: QueryLimits) -> Result<QueryResult, QueryError>;
}

/// The result being collected, with its limits.
pub(crate) struct ResultCollector {
    limits: QueryLimits,
    pub(crate) asked: QueryResult,
}

impl ResultCollector {
    pub(crate) const fn new(columns: Vec<String>, limits: QueryLimits) -> Self {
        Self {
            limits,
            asked: QueryResult {
                columns,
                rows: Vec::new(),
                truncated: None,
                bytes: 0,
            },
        }
    }

    /// Adds a row. Returns false, and adds nothing, once a limit is reached.
    pub(crate) fn take(&mut self, row: Vec<Val>) -> bool {
        let asked = &mut self.asked;
        let bytes: usize = row.iter().map(bytes_of).sum();
        asked.truncated = if asked.rows.len() >= self.limits.rows_max {
            Some(TruncationReason::Rows)
        } else if asked.bytes + bytes > ANSWER_BYTES_MAX {
            Some(TruncationReason::Bytes)
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

/// Returns the error for a row that is too long, with its longest column.
pub(crate) fn row_too_long(column: &str, bytes: usize) -> QueryError {
    QueryError::TooLarge(format!(
        "column {column} has {bytes} bytes in a row; a row may have {ROW_BYTES_MAX}: shorten it with substr"
    ))
}

/// Returns the error for a query that sorts or keeps more rows than the temporary space allows.
pub(crate) fn too_much_space() -> QueryError {
    QueryError::TooLarge(format!(
        "it takes more than {TEMPORARY_BYTES_MAX} bytes of temporary space: narrow it by campaign or time, or order fewer rows"
    ))
}

/// Returns the error for a query with too many columns.
pub(crate) fn too_many_columns(count: usize) -> QueryError {
    QueryError::TooLarge(format!("{count} columns, more than {COLUMNS_MAX}"))
}

/// Returns the size of a value; a number counts as eight bytes.
fn bytes_of(value: &Val) -> usize {
    match value {
        Val::Null | Val::Bool(_) => 1,
        Val::Int(_) | Val::Real(_) => 8,
        Val::Text(text) => text.len(),
        Val::Blob(bytes) => bytes.len(),
    }
}
