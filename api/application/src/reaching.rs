//! Whether persons may be reached at all now, by text as by telephone: no emergency stop reaches them, and
//! what keeps everybody from being dialed keeps everybody from being written to.

use crate::clock_doubt::doubt_in_words;
use crate::installation::{DialingState, Installation};
use actors::engaged_now;
use domain::calling_plan::CampaignFacts;
use domain::problem::{Kind, Problem};
use domain::stop::StopId;

/// Asked before a person is written to of our own accord. Who writes to us is answered.
pub async fn may_be_reached(installation: &Installation, facts: &CampaignFacts) -> Result<(), Problem> {
    let held = |why: String| Problem::new(Kind::Unavailable, "nobody-reached-now", why);
    match installation.dialing.now() {
        DialingState::NoTrunk | DialingState::Dialing => {}
        // Whether the log is whole and confirmed is known where it is dialed by.
        state @ (DialingState::Unconfirmed
        | DialingState::Lost
        | DialingState::Damaged
        | DialingState::Waiting
        | DialingState::Draining) => return Err(held(state.line().to_owned())),
    }
    let skew = &installation.environment.skew;
    if let Some(doubt) = skew.doubted() {
        return Err(held(doubt_in_words(doubt)));
    }
    if skew.stops_dialing() {
        return Err(held(
            "the clock of this machine is off: calling hours cannot be told / 本机时钟偏差过大".to_owned(),
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
