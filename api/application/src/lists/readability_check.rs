//! Checks before an import if a file can be read as a list to its end, and if records contain a customer
//! who can be enrolled.

use super::row_reader::{ReaderItem, spawn_row_reader};
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::problem::Problem;
use intake::body::BodySource;
use intake::row::RowRules;
use intake::source::RowSource;
use intake::{BadRow, ImportError, ROWS_MAX};
use serde_json::{Map, Value};
use std::sync::Arc;

/// Records that are examined before the result is looked at. In most lists the first record is good.
const RECORDS_AT_ONCE: usize = 256;

/// Passes if at least one of these records can be enrolled. Otherwise fails with the first bad row; `None`
/// if there are no records.
pub async fn check_any_enrollable(
    records: &[Map<String, Value>],
    rules: &RowRules,
    vault: &Arc<dyn Vault>,
    tasks: &dyn Tasks,
) -> Result<(), Option<BadRow>> {
    let mut first = None;
    for some in records.chunks(RECORDS_AT_ONCE) {
        let rows = Box::new(BodySource::new(some.to_vec()));
        let mut reading = spawn_row_reader(rows, rules.clone(), Arc::clone(vault), tasks);
        while let Some(ReaderItem::Row(row)) = reading.recv().await {
            match *row {
                Ok(_) => return Ok(()),
                Err(bad) => first = first.or(Some(bad)),
            }
        }
    }
    Err(first)
}

/// Reads every row once and fails if the file cannot be read to its end. Bad rows are no failure here: the
/// import's report lists them.
pub async fn check_readable(
    rows: Box<dyn RowSource>,
    rules: RowRules,
    vault: Arc<dyn Vault>,
    tasks: &dyn Tasks,
) -> Result<(), Problem> {
    let mut reading = spawn_row_reader(rows, rules, vault, tasks);
    let mut count = 0_u64;
    loop {
        match reading.recv().await {
            Some(ReaderItem::Row(_)) => count += 1,
            Some(ReaderItem::Failed(error)) => return Err(error.into()),
            Some(ReaderItem::Ended(_)) => return Ok(()),
            None => return Err(Problem::fault("the reader of the file stopped")),
        }
        if count > ROWS_MAX {
            let too_large = ImportError::TooLarge {
                what: "the number of rows",
                limit: ROWS_MAX,
            };
            return Err(too_large.into());
        }
    }
}
