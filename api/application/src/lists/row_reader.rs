//! Reads and checks the rows of a list on a task of its own, ahead of the enrolments.

use domain::customer::Assignee;
use domain::customer::command::Enrolment;
use domain::ids::CustomerId;
use domain::ports::tasks::Tasks;
use domain::ports::vault::Vault;
use domain::visible_text::normalize;
use intake::mapping::Member;
use intake::row::{RowRules, assignee, check};
use intake::source::{NamedRow, RowSource};
use intake::table::TableReport;
use intake::{BadRow, ImportError};
use std::ops::ControlFlow;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Checked rows that may wait for the enrolments.
const ROWS_READ_AHEAD_MAX: usize = 512;

/// A row that passed the checks and can be enrolled, with its place in the file.
pub(super) struct CheckedRow {
    pub(super) row: u64,
    pub(super) column: String,
    pub(super) enrolment: Enrolment,
    pub(super) given: Option<RowAssignment>,
    pub(super) written: Option<WrittenId>,
}

/// The id as written in the file, if it differs from the normalized one. Earlier versions stored customers
/// under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenId {
    pub(super) customer: CustomerId,
    pub(super) external_id: String,
}

impl WrittenId {
    fn of(named: &NamedRow, vault: &dyn Vault) -> Option<Self> {
        let written = named.members.get(&Member::CustomerId)?;
        (normalize(written) != *written).then(|| Self {
            customer: vault.derive_customer(written),
            external_id: written.clone(),
        })
    }
}

/// The user or team that a row assigns its customer to, and the column that names it.
pub(super) struct RowAssignment {
    pub(super) to: Assignee,
    pub(super) column: String,
}

pub(super) enum ReaderItem {
    Row(Box<Result<CheckedRow, BadRow>>),
    Failed(ImportError),
    Ended(Box<TableReport>),
}

/// Starts a task (on a thread that may block) that reads and checks the rows, at most `ROWS_READ_AHEAD_MAX`
/// ahead of the receiver. It ends with `Ended` or `Failed`, or when the receiver is dropped.
pub(super) fn spawn_row_reader(
    mut rows: Box<dyn RowSource>,
    rules: RowRules,
    vault: Arc<dyn Vault>,
    tasks: &dyn Tasks,
) -> mpsc::Receiver<ReaderItem> {
    let checked = move |named: NamedRow| {
        let (row, column) = (named.row, named.title(Member::CustomerId));
        let given = assignee(&named)?.map(|(to, column)| RowAssignment { to, column });
        let written = WrittenId::of(&named, vault.as_ref());
        let enrolment = check(named, &rules, vault.as_ref())?;
        Ok(CheckedRow {
            row,
            column,
            enrolment,
            given,
            written,
        })
    };
    let (sender, receiver) = mpsc::channel(ROWS_READ_AHEAD_MAX);
    tasks.spawn(
        "import-reader",
        Box::pin(async move {
            tokio::task::block_in_place(|| {
                let read = rows.read_rows(&mut |row| {
                    let row = Box::new(row.and_then(&checked));
                    match sender.blocking_send(ReaderItem::Row(row)) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                });
                let last = match read {
                    Ok(()) => ReaderItem::Ended(Box::new(rows.report())),
                    Err(error) => ReaderItem::Failed(error),
                };
                // The receiver is gone if the request was dropped. The result is then not needed.
                drop(sender.blocking_send(last));
            });
        }),
    );
    receiver
}
