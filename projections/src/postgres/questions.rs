//! SQL queries on PostgreSQL: read-only transactions with a time limit, on connections with a search path of
//! the documented views only; the guard accepts no other schema's name. A query is ended in the server when
//! its caller has gone.

use super::connect::{Address, Purpose, configure_address, is_lost, read_url, text};
use super::result_value::{ResultValue, is_shown};
use super::value::is_text;
use crate::ask::queue::{self, Job, QueryControl};
use crate::ask::space::{self, TemporarySpace};
use crate::ask::text_limits;
use crate::ask::{
    COLUMNS_MAX, QUERIES_AT_ONCE, QUERIES_WAITING_MAX, QueryError, QueryLimits, QueryResult, Questions,
    ResultCollector, SqlLocation, read, row_too_long, too_many_columns, too_much_space,
};
use crate::error::ProjectionError;
use crate::sql_views::SQL_SCHEMA;
use crate::value::Val;
use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::tasks::Tasks;
use domain::time::Timestamp;
use postgres::error::SqlState;
use postgres::{Client, Column, Row, Statement, Transaction};
use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Rows fetched from the server at a time, each of at most `ROW_BYTES_MAX`; rows beyond the query's limit
/// are not fetched.
pub(super) const PAGE_ROWS: i32 = 16;

/// Memory for one sort or hash of a query, in KiB; the rest goes to a temporary file.
const WORK_KIB: u32 = 16 * 1_024;

/// The application name of query connections. By it, a switch of tables ends the queries that block it.
pub(super) const QUESTIONS_NAME: &str = "ledgerline questions";

/// Most queued requests to end a query. Each running query has at most one, and its connection ends with
/// it.
const ENDS_MAX: usize = 2 * QUERIES_AT_ONCE;

/// Ends the connection of a query. A cancel would be lost between two of its statements, and the query would
/// run to its time limit. The application name is checked because the process id may have been reused.
const END: &str = "select pg_terminate_backend(pid) from pg_stat_activity
    where pid = $1 and application_name = $2";

/// The service for analysts' SQL queries over the documented views in PostgreSQL.
pub struct PostgresQuestions {
    queue: Arc<Mutex<Option<mpsc::Sender<Job>>>>,
}

impl PostgresQuestions {
    /// Starts the service's threads; they connect at the first query and end with `tasks`.
    pub fn open(url: &str, clock: &Arc<dyn Clock>, tasks: &dyn Tasks) -> Result<Self, ProjectionError> {
        let config = configure_for_queries(&read_url(url)?);
        let (send, jobs) = mpsc::channel(QUERIES_WAITING_MAX);
        let jobs = Arc::new(Mutex::new(jobs));
        let (ends, unwanted) = mpsc::channel(ENDS_MAX);
        let ending = configure_address(&read_url(url)?, Purpose::Read);
        tasks.thread("questions end", Box::new(move || end(unwanted, &ending)));
        for _ in 0..QUERIES_AT_ONCE {
            let jobs = Arc::clone(&jobs);
            let mut desk = QueryWorker {
                config: config.clone(),
                kept: None,
                space: TemporarySpace::Bounded,
                clock: Arc::clone(clock),
                ends: ends.clone(),
            };
            tasks.thread("questions", Box::new(move || desk.serve(&jobs)));
        }
        let queue = Arc::new(Mutex::new(Some(send)));
        let (weak, stop) = (Arc::downgrade(&queue), tasks.stop_signal());
        tasks.spawn(
            "questions close",
            Box::pin(async move {
                stop.stopping().await;
                if let Some(queue) = weak.upgrade() {
                    queue.lock().unwrap_or_else(PoisonError::into_inner).take();
                }
            }),
        );
        Ok(Self { queue })
    }
}

/// Returns the address with the settings of query connections: read-only, and documented views only.
pub(super) fn configure_for_queries(base: &Address) -> Address {
    let mut address = configure_address(base, Purpose::Read);
    let config = &mut address.config;
    let options = config.get_options().unwrap_or_default().to_owned();
    let options = format!(
        "{options} -c search_path={SQL_SCHEMA},pg_temp -c default_transaction_read_only=on \
         -c standard_conforming_strings=on -c max_parallel_workers_per_gather=0 \
         -c work_mem={WORK_KIB} -c hash_mem_multiplier=1"
    );
    config.application_name(QUESTIONS_NAME).options(&options);
    address
}

#[async_trait]
impl Questions for PostgresQuestions {
    async fn ask(&self, sql: &str, limits: QueryLimits) -> Result<QueryResult, QueryError> {
        // Refuse a query here, before it waits for a connection.
        drop(read(sql)?);
        queue::ask(&self.queue, sql.to_owned(), limits.bounded()).await
    }
}

/// The process id of a connection in the server.
type Backend = i32;

