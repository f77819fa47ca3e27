//! Given events of a customer, when a command comes, then events or a refusal.

use super::command::RedialRule;
use super::{
    CallClosing, CountrySource, Customer, CustomerCommand, CustomerEvent, CustomerRefusal, CustomerState,
    Enrolment, ForbiddingRule, GivenConsent,
};
use crate::callback::{CALLBACK_AHEAD_MS_MAX, CALLBACK_LATE_MS_MAX, CallbackEnd};
use crate::calling_plan::{Basis, CampaignFacts, Preset, RetryPolicy};
use crate::compliance::testing::{campaign, campaign_facts, customer, instant, nth_call, window};
use crate::compliance::{CustomerGrant, Decision, GRANT_VALID_MS, Verdict};
use crate::decider::{Context, Decider};
use crate::personal::Personal;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};
use values::ids::{ListId, NumberId};

mod assigning;
mod best_times;
mod callback_ends;
mod calling_back;
mod calling_now;
mod closing_calls;
mod confirming;
mod consenting;
mod correcting;
mod cutting_off;
mod dealing;
mod enrolling;
mod forgetting;
mod granting;
mod importing_history;
mod late_answers;
mod merging;
mod own_rules;
mod previewing;
mod profiling;
mod recycling;
mod releasing;
mod unreadable;
mod why_not;
mod withdrawing;

type DecideResult = Result<Vec<CustomerEvent>, CustomerRefusal>;

const NOW: &str = "2026-03-02T10:00:00+08:00";

fn now() -> Timestamp {
    instant(NOW)
}

fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().unwrap()
}

fn other_number() -> NumberId {
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0".parse().unwrap()
}

fn list() -> ListId {
    "6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b".parse().unwrap()
}

fn state_at(given: &[CustomerEvent], at: Timestamp) -> CustomerState {
    let mut state = CustomerState::default();
    for event in given {
        Customer::evolve(&mut state, event, at);
    }
    state
}

fn decide_at(given: &[CustomerEvent], when: CustomerCommand, at: &str) -> DecideResult {
    Customer::decide(&state_at(given, now()), when, Context { now: instant(at) })
}

fn decide(given: &[CustomerEvent], when: CustomerCommand) -> DecideResult {
    decide_at(given, when, NOW)
}

fn check(given: &[CustomerEvent], when: CustomerCommand, then: DecideResult) {
    assert_eq!(decide(given, when.clone()), then, "{when:?} after {given:?}");
}

fn registered() -> CustomerEvent {
    CustomerEvent::Registered {
        external_id: Personal::open_hashed("C001".to_owned()),
        name: Some(Personal::open("张三".to_owned())),
        time_zone: None,
    }
}

fn added(number: NumberId, phone: &str) -> CustomerEvent {
    CustomerEvent::NumberAdded {
        number,
        phone: Personal::open_hashed(phone.to_owned()),
        country: Some(CountrySource::Written),
    }
}

fn enrolled() -> CustomerEvent {
    CustomerEvent::Enrolled {
        campaign: campaign(),
        list: list(),
        number: number(),
        basis: Basis::Contract,
        due_at: now(),
        variables: BTreeMap::from([("amount".to_owned(), Personal::open("800".to_owned()))]),
        placing: None,
    }
}

/// Returns the events of a registered person with one number and one campaign, followed by `then`.
fn person(then: &[CustomerEvent]) -> Vec<CustomerEvent> {
    let mut given = vec![registered(), added(number(), "+8613800138000"), enrolled()];
    given.extend_from_slice(then);
    given
}

fn row() -> Enrolment {
    Enrolment {
        customer: customer(),
        external_id: "C001".to_owned(),
        number: number(),
        phone: "+8613800138000".to_owned(),
        country: CountrySource::Written,
        further_phones: Vec::new(),
        name: Some("张三".to_owned()),
        time_zone: None,
        campaign: campaign(),
        list: list(),
        basis: Basis::Contract,
        variables: BTreeMap::from([("amount".to_owned(), "800".to_owned())]),
        consent: None,
        same_number_as: None,
        best_times: None,
        preferred: Vec::new(),
        priority: None,
        dedupe: crate::calling_plan::DeduplicationScope::Campaign,
    }
}

fn enrol(row: Enrolment) -> CustomerCommand {
    CustomerCommand::Enrol(Box::new(row))
}

fn marketing_consent() -> CustomerCommand {
    CustomerCommand::RecordConsent {
        scope: "marketing".to_owned(),
        source: "form".to_owned(),
        given_at: now(),
        until: None,
        evidence: None,
    }
}

fn facts() -> CampaignFacts {
    campaign_facts(Preset::CnService)
}

