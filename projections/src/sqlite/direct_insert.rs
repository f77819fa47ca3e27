//! Inserts the rows of a measurement at the least cost: a file with the usual settings, one transaction, one
//! prepared statement per table.

use super::{classify_error, prepare, prepare_writer};
use crate::database::{Dialect, Table};
use crate::error::ProjectionError;
use crate::statements::placeholders;
use crate::write_baseline::TableRows;
use rusqlite::{Connection, params_from_iter};
use std::path::Path;

/// The file's name, in the directory of the measurement.
const FILE_NAME: &str = "by_hand.db";

pub(crate) struct DirectInsert {
    connection: Connection,
}

impl DirectInsert {
    /// Creates a new file with these tables and their indexes, empty.
    pub(crate) fn open(directory: &Path, tables: Vec<&'static Table>) -> Result<Self, ProjectionError> {
        let path = directory.join(FILE_NAME);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| ProjectionError::Unavailable(error.to_string()))?;
        }
        let connection = Connection::open(path).map_err(|error| classify_error(&error))?;
        prepare(&connection)?;
        prepare_writer(&connection)?;
        for statement in tables.iter().flat_map(|table| table.statements(Dialect::Sqlite)) {
            connection
                .execute(&statement, [])
                .map_err(|error| classify_error(&error))?;
        }
        Ok(Self { connection })
    }

    pub(crate) fn run(&mut self, tables: &[TableRows]) -> Result<(), ProjectionError> {
        let transaction = self
            .connection
            .transaction()
            .map_err(|error| classify_error(&error))?;
        for (table, rows) in tables {
            let places = placeholders(rows.first().map_or(0, Vec::len)).replace('$', "?");
            if rows.is_empty() {
                continue;
            }
            let sql = format!("insert into {} values ({places})", table.name);
            let mut statement = transaction
                .prepare(&sql)
                .map_err(|error| classify_error(&error))?;
            for row in rows {
                statement
                    .execute(params_from_iter(row))
                    .map_err(|error| classify_error(&error))?;
            }
        }
        transaction.commit().map_err(|error| classify_error(&error))
    }
}