/// Ends the server processes of queries that no caller waits for, each over a new connection. A failure is
/// logged; the query then runs to its time limit.
fn end(mut unwanted: mpsc::Receiver<Backend>, address: &Address) {
    while let Some(backend) = unwanted.blocking_recv() {
        let ended = address.connect().and_then(|mut client| {
            client.execute(END, &[&backend, &QUESTIONS_NAME])?;
            Ok(())
        });
        if let Err(error) = ended {
            tracing::warn!(
                why = text(&error),
                "a query without a caller was not ended and runs to its time limit"
            );
        }
    }
}

/// A connection for queries.
struct QueryConnection {
    client: Client,
    backend: Backend,
}

/// A query thread with its connection.
struct QueryWorker {
    config: Address,
    kept: Option<QueryConnection>,
    /// Whether the server limits the temporary space of the last connection that was made.
    space: TemporarySpace,
    clock: Arc<dyn Clock>,
    ends: mpsc::Sender<Backend>,
}

impl QueryWorker {
    fn serve(&mut self, jobs: &Mutex<mpsc::Receiver<Job>>) {
        queue::serve(jobs, |sql, limits, asking| self.answer(sql, limits, asking));
    }

    fn answer(
        &mut self,
        sql: &str,
        limits: QueryLimits,
        asking: &QueryControl,
    ) -> Result<QueryResult, QueryError> {
        let query = read(sql)?;
        let mut connected = self.reached(limits)?;
        if let TemporarySpace::Unbounded { grant } = &self.space
            && let Err(refused) = space::refuse_unbounded(&query, grant)
        {
            self.kept = Some(connected);
            return Err(refused);
        }
        let sql = text_limits::limit_texts(*query);
        let (backend, ends) = (connected.backend, self.ends.clone());
        // If the end request is lost, the query still has its time limit.
        let is_wanted = asking.begin(Box::new(move || {
            if let Err(error) = ends.try_send(backend) {
                tracing::warn!(%error, "a query without a caller was not ended and runs to its time limit");
            }
        }));
        if !is_wanted {
            self.kept = Some(connected);
            return Err(QueryError::Interrupted);
        }
        let until = self.clock.now().plus_ms(limits.timeout_ms);
        let clock = self.clock.as_ref();
        let done = run(&mut connected.client, &sql, limits, asking, clock, until);
        // A connection with an end request under way is dropped, so that the request does not hit the next
        // query.
        if asking.end() {
            self.kept = Some(connected);
        }
        done.unwrap_or_else(|error| Err(self.ended(&error, limits)))
    }

    /// Returns why a query failed. A connection that is ended between two statements closes without an
    /// error code: if the server answers on a new one, the query was interrupted.
    fn ended(&mut self, error: &postgres::Error, limits: QueryLimits) -> QueryError {
        if error.is_closed()
            && let Ok(connected) = self.reached(limits)
        {
            self.kept = Some(connected);
            return QueryError::Interrupted;
        }
        said(error, limits)
    }

    /// Returns the connection of the last query, or a new one if it was lost.
    fn reached(&mut self, limits: QueryLimits) -> Result<QueryConnection, QueryError> {
        if let Some(mut kept) = self.kept.take()
            && !kept.client.is_closed()
            && kept.client.batch_execute("").is_ok()
        {
            return Ok(kept);
        }
        let connected = self.config.connect();
        let mut client = connected.map_err(|error| said(&error, limits))?;
        let made = client.batch_execute(&text_limits::functions());
        made.map_err(|error| {
            QueryError::Unavailable(format!(
                "the functions that limit queries cannot be created in the read database: {}; its role needs `grant \
                 temporary on database` and the language plpgsql",
                text(&error)
            ))
        })?;
        self.space = space::limit_temporary_space(&mut client).map_err(|error| said(&error, limits))?;
        let backend = client.query_one("select pg_backend_pid()", &[]);
        let backend = backend.and_then(|row| row.try_get(0));
        Ok(QueryConnection {
            backend: backend.map_err(|error| said(&error, limits))?,
            client,
        })
    }
}

type RunOutcome = Result<Result<QueryResult, QueryError>, postgres::Error>;

fn run(
    client: &mut Client,
    sql: &str,
    limits: QueryLimits,
    asking: &QueryControl,
    clock: &dyn Clock,
    until: Timestamp,
) -> RunOutcome {
    let mut transaction = client.build_transaction().read_only(true).start()?;
    let ms = limits.timeout_ms;
    transaction.batch_execute(&format!(
        "set local statement_timeout = {ms}; set local lock_timeout = {ms}"
    ))?;
    let asked = transaction.prepare(sql)?;
    if let Err(refused) = are_shown(asked.columns()) {
        return Ok(Err(refused));
    }
    // A row that is too long is never sent.
    let texts: Vec<bool> = asked
        .columns()
        .iter()
        .map(|column| is_text(column.type_()))
        .collect();
    let statement = transaction.prepare(&text_limits::in_short_rows(sql, &texts))?;
    let names = asked.columns().iter().map(|column| column.name().to_owned());
    if !asking.is_wanted() {
        return Ok(Err(QueryError::Interrupted));
    }
    let gathered = gather(
        &mut transaction,
        &statement,
        names.collect(),
        limits,
        clock,
        until,
    )?;
    transaction.rollback()?;
    Ok(gathered)
}

