//! What the views are measured against: the rows they end with, written again with as little as possible
//! around it. On PostgreSQL one binary COPY per table, on SQLite one prepared statement per table, all in
//! one transaction, into the same tables with the same indexes, made anew and empty.
//!
//! For `ledgerline bench` only.

use crate::database::{ReadDb, Table, each_row, read_as, transact};
use crate::error::ProjectionError;
use crate::schema::remake_tables;
use crate::sql_views::drop_sql_views;
use crate::sqlite::insert_by_hand;
use crate::value::Val;
use crate::view::View;
use std::path::Path;
use std::sync::Arc;

/// All rows of a table.
pub(crate) type TableRows = (&'static Table, Vec<Vec<Val>>);

/// Whole rows of some views, in the order of their keys.
pub struct FinalRows {
    views: Vec<Arc<dyn View>>,
    tables: Arc<Vec<TableRows>>,
}

impl FinalRows {
    /// Reads what the views hold now.
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

    pub fn count(&self) -> usize {
        self.tables.iter().map(|(_, rows)| rows.len()).sum()
    }

    /// Drops the rows and makes the tables again, empty.
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

    /// Each table's rows at once into the emptied tables: binary COPY on PostgreSQL.
    pub async fn copy(&self, db: &dyn ReadDb) -> Result<(), ProjectionError> {
        let tables = Arc::clone(&self.tables);
        transact(db, move |tx| {
            tables
                .iter()
                .try_for_each(|(table, rows)| tx.append_rows(table, rows))
        })
        .await
    }

    /// The same on a SQLite file of its own in `directory`: one statement per table, prepared by hand.
    pub fn insert_by_hand(&self, directory: &Path) -> Result<ByHand, ProjectionError> {
        let tables = self.tables.iter().map(|(table, _)| *table).collect();
        Ok(ByHand {
            by_hand: insert_by_hand::ByHand::open(directory, tables)?,
            rows: Arc::clone(&self.tables),
        })
    }
}

/// An empty SQLite file, and the rows that go into it.
pub struct ByHand {
    by_hand: insert_by_hand::ByHand,
    rows: Arc<Vec<TableRows>>,
}

impl ByHand {
    /// All rows, in one transaction.
    pub fn run(&mut self) -> Result<(), ProjectionError> {
        self.by_hand.run(&self.rows)
    }
}
