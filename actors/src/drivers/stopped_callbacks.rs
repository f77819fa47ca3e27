//! Ends callbacks that wait in a stopped campaign, because no call will be made for them. The reason is
//! stored.

use super::driver_context::{DriverContext, Halt};
use domain::campaign::CampaignStatus;
use domain::customer::command::CustomerCommand;
use domain::ports::worklist::{DueEnrolment, WorklistError};
use domain::time::Timestamp;

/// The stored reason for the end of a callback.
const STOPPED: &str = "its campaign was stopped";

/// Most callbacks ended at once: a stopped campaign may have thousands, and other work waits meanwhile.
const CALLBACKS_MAX: usize = 256;

/// Wait before further callbacks are ended, also after an error, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// Asks customers to end their callbacks in stopped campaigns. Returns when to look again; `None` if none
/// is left. A refused one is settled already, or will be by an event that the worklist does not show yet.
pub(super) async fn end_callbacks(kit: &DriverContext) -> Result<Option<Timestamp>, WorklistError> {
    if kit.is_draining() {
        return Ok(None);
    }
    let waiting = kit.ports.worklist.callbacks_of_stopped(CALLBACKS_MAX).await?;
    let mut looks_again = waiting.len() == CALLBACKS_MAX;
    for one in &waiting {
        match end_callback(kit, one).await {
            Ok(()) | Err(Halt::Refused) => {}
            Err(halt @ (Halt::Unavailable | Halt::Fault)) => {
                tracing::warn!(campaign = %one.campaign, %halt, "a callback could not be ended");
                looks_again = true;
            }
        }
    }
    Ok(looks_again.then(|| kit.now().plus_ms(AGAIN_MS)))
}

/// Ends one callback if its campaign is stopped by its own state; the worklist only says where to look.
async fn end_callback(kit: &DriverContext, one: &DueEnrolment) -> Result<(), Halt> {
    let loaded = kit.state(&kit.system.campaigns, &one.campaign).await?;
    let stopped = loaded.state.status() == Some(CampaignStatus::Stopped);
    let facts = loaded.state.facts(one.campaign.clone()).filter(|_| stopped);
    let facts = Box::new(facts.ok_or(Halt::Refused)?);
    let command = CustomerCommand::CancelCallback {
        facts,
        reason: STOPPED.to_owned(),
        by: None,
    };
    kit.ask(&kit.system.customers, &one.customer, command, kit.fresh_cause())
        .await?;
    Ok(())
}
