//! Once a day a running server looks for what is past its period: by its own clock and by the log, so that a
//! restart neither forgets nor repeats it. In the one process that may dial, or the only one there is.

use super::run::run;
use super::shown::DAILY_MS;
use crate::installation::Installation;
use domain::problem::Problem;
use domain::retention::DataClass;
use domain::stored_event::Cause;
use std::sync::Arc;

/// How often it is asked whether a day is over.
const LOOK_MS: u64 = 600_000;

/// Before it is tried again: somebody's run is under way, or the log is away.
const AGAIN_MS: u64 = 5_000;

/// Begins to look; ends with the process.
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

/// Whether a class has a period, and a day is over since it was looked at; or a disposal is to be finished.
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
