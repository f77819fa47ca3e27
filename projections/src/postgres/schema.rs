//! The schema of all rows, the lock by which writers take turns, and the gate that readers pass.

use super::connect::{SCHEMA, classify_error};
use super::connection::Link;
use crate::error::ProjectionError;
use postgres::Error;
use postgres::error::SqlState;

/// Begins a writing transaction. Only one runs at a time over all processes, so that the checkpoints it reads
/// are the latest. The lock's number is "views" in ASCII; advisory locks are per database.
pub(super) const TURN_TAKEN: &str = "begin; select pg_advisory_xact_lock(508574398323)";

/// Begins a reading transaction. It passes the gate before it takes its snapshot: a switch that closed the
/// gate before is seen completely, and a later one waits until this transaction ends.
pub(super) const GATE_PASSED: &str = "begin isolation level repeatable read read only; \
                                      lock table ledgerline_views.switch_gate in access share mode";

/// Closes the gate: keeps new readers out and waits for the current ones, until the writing transaction ends.
pub(super) const GATE_CLOSED: &str = "lock table ledgerline_views.switch_gate in access exclusive mode";

/// Ends the connections of running queries, of every process on this database. They are terminated, not
/// canceled: termination has its own error code, which the callers get, and cannot hit the next query.
pub(super) const QUESTIONS_ENDED: &str = "select case when pg_terminate_backend(pid) then 1 else 0 end from
    (select pid from pg_stat_activity where application_name = $1 and datname = current_database()
     and state <> 'idle' and usename = current_user) as asked";

const PREPARED: &str = "select to_regclass('ledgerline_views.switch_gate') is not null";

const MADE: &str = "create schema if not exists ledgerline_views;
                    create table if not exists ledgerline_views.switch_gate ()";

/// Returns true if an error means that the schema or its tables are missing.
pub(super) fn is_missing(error: &Error) -> bool {
    let missing = [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME];
    error.code().is_some_and(|code| missing.contains(code))
}

/// Returns an error for a database with another encoding than UTF8, because it cannot store every text.
pub(super) fn hold_to_text(link: &mut Link) -> Result<(), ProjectionError> {
    let purpose = link.purpose;
    let row = link
        .client
        .query_one("show server_encoding", &[])
        .map_err(|error| classify_error(&error, purpose))?;
    let encoding: String = row.try_get(0).map_err(|error| classify_error(&error, purpose))?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(ProjectionError::Unavailable(format!(
        "the encoding of the read database is {encoding}: create a database with encoding UTF8"
    )))
}

/// Creates the schema and the gate if they are missing. Several processes may do so at once.
pub(super) fn prepare(link: &mut Link) -> Result<(), ProjectionError> {
    let made = make(link);
    made.map_err(|error| match classify_error(&error, link.purpose) {
        ProjectionError::Fault(why) => ProjectionError::Unavailable(format!(
            "the schema {SCHEMA} cannot be created in the read database: {why}"
        )),
        other => other,
    })
}

fn make(link: &mut Link) -> Result<(), Error> {
    let prepared: bool = link.client.query_one(PREPARED, &[])?.try_get(0)?;
    if prepared {
        return Ok(());
    }
    link.client
        .batch_execute(&format!("{TURN_TAKEN}; {MADE}; commit"))
}
