//! Decides if customers may be contacted now, in writing or by phone: no emergency stop covers the
//! campaign, and nothing that stops all dialing is in effect.

use crate::clock_doubt::doubt_in_words;
use crate::installation::{DialingState, Installation};
use actors::engaged_now;
use domain::calling_plan::CampaignFacts;
use domain::problem::{Problem, ProblemKind};
use domain::stop::StopId;

/// Fails with `Unavailable` if no message may be sent to customers of the campaign on our own initiative
/// now. Not used before a reply to a customer's own message.
pub async fn may_be_reached(installation: &Installation, facts: &CampaignFacts) -> Result<(), Problem> {
    let held = |why: String| Problem::new(ProblemKind::Unavailable, "nobody-reached-now", why);
    let state = installation.dialing.now();
    // In the other states the log is not known to be complete and confirmed for dialing.
    if state != DialingState::NoTrunk
        && let Some(code) = state.pause_code()
    {
        return Err(held(code.texts().1.to_owned()));
    }
    let skew = &installation.environment.skew;
    if let Some(doubt) = skew.doubted() {
        return Err(held(doubt_in_words(doubt)));
    }
    if skew.stops_dialing() {
        return Err(held(
            "the clock of this machine is wrong: calling hours cannot be checked / 本机时钟偏差过大"
                .to_owned(),
        ));
    }
    let stops = [StopId::All, StopId::Campaign(facts.campaign.clone())].into_iter();
    let stops = stops.chain(facts.plan.presets().map(StopId::Preset));
    for stop in stops {
        if engaged_now(installation.store(), &stop).await?.is_some() {
            return Err(Problem::refused(
                "stop-engaged",
                format!("the emergency stop {stop} is active: no calls or messages are sent / 紧急停止中"),
            ));
        }
    }
    Ok(())
}
