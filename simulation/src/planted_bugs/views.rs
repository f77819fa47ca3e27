//! Planted bugs of the views: an event that a view skips, and checkpoints that are not stored.

use async_trait::async_trait;
use domain::customer::CustomerEvent;
use projections::{
    Dialect, ProjectionError, ReadDb, RowAction, RowCallback, Table, Tx, TxWork, Val, View, ViewDefinition,
    ViewEvent,
};
use std::sync::Arc;

/// A view that skips `customer.dial_released`.
struct ForgetfulView {
    inner: Arc<dyn View>,
}

/// The view that drivers read keeps a released dial as open.
pub(super) fn without_released_dials(inner: Arc<dyn View>) -> Arc<dyn View> {
    Arc::new(ForgetfulView { inner })
}

impl View for ForgetfulView {
    fn definition(&self) -> ViewDefinition {
        self.inner.definition()
    }

    fn is_typed(&self) -> bool {
        self.inner.is_typed()
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        if event.envelope.kind == CustomerEvent::DIAL_RELEASED {
            return Ok(());
        }
        self.inner.apply(tx, event)
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        self.inner.reads(event, keys);
    }
}

/// A database in which checkpoints stay where they were created.
struct ForgetfulDb {
    inner: Arc<dyn ReadDb>,
}

/// Rows are stored and the checkpoint is not.
pub(super) fn without_checkpoints(inner: Arc<dyn ReadDb>) -> Arc<dyn ReadDb> {
    Arc::new(ForgetfulDb { inner })
}

#[async_trait]
impl ReadDb for ForgetfulDb {
    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn transaction(&self, work: TxWork) -> Result<(), ProjectionError> {
        let forgetful: TxWork = Box::new(move |tx| work(&mut ForgetfulTx { inner: tx }));
        self.inner.transaction(forgetful).await
    }

    async fn read(&self, work: TxWork) -> Result<(), ProjectionError> {
        self.inner.read(work).await
    }
}

/// The beginning of the statement that moves checkpoints. The moved views follow two or more values.
const MOVES: &str = "update checkpoint set position = ";

struct ForgetfulTx<'a> {
    inner: &'a mut dyn Tx,
}

impl Tx for ForgetfulTx<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<u64, ProjectionError> {
        match sql.strip_prefix(MOVES) {
            // The statement for several views, then the one for a single view.
            Some(several) if several.starts_with("$1") => Ok(values.len().saturating_sub(2) as u64),
            Some(_single) => Ok(1),
            None => self.inner.exec(sql, values),
        }
    }

    fn each(&mut self, sql: &str, values: &[Val], take: &mut RowCallback<'_>) -> Result<(), ProjectionError> {
        self.inner.each(sql, values, take)
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>, ProjectionError> {
        self.inner.columns(table)
    }

    fn row(&mut self, table: &'static Table, key: &[Val]) -> Result<Option<Vec<Val>>, ProjectionError> {
        self.inner.row(table, key)
    }

    fn write_rows(
        &mut self,
        table: &'static Table,
        rows: &[Vec<Val>],
        removed: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        self.inner.write_rows(table, rows, removed)
    }

    fn append_rows(&mut self, table: &'static Table, rows: &[Vec<Val>]) -> Result<(), ProjectionError> {
        self.inner.append_rows(table, rows)
    }

    fn change_rows(
        &mut self,
        table: &'static Table,
        was: &[Vec<Val>],
        rows: &[Vec<Val>],
    ) -> Result<(), ProjectionError> {
        self.inner.change_rows(table, was, rows)
    }

    fn rows(&mut self, table: &'static Table, keys: &[Vec<Val>]) -> Result<Vec<Vec<Val>>, ProjectionError> {
        self.inner.rows(table, keys)
    }

    fn reads_together(&self) -> bool {
        self.inner.reads_together()
    }

    fn expect(&mut self, events_count: usize) -> Result<(), ProjectionError> {
        self.inner.expect(events_count)
    }

    fn edit(
        &mut self,
        table: &'static Table,
        key: &[Val],
        edit: &mut dyn FnMut(&mut [Val]) -> Result<RowAction, ProjectionError>,
    ) -> Result<Option<RowAction>, ProjectionError> {
        self.inner.edit(table, key, edit)
    }
}
