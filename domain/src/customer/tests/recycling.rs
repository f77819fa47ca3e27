//! List recycling: a new round after days, by the last call's disposition, with the policy's calls again.

use super::*;
use crate::running_plan::{Recycle, RunningPlan};

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

fn recycling(rounds_max: u32) -> CampaignFacts {
    let mut facts = facts();
    facts.plan.running = Some(Box::new(RunningPlan {
        recycle: Some(Recycle {
            dispositions: [Disposition::Rejected, Disposition::NoAnswer].into(),
            after_days: 7,
            rounds_max,
        }),
        ..RunningPlan::default()
    }));
    facts
}

fn round_of(closing: &CallClosing, round: u32) -> CustomerEvent {
    let due_at = closing.ended_at.plus_ms(7 * DAY_MS);
    let mut event = closed(closing, Some(due_at));
    if let CustomerEvent::CallClosed { round: said, .. } = &mut event {
        *said = Some(round);
    }
    event
}

/// A disposition that the policy of these tests does not retry.
const FINAL: Disposition = Disposition::Rejected;

#[test]
fn who_would_be_settled_comes_back_after_days_and_no_oftener_than_the_plan_says() {
    let first = closing(1, FINAL);
    check(
        &person(&[granted(1)]),
        close_with(first.clone(), recycling(1)),
        Ok(vec![round_of(&first, 1)]),
    );
    let second = closing(2, FINAL);
    check(
        &person(&[granted(1), round_of(&first, 1), granted(2)]),
        close_with(second.clone(), recycling(1)),
        Ok(vec![closed(&second, None), settled(FINAL, None, 2)]),
    );
    check(
        &person(&[granted(1), round_of(&first, 1), granted(2)]),
        close_with(second.clone(), recycling(2)),
        Ok(vec![round_of(&second, 2)]),
    );
}

#[test]
fn others_and_customers_who_said_no_are_settled_as_before() {
    let answered = closing(1, Disposition::Answered);
    check(
        &person(&[granted(1)]),
        close_with(answered.clone(), recycling(3)),
        Ok(vec![
            closed(&answered, None),
            settled(Disposition::Answered, None, 1),
        ]),
    );
    let opted_out = CallClosing {
        outcome: Some(Outcome::OptedOut),
        ..closing(1, FINAL)
    };
    check(
        &person(&[granted(1)]),
        close_with(opted_out.clone(), recycling(3)),
        Ok(vec![
            closed(&opted_out, None),
            settled(FINAL, Some(Outcome::OptedOut), 1),
        ]),
    );
}

#[test]
fn a_round_behind_the_campaigns_end_is_none() {
    let last = closing(1, FINAL);
    let mut ends = recycling(3);
    ends.plan.ends_at = Some(last.ended_at.plus_ms(7 * DAY_MS));
    check(
        &person(&[granted(1)]),
        close_with(last.clone(), ends),
        Ok(vec![closed(&last, None), settled(FINAL, None, 1)]),
    );
}

#[test]
fn a_callback_that_is_canceled_before_a_rounds_first_call_leaves_the_round() {
    let first = closing(1, FINAL);
    let begun = round_of(&first, 1);
    let CustomerEvent::CallClosed { next_due_at, .. } = &begun else {
        panic!("{begun:?}");
    };
    let (due_at, named) = (*next_due_at, now().plus_ms(DAY_MS));
    let requested = CustomerEvent::CallbackRequested {
        campaign: campaign(),
        callback_at: named,
        until: named.plus_ms(CALLBACK_LATE_MS_MAX),
        agent: None,
        call: None,
        reason: None,
        by: None,
    };
    let cancel = CustomerCommand::CancelCallback {
        facts: Box::new(recycling(1)),
        reason: "paid".to_owned(),
        by: None,
    };
    let events = decide(&person(&[granted(1), begun, requested]), cancel).unwrap();
    let [CustomerEvent::CallbackEnded { due_at: said, .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!((*said, due_at.is_some()), (due_at, true));
}

#[test]
fn a_round_has_the_policys_retries_again() {
    let first = closing(1, FINAL);
    let again = closing(2, Disposition::NoAnswer);
    let given = person(&[granted(1), round_of(&first, 1), granted(2)]);
    let events = decide(&given, close_with(again, recycling(1))).unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [CustomerEvent::CallClosed {
                round: None,
                next_due_at: Some(_),
                ..
            }]
        ),
        "{events:?}"
    );
}
