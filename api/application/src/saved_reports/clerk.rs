//! Sends saved reports at their times, in the one process that may dial (or the only one there is).
//!
//! What is due follows from each report's own events: a restart, or another process that takes over, sends
//! what was not sent and nothing twice. What cannot be made now, because the rows are away or behind, is said
//! and tried again at the next look, until the next time is due.

use super::sending::send_due;
use crate::installation::Installation;
use crate::webhooks::{named_streams, streams_behind};
use domain::problem::{Kind, Problem};
use domain::saved_report::{SavedReportEvent, SavedReportId};
use std::sync::Arc;

/// Between two looks at what is due: a report may be this late.
const LOOK_MS: u64 = 10_000;

/// Begins to send; ends with the process.
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

/// One report; false where the rows are away or behind: the others would wait as long, and for the same.
pub(super) async fn look(installation: &Installation, name: &SavedReportId) -> bool {
    match send_where_due(installation, name).await {
        Ok(()) => true,
        Err(problem) => {
            tracing::warn!(report = %name, %problem, "a saved report could not be sent yet");
            problem.kind != Kind::Unavailable
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
