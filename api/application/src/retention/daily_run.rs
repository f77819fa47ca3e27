//! Once a day, a running server disposes of data past its period. The time of the last run is read from the
//! log, so that a restart neither skips nor repeats a run. Only the process that may dial does this, or the
//! only process.

use super::responses::DAILY_MS;
use super::run::run;
use crate::installation::Installation;
use domain::problem::Problem;
use domain::retention::DataClass;
use domain::stored_event::Cause;
use std::sync::Arc;

/// Interval between checks whether a day has passed, in milliseconds.
const LOOK_MS: u64 = 600_000;

/// Delay before another attempt, in milliseconds, if a retention run is in progress or the log is
/// unavailable.
const AGAIN_MS: u64 = 5_000;

/// Starts the task that disposes of due data once a day, until the process stops.
pub fn begin(installation: &Arc<Installation>) {
    let keeper = Arc::clone(installation);
    installation.until_stopped("retention", async move { keep(&keeper).await });
}

async fn keep(installation: &Installation) {
    loop {
        let next_ms = match look(installation).await {
            Ok(()) => LOOK_MS,
            Err(problem) => {
                tracing::warn!(%problem, "retention was not run; it is tried again");
                AGAIN_MS
            }
        };
        installation.pause(next_ms).await;
    }
}

async fn look(installation: &Installation) -> Result<(), Problem> {
    let is_the_one = installation.dialing.state().borrow().is_the_one();
    if !is_the_one || !is_due(installation).await? {
        return Ok(());
    }
    let cause = Cause::outside(installation.new_command());
    let done = run(installation, false, cause).await?;
    for class in &done.classes {
        let (class, destroyed, left) = (class.class, class.destroyed, class.left);
        tracing::info!(%class, destroyed, left, "retention was run");
    }
    Ok(())
}

/// Returns true if a class of data with a period was last reviewed more than a day ago, or if an
/// interrupted disposal must be completed.
async fn is_due(installation: &Installation) -> Result<bool, Problem> {
    let now = installation.now();
    for class in DataClass::ALL {
        let state = installation.entities.retentions.state(&class).await?.state;
        let is_over = state
            .last_review()
            .is_none_or(|last| last.at.plus_ms(DAILY_MS) <= now);
        if state.under_way().is_some() || (!state.is_unset() && is_over) {
            return Ok(true);
        }
    }
    Ok(false)
}
