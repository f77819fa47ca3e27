//! Campaigns that were told to start before their time, or before another one came so far: begun when the
//! clock or the other one says so, or stopped where their end comes first. The campaign decides; the other
//! one is asked for its own state.

use super::kit::{Halt, Kit};
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::ports::worklist::CampaignWork;
use domain::running_plan::After;
use domain::time::Timestamp;

/// Wait before a campaign is asked again after an error.
const AGAIN_MS: u64 = 5_000;

/// Asks the campaign to begin where it is time. Answers when to look again by time alone; what it waits for
/// of another campaign is an event.
pub(super) async fn begin_by_time(kit: &Kit, work: &CampaignWork) -> Option<Timestamp> {
    // The view is a hint that spares asking every campaign that does not run; its own state decides.
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
    // Past its end the campaign has that to decide alone, whatever it waits for.
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

/// Whether the other campaign came so far, by its own stream.
async fn is_met(kit: &Kit, after: &After) -> Result<bool, Halt> {
    let other = kit.state(&kit.system.campaigns, &after.campaign).await?;
    let state: &CampaignState = &other.state;
    let stage = state.gates().stage();
    Ok(state.life().is_some_and(|life| after.reached.is_met(life, stage)))
}
