//! Compares the columns used for lookups with the records. A user with the database password may have changed
//! them, and the proofs do not cover them.

use super::PostgresEventStore;
use super::reader::Value;
use super::row::{signed, unsigned};
use crate::column_check::{LookupMismatch, StoredColumns};
use domain::ports::event_store::{PAGE_EVENTS_MAX, StoreError};
use domain::stored_event::Position;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

const PAGE: &str = "SELECT pos, version, stream, id, campaign, customer, kind, record FROM ledgerline.event
    WHERE pos > $1 ORDER BY pos LIMIT $2";

impl PostgresEventStore {
    /// Returns the first event with a column that differs from its record; `None` if all agree. Reads the
    /// whole log, page by page.
    pub async fn find_misleading(&self) -> Result<Option<LookupMismatch>, StoreError> {
        let mut after = 0;
        loop {
            let values: [Value<'_>; 2] = [&signed(after), &signed(PAGE_EVENTS_MAX as u64)];
            let rows = self.reader.each(PAGE, &values, looked_at).await?;
            let Some((last, _)) = rows.last() else {
                return Ok(None);
            };
            after = last.0;
            let mut rows = rows.into_iter();
            if let Some(wrong) = rows.find_map(|(at, wrong)| Some(LookupMismatch::Column(at, wrong?))) {
                return Ok(Some(wrong));
            }
        }
    }
}

fn looked_at(row: &Row) -> Result<(Position, Option<&'static str>), StoreError> {
    wrong_column(row).map_err(|error| StoreError::Damaged(error.to_string()))
}

fn wrong_column(row: &Row) -> Result<(Position, Option<&'static str>), Error> {
    let id: Uuid = row.try_get(3)?;
    let columns = StoredColumns {
        stream: Some(row.try_get::<_, &str>(2)?.as_bytes()),
        version: Some(unsigned(row.try_get(1)?)),
        id: Some(id.as_bytes()),
        kind: Some(row.try_get::<_, &str>(6)?.as_bytes()),
        campaign: row.try_get::<_, Option<&str>>(4)?.map(str::as_bytes),
        customer: row.try_get::<_, Option<&str>>(5)?.map(str::as_bytes),
    };
    let wrong = columns.wrong(row.try_get(7)?);
    Ok((Position(unsigned(row.try_get(0)?)), wrong))
}