fn grant_with(facts: CampaignFacts) -> CustomerCommand {
    CustomerCommand::GrantDial {
        customer: customer(),
        facts: Box::new(facts),
        joined: Vec::new(),
    }
}

fn granted(attempt: u32) -> CustomerEvent {
    granted_to(attempt, number())
}

fn granted_to(attempt: u32, number: NumberId) -> CustomerEvent {
    CustomerEvent::DialGranted {
        attempt,
        grant: CustomerGrant {
            call: nth_call(attempt),
            campaign: campaign(),
            customer: customer(),
            number,
            valid_until: now().plus_ms(GRANT_VALID_MS),
            legs_until: None,
            verdicts: Vec::new(),
        },
    }
}

fn released(attempt: u32, not_before: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::DialReleased {
        campaign: campaign(),
        call: nth_call(attempt),
        reason: "number_refused".to_owned(),
        not_before,
    }
}

fn closing(attempt: u32, disposition: Disposition) -> CallClosing {
    CallClosing {
        call: nth_call(attempt),
        campaign: campaign(),
        number: number(),
        disposition,
        outcome: None,
        charged: true,
        again: RedialRule::ByPolicy,
        answered: disposition == Disposition::Answered,
        late_leg: None,
        dialed_at: now().plus_ms(1_000),
        ended_at: now().plus_ms(10_000),
        callback_at: None,
        hold_off_ms: 180_000,
    }
}

fn close(closing: CallClosing) -> CustomerCommand {
    close_with(closing, facts())
}

fn close_with(closing: CallClosing, facts: CampaignFacts) -> CustomerCommand {
    CustomerCommand::CloseCall {
        closing: Box::new(closing),
        facts: Box::new(facts),
    }
}

fn closed(closing: &CallClosing, next_due_at: Option<Timestamp>) -> CustomerEvent {
    CustomerEvent::CallClosed {
        campaign: campaign(),
        call: closing.call,
        number: closing.number.clone(),
        disposition: closing.disposition,
        outcome: closing.outcome,
        charged: closing.charged,
        answered: closing.answered,
        dialed_at: closing.dialed_at,
        next_due_at,
        next_number: None,
        round: None,
        policy_due_at: None,
        timing: None,
    }
}

fn settled(disposition: Disposition, outcome: Option<Outcome>, calls_count: u32) -> CustomerEvent {
    CustomerEvent::EnrolmentSettled {
        campaign: campaign(),
        disposition,
        outcome,
        calls_count,
        rule: None,
        facts: BTreeMap::new(),
    }
}

/// Returns rule and `not_before` of the refusal, and the disposition if it also settles; panics if granted.
fn refused(events: &DecideResult) -> (String, Option<Timestamp>, Option<Disposition>) {
    match events.as_deref() {
        Ok(
            [
                CustomerEvent::DialRefused {
                    verdict, not_before, ..
                },
            ],
        ) => (verdict.rule.clone(), *not_before, None),
        Ok(
            [
                CustomerEvent::DialRefused {
                    verdict, not_before, ..
                },
                CustomerEvent::EnrolmentSettled {
                    disposition, rule, ..
                },
            ],
        ) => {
            assert_eq!(rule.as_ref(), Some(&verdict.rule));
            (verdict.rule.clone(), *not_before, Some(*disposition))
        }
        other => panic!("not a refusal: {other:?}"),
    }
}

#[test]
fn every_event_is_about_the_customer_and_its_campaign() {
    let id = customer();
    let state = CustomerState::default();
    for (event, about) in [
        (registered(), None),
        (enrolled(), Some(campaign())),
        (granted(1), Some(campaign())),
    ] {
        let scope = Customer::scope(&id, &state, &event);
        assert_eq!((scope.campaign, scope.customer), (about, Some(customer())));
    }
}

#[test]
fn a_verdict_of_a_refusal_holds_no_phone_and_no_name() {
    let mut facts = facts();
    facts.plan.preset = Preset::CnCloudTrunk;
    let mut barred = enrolled();
    if let CustomerEvent::Enrolled { variables, .. } = &mut barred {
        let home = Personal::open("新疆/喀什".to_owned());
        variables.insert("home_location".to_owned(), home);
    }
    let given = [registered(), added(number(), "+8613800138000"), barred];
    let events = decide(&given, grant_with(facts)).unwrap();
    let shown = format!("{events:?}");
    assert!(!shown.contains("13800138000") && !shown.contains("张"), "{shown}");
    assert!(shown.contains("CN-XJ") && !shown.contains("喀什"), "{shown}");
    assert!(shown.contains(&format!("{:?}", Decision::Forbid)));
}
