//! The address of a PostgreSQL read database, the settings that all connections share, and the meaning of
//! errors.
//!
//! The URL states whether TLS is used and which authority is trusted (crate `tls`). A password is never
//! shown.

use super::value::ValueTypeMismatch;
use crate::error::ProjectionError;
use postgres::config::Host;
use postgres::error::{DbError, Severity, SqlState};
use postgres::{Client, Config, Error};
use std::error::Error as _;
use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;
use tls::postgres::Connector;

/// Timeout of one attempt to connect, in milliseconds; a running server answers within milliseconds.
const CONNECT_MS: u64 = 5_000;

/// Timeout of a reading statement of a server process, in milliseconds; dashboards take a fraction of a
/// second.
pub(super) const READ_MS: u64 = 30_000;

/// Timeout of one statement of a check, in milliseconds (30 min); it reads all rows of the largest table in
/// order.
pub(super) const CHECK_MS: u64 = 30 * 60 * 1_000;

/// Timeout of a writing statement, in milliseconds (10 min), for example of an index over the rows of a
/// rebuild.
pub(super) const WRITE_MS: u64 = 10 * 60 * 1_000;

/// Timeout of waiting for a lock, in milliseconds: between writers of several processes, and of readers for
/// a switch. Their transactions take milliseconds each.
const LOCK_MS: u64 = 20_000;

/// Longest idle time of a transaction between statements, in milliseconds (5 min); then the server ends it.
/// Longer than any work of this program, short enough that a hung process does not delay the others for
/// long.
const IDLE_MS: u64 = 5 * 60 * 1_000;

/// Idle time after which TCP sends a keepalive probe, in milliseconds.
const KEEPALIVE_IDLE_MS: u64 = 10_000;

/// Time without an acknowledgment after which a connection counts as lost, in milliseconds.
const UNANSWERED_MS: u64 = 30_000;

/// The schema that contains all rows and nothing else.
pub(super) const SCHEMA: &str = "ledgerline_views";

/// The purpose of a connection; it decides how long a statement may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    /// Reads, in parallel to the writer.
    Read,
    /// Reads of whole tables, in parallel to another process's writer.
    Check,
}

impl Purpose {
    pub(super) const fn statement_ms(self) -> u64 {
        match self {
            Self::Write => WRITE_MS,
            Self::Read => READ_MS,
            Self::Check => CHECK_MS,
        }
    }
}

/// The address of a database: its settings, and the TLS connector.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) connector: Connector,
}

impl Address {
    pub(super) fn connect(&self) -> Result<Client, Error> {
        self.config.connect(self.connector.clone())
    }
}

impl Deref for Address {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

/// Parses a `postgres://` URL, with its TLS parameters. Errors contain no part of it except the mode.
pub(super) fn read_url(url: &str) -> Result<Address, ProjectionError> {
    let refused = |why: &str| ProjectionError::Unavailable(format!("the read database: {why}"));
    let read = tls::postgres::read(url).map_err(|error| refused(&error.to_string()))?;
    // The parser's message may repeat part of the URL, and so a password.
    let Ok(config) = Config::from_str(&read.url) else {
        return Err(refused(
            "the URL cannot be read: postgres://user@db.example.com/ledgerline",
        ));
    };
    Ok(Address {
        config,
        connector: read.connector,
    })
}

/// Returns the address with the settings that all connections with this purpose share.
pub(super) fn configure_address(base: &Address, purpose: Purpose) -> Address {
    let mut config = base.config.clone();
    if config.get_application_name().is_none() {
        config.application_name("ledgerline views");
    }
    let before = config.get_options().unwrap_or_default();
    // Rows can be rebuilt: a crash of the server may lose the last commits, never part of one.
    let options = format!(
        "{before} -c search_path={SCHEMA},pg_temp -c synchronous_commit=off -c jit=off -c timezone=UTC \
         -c client_min_messages=warning -c default_transaction_isolation=read\\ committed \
         -c statement_timeout={} -c lock_timeout={LOCK_MS} -c idle_in_transaction_session_timeout={IDLE_MS}",
        purpose.statement_ms()
    );
    config
        .options(options.trim_start())
        .connect_timeout(Duration::from_millis(CONNECT_MS))
        .tcp_user_timeout(Duration::from_millis(UNANSWERED_MS))
        .keepalives_idle(Duration::from_millis(KEEPALIVE_IDLE_MS));
    Address {
        config,
        connector: base.connector.clone(),
    }
}

/// Returns the database's URL for display, without user, options and password.
pub(super) fn describe_address(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5_432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or("");
    format!("postgres://{host}:{port}/{database}")
}

/// Returns true if an error came from the network, or from a server that ends the connection.
pub(super) fn is_lost(error: &Error) -> bool {
    match error.as_db_error() {
        None => !is_ours(error),
        Some(said) => {
            let code = said.code().code();
            let ends = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
            // Connection exceptions, shutdowns and crashes of the server.
            ends || code.starts_with("08") || code.starts_with("57P")
        }
    }
}

/// Returns true if the error arose in this process: a value that fits no parameter or column, and was never
/// sent.
fn is_ours(error: &Error) -> bool {
    error.source().is_some_and(|source| {
        source.is::<ValueTypeMismatch>()
            || source.is::<std::num::TryFromIntError>()
            || source.is::<std::str::Utf8Error>()
    })
}

/// Returns the message of a server or the network, without the detail of the server's error, which may
/// repeat values.
pub(super) fn text(error: &Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} ({})", said.message(), said.code().code());
    }
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Converts an error of a statement to an error of the read side.
pub(super) fn classify_error(error: &Error, purpose: Purpose) -> ProjectionError {
    if is_lost(error) {
        return ProjectionError::Unavailable(format!("the read database cannot be reached: {}", text(error)));
    }
    match error.as_db_error() {
        Some(said) => failed_there(said, purpose),
        None => ProjectionError::Fault(text(error)),
    }
}

