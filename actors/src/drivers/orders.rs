//! Carries decisions of other entities to calls in progress: opt-outs, suppressions, withdrawn consents,
//! requested erasures, pause and stop of a campaign, emergency stops.
//!
//! The log's order counts: after these events no grant follows. Earlier grants are withdrawn, or the call is
//! canceled if it is not answered. While the log cannot be followed, no new call is dialed.
//!
//! An event that cannot be read may have been an opt-out: if any reader of this process meets one, this
//! driver ends dialing in the process, and health reports why.

use super::driver_context::DriverContext;
use super::event_follower::EventFollower;
use super::live_calls::WorkerOrder;
use crate::log_damage::Damage;
use crate::timers::wake_at;
use domain::call::event::{CallEvent, EndReason};
use domain::calling_plan::Preset;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::decider::{Decider, EventData, UnreadableEvent};
use domain::ids::{CallId, CampaignId, CustomerId, InvalidId, NumberId};
use domain::number::event::NumberEvent;
use domain::ports::event_store::StoreError;
use domain::stop::{Stop, StopEvent, StopId};
use domain::stored_event::{Envelope, Position};
use std::sync::Arc;

/// Interval at which the driver checks whether it follows the log again, in milliseconds: an emergency stop
/// must take effect within a second.
const LOOK_MS: u64 = 250;

/// Events of a customer after which no call to the customer is dialed, whatever was granted before.
const GIVE_UP: [&str; 3] = [
    CustomerEvent::CONSENT_WITHDRAWN,
    CustomerEvent::ENROLMENT_WITHDRAWN,
    CustomerEvent::ERASURE_REQUESTED,
];

pub(crate) async fn run(kit: Arc<DriverContext>, after: Position) {
    let mut follow = EventFollower::new(&kit.environment, after);
    let mut seen = after;
    loop {
        let Some(page) = next_page(&kit, &mut follow, seen).await else {
            return;
        };
        for (position, envelope) in &page {
            seen = *position;
            if let Err(error) = react(&kit, envelope) {
                kit.environment.damage.report(Damage {
                    position: Some(*position),
                    after: Position(position.0.saturating_sub(1)),
                    why: error.to_string(),
                });
                break;
            }
        }
    }
}

/// Waits for the next events after `seen`; `None` when this driver must end. While the log cannot be
/// followed up to its head, no new call is dialed.
async fn next_page(
    kit: &DriverContext,
    follow: &mut EventFollower,
    seen: Position,
) -> Option<Vec<(Position, Arc<Envelope>)>> {
    let stop = kit.environment.tasks.stop_signal();
    let clock = kit.environment.clock.as_ref();
    let sight = follow.sight();
    let look_again = || kit.stops.is_behind().then(|| kit.now().plus_ms(LOOK_MS));
    let mut look_at = look_again();
    let next = follow.next();
    tokio::pin!(next);
    loop {
        tokio::select! {
            biased;
            () = stop.stopping() => return None,
            // Includes damage that another reader met: it is the same log.
            () = kit.environment.damage.met() => {
                end_dialing(kit);
                return None;
            }
            page = &mut next => return Some(page.unwrap_or_default()),
            () = sight.interrupted() => kit.stops.set_behind(true),
            () = wake_at(clock, look_at) => {
                kit.stops.set_behind(!sight.is_subscribed() || !has_head(kit, seen).await);
            }
        }
        look_at = look_again();
    }
}

/// Returns true if the log has no event after `seen`. False also if the store does not answer.
async fn has_head(kit: &DriverContext, seen: Position) -> bool {
    kit.environment.store.head().await.is_ok_and(|head| head <= seen)
}

/// Reads from the log whether emergency stops are engaged: the global one, one per compliance rule set, and
/// one per line of this process. A campaign's stop is read when the campaign is first served.
pub(crate) async fn learn_stops(kit: &DriverContext) -> Result<(), StoreError> {
    let presets = Preset::ALL.into_iter().map(StopId::Preset);
    let lines = kit
        .ports
        .lines
        .iter()
        .map(|line| StopId::Trunk(line.facts().name));
    for stop in [StopId::All].into_iter().chain(presets).chain(lines) {
        kit.stops.learn(kit.environment.store.as_ref(), &stop).await?;
    }
    let engaged = kit.stops.engaged();
    for stop in &engaged {
        set_line(kit, stop, true);
        tracing::warn!(%stop, "an emergency stop is active: nobody new is dialed within its reach");
    }
    Ok(())
}

