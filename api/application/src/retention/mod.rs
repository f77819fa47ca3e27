//! Retention: how long each class of data is kept, what is due, and its disposal.
//!
//! A disposal is stored with everything it names before anything is destroyed, and completed afterwards.
//! One that a crash interrupted is completed before anything else. A running server disposes of data once a
//! day.

mod carry_out;
mod complained;
mod daily;
mod due;
mod order;
mod ordered;
mod run;
mod shown;
mod transcripts;

pub use daily::begin;
pub use order::{PeriodOrder, RunOrder};
pub(crate) use ordered::{Orderable, dispose, finish_left_over};
pub use run::{ClassRun, RunShown, run};
pub use shown::{ClassShown, RetentionShown, all, of_class, one};

use crate::installation::Installation;
use actors::Answer;
use domain::problem::Problem;
use domain::retention::{DataClass, Retention, RetentionCommand};
use domain::stored_event::Cause;

/// Sets a period. The caller must check for the approval of another user first.
pub async fn set_period(
    installation: &Installation,
    class: DataClass,
    order: PeriodOrder,
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
