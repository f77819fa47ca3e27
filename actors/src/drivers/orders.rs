//! Carries what was decided elsewhere to the calls in progress: opt-outs, suppressions, withdrawn consents,
//! requested erasures, pause and stop.
//!
//! The log's order is what counts: after these events no grant follows; what was granted before is
//! withdrawn, or cancelled if it is not answered.

use super::follow::Follow;
use super::kit::Kit;
use super::live_calls::Order;
use domain::call::event::EndReason;
use domain::campaign::event::CampaignEvent;
use domain::decider::EventData;
use domain::ids::{CampaignId, NumberId};
use domain::number::event::NumberEvent;
use domain::stored_event::{Envelope, Position};
use std::sync::Arc;

/// After these nobody is dialed for the person, whatever was granted before.
const GIVE_UP: [&str; 2] = ["customer.consent_withdrawn", "customer.erasure_requested"];

pub(crate) async fn run(kit: Arc<Kit>, after: Position) {
    let stop = kit.environment.tasks.stop_signal();
    let mut follow = Follow::new(&kit.environment, after);
    loop {
        let page = tokio::select! {
            biased;
            () = stop.stopping() => return,
            page = follow.next() => page,
        };
        for (_, envelope) in &page {
            react(&kit, envelope);
        }
    }
}

fn react(kit: &Kit, envelope: &Envelope) {
    match envelope.stream.aggregate() {
        "campaign" => {
            let event = CampaignEvent::read(&envelope.kind, envelope.version, &envelope.data);
            if let (Ok(event), Ok(campaign)) = (event, envelope.stream.id().parse()) {
                react_to_campaign(kit, &campaign, &event);
            }
        }
        "customer" if GIVE_UP.contains(&envelope.kind.as_str()) => {
            if let Ok(customer) = envelope.stream.id().parse() {
                // Which campaigns rest on a withdrawn consent is the rules' to say.
                kit.live
                    .order_customer(&customer, Order::GiveUp(EndReason::OptedOut));
            }
        }
        "number" => {
            let event = NumberEvent::read(&envelope.kind, envelope.version, &envelope.data);
            if let (Ok(event), Ok(number)) = (event, envelope.stream.id().parse()) {
                react_to_number(kit, &number, event);
            }
        }
        _ => {}
    }
}

/// Pausing withdraws what is not dialed and lets a ringing phone ring; stopping also cancels.
fn react_to_campaign(kit: &Kit, campaign: &CampaignId, event: &CampaignEvent) {
    match event {
        CampaignEvent::Paused { .. } => {
            kit.live
                .order_campaign(campaign, Order::DoNotDial(EndReason::CampaignPaused));
        }
        CampaignEvent::Stopped { .. } => {
            kit.live
                .order_campaign(campaign, Order::GiveUp(EndReason::CampaignStopped));
        }
        CampaignEvent::Created { .. }
        | CampaignEvent::Started {}
        | CampaignEvent::Resumed {}
        | CampaignEvent::ListOpened { .. }
        | CampaignEvent::ListClosed { .. }
        | CampaignEvent::DialsGranted { .. }
        | CampaignEvent::AlertRaised { .. }
        | CampaignEvent::Completed { .. }
        | CampaignEvent::Reopened { .. } => {}
    }
}

fn react_to_number(kit: &Kit, number: &NumberId, event: NumberEvent) {
    match event {
        NumberEvent::OptedOut { open_calls, .. } | NumberEvent::Suppressed { open_calls, .. } => {
            let order = Order::GiveUp(EndReason::OptedOut);
            kit.live.order_calls(&open_calls, order);
            kit.live.order_number(number, order);
        }
        NumberEvent::DialGranted { .. }
        | NumberEvent::DialRefused { .. }
        | NumberEvent::DialReleased { .. }
        | NumberEvent::CallClosed { .. } => {}
    }
}