/// Begins draining: no more dials are granted, and those granted but not dialed are withdrawn.
/// Conversations may finish.
fn end_dialing(kit: &DriverContext) {
    kit.begin_drain();
    kit.live.close(WorkerOrder::DoNotDial(EndReason::Drain));
}

/// Why an event of another entity could not be applied to calls.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error(transparent)]
    Event(#[from] UnreadableEvent),
    #[error("the stream is not named for an entity: {0}")]
    Stream(#[from] InvalidId),
}

fn react(kit: &DriverContext, envelope: &Envelope) -> Result<(), OrderError> {
    match envelope.stream.aggregate() {
        "campaign" => {
            let event = CampaignEvent::read(&envelope.kind, envelope.version, &envelope.data)?;
            react_to_campaign(kit, &envelope.stream.id().parse()?, &event);
        }
        "customer" if GIVE_UP.contains(&envelope.kind.as_str()) => {
            let event = CustomerEvent::read(&envelope.kind, envelope.version, &envelope.data)?;
            react_to_customer(kit, &envelope.stream.id().parse()?, &event);
        }
        "call" if envelope.kind == CallEvent::END_ORDERED => {
            let event = CallEvent::read(&envelope.kind, envelope.version, &envelope.data)?;
            react_to_call(kit, envelope.stream.id().parse()?, &event);
        }
        "number" => {
            let event = NumberEvent::read(&envelope.kind, envelope.version, &envelope.data)?;
            react_to_number(kit, &envelope.stream.id().parse()?, &event);
        }
        Stop::AGGREGATE => {
            let event = StopEvent::read(&envelope.kind, envelope.version, &envelope.data)?;
            react_to_stop(kit, &envelope.stream.id().parse()?, &event, envelope);
        }
        _ => {}
    }
    Ok(())
}

/// Applies an engaged or lifted stop. Calls that are not dialed are withdrawn and ringing ones canceled;
/// conversations finish unless the stop says otherwise. The stop is recorded here before the orders are
/// given, so that a worker that begins in between already knows it.
fn react_to_stop(kit: &DriverContext, stop: &StopId, event: &StopEvent, envelope: &Envelope) {
    let hang_up = kit.stops.take_in(stop, event, envelope);
    set_line(kit, stop, hang_up.is_some());
    let Some(hang_up) = hang_up else {
        tracing::warn!(%stop, "an emergency stop is lifted");
        return;
    };
    tracing::warn!(%stop, hang_up, "an emergency stop is active: nobody new is dialed within its reach");
    let order = if hang_up {
        WorkerOrder::HangUp
    } else {
        WorkerOrder::GiveUp
    }(EndReason::EmergencyStop);
    match stop {
        StopId::All => kit.live.order_all(order),
        StopId::Campaign(campaign) => kit.live.order_campaign(campaign, order),
        StopId::Preset(preset) => kit.live.order_preset(*preset, order),
        StopId::Trunk(_) => {
            for line in lines_of(kit, stop) {
                kit.live.order_line(line, order);
            }
        }
    }
}

/// Stops or permits new legs on the lines that a stop names.
fn set_line(kit: &DriverContext, stop: &StopId, is_stopped: bool) {
    for line in lines_of(kit, stop) {
        kit.capacity.set_stopped(line, is_stopped);
    }
}

fn lines_of(kit: &DriverContext, stop: &StopId) -> Vec<usize> {
    let StopId::Trunk(name) = stop else {
        return Vec::new();
    };
    let lines = kit.ports.lines.iter().enumerate();
    let named = lines.filter(|(_, line)| line.facts().name == *name);
    named.map(|(index, _)| index).collect()
}

/// Applies an event of a customer. A withdrawn consent ends the calls that it names. Work without a call yet
/// is given up too, because a grant may be under way: a grant from before the withdrawal is given back, and
/// an enrolment for another purpose becomes due again. An event under another id of the person has the same
/// effect on a call under the kept id. A customer withdrawn from a campaign is not dialed in it; a ringing
/// phone may ring on, and other campaigns are not affected.
fn react_to_customer(kit: &DriverContext, customer: &CustomerId, event: &CustomerEvent) {
    let order = WorkerOrder::GiveUp(EndReason::OptedOut);
    if let CustomerEvent::ConsentWithdrawn {
        open_calls, scope, ..
    } = event
    {
        kit.live.order_calls_of(customer, open_calls, order);
        kit.live.order_purpose_under_other_id(customer, scope, order);
    } else if let CustomerEvent::EnrolmentWithdrawn { campaign, .. } = event {
        let order = WorkerOrder::DoNotDial(EndReason::Requested);
        kit.live.order_of(order, |enrolment| {
            &enrolment.customer == customer && &enrolment.campaign == campaign
        });
    } else {
        kit.live
            .order_of(order, |enrolment| &enrolment.customer == customer);
        kit.live.order_under_other_id(customer, order);
    }
}

/// Applies an event of a campaign. A pause withdraws what is not dialed and lets a ringing phone ring; a stop
/// also cancels. When a list is undone, all undialed grants are given back: customers of other lists become
/// due again at once.
fn react_to_campaign(kit: &DriverContext, campaign: &CampaignId, event: &CampaignEvent) {
    if matches!(event, CampaignEvent::Paused { .. }) {
        kit.live
            .order_campaign(campaign, WorkerOrder::DoNotDial(EndReason::CampaignPaused));
    } else if matches!(event, CampaignEvent::ListUndone { .. }) {
        kit.live
            .order_campaign(campaign, WorkerOrder::DoNotDial(EndReason::Requested));
    } else if matches!(event, CampaignEvent::Stopped { .. }) {
        kit.live
            .order_campaign(campaign, WorkerOrder::GiveUp(EndReason::CampaignStopped));
    }
}

/// Applies an order to end one call: cancels it before the answer; hangs up after it if the order says so.
fn react_to_call(kit: &DriverContext, call: CallId, event: &CallEvent) {
    if let CallEvent::EndOrdered { hang_up, .. } = event {
        let order = if *hang_up {
            WorkerOrder::HangUp
        } else {
            WorkerOrder::GiveUp
        }(EndReason::Requested);
        kit.live.order_calls(&[call], order);
    }
}

fn react_to_number(kit: &DriverContext, number: &NumberId, event: &NumberEvent) {
    if let Some(open_calls) = event.ruled_out() {
        let order = WorkerOrder::GiveUp(EndReason::OptedOut);
        kit.live.order_calls(open_calls, order);
        kit.live.order_number(number, order);
        kit.live.order_number_under_other_id(number, order);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::line::{FakeLine, ringing};
    use crate::testing::test_system::{TestSystem, count, no_flow};
    use crate::testing::{on_one_thread, settle};
    use domain::ids::StreamId;
    use domain::ports::event_store::EventStore;
    use domain::stored_event::{Record, StreamVersion};

    /// Moves of the clock within which a campaign would long have dialed.
    const WATCHED_MOVES: usize = 50;

    /// An opt-out event as a later build could write it.
    fn opt_out_of_version(version: u16) -> (StreamId, Record) {
        let stream = StreamId::new("number", &"ffeeddccbbaa99887766554433221100");
        let record = serde_json::json!({
            "id": "597feaee-cccb-510d-ae2f-29e1bcc64af6",
            "kind": "number.opted_out",
            "version": version,
            "stream": stream,
            "stream_version": 1,
            "at": "2026-03-02T02:00:00.123456Z",
            "command": "8bf25838-5c43-5e8e-ace1-3f4631ea93a9",
            "data": {"open_calls": [], "reason": "asked", "source": "import"},
        });
        let bytes = record.to_string().into_bytes();
        (stream, Record::from_stored(bytes.into()).unwrap())
    }

    /// The number of dials of a campaign with two customers after an opt-out event of this version.
    fn dials_after(version: u16) -> usize {
        on_one_thread(async {
            let always_ringing = FakeLine::new("ringing", Box::new(|_| vec![ringing()]));
            let world = TestSystem::new(vec![always_ringing]);
            let _drivers = world.start_drivers().await;
            let (stream, record) = opt_out_of_version(version);
            let appended = world.fakes.store.append(&stream, StreamVersion(0), vec![record]);
            appended.await.unwrap();
            settle().await;
            world.run_campaign(2, 1, no_flow()).await;
            for _ in 0..WATCHED_MOVES {
                settle().await;
                world.fakes.clock.advance_to_next();
            }
            count(&world.fakes.store.kinds(), "call.dialing")
        })
    }

    #[test]
    fn an_opt_out_that_cannot_be_read_ends_dialing_instead_of_being_passed_over() {
        assert_ne!(dials_after(1), 0);
        assert_eq!(dials_after(2), 0);
    }
}
