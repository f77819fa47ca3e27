//! Given offers, when one is made, accepted, skipped or withdrawn, then an event or a refusal.

use super::command::{CampaignCommand, PreviewCommand};
use super::event::{CampaignEvent, PauseReason};
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::test_support::{now, plan};
use super::{Campaign, CampaignStatus};
use crate::calling_plan::{CallingPlan, FlowRef};
use crate::decider::{Context, Decider};
use crate::dialing_plan::{DialingMode, DialingPlan};
use crate::preview::{ACCEPTED_MS, OFFERS_MAX};
use crate::time::Timestamp;
use crate::working_calendar::Calendars;
use values::ids::{CallId, CustomerId, UserId};

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

fn created(dialing: DialingPlan) -> CampaignCommand {
    CampaignCommand::Create {
        campaign: "c1".parse().unwrap(),
        customer_segment: None,
        flow: FlowRef {
            flow: "reminder".parse().unwrap(),
            version: 1,
            content_hash: "5e".repeat(32),
        },
        plan: CallingPlan {
            ends_at: None,
            dialing: Some(dialing),
            ..plan()
        },
    }
}

fn preview(offer_ms: Option<u32>) -> DialingPlan {
    DialingPlan {
        mode: DialingMode::Preview,
        offer_ms,
        ..DialingPlan::default()
    }
}

fn running(dialing: DialingPlan) -> CampaignState {
    let mut state = CampaignState::default();
    ask(&mut state, created(dialing), now()).unwrap();
    Campaign::evolve(&mut state, &CampaignEvent::Started {}, now());
    state
}

fn ask(state: &mut CampaignState, command: CampaignCommand, at: Timestamp) -> DecideResult {
    let events = Campaign::decide(state, command, Context { now: at })?;
    for event in &events {
        Campaign::evolve(state, event, at);
    }
    Ok(events)
}

fn of(state: &mut CampaignState, command: PreviewCommand, at: Timestamp) -> DecideResult {
    ask(state, CampaignCommand::Preview(command), at)
}

fn agent(name: &str) -> UserId {
    name.parse().unwrap()
}

fn person(index: u8) -> CustomerId {
    format!("{index:032x}").parse().unwrap()
}

fn call(index: u128) -> CallId {
    CallId::new(uuid::Uuid::from_u128(index))
}

fn offer(name: &str, index: u8) -> PreviewCommand {
    PreviewCommand::Offer {
        agent: agent(name),
        customer: person(index),
        calendars: Calendars::default(),
    }
}

fn accept(name: &str, index: u8, call_index: u128) -> PreviewCommand {
    PreviewCommand::Accept {
        agent: agent(name),
        customer: person(index),
        call: call(call_index),
    }
}

fn skip(name: &str, index: u8, reason: &str) -> PreviewCommand {
    PreviewCommand::Skip {
        agent: agent(name),
        customer: person(index),
        reason: reason.to_owned(),
    }
}

fn withdraw() -> PreviewCommand {
    PreviewCommand::Withdraw {
        reason: "emergency stop all".to_owned(),
    }
}

#[test]
fn an_agent_has_one_offer_a_person_one_agent_and_both_are_free_at_its_end() {
    let mut state = running(preview(Some(60_000)));
    let until = now().plus_ms(60_000);
    assert!(matches!(
        of(&mut state, offer("li", 1), now()).unwrap().as_slice(),
        [CampaignEvent::PreviewOffered { until: said, .. }] if *said == until
    ));
    assert_eq!(
        of(&mut state, offer("li", 1), now()),
        Ok(Vec::new()),
        "the same again"
    );
    let open = Err(CampaignRefusal::OfferOpen { until });
    assert_eq!(of(&mut state, offer("li", 2), now()), open);
    let last = until.plus_ms(0);
    let before = Timestamp::from_micros(last.micros() - 1);
    assert_eq!(
        of(&mut state, offer("wang", 1), before),
        Err(CampaignRefusal::OfferedToAnother)
    );
    assert_eq!(
        of(&mut state, offer("wang", 1), last).unwrap().len(),
        1,
        "it is over"
    );
    assert_eq!(
        of(&mut state, accept("li", 1, 1), last),
        Err(CampaignRefusal::NoOffer)
    );
    assert_eq!(of(&mut state, offer("li", 2), last).unwrap().len(), 1);
}

