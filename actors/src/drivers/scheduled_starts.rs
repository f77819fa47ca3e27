//! Scheduled starts: campaigns that start at a time, or after another campaign has reached a point. They
//! start when that condition is met, or stop if their end comes first. The campaign decides; the progress of
//! the other campaign is read from its own state.

use super::driver_context::{DriverContext, Halt};
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::ports::worklist::CampaignWork;
use domain::running_plan::PredecessorCampaign;
use domain::time::Timestamp;

/// Wait before a campaign is asked again after an error, in milliseconds.
const AGAIN_MS: u64 = 5_000;

/// Starts a campaign with a scheduled start if its condition is met, or stops it if its end has come.
/// Returns when to look again; `None` if only an event of another campaign can change the answer.
pub(super) async fn begin_by_time(kit: &DriverContext, work: &CampaignWork) -> Option<Timestamp> {
    // The view only saves asking every campaign that does not run; the campaign's own state decides.
    if !work.start_scheduled || kit.is_draining() {
        return None;
    }
    let now = kit.now();
    let Ok(loaded) = kit.state(&kit.system.campaigns, &work.campaign).await else {
        return Some(now.plus_ms(AGAIN_MS));
    };
    if !loaded.state.is_start_scheduled() {
        return None;
    }
    let plan = loaded.state.plan()?;
    let running = plan.running.as_deref()?;
    let ahead = plan.ends_at.filter(|at| now < *at);
    let is_past_end = plan.ends_at.is_some() && ahead.is_none();
    // Past its end, the campaign decides only about that end, whatever start condition it has.
    if let Some(starts_at) = running.starts_at.filter(|at| now < *at && !is_past_end) {
        return Some(starts_at);
    }
    let after_met = match &running.after {
        None => false,
        Some(_) if is_past_end => false,
        Some(after) => match is_met(kit, after).await {
            Ok(true) => true,
            Ok(false) => return ahead,
            Err(_halt) => return Some(now.plus_ms(AGAIN_MS)),
        },
    };
    let command = CampaignCommand::StartDue { after_met };
    let asked = kit.ask(&kit.system.campaigns, &work.campaign, command, kit.fresh_cause());
    match asked.await {
        Ok(_) | Err(Halt::Refused) => None,
        Err(halt @ (Halt::Unavailable | Halt::Fault)) => {
            tracing::warn!(campaign = %work.campaign, %halt, "a campaign could not be begun at its time");
            Some(now.plus_ms(AGAIN_MS))
        }
    }
}

/// Returns true if the campaign that must come before has reached the required point, by its own state.
async fn is_met(kit: &DriverContext, after: &PredecessorCampaign) -> Result<bool, Halt> {
    let other = kit.state(&kit.system.campaigns, &after.campaign).await?;
    let state: &CampaignState = &other.state;
    let stage = state.gates().stage();
    Ok(state.life().is_some_and(|life| after.reached.is_met(life, stage)))
}
