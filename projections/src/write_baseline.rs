//! The reference that views are measured against: writes the rows that the views end with again, at the
//! least cost.
//!
//! PostgreSQL uses one binary COPY per table, SQLite one prepared statement per table. Each writes in one
//! transaction into empty tables with the same indexes. Used by the benchmarks only.

use crate::database::{ReadDb, Table, each_row, read_as, transact};
use crate::error::ProjectionError;
use crate::schema::remake_tables;
use crate::sql_views::drop_sql_views;
use crate::sqlite::direct_insert;
use crate::value::Val;
use crate::view::View;
use std::path::Path;
use std::sync::Arc;

/// A table with all its rows.
pub(crate) type TableRows = (&'static Table, Vec<Vec<Val>>);

/// All rows of some views, as they were read, each table in the order of its keys.
pub struct FinalRows {
    views: Vec<Arc<dyn View>>,
    tables: Arc<Vec<TableRows>>,
}

impl FinalRows {
    /// Reads all rows that these views have now.
    pub async fn read(db: &dyn ReadDb, views: Vec<Arc<dyn View>>) -> Result<Self, ProjectionError> {
        let all: Vec<&'static Table> = views.iter().flat_map(|view| view.tables()).collect();
        let tables = read_as(db, move |tx| {
            let mut tables = Vec::new();
            for table in all {
                let mut rows = Vec::new();
                each_row(tx, table, &mut |row| {
                    rows.push(row);
                    Ok(())
                })?;
                tables.push((table, rows));
            }
            Ok(tables)
        });
        Ok(Self {
            views,
            tables: Arc::new(tables.await?),
        })
    }

    /// Returns the number of rows in all tables.
    pub fn count(&self) -> usize {
        self.tables.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// Drops the views' tables and creates them again without rows.
    pub async fn empty(&self, db: &dyn ReadDb) -> Result<(), ProjectionError> {
        let (views, dialect) = (self.views.clone(), db.dialect());
        transact(db, move |tx| {
            drop_sql_views(tx, dialect)?;
            views
                .iter()
                .try_for_each(|view| remake_tables(tx, dialect, view.as_ref()))
        })
        .await
    }

    /// Appends all rows to the emptied tables in one transaction; on PostgreSQL with binary COPY.
    pub async fn copy(&self, db: &dyn ReadDb) -> Result<(), ProjectionError> {
        let tables = Arc::clone(&self.tables);
        transact(db, move |tx| {
            tables
                .iter()
                .try_for_each(|(table, rows)| tx.append_rows(table, rows))
        })
        .await
    }

    /// Opens a new SQLite file in `directory` with the same empty tables; `BaselineInsert::run` then
    /// inserts the rows with one prepared statement per table.
    pub fn insert_by_hand(&self, directory: &Path) -> Result<BaselineInsert, ProjectionError> {
        let tables = self.tables.iter().map(|(table, _)| *table).collect();
        Ok(BaselineInsert {
            by_hand: direct_insert::DirectInsert::open(directory, tables)?,
            rows: Arc::clone(&self.tables),
        })
    }
}

/// An empty SQLite file, and the rows to insert into it.
pub struct BaselineInsert {
    by_hand: direct_insert::DirectInsert,
    rows: Arc<Vec<TableRows>>,
}

impl BaselineInsert {
    /// Inserts all rows in one transaction.
    pub fn run(&mut self) -> Result<(), ProjectionError> {
        self.by_hand.run(&self.rows)
    }
}