/// Classes of SQLSTATE (PostgreSQL, appendix A) in which the same statement may succeed later: connections,
/// conflicts between transactions, resources, object state, operator intervention, system errors. All others
/// are caused by the statement itself and would repeat.
const PASSING_CLASSES: [&str; 6] = ["08", "40", "53", "55", "57", "58"];

fn failed_there(said: &DbError, purpose: Purpose) -> ProjectionError {
    let why = format!("{} ({})", said.message(), said.code().code());
    let unavailable = |why: String| ProjectionError::Unavailable(why);
    let code = said.code();
    if *code == SqlState::QUERY_CANCELED {
        let seconds = purpose.statement_ms() / 1_000;
        return unavailable(format!(
            "the statement took longer than {seconds} s, or was canceled"
        ));
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return unavailable("another process has locked the rows for too long".to_owned());
    }
    if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        return ProjectionError::Corrupt(why);
    }
    // A missing schema was dropped together with everything in it, because no view names a schema.
    let gone = purpose == Purpose::Write && *code == SqlState::INVALID_SCHEMA_NAME;
    let passes = PASSING_CLASSES.iter().any(|class| code.code().starts_with(class));
    let standby = *code == SqlState::READ_ONLY_SQL_TRANSACTION && purpose == Purpose::Write;
    if gone || passes || standby || is_remade(said) {
        return unavailable(why);
    }
    ProjectionError::Fault(why)
}

/// Returns true if the error says that a table was recreated after a statement on it was prepared.
fn is_remade(said: &DbError) -> bool {
    *said.code() == SqlState::FEATURE_NOT_SUPPORTED && said.message().starts_with("cached plan")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_cannot_be_read_or_kept_to_is_refused_and_no_password_is_shown() {
        for query in ["sslmode=prefer", "sslmode=verify-full&sslrootcert=%2Fabsent"] {
            let url = format!("postgres://robot:s3cret@db.example.com/rows?{query}");
            let said = read_url(&url).err().unwrap().to_string();
            assert!(!said.contains("s3cret"), "{said}");
        }
        let said = read_url("postgres://robot:s3cret@db.example.com:notaport/x")
            .err()
            .unwrap();
        assert!(!said.to_string().contains("s3cret"), "{said}");
        let config = read_url("postgres://robot:s3cret@localhost/rows").unwrap();
        assert_eq!(describe_address(&config), "postgres://localhost:5432/rows");
    }

    #[test]
    fn options_of_the_url_stay_before_ours() {
        let config = read_url("postgres://robot@localhost/rows?options=-c%20work_mem%3D8MB").unwrap();
        let options = configure_address(&config, Purpose::Read);
        let options = options.get_options().unwrap();
        assert!(
            options.starts_with("-c work_mem=8MB -c search_path="),
            "{options}"
        );
    }
}