#[test]
fn one_call_is_accepted_by_the_offered_agent_and_no_other_agent_sees_it_meanwhile() {
    let mut state = running(preview(None));
    of(&mut state, offer("li", 1), now()).unwrap();
    for (name, index) in [("wang", 1), ("li", 2)] {
        assert_eq!(
            of(&mut state, accept(name, index, 1), now()),
            Err(CampaignRefusal::NoOffer)
        );
    }
    let until = now().plus_ms(ACCEPTED_MS);
    let accepted = of(&mut state, accept("li", 1, 1), now()).unwrap();
    assert!(matches!(&accepted[..], [CampaignEvent::PreviewAccepted { until: said, .. }] if *said == until));
    assert_eq!(
        of(&mut state, accept("li", 1, 1), now()),
        Ok(Vec::new()),
        "the same again"
    );
    assert_eq!(
        of(&mut state, accept("li", 1, 2), now()),
        Err(CampaignRefusal::OfferAccepted)
    );
    assert_eq!(
        of(&mut state, skip("li", 1, "late"), now()),
        Err(CampaignRefusal::OfferAccepted)
    );
    assert_eq!(
        of(&mut state, offer("wang", 1), now()),
        Err(CampaignRefusal::OfferedToAnother)
    );
    let facts = state.facts("c1".parse().unwrap()).unwrap();
    let pairs: Vec<_> = facts
        .accepted
        .iter()
        .map(|one| (one.customer.clone(), one.call))
        .collect();
    assert_eq!(pairs, [(person(1), call(1))]);
}

#[test]
fn who_is_skipped_is_no_offer_any_more_and_a_skip_has_its_reason() {
    let mut state = running(preview(None));
    of(&mut state, offer("li", 1), now()).unwrap();
    for reason in ["", " ", &"r".repeat(257)] {
        let refused = of(&mut state, skip("li", 1, reason), now());
        assert_eq!(refused, Err(CampaignRefusal::NoReason { bytes_max: 256 }));
    }
    assert_eq!(
        of(&mut state, skip("li", 1, "a meeting"), now()).unwrap().len(),
        1
    );
    assert_eq!(
        of(&mut state, skip("li", 1, "a meeting"), now()),
        Err(CampaignRefusal::NoOffer)
    );
    assert_eq!(of(&mut state, offer("wang", 1), now()).unwrap().len(), 1);
}

#[test]
fn a_stop_and_whatever_ends_its_running_take_offers_back_accepted_or_not() {
    let mut state = running(preview(None));
    assert_eq!(of(&mut state, withdraw(), now()), Ok(Vec::new()), "none is open");
    for (index, name) in [(1, "li"), (2, "wang")] {
        of(&mut state, offer(name, index), now()).unwrap();
    }
    of(&mut state, accept("li", 1, 1), now()).unwrap();
    assert_eq!(of(&mut state, withdraw(), now()).unwrap().len(), 1);
    assert!(state.facts("c1".parse().unwrap()).unwrap().accepted.is_empty());
    assert_eq!(
        of(&mut state, accept("wang", 2, 2), now()),
        Err(CampaignRefusal::NoOffer)
    );
    of(&mut state, offer("li", 1), now()).unwrap();
    let pause = CampaignCommand::Pause {
        reason: PauseReason::Requested,
    };
    ask(&mut state, pause, now()).unwrap();
    let paused = Err(CampaignRefusal::WrongStatus {
        status: CampaignStatus::Paused,
    });
    assert_eq!(of(&mut state, accept("li", 1, 1), now()), paused);
    ask(&mut state, CampaignCommand::Resume, now()).unwrap();
    assert_eq!(
        of(&mut state, accept("li", 1, 1), now()),
        Err(CampaignRefusal::NoOffer)
    );
}

#[test]
fn offers_are_of_that_mode_of_open_hours_and_bounded() {
    let mut batch = running(DialingPlan::default());
    let mode = DialingMode::Batch;
    let none = Err(CampaignRefusal::NoPreviews { mode });
    assert_eq!(of(&mut batch, offer("li", 1), now()), none);
    let mut state = running(preview(None));
    let night = now().plus_ms(12 * 3_600_000);
    let closed = of(&mut state, offer("li", 1), night);
    assert!(
        matches!(closed, Err(CampaignRefusal::WindowClosed { .. })),
        "{closed:?}"
    );
    for index in 0..OFFERS_MAX {
        let event = CampaignEvent::PreviewOffered {
            agent: agent(&format!("a{index}")),
            customer: format!("{index:032x}").parse().unwrap(),
            until: now().plus_ms(1_000),
        };
        Campaign::evolve(&mut state, &event, now());
    }
    let full = Err(CampaignRefusal::TooManyOffers {
        offers_max: OFFERS_MAX,
    });
    let other = PreviewCommand::Offer {
        agent: agent("li"),
        customer: "f".repeat(32).parse().unwrap(),
        calendars: Calendars::default(),
    };
    assert_eq!(of(&mut state, other.clone(), now()), full);
    assert_eq!(of(&mut state, other, now().plus_ms(1_000)).unwrap().len(), 1);
    let mut state = CampaignState::default();
    let short = ask(&mut state, created(preview(Some(1))), now());
    assert!(
        matches!(short, Err(CampaignRefusal::NeverDials { .. })),
        "{short:?}"
    );
}
