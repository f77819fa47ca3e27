//! One connection with its prepared statements. It is reopened after a loss; only the work that ran meanwhile
//! gets an error.

use super::connect::{Address, Purpose, classify_error, configure_address, describe_address, is_lost, text};
use super::schema::{self, GATE_PASSED, TURN_TAKEN};
use super::tx::PostgresTx;
use crate::database::TxWork;
use crate::error::ProjectionError;
use crate::threads::Worker;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use postgres::types::Type;
use postgres::{Client, Statement};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most prepared statements that a connection caches; at the limit the least recently used is dropped. All
/// views together have fewer than a hundred.
const STATEMENTS_MAX: usize = 256;

/// First wait between two attempts to reach the server, in milliseconds; each further one is twice as long.
const BACK_OFF_FIRST_MS: u64 = 50;

/// Longest wait between two attempts, in milliseconds: at most this long after the server the views are
/// back.
const BACK_OFF_MS_MAX: u64 = 2_000;

/// The columns of a table with their types, in the table's order.
pub(super) struct Shape {
    pub(super) columns: Vec<String>,
    pub(super) types: Vec<Type>,
}

/// An open connection with its prepared statements and the shapes of tables.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) purpose: Purpose,
    statements: BTreeMap<String, (Statement, u64)>,
    /// Counts uses, so that the least recently used statement is evicted.
    uses: u64,
    shapes: BTreeMap<String, Arc<Shape>>,
}

impl Link {
    fn new(client: Client, purpose: Purpose) -> Self {
        Self {
            client,
            purpose,
            statements: BTreeMap::new(),
            uses: 0,
            shapes: BTreeMap::new(),
        }
    }

    /// Returns the prepared statement of `sql`, from the cache or newly prepared.
    pub(super) fn statement(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        self.uses += 1;
        if let Some((statement, used)) = self.statements.get_mut(sql) {
            *used = self.uses;
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS_MAX {
            let oldest = self.statements.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(sql, _)| sql.clone()) {
                self.statements.remove(&oldest);
            }
        }
        let statement = self.client.prepare(sql)?;
        self.statements
            .insert(sql.to_owned(), (statement.clone(), self.uses));
        Ok(statement)
    }

    pub(super) fn shape(&mut self, table: &str) -> Result<Arc<Shape>, postgres::Error> {
        if let Some(shape) = self.shapes.get(table) {
            return Ok(Arc::clone(shape));
        }
        let statement = self.client.prepare(&format!("select * from {table}"))?;
        let columns = statement.columns();
        let shape = Arc::new(Shape {
            columns: columns.iter().map(|column| column.name().to_owned()).collect(),
            types: columns.iter().map(|column| column.type_().clone()).collect(),
        });
        self.shapes.insert(table.to_owned(), Arc::clone(&shape));
        Ok(shape)
    }

    /// Removes all prepared statements and shapes from the cache, because a table may have been replaced.
    pub(super) fn forget(&mut self) {
        self.statements.clear();
        self.shapes.clear();
    }
}

/// A connection that is reopened when its server is back.
pub(super) struct Connection {
    config: Address,
    purpose: Purpose,
    clock: Arc<dyn Clock>,
    link: Option<Link>,
    away: Option<ReconnectBackoff>,
}

/// The state after a failed attempt to connect: when to try next, the last wait and the error.
struct ReconnectBackoff {
    next_attempt_at: Timestamp,
    waited_ms: u64,
    why: ProjectionError,
}

impl Connection {
    pub(super) fn new(base: &Address, purpose: Purpose, clock: &Arc<dyn Clock>) -> Self {
        Self {
            config: configure_address(base, purpose),
            purpose,
            clock: Arc::clone(clock),
            link: None,
            away: None,
        }
    }

    /// Returns a worker that runs units of work on this connection, one after another.
    pub(super) fn into_worker(mut self) -> Worker {
        Box::new(move |work| self.run(work))
    }

