//! Pauses campaigns on behalf of the dialer, with a reason and an alert.

use crate::drivers::driver_context::{DriverContext, Halt};
use domain::campaign::CampaignStatus;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::ids::CampaignId;

/// Name of the alert that every trunk fails.
const ALERT_UNREACHABLE: &str = "trunk_unreachable";

/// Name of the alert that a quota cannot be evaluated.
const ALERT_QUOTA: &str = "quota_not_evaluated";

/// Pauses every running campaign because every trunk had too many consecutive failures. Dialing stops until
/// a user resumes them. The failed dials do not count as attempts, and the customers keep waiting.
pub(crate) async fn pause_running_campaigns(kit: &DriverContext, detail: &str) {
    kit.capacity.forget_failures();
    let works = match kit.ports.worklist.unfinished_campaigns().await {
        Ok(works) => works,
        Err(error) => {
            tracing::error!(%error, "campaigns cannot be paused: the worklist is unavailable");
            return;
        }
    };
    for work in works.into_iter().filter(|work| work.running) {
        let reason = PauseReason::TrunkUnreachable;
        if let Err(halt) = pause(kit, &work.campaign, reason, ALERT_UNREACHABLE, detail).await {
            tracing::error!(campaign = %work.campaign, %halt, "a campaign could not be paused");
        }
    }
}

/// Pauses a campaign when one of its quotas cannot be evaluated, because further dials could exceed the
/// limit.
pub(super) async fn pause_for_quota(kit: &DriverContext, campaign: &CampaignId, detail: &str) {
    tracing::error!(%campaign, detail, "a quota cannot be evaluated: the campaign is paused");
    let paused = pause(kit, campaign, PauseReason::QuotaNotEvaluated, ALERT_QUOTA, detail);
    if let Err(halt) = paused.await {
        tracing::error!(%campaign, %halt, "a campaign could not be paused");
    }
}

async fn pause(
    kit: &DriverContext,
    campaign: &CampaignId,
    reason: PauseReason,
    alert: &str,
    detail: &str,
) -> Result<(), Halt> {
    let loaded = kit.system.campaigns.state(campaign).await.map_err(|error| {
        tracing::warn!(%campaign, %error, "a campaign cannot be read");
        Halt::Unavailable
    })?;
    if loaded.state.status() != Some(CampaignStatus::Running) {
        return Ok(());
    }
    let alert = CampaignCommand::RaiseAlert {
        alert: alert.to_owned(),
        detail: detail.to_owned(),
    };
    let command = CampaignCommand::Pause { reason };
    kit.ask(&kit.system.campaigns, campaign, command, kit.fresh_cause())
        .await?;
    kit.ask(&kit.system.campaigns, campaign, alert, kit.fresh_cause())
        .await?;
    Ok(())
}
