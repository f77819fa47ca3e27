//! Withdraws preview offers of campaigns that an emergency stop reaches: an agent cannot accept an offer made
//! before the stop, even if the stop is lifted within the offer's time.
//!
//! The stops' own streams are read, at each start and whenever a stop is engaged.

use super::driver_context::{DriverContext, Halt};
use crate::stops::last_engaged_at;
use domain::campaign::command::{CampaignCommand, PreviewCommand};
use domain::ids::CampaignId;
use domain::ports::worklist::WorklistError;
use domain::stop::StopId;
use domain::time::Timestamp;

/// Wait before preview offers are looked at again after an error, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// Withdraws the preview offers of running campaigns that an emergency stop reaches. Returns when to look
/// again if a campaign or stop could not be read.
pub(super) async fn withdraw_offers(kit: &DriverContext) -> Result<Option<Timestamp>, WorklistError> {
    let mut again_at = None;
    for work in kit.ports.worklist.unfinished_campaigns().await? {
        if !work.running {
            continue;
        }
        match withdraw(kit, &work.campaign).await {
            Ok(()) | Err(Halt::Refused) => {}
            Err(halt @ (Halt::Unavailable | Halt::Fault)) => {
                tracing::warn!(campaign = %work.campaign, %halt, "preview offers could not be withdrawn");
                again_at = Some(kit.now().plus_ms(AGAIN_MS));
            }
        }
    }
    Ok(again_at)
}

async fn withdraw(kit: &DriverContext, campaign: &CampaignId) -> Result<(), Halt> {
    let state = kit.state(&kit.system.campaigns, campaign).await?.state;
    let plan = state.plan();
    let oldest = state
        .offers()
        .open(kit.now())
        .map(|(_, offer)| offer.offered_at)
        .min();
    let Some((plan, oldest)) = plan.zip(oldest) else {
        return Ok(());
    };
    let reaching = [StopId::All, StopId::Campaign(campaign.clone())].into_iter();
    for stop in reaching.chain(plan.presets().map(StopId::Preset)) {
        // The stop may be lifted by now; offers made before it was engaged are withdrawn all the same.
        let engaged = last_engaged_at(kit.environment.store.as_ref(), &stop).await;
        let engaged = engaged.map_err(|error| {
            tracing::warn!(%stop, %error, "an emergency stop cannot be read");
            Halt::Unavailable
        })?;
        if engaged.is_some_and(|engaged| engaged >= oldest) {
            let reason = format!("emergency stop {stop}");
            let command = CampaignCommand::Preview(PreviewCommand::Withdraw { reason });
            kit.ask(&kit.system.campaigns, campaign, command, kit.fresh_cause())
                .await?;
            return Ok(());
        }
    }
    Ok(())
}
