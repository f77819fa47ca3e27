//! Retention: how long each class of data is kept, what is due, and its disposal.
//!
//! A disposal is stored with everything it names before anything is destroyed, and completed afterwards.
//! One that a crash interrupted is completed before anything else. A running server disposes of data once a
//! day.

mod complaint_subjects;
mod daily_run;
mod disposal_execution;
mod due_data;
mod early_disposal;
mod requests;
mod responses;
mod run;
mod transcripts;

pub use daily_run::begin;
pub(crate) use early_disposal::{EarlyDisposal, dispose, finish_left_over};
pub use requests::{RetentionPeriodRequest, RetentionRunRequest};
pub use responses::{DataClassResponse, RetentionResponse, all, of_class, one};
pub use run::{ClassRun, RetentionRunResponse, run};

use crate::installation::Installation;
use actors::Answer;
use domain::problem::Problem;
use domain::retention::{DataClass, Retention, RetentionCommand};
use domain::stored_event::Cause;

/// Sets or removes the retention period of a class of data. Fails if it is below the minimum. The caller
/// must check for the approval of another user first.
pub async fn set_period(
    installation: &Installation,
    class: DataClass,
    order: RetentionPeriodRequest,
    cause: Cause,
) -> Result<Answer<Retention>, Problem> {
    let command = RetentionCommand::SetPeriod {
        class,
        preset: order.preset,
        days: order.days,
        reason: order.reason,
    };
    Ok(installation
        .entities
        .retentions
        .ask(&class, command, cause)
        .await?)
}
