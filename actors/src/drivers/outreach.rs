//! The outreach driver sees campaigns through to their end. It starts scheduled campaigns at their time, asks
//! a campaign to complete when every list is closed and every enrolment settled, settles what waits in a
//! paused campaign at its end, and ends callbacks in stopped campaigns.
//!
//! The view is a hint; the campaign's decider compares with its own count of closed lists.

use super::dialer::settle_paused;
use super::driver_context::{DriverContext, Halt, campaign_cause};
use super::event_follower::EventFollower;
use super::scheduled_starts::begin_by_time;
use super::stopped_callbacks::end_callbacks;
use super::stopped_offers::withdraw_offers;
use crate::timers::{earlier, wake_at};
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::number::event::NumberEvent;
use domain::ports::worklist::{CampaignWork, WorklistError};
use domain::stop::StopEvent;
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use std::sync::Arc;

/// Wait that collects settlements before campaigns are looked at, in milliseconds: an import or a quick
/// campaign settles many per second.
const LOOK_MS: u64 = 200;
/// Wait before the worklist is read again after an error, in milliseconds.
const AGAIN_MS: u64 = 5_000;

/// Event kinds after which a campaign may be complete or may have an end to wait for.
const KINDS: [&str; 14] = [
    CampaignEvent::START_SCHEDULED,
    CampaignEvent::COMPLETED,
    CampaignEvent::PROMOTED,
    CustomerEvent::CALLBACK_REQUESTED,
    CustomerEvent::DIAL_RELEASED,
    CustomerEvent::CALL_CLOSED,
    NumberEvent::CALL_CLOSED,
    CustomerEvent::ENROLMENT_SETTLED,
    CampaignEvent::LIST_CLOSED,
    CampaignEvent::STARTED,
    CampaignEvent::PAUSED,
    CampaignEvent::STOPPED,
    CampaignEvent::RESUMED,
    CampaignEvent::REOPENED,
];

pub(crate) async fn run(kit: Arc<DriverContext>, after: Position) {
    let stop = kit.environment.tasks.stop_signal();
    let mut follow = EventFollower::new(&kit.environment, after);
    let mut seen = after;
    let mut look_at = Some(kit.now());
    // A stop may have been engaged before this process started.
    let mut is_stopped = true;
    loop {
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = wake_at(kit.environment.clock.as_ref(), look_at) => {
                look_at = look(&kit, seen, &mut is_stopped).await;
            }
            page = follow.next() => {
                // Dialing has ended with the damage; a campaign is not completed from an incomplete log.
                let Ok(page) = page else { return };
                seen = page.last().map_or(seen, |(position, _)| *position);
                is_stopped |= page.iter().any(|(_, envelope)| envelope.kind == StopEvent::ENGAGED);
                if is_stopped || page.iter().any(|(_, envelope)| matters(envelope)) {
                    look_at = earlier(look_at, Some(kit.now().plus_ms(LOOK_MS)));
                }
            }
        }
    }
}

fn matters(envelope: &Envelope) -> bool {
    KINDS.contains(&envelope.kind.as_str())
}

/// Looks at all unfinished campaigns once the worklist has reached `seen`. Returns when to look again;
/// `None` if only an event can change anything.
async fn look(kit: &DriverContext, seen: Position, is_stopped: &mut bool) -> Option<Timestamp> {
    match look_once(kit, seen, *is_stopped).await {
        Ok((again_at, stopped_at)) => {
            *is_stopped = stopped_at.is_some();
            earlier(again_at, stopped_at)
        }
        Err(error) => {
            tracing::warn!(%error, "outreach cannot read the worklist");
            Some(kit.now().plus_ms(AGAIN_MS))
        }
    }
}

/// Does so once. Returns when to look again, and when to look again at what an emergency stop reaches, if
/// that could not be read.
async fn look_once(
    kit: &DriverContext,
    seen: Position,
    is_stopped: bool,
) -> Result<(Option<Timestamp>, Option<Timestamp>), WorklistError> {
    kit.ports.worklist.wait_for(seen).await?;
    let position = kit.ports.worklist.position().await?;
    let mut again_at = None;
    for work in kit.ports.worklist.unfinished_campaigns().await? {
        let next = if is_settled(&work) {
            ask_to_complete(kit, &work, position).await
        } else {
            settle_paused(kit, &work).await?
        };
        again_at = earlier(again_at, next);
        again_at = earlier(again_at, begin_by_time(kit, &work).await);
    }
    let stopped_at = match is_stopped {
        true => withdraw_offers(kit).await?,
        false => None,
    };
    Ok((earlier(again_at, end_callbacks(kit).await?), stopped_at))
}

/// Asks a campaign to complete, with the number of its settled enrolments. Returns when to ask again if it
/// could not be asked; `None` otherwise, also after a refusal.
async fn ask_to_complete(kit: &DriverContext, work: &CampaignWork, position: Position) -> Option<Timestamp> {
    let command = CampaignCommand::Complete {
        settled: work.settled_count,
        position,
    };
    let cause = campaign_cause(&work.campaign, "complete", position);
    let asked = kit.ask(&kit.system.campaigns, &work.campaign, command, cause);
    match asked.await {
        // Refused: a list is still open or counts differ; the next event asks again.
        Ok(_) | Err(Halt::Refused) => None,
        Err(halt @ (Halt::Unavailable | Halt::Fault)) => {
            tracing::warn!(campaign = %work.campaign, %halt, "a campaign could not be asked to complete");
            Some(kit.now().plus_ms(AGAIN_MS))
        }
    }
}

/// Returns true if all enrolments of the campaign are settled and no call is open. A campaign with lists
/// that created no enrolment counts as settled once it was started; before that it waits for customers.
fn is_settled(work: &CampaignWork) -> bool {
    let begun = work.running || work.enrolled_count > 0;
    begun && work.settled_count == work.enrolled_count && work.open_count == 0
}
