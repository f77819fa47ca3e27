//! Takes due enrolments while campaigns run and capacity allows: a batch, then one worker per enrolment.
//!
//! It wakes on events, on the worklist's next due time, when a leg's place comes free and when a worker has
//! left; never otherwise. What it reads is a hint: campaign, customer and number decide.

mod round;

pub(crate) use round::pause_running_campaigns;

use super::follow::Follow;
use super::kit::Kit;
use crate::timers::{earlier, wake_at};
use domain::stored_event::{Envelope, Position};
use round::round;
use std::sync::Arc;

/// Shortest time between two rounds: an import or a burst of ended calls wakes once for many events.
const ROUND_MS: u64 = 20;

/// Kinds after which something may be due that was not.
const KINDS: [&str; 9] = [
    "campaign.started",
    "campaign.resumed",
    "campaign.reopened",
    "customer.enrolled",
    "customer.dial_refused",
    "customer.dial_released",
    "customer.call_closed",
    "customer.consent_recorded",
    "campaign.completed",
];

pub(crate) async fn run(kit: Arc<Kit>, after: Position) {
    let stop = kit.environment.tasks.stop_signal();
    let mut follow = Follow::new(&kit.environment, after);
    let mut seen = after;
    let mut round_at = Some(kit.now());
    let mut last_round = kit.now();
    loop {
        let woken = tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = kit.draining() => return,
            () = wake_at(kit.environment.clock.as_ref(), round_at) => {
                round_at = round(&kit, seen).await;
                last_round = kit.now();
                false
            }
            page = follow.next() => {
                seen = page.last().map_or(seen, |(position, _)| *position);
                page.iter().any(|(_, envelope)| matters(envelope))
            }
            () = kit.capacity.freed() => true,
            () = kit.live.left() => true,
        };
        if woken {
            round_at = earlier(round_at, Some(last_round.plus_ms(ROUND_MS)));
        }
    }
}

fn matters(envelope: &Envelope) -> bool {
    KINDS.contains(&envelope.kind.as_str())
}
