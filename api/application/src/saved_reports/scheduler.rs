//! Sends saved reports on schedule, in the process that may dial, or in the only process.
//!
//! What is due follows from each report's own events. After a restart, or when another process takes over,
//! unsent reports are sent and none is sent twice. If a report cannot be made because the rows are
//! unavailable or behind, this is logged and retried at the next check, until the report's next time is
//! due.

use super::report_delivery::send_due;
use crate::installation::Installation;
use crate::webhooks::{named_streams, streams_behind};
use domain::problem::{Problem, ProblemKind};
use domain::saved_report::{SavedReportEvent, SavedReportId};
use std::sync::Arc;

/// Interval between checks for due reports, in milliseconds. A report can be late by this much.
const LOOK_MS: u64 = 10_000;

/// Starts the task that sends due reports, until the process stops.
pub fn begin(installation: &Arc<Installation>) {
    let clerk = Arc::clone(installation);
    installation.until_stopped("saved reports", async move {
        loop {
            if let Err(problem) = look_again_and_again(&clerk).await {
                tracing::warn!(%problem, "saved reports are looked for again");
            }
            clerk.pause(LOOK_MS).await;
        }
    });
}

async fn look_again_and_again(installation: &Installation) -> Result<(), Problem> {
    let mut found = named_streams(installation, SavedReportEvent::SAVED).await?;
    loop {
        streams_behind(installation, SavedReportEvent::SAVED, &mut found).await?;
        if installation.dialing.state().borrow().is_the_one() {
            let names = found.ids.iter().filter_map(|id| id.parse().ok());
            for name in names {
                if !installation.dialing.state().borrow().is_the_one() || !look(installation, &name).await {
                    break;
                }
            }
        } else {
            installation.halted.forget_reports();
        }
        installation.pause(LOOK_MS).await;
    }
}

/// Sends one report if it is due. Returns false if the read model is unavailable or behind: the other
/// reports would fail for the same reason.
pub(super) async fn look(installation: &Installation, name: &SavedReportId) -> bool {
    match send_where_due(installation, name).await {
        Ok(()) => true,
        Err(problem) => {
            tracing::warn!(report = %name, %problem, "a saved report could not be sent yet");
            problem.kind != ProblemKind::Unavailable
        }
    }
}

async fn send_where_due(installation: &Installation, name: &SavedReportId) -> Result<(), Problem> {
    let loaded = installation.entities.saved_reports.state(name).await?;
    installation
        .halted
        .note_report(name.clone(), loaded.state.is_owner_lost());
    match loaded.state.due_at(installation.now()) {
        Some(due) => send_due(installation, name, due).await,
        None => Ok(()),
    }
}
