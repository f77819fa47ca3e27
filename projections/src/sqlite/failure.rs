//! Translates errors of SQLite into those of the read side: unavailable, corrupt, or a fault of our own.

use crate::error::ProjectionError;

pub(super) fn classify_statement_error(error: &rusqlite::Error, sql: &str) -> ProjectionError {
    match classify_error(error) {
        ProjectionError::Fault(why) => ProjectionError::Fault(format!("{why} in: {sql}")),
        other => other,
    }
}

pub(super) fn classify_error(error: &rusqlite::Error) -> ProjectionError {
    use rusqlite::ErrorCode as Code;
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(
            Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::CannotOpen
            | Code::DiskFull
            | Code::SystemIoFailure
            | Code::PermissionDenied
            | Code::ReadOnly
            | Code::OutOfMemory
            | Code::OperationInterrupted,
        ) => ProjectionError::Unavailable(why),
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => ProjectionError::Corrupt(why),
        _ => ProjectionError::Fault(why),
    }
}
