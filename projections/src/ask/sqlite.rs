//! Runs queries on SQLite, each on its own read-only connection with an authorizer that knows through which
//! view a table is read, with size limits and a time limit.

use super::expression::FUNCTIONS;
use super::guard::{EXPRESSION_DEPTH_MAX, check_sql};
use super::queue::{self, Job, QueryControl};
use super::spill::SpillMeter;
use super::{
    ANSWER_BYTES_MAX, COLUMNS_MAX, QUERIES_AT_ONCE, QUERIES_WAITING_MAX, QueryError, QueryLimits,
    QueryResult, Questions, ROW_BYTES_MAX, ResultCollector, SQL_BYTES_MAX, TEMPORARY_BYTES_MAX, row_too_long,
    too_much_space,
};
use crate::sql_views::SQL_VIEWS;
use crate::sqlite::{FILE_NAME, from_sqlite};
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Steps of SQLite's virtual machine between two checks of the time: some ten microseconds.
const STEPS_BETWEEN_LOOKS: i32 = 2_000;
/// Page cache of one query, in KiB (negative, as SQLite takes it); the rest goes to a temporary file.
const CACHE_KIB: i32 = -16 * 1024;
/// How long a query waits for another process's lock, in milliseconds; rows are written in short
/// transactions.
const LOCK_WAIT_MS: u64 = 1_000;
/// Most terms of a compound query (`union` and others); more is an error.
const COMPOUNDS_MAX: i32 = 50;
/// Most arguments of a function; more is an error.
const ARGUMENTS_MAX: i32 = 32;
/// Longest pattern of `like`, in bytes; a longer one is an error. It is matched by backtracking, between
/// two checks of the time.
const PATTERN_BYTES_MAX: i32 = 200;

/// Functions that the documented views themselves use.
const FUNCTIONS_OF_VIEWS: &[&str] = &["hex", "strftime", "substr"];

enum QueryExecution {
    /// Runs queries on dedicated threads.
    Threads(Mutex<Option<mpsc::Sender<Job>>>),
    /// Runs queries on the caller's thread, for a command with a single query.
    Inline,
}

/// The service for analysts' SQL queries over `views.db`.
pub struct SqliteQuestions {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    desk: Arc<QueryExecution>,
}

impl SqliteQuestions {
    /// Opens the service over `views.db` in `dir`, with threads of its own that end with `tasks`.
    pub fn open(dir: &Path, clock: &Arc<dyn Clock>, tasks: &dyn Tasks) -> Self {
        let path = dir.join(FILE_NAME);
        let (send, jobs) = mpsc::channel(QUERIES_WAITING_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..QUERIES_AT_ONCE {
            let (jobs, path, clock) = (Arc::clone(&jobs), path.clone(), Arc::clone(clock));
            tasks.thread("questions", Box::new(move || serve(&path, &clock, &jobs)));
        }
        let desk = Arc::new(QueryExecution::Threads(Mutex::new(Some(send))));
        let (weak, stop) = (Arc::downgrade(&desk), tasks.stop_signal());
        tasks.spawn(
            "questions close",
            Box::pin(async move {
                stop.stopping().await;
                if let Some(QueryExecution::Threads(queue)) = weak.upgrade().as_deref() {
                    queue.lock().unwrap_or_else(PoisonError::into_inner).take();
                }
            }),
        );
        Self {
            path,
            clock: Arc::clone(clock),
            desk,
        }
    }

    /// Makes a service that runs each query on the caller's thread, for a command with a single query.
    pub fn inline(dir: &Path, clock: &Arc<dyn Clock>) -> Self {
        Self {
            path: dir.join(FILE_NAME),
            clock: Arc::clone(clock),
            desk: Arc::new(QueryExecution::Inline),
        }
    }
}

#[async_trait]
impl Questions for SqliteQuestions {
    async fn ask(&self, sql: &str, limits: QueryLimits) -> Result<QueryResult, QueryError> {
        let (sql, limits) = (check_sql(sql)?, limits.bounded());
        let QueryExecution::Threads(queue) = self.desk.as_ref() else {
            return answer(&self.path, &self.clock, &sql, limits, &QueryControl::default());
        };
        queue::ask(queue, sql, limits).await
    }
}

fn serve(path: &Path, clock: &Arc<dyn Clock>, jobs: &Mutex<mpsc::Receiver<Job>>) {
    queue::serve(jobs, |sql, limits, asking| {
        answer(path, clock, sql, limits, asking)
    });
}

fn answer(
    path: &Path,
    clock: &Arc<dyn Clock>,
    sql: &str,
    limits: QueryLimits,
    asking: &QueryControl,
) -> Result<QueryResult, QueryError> {
    let mut connection = open(path).map_err(|error| QueryError::Unavailable(error.to_string()))?;
    let spilled = Arc::new(AtomicBool::new(false));
    bound(&mut connection, clock, limits, &spilled).map_err(|error| QueryError::Fault(error.to_string()))?;
    let handle = connection.get_interrupt_handle();
    if !asking.begin(Box::new(move || handle.interrupt())) {
        return Err(QueryError::Interrupted);
    }
    let done = run(&connection, sql, limits);
    asking.end();
    done.unwrap_or_else(|error| match spilled.load(Ordering::SeqCst) {
        true => Err(too_much_space()),
        false => Err(said(&error, limits)),
    })
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_millis(LOCK_WAIT_MS))?;
    connection.pragma_update(None, "query_only", 1)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    // As in PostgreSQL, text in double quotes is a name, never a string. `DEFENSIVE` keeps a crafted view
    // from doing harm.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    Ok(connection)
}