    /// Runs `work` in one transaction. It is committed if `work` and all its statements succeed, and rolled
    /// back otherwise.
    fn run(&mut self, work: TxWork) -> Result<(), ProjectionError> {
        let purpose = self.purpose;
        let link = self.begun()?;
        let mut tx = PostgresTx::new(link);
        let done = work(&mut tx).and_then(|()| tx.into_outcome());
        let ended = match &done {
            Ok(()) => link.client.batch_execute("commit"),
            Err(_) => link.client.batch_execute("rollback"),
        };
        if ended.is_err() || matches!(done, Err(ProjectionError::Unavailable(_))) {
            // A new connection finds the server again, or what was dropped in it, or reports the error.
            self.link = None;
        } else if done.is_err() {
            // A failed statement may have been prepared on a table that was replaced since.
            link.forget();
        }
        done?;
        ended.map_err(|error| classify_error(&error, purpose))
    }

    /// Returns the connection with a transaction begun. If the server has closed the connection, it is
    /// reopened, because no work was sent yet.
    fn begun(&mut self) -> Result<&mut Link, ProjectionError> {
        self.reach()?;
        if let Some(Err(refused)) = self.link.as_mut().map(begin) {
            self.link = None;
            if !is_lost(&refused) {
                return Err(unbegun(&refused, self.purpose));
            }
            self.reach()?;
            let begun = self.link.as_mut().map_or(Ok(()), begin);
            begun.map_err(|error| unbegun(&error, self.purpose))?;
        }
        let missing = || ProjectionError::Fault("a connection is missing".to_owned());
        self.link.as_mut().ok_or_else(missing)
    }

    /// Opens the connection if it is closed. While the server cannot be reached, it fails with the last
    /// error and tries again only after the back-off time.
    fn reach(&mut self) -> Result<(), ProjectionError> {
        if self.link.as_ref().is_some_and(|link| !link.client.is_closed()) {
            return Ok(());
        }
        self.link = None;
        let now = self.clock.now();
        if let Some(away) = self.away.as_ref().filter(|away| now < away.next_attempt_at) {
            return Err(away.why.clone());
        }
        match self.connect() {
            Ok(link) => {
                self.link = Some(link);
                if self.away.take().is_some() {
                    tracing::info!(database = %describe_address(&self.config), "the read database is reachable again");
                }
                Ok(())
            }
            Err(why) => {
                self.stay_away(why.clone());
                Err(why)
            }
        }
    }

    fn stay_away(&mut self, why: ProjectionError) {
        if self.away.is_none() {
            tracing::warn!(database = %describe_address(&self.config), %why, "the read database cannot be reached");
        }
        let before_ms = self.away.as_ref().map_or(0, |away| away.waited_ms);
        let waited_ms = (before_ms * 2).clamp(BACK_OFF_FIRST_MS, BACK_OFF_MS_MAX);
        self.away = Some(ReconnectBackoff {
            next_attempt_at: self.clock.now().plus_ms(waited_ms),
            waited_ms,
            why,
        });
    }

    fn connect(&self) -> Result<Link, ProjectionError> {
        let client = self.config.connect().map_err(|error| {
            let (database, why) = (describe_address(&self.config), text(&error));
            ProjectionError::Unavailable(format!("{database} cannot be reached: {why}"))
        })?;
        let mut link = Link::new(client, self.purpose);
        schema::hold_to_text(&mut link)?;
        if self.purpose == Purpose::Write {
            schema::prepare(&mut link)?;
        }
        Ok(link)
    }
}

fn begin(link: &mut Link) -> Result<(), postgres::Error> {
    link.client.batch_execute(match link.purpose {
        Purpose::Write => TURN_TAKEN,
        Purpose::Read | Purpose::Check => GATE_PASSED,
    })
}

fn unbegun(error: &postgres::Error, purpose: Purpose) -> ProjectionError {
    if schema::is_missing(error) {
        let why = "no views have been made in the read database yet";
        return ProjectionError::Unavailable(why.to_owned());
    }
    classify_error(error, purpose)
}
