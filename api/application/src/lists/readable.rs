//! Whether a file can be read as a list to its end, before anything is done by it.

use super::reading::{Read, read_aside};
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::problem::Problem;
use intake::row::RowRules;
use intake::source::RowSource;
use intake::{ImportError, ROWS_MAX};
use std::sync::Arc;

/// Reads every row once and says why that fails. A bad row is a row: the report of the import names it.
pub async fn readable(
    rows: Box<dyn RowSource>,
    rules: RowRules,
    vault: Arc<dyn Vault>,
    tasks: &dyn Tasks,
) -> Result<(), Problem> {
    let mut reading = read_aside(rows, rules, vault, tasks);
    let mut count = 0_u64;
    loop {
        match reading.recv().await {
            Some(Read::Row(_)) => count += 1,
            Some(Read::Failed(error)) => return Err(error.into()),
            Some(Read::Ended) => return Ok(()),
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
