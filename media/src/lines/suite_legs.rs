//! Helpers of the lines' suite: valid orders and permits, and waits for a leg's events.

use crate::testing::{HUNG_AFTER_MS, SuiteClock};
use domain::call::LegIdentity;
use domain::compliance::{CustomerGrant, Decision, DialPermit, NumberGrant, Verdict, permit};
use domain::ids::CallId;
use domain::ports::clock::Clock;
use domain::ports::line::{DialOrder, LeftOverEvent, LeftOverLeg, Leg, LegEvent, LegSummary, Line};
use domain::ports::speech::Clip;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The id of a new call.
pub(crate) fn new_call() -> CallId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    let process = u128::from(std::process::id());
    CallId::new(uuid::Uuid::from_u128((process << 64) | number))
}

/// Returns a permit for the first leg of a call, valid for a minute.
pub(crate) fn permit_for(call: CallId) -> DialPermit {
    permit_until(call, SuiteClock.now().plus_ms(60_000))
}

/// Returns a permit from grants that are valid until `valid_until`.
pub(crate) fn permit_until(call: CallId, valid_until: Timestamp) -> DialPermit {
    let (customer, number) = grants_until(call, valid_until);
    permit(&customer, &number, Timestamp::EPOCH).expect("both grants allow")
}

/// Returns both grants of a call, valid until `valid_until`.
pub(crate) fn grants_until(call: CallId, valid_until: Timestamp) -> (CustomerGrant, NumberGrant) {
    let id = "0123456789abcdef0123456789abcdef";
    let verdicts = vec![Verdict {
        rule: "calling_window".to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision: Decision::Allow,
        facts: BTreeMap::new(),
    }];
    let customer = CustomerGrant {
        call,
        campaign: "c".parse().expect("a plain word"),
        customer: id.parse().expect("32 hexadecimal digits"),
        number: id.parse().expect("32 hexadecimal digits"),
        valid_until,
        legs_until: None,
        verdicts: verdicts.clone(),
    };
    let number = NumberGrant {
        call,
        campaign: customer.campaign.clone(),
        number: customer.number.clone(),
        valid_until: customer.valid_until,
        verdicts,
    };
    (customer, number)
}

pub(crate) fn order(call: CallId) -> DialOrder {
    DialOrder {
        call,
        leg: 1,
        identity: LegIdentity::from_ids(call, 1),
        callee: "+8613800138000".to_owned(),
        caller: None,
        ring_timeout_ms: None,
    }
}

pub(crate) async fn dial(line: &Arc<dyn Line>) -> Box<dyn Leg> {
    let call = new_call();
    line.dial(permit_for(call), order(call))
        .await
        .expect("the line takes an order")
}

#[expect(clippy::disallowed_methods, reason = "a suite's own patience")]
pub(crate) async fn next(leg: &mut Box<dyn Leg>) -> LegEvent {
    let waited = tokio::time::timeout(Duration::from_millis(HUNG_AFTER_MS), leg.next()).await;
    waited.expect("an event comes in time")
}

/// Waits for the leg's next event that is not `Ringing`.
pub(crate) async fn next_after_ringing(leg: &mut Box<dyn Leg>) -> LegEvent {
    loop {
        match next(leg).await {
            LegEvent::Ringing { .. } => {}
            event => return event,
        }
    }
}

pub(super) async fn answered(line: &Arc<dyn Line>) -> Box<dyn Leg> {
    let mut leg = dial(line).await;
    let event = next_after_ringing(&mut leg).await;
    assert!(matches!(event, LegEvent::Answered(_)), "{event:?}");
    leg.acknowledge().await.expect("the answer is young");
    leg
}

/// Waits for the next event of a left-over leg.
#[expect(clippy::disallowed_methods, reason = "a suite's own patience")]
pub(crate) async fn next_left_over(leg: &mut Box<dyn LeftOverLeg>) -> LeftOverEvent {
    let waited = tokio::time::timeout(Duration::from_millis(HUNG_AFTER_MS), leg.next()).await;
    waited.expect("an event comes in time")
}

/// Waits for `Closed` and checks that no event follows. Returns the leg's summary.
pub(crate) async fn closes(leg: &mut Box<dyn Leg>) -> LegSummary {
    loop {
        match next(leg).await {
            LegEvent::Closed(summary) => {
                stays_silent(leg).await;
                return summary;
            }
            LegEvent::Keypress { .. } | LegEvent::Played { .. } | LegEvent::PlayCut { .. } => {}
            event => panic_with(&event, "Closed"),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a suite's own patience")]
pub(super) async fn stays_silent(leg: &mut Box<dyn Leg>) {
    let more = tokio::time::timeout(Duration::from_millis(50), leg.next()).await;
    assert!(more.is_err(), "after Closed came {more:?}");
}

pub(super) fn panic_with(event: &LegEvent, expected: &str) -> ! {
    panic!("{event:?} instead of {expected}")
}

pub(crate) fn clip(ms: usize) -> Arc<Clip> {
    Arc::new(Clip {
        samples: vec![1_000; ms * 8],
    })
}
