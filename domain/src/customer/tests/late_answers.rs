//! An answer after its call was given up: not due again on that day, whatever the retry policy says.

use super::*;
use crate::customer::LateAnswerFact;

/// Milliseconds from 10:00 Beijing time to the midnight of the callee's day.
const UNTIL_MIDNIGHT_MS: u64 = 14 * 3_600_000;

fn note_with(facts: CampaignFacts) -> CustomerCommand {
    CustomerCommand::NoteLateAnswer {
        call: nth_call(1),
        answered_at: now(),
        facts: Box::new(facts),
    }
}

fn late() -> CustomerEvent {
    CustomerEvent::LateAnswered(LateAnswerFact {
        campaign: campaign(),
        call: nth_call(1),
        due_at: now().plus_ms(UNTIL_MIDNIGHT_MS),
    })
}

fn interrupted(due_at: Timestamp) -> Vec<CustomerEvent> {
    let closing = closing(1, Disposition::Interrupted);
    person(&[granted(1), closed(&closing, Some(due_at))])
}

fn due_at(given: &[CustomerEvent]) -> Timestamp {
    let state = state_at(given, now());
    state.enrolment(&campaign()).unwrap().due_at
}

#[test]
fn an_enrolment_that_waits_for_the_hold_off_waits_for_the_next_day() {
    let given = interrupted(now().plus_ms(5_000));
    check(&given, note_with(facts()), Ok(vec![late()]));
    let after = [given, vec![late()]].concat();
    assert_eq!(due_at(&after), now().plus_ms(UNTIL_MIDNIGHT_MS));
    check(&after, note_with(facts()), Ok(vec![]));
    assert!(matches!(
        decide(&after, grant_with(facts())),
        Err(CustomerRefusal::NotDue { .. })
    ));
}

#[test]
fn a_later_due_time_stays() {
    let later = now().plus_ms(2 * UNTIL_MIDNIGHT_MS);
    let after = [interrupted(later), vec![late()]].concat();
    assert_eq!(due_at(&after), later);
}

#[test]
fn a_call_that_is_open_ends_with_the_next_day_as_its_due_time() {
    let open = person(&[granted(1)]);
    check(&open, note_with(facts()), Ok(vec![late()]));
    let given = [open, vec![late()]].concat();
    for late_leg in [Some(1), None] {
        let closing = CallClosing {
            late_leg,
            ..closing(1, Disposition::Interrupted)
        };
        let due_at = now().plus_ms(UNTIL_MIDNIGHT_MS);
        check(
            &given,
            close(closing.clone()),
            Ok(vec![closed(&closing, Some(due_at))]),
        );
    }
    // A late answer that the customer has not recorded yet is a cut-off all the same.
    let closing = CallClosing {
        late_leg: Some(1),
        ..closing(1, Disposition::Interrupted)
    };
    let expected = closed(&closing, Some(now().plus_ms(UNTIL_MIDNIGHT_MS)));
    check(&person(&[granted(1)]), close(closing), Ok(vec![expected]));
}

#[test]
fn what_is_not_due_before_the_campaign_ends_is_settled() {
    let mut ends_today = facts();
    ends_today.plan.ends_at = Some(now().plus_ms(8 * 3_600_000));
    let given = interrupted(now().plus_ms(5_000));
    let expected = vec![late(), settled(Disposition::Interrupted, None, 1)];
    check(&given, note_with(ends_today.clone()), Ok(expected.clone()));
    check(
        &[given, expected].concat(),
        note_with(ends_today.clone()),
        Ok(vec![]),
    );
    check(&person(&[granted(1)]), note_with(ends_today), Ok(vec![late()]));
}

#[test]
fn the_next_grant_forgets_it_and_the_call_may_be_ordered_sooner() {
    let after = [interrupted(now().plus_ms(5_000)), vec![late()]].concat();
    let ordered = decide(
        &after,
        CustomerCommand::CallBack {
            campaign: campaign(),
            by: None,
        },
    );
    assert!(matches!(
        ordered.as_deref(),
        Ok([CustomerEvent::CallBackOrdered { .. }])
    ));
    let again = [after, vec![granted(2)]].concat();
    let closing = closing(2, Disposition::NoAnswer);
    check(
        &again,
        close(closing.clone()),
        Ok(vec![closed(&closing, Some(closing.ended_at.plus_ms(60_000)))]),
    );
}

#[test]
fn a_customer_who_was_never_dialed_is_not_moved() {
    let call = nth_call(1);
    check(
        &person(&[]),
        note_with(facts()),
        Err(CustomerRefusal::UnknownCall { call }),
    );
    check(
        &[registered()],
        note_with(facts()),
        Err(CustomerRefusal::NotEnrolled { campaign: campaign() }),
    );
}