fn bound(
    connection: &mut Connection,
    clock: &Arc<dyn Clock>,
    limits: QueryLimits,
    spilled: &Arc<AtomicBool>,
) -> rusqlite::Result<()> {
    let whole = |value: usize| i32::try_from(value).unwrap_or(i32::MAX);
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, whole(ROW_BYTES_MAX)),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, whole(SQL_BYTES_MAX * 2)),
        (Limit::SQLITE_LIMIT_COLUMN, whole(COLUMNS_MAX)),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, whole(EXPRESSION_DEPTH_MAX)),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, COMPOUNDS_MAX),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, ARGUMENTS_MAX),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES_MAX),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    let (clock, until) = (Arc::clone(clock), clock.now().plus_ms(limits.timeout_ms));
    let (mut spill, spilled) = (SpillMeter::begin(TEMPORARY_BYTES_MAX), Arc::clone(spilled));
    let ends = move || {
        let now = clock.now();
        if spill.is_over(now) {
            spilled.store(true, Ordering::SeqCst);
        }
        spilled.load(Ordering::SeqCst) || now >= until
    };
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(ends))?;
    connection.authorizer(Some(authorize))
}

/// SQLite's authorizer: allows to read tables through documented views only. Refuses everything that
/// writes, attaches or sets something.
fn authorize(context: AuthContext<'_>) -> Authorization {
    let documented = |name: &str| SQL_VIEWS.iter().any(|view| view.name.eq_ignore_ascii_case(name));
    let in_view = context.accessor.is_some_and(documented);
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        // Without a column, rows are only counted, of relations that the guard has accepted; SQLite does not
        // report the view here.
        AuthAction::Read {
            table_name,
            column_name: "",
        } => !table_name.starts_with("sqlite_"),
        AuthAction::Read { table_name, .. } => in_view || documented(table_name),
        AuthAction::Function { function_name } => {
            let name = function_name.to_lowercase();
            FUNCTIONS.contains(&name.as_str())
                || name == "like"
                || (in_view && FUNCTIONS_OF_VIEWS.contains(&name.as_str()))
        }
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

type RunResult = rusqlite::Result<Result<QueryResult, QueryError>>;

fn run(connection: &Connection, sql: &str, limits: QueryLimits) -> RunResult {
    let mut statement = connection.prepare(sql)?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let count = columns.len();
    let mut gathered = ResultCollector::new(columns, limits);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // Checked before any value of the row is copied.
        if let Some((column, bytes)) = too_long(row, count)? {
            let name = gathered.asked.columns.get(column).map_or("", String::as_str);
            return Ok(Err(row_too_long(name, bytes)));
        }
        let values = (0..count).map(|column| row.get_ref(column).map(from_sqlite));
        if !gathered.take(values.collect::<rusqlite::Result<_>>()?) {
            break;
        }
    }
    Ok(Ok(gathered.asked))
}

/// Returns the index and bytes of the longest column if the row is longer than `ROW_BYTES_MAX`; otherwise
/// `None`.
fn too_long(row: &Row<'_>, count: usize) -> rusqlite::Result<Option<(usize, usize)>> {
    let (mut whole, mut longest) = (0, (0, 0));
    for column in 0..count {
        let bytes = match row.get_ref(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => size_of::<i64>(),
        };
        whole += bytes;
        if bytes > longest.1 {
            longest = (column, bytes);
        }
    }
    Ok((whole > ROW_BYTES_MAX).then_some(longest))
}

fn said(error: &rusqlite::Error, limits: QueryLimits) -> QueryError {
    let plain = match error {
        rusqlite::Error::SqliteFailure(_, Some(why)) => why.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => QueryError::TooSlow {
            ms: limits.timeout_ms,
        },
        Some(ErrorCode::AuthorizationForStatementDenied) => QueryError::Forbidden {
            what: "reading tables other than the documented views".to_owned(),
            hint: plain,
            place: super::SqlLocation::default(),
        },
        Some(ErrorCode::TooBig) => QueryError::TooLarge(format!(
            "{plain}; a value may have {ROW_BYTES_MAX} bytes, an answer {ANSWER_BYTES_MAX}"
        )),
        Some(
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::CannotOpen | ErrorCode::DiskFull,
        ) => QueryError::Unavailable(plain),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => QueryError::Fault(plain),
        _ if plain.starts_with("too many columns") => {
            QueryError::TooLarge(format!("{plain}: an answer may have {COLUMNS_MAX}"))
        }
        _ => QueryError::Wrong(missing_column(&plain)),
    }
}

/// Rewrites SQLite's message about an unknown column in the words of PostgreSQL's. Other messages stay.
fn missing_column(why: &str) -> String {
    match why.strip_prefix("no such column: ") {
        Some(name) => format!("there is no column {name}"),
        None => why.to_owned(),
    }
}