/// Returns an error if a column of the result has a type that cannot be shown, or if there are too many
/// columns.
fn are_shown(columns: &[Column]) -> Result<(), QueryError> {
    if columns.len() > COLUMNS_MAX {
        return Err(too_many_columns(columns.len()));
    }
    let unreadable = columns.iter().find(|column| !is_shown(column.type_()));
    unreadable.map_or(Ok(()), |column| {
        Err(QueryError::Wrong(format!(
            "column {} is of type {}: cast it to text",
            column.name(),
            column.type_()
        )))
    })
}

fn gather(
    transaction: &mut Transaction<'_>,
    statement: &Statement,
    names: Vec<String>,
    limits: QueryLimits,
    clock: &dyn Clock,
    until: Timestamp,
) -> RunOutcome {
    let mut gathered = ResultCollector::new(names, limits);
    let mut given_ms = limits.timeout_ms;
    let portal = transaction.bind(statement, &[])?;
    loop {
        let page = match transaction.query_portal(&portal, PAGE_ROWS) {
            Err(error) => return too_long(&gathered.asked.columns, error),
            Ok(page) => page,
        };
        let last = page.len() < usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        for row in page {
            if !gathered.take(values(&row)?) {
                return Ok(Ok(gathered.asked));
            }
        }
        if last {
            return Ok(Ok(gathered.asked));
        }
        // The server measures the time of each page; the query has one time limit for all pages.
        let left_ms = until.ms_since(clock.now());
        if left_ms == 0 {
            return Ok(Err(QueryError::TooSlow {
                ms: limits.timeout_ms,
            }));
        }
        // The limit is set again only when half of it is used, not for each of many short pages.
        if left_ms <= given_ms / 2 {
            given_ms = left_ms;
            transaction.batch_execute(&format!("set local statement_timeout = {left_ms}"))?;
        }
    }
}

/// Converts the server's error about a row that is too long to one with the column's name. Other errors
/// stay.
fn too_long(columns: &[String], error: postgres::Error) -> RunOutcome {
    let said = error.as_db_error().map(postgres::error::DbError::message);
    let Some((place, bytes)) = said.and_then(text_limits::too_long) else {
        return Err(error);
    };
    let name = columns.get(place).map_or("", String::as_str);
    Ok(Err(row_too_long(name, bytes)))
}

fn values(row: &Row) -> Result<Vec<Val>, postgres::Error> {
    (0..row.len())
        .map(|column| {
            row.try_get::<_, ResultValue>(column)
                .map(|ResultValue(value)| value)
        })
        .collect()
}

fn said(error: &postgres::Error, limits: QueryLimits) -> QueryError {
    if error.code() == Some(&SqlState::ADMIN_SHUTDOWN) {
        return QueryError::Interrupted;
    }
    if is_lost(error) {
        return QueryError::Unavailable(format!("the read database cannot be reached: {}", text(error)));
    }
    let Some(there) = error.as_db_error() else {
        let why = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        return QueryError::Fault(why);
    };
    let why = there.message().to_owned();
    let code = there.code();
    if *code == SqlState::CONFIGURATION_LIMIT_EXCEEDED && why.contains("temp_file_limit") {
        return too_much_space();
    }
    if *code == SqlState::QUERY_CANCELED {
        return QueryError::TooSlow {
            ms: limits.timeout_ms,
        };
    }
    if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::INVALID_SCHEMA_NAME {
        return QueryError::Unavailable("no views have been made in the read database yet".to_owned());
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE || *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return QueryError::Forbidden {
            what: "reading tables other than the documented views".to_owned(),
            hint: why,
            place: SqlLocation::default(),
        };
    }
    match code.code().get(..2) {
        Some("54") => QueryError::TooLarge(why),
        Some("53" | "55" | "58" | "40") => QueryError::Unavailable(why),
        Some("XX") => QueryError::Fault(why),
        _ => QueryError::Wrong(missing_column(&why)),
    }
}

/// Rewrites PostgreSQL's message about an unknown column in the words of SQLite's. Other messages stay.
fn missing_column(why: &str) -> String {
    let name = why
        .strip_prefix("column ")
        .and_then(|rest| rest.strip_suffix(" does not exist"));
    match name {
        Some(name) => format!("there is no column {}", name.replace('"', "")),
        None => why.to_owned(),
    }
}
