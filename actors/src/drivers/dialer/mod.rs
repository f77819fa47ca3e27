//! The dialer: while campaigns run and lines have capacity, it asks a campaign for a batch of dials and
//! starts one worker per enrolment.
//!
//! It wakes on events, at the worklist's next due time (soon, if enrolments are due and not asked for), when
//! a slot on a line is released, and when a worker ends. What it reads is a hint: campaign, customer and
//! number decide.

mod due_enrolments;
mod expired_campaigns;
mod pacing;
mod pausing;
mod quotas;
mod round;
mod shares;
mod stage_limits;

pub(crate) use expired_campaigns::settle_paused;
pub(crate) use pacing::waits_for_records;
pub(crate) use pausing::pause_running_campaigns;

use super::driver_context::DriverContext;
use super::event_follower::EventFollower;
use crate::timers::{earlier, wake_at};
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::stored_event::{Envelope, Position};
use round::run_round;
use std::sync::Arc;

/// Shortest time between two rounds, in milliseconds: many ended calls at once cause one round.
const ROUND_MS: u64 = 20;
/// Shortest time between two rounds while only enrolments arrive, in milliseconds: an import of thousands
/// causes few rounds.
const IMPORT_ROUND_MS: u64 = 250;

/// Event kinds after which an enrolment may have become due.
const KINDS: [&str; 15] = [
    CampaignEvent::STARTED,
    CampaignEvent::RESUMED,
    CampaignEvent::PLAN_CHANGED,
    CampaignEvent::REOPENED,
    CampaignEvent::PROMOTED,
    CampaignEvent::PREVIEW_ACCEPTED,
    CustomerEvent::DIAL_REFUSED,
    CustomerEvent::DIAL_RELEASED,
    CustomerEvent::CALL_CLOSED,
    CustomerEvent::CALL_BACK_ORDERED,
    CustomerEvent::CALL_ASKED,
    CustomerEvent::CALLBACK_REQUESTED,
    CustomerEvent::CALLBACK_ENDED,
    CustomerEvent::CONSENT_RECORDED,
    CampaignEvent::COMPLETED,
];

pub(crate) async fn run(kit: Arc<DriverContext>, after: Position) {
    let stop = kit.environment.tasks.stop_signal();
    let mut follow = EventFollower::new(&kit.environment, after);
    let mut seen = after;
    let mut round_at = Some(kit.now());
    let mut last_round = kit.now();
    let mut rounds_count = 0;
    loop {
        let woken = tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = kit.draining() => return,
            () = wake_at(kit.environment.clock.as_ref(), round_at) => {
                round_at = run_round(&kit, seen, rounds_count).await;
                rounds_count = rounds_count.wrapping_add(1);
                last_round = kit.now();
                None
            }
            page = follow.next() => {
                let Ok(page) = page else { return };
                seen = page.last().map_or(seen, |(position, _)| *position);
                page.iter().filter_map(|(_, envelope)| woken_by(&kit, envelope)).min()
            }
            () = kit.capacity.freed() => Some(ROUND_MS),
            () = kit.live.left() => Some(ROUND_MS),
        };
        if let Some(wait_ms) = woken {
            round_at = earlier(round_at, Some(last_round.plus_ms(wait_ms)));
        }
    }
}

/// Returns the same as `wait_after`, and notes the trace that the round then continues.
fn woken_by(kit: &DriverContext, envelope: &Envelope) -> Option<u64> {
    let wait_ms = wait_after(envelope);
    if wait_ms.is_some() && kit.environment.traces.is_on() {
        kit.round_traces.note(envelope);
    }
    wait_ms
}

/// Returns the time in milliseconds from the last round to the one that this event causes; `None` if it
/// causes none.
fn wait_after(envelope: &Envelope) -> Option<u64> {
    match envelope.kind.as_str() {
        CustomerEvent::ENROLLED => Some(IMPORT_ROUND_MS),
        kind => KINDS.contains(&kind).then_some(ROUND_MS),
    }
}
