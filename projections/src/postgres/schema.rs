//! The schema that holds all rows, the turn that writers take, and the gate that readers pass.

use super::connect::{SCHEMA, failed};
use super::connection::Link;
use crate::error::ProjectionError;
use postgres::Error;
use postgres::error::SqlState;

/// Begins a writing transaction: one at a time over all processes, so that the checkpoints each reads inside
/// it are the last. The lock's number is "views" in ASCII; a database's advisory locks are its own.
pub(super) const TURN_TAKEN: &str = "begin; select pg_advisory_xact_lock(508574398323)";

/// Begins a reading transaction. The gate is passed before its snapshot is taken: a switch of tables that
/// closed it before is seen whole, and one that comes after waits until this transaction has ended.
pub(super) const GATE_PASSED: &str = "begin isolation level repeatable read read only; \
                                      lock table ledgerline_views.switch_gate in access share mode";

/// Keeps new readers out and waits for those inside, until the writing transaction ends.
pub(super) const GATE_CLOSED: &str = "lock table ledgerline_views.switch_gate in access exclusive mode";

/// Ends the connections on which a question runs now, of every process on this database. Terminated, not
/// canceled: that has a code of its own, which its asker is told by, and none meets the next question.
pub(super) const QUESTIONS_ENDED: &str = "select case when pg_terminate_backend(pid) then 1 else 0 end from
    (select pid from pg_stat_activity where application_name = $1 and datname = current_database()
     and state <> 'idle' and usename = current_user) as asked";

const PREPARED: &str = "select to_regclass('ledgerline_views.switch_gate') is not null";

const MADE: &str = "create schema if not exists ledgerline_views;
                    create table if not exists ledgerline_views.switch_gate ()";

/// Whether what the rows stand in is not there.
pub(super) fn is_missing(error: &Error) -> bool {
    let missing = [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME];
    error.code().is_some_and(|code| missing.contains(code))
}

/// A database of another encoding cannot hold every text; it is refused before it does.
pub(super) fn hold_to_text(link: &mut Link) -> Result<(), ProjectionError> {
    let purpose = link.purpose;
    let row = link
        .client
        .query_one("show server_encoding", &[])
        .map_err(|error| failed(&error, purpose))?;
    let encoding: String = row.try_get(0).map_err(|error| failed(&error, purpose))?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(ProjectionError::Unavailable(format!(
        "the read database keeps its text as {encoding}: make one with encoding UTF8"
    )))
}

/// Makes the schema and the gate where they are missing. Several processes may come at once.
pub(super) fn prepare(link: &mut Link) -> Result<(), ProjectionError> {
    let made = make(link);
    made.map_err(|error| match failed(&error, link.purpose) {
        ProjectionError::Fault(why) => ProjectionError::Unavailable(format!(
            "the schema {SCHEMA} cannot be made in the read database: {why}"
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
