//! Ends of calls: the next due time by the retry policy, or a settlement.

use super::*;
use crate::calling_plan::AfterCutOff;

/// Closes attempt 1 (or the one after `before`) and compares the next due time; `None` expects a settlement.
fn check_next(before: &[CustomerEvent], closing: CallClosing, facts: &CampaignFacts, due: Option<u64>) {
    let attempt = (1..20)
        .find(|attempt| nth_call(*attempt) == closing.call)
        .unwrap();
    let given = person(&[before, &[granted(attempt)]].concat());
    let due_at = due.map(|after_end_ms| closing.ended_at.plus_ms(after_end_ms));
    let mut expected = vec![closed(&closing, due_at)];
    if due.is_none() {
        expected.push(settled(closing.disposition, closing.outcome, attempt));
    }
    check(&given, close_with(closing, facts.clone()), Ok(expected));
}

fn closed_before(dispositions: &[(Disposition, bool)]) -> Vec<CustomerEvent> {
    let one = |(attempt, (disposition, charged)): (u32, &(Disposition, bool))| {
        let closing = CallClosing {
            charged: *charged,
            ..closing(attempt, *disposition)
        };
        [granted(attempt), closed(&closing, Some(now()))]
    };
    (1..).zip(dispositions).flat_map(one).collect()
}

#[test]
fn waits_follow_the_policy_and_the_last_one_repeats_until_three_retries_are_used() {
    use Disposition::NoAnswer;
    for (before, due) in [
        (0, Some(60_000)),
        (1, Some(120_000)),
        (2, Some(120_000)),
        (3, None),
    ] {
        let given = closed_before(&vec![(NoAnswer, true); before]);
        let attempt = u32::try_from(before).unwrap() + 1;
        check_next(&given, closing(attempt, NoAnswer), &facts(), due);
    }
}

#[test]
fn one_disposition_may_have_fewer_retries_than_the_policy() {
    use Disposition::{Busy, NoAnswer};
    check_next(
        &closed_before(&[(NoAnswer, true)]),
        closing(2, Busy),
        &facts(),
        Some(60_000),
    );
    check_next(&closed_before(&[(Busy, true)]), closing(2, Busy), &facts(), None);
    check_next(
        &closed_before(&[(Busy, true)]),
        closing(2, NoAnswer),
        &facts(),
        Some(60_000),
    );
    check_next(
        &closed_before(&[(NoAnswer, true), (NoAnswer, true), (NoAnswer, true)]),
        closing(4, Busy),
        &facts(),
        None,
    );
}

#[test]
fn a_disposition_without_a_rule_is_final() {
    for disposition in [Disposition::Answered, Disposition::Rejected, Disposition::Loop] {
        check_next(&[], closing(1, disposition), &facts(), None);
    }
}

#[test]
fn an_opt_out_settles_whatever_the_policy_says() {
    let opted_out = CallClosing {
        outcome: Some(Outcome::OptedOut),
        ..closing(1, Disposition::NoAnswer)
    };
    check_next(&[], opted_out, &facts(), None);
}

#[test]
fn uncharged_dials_do_not_use_retries_up_but_the_third_is_the_last() {
    use Disposition::Congestion;
    let uncharged = |attempt| CallClosing {
        charged: false,
        ..closing(attempt, Congestion)
    };
    let before = |count| closed_before(&vec![(Congestion, false); count]);
    check_next(&before(0), uncharged(1), &facts(), Some(1_000));
    check_next(&before(1), uncharged(2), &facts(), Some(1_000));
    check_next(&before(2), uncharged(3), &facts(), None);
    let mut one_retry = facts();
    one_retry.plan.retry_policy.retries_max = 1;
    let after_uncharged = closed_before(&[(Congestion, false), (Congestion, false)]);
    check_next(
        &after_uncharged,
        closing(3, Disposition::NoAnswer),
        &one_retry,
        Some(60_000),
    );
}

#[test]
fn an_uncharged_dial_is_not_held_against_the_retries_of_its_disposition() {
    use Disposition::Congestion;
    let mut facts = facts();
    let rules = &mut facts.plan.retry_policy.rules;
    rules.get_mut(&Congestion).unwrap().retries_max = 1;
    let before = closed_before(&[(Congestion, true)]);
    check_next(&before, closing(2, Congestion), &facts, None);
    let uncharged = CallClosing {
        charged: false,
        ..closing(2, Congestion)
    };
    check_next(&before, uncharged, &facts, Some(1_000));
}

#[test]
fn a_rehearsal_has_two_calls_in_all_charged_or_not() {
    use Disposition::{Busy, Congestion};
    let mut facts = facts();
    facts.plan.retry_policy = RetryPolicy::rehearsal();
    let one = |attempt, disposition, charged| CallClosing {
        charged,
        ..closing(attempt, disposition)
    };
    for (disposition, charged) in [(Busy, true), (Congestion, true), (Congestion, false)] {
        check_next(&[], one(1, disposition, charged), &facts, Some(2_000));
        for (second, second_charged) in [(Busy, true), (Congestion, true), (Congestion, false)] {
            let before = closed_before(&[(disposition, charged)]);
            check_next(&before, one(2, second, second_charged), &facts, None);
        }
    }
}

#[test]
fn an_interrupted_or_silent_dial_waits_out_the_hold_off() {
    for disposition in [Disposition::Interrupted, Disposition::TrunkTimeout] {
        // Dialed 9 s before its end: 180 s from the dial are 171 s from the end.
        check_next(&[], closing(1, disposition), &facts(), Some(171_000));
        let short = CallClosing {
            hold_off_ms: 5_000,
            ..closing(1, disposition)
        };
        check_next(&[], short, &facts(), Some(5_000));
    }
    check_next(&[], closing(1, Disposition::Congestion), &facts(), Some(1_000));
}

/// Returns the closing of a cut-off: answered, and interrupted by us.
fn cut_off(attempt: u32) -> CallClosing {
    CallClosing {
        answered: true,
        ..closing(attempt, Disposition::Interrupted)
    }
}

fn with_after_cut_off(choice: Option<AfterCutOff>) -> CampaignFacts {
    let mut facts = facts();
    facts.plan.retry_policy.interrupted_after_answer = choice;
    facts
}

#[test]
fn who_was_cut_off_is_not_called_again_that_day_whatever_the_rule_for_interruptions_says() {
    // Ended at 10:00:10 Beijing time: the time until midnight.
    let until_midnight = 14 * 3_600_000 - 10_000;
    for choice in [None, Some(AfterCutOff::NextDay)] {
        check_next(&[], cut_off(1), &with_after_cut_off(choice), Some(until_midnight));
    }
    // A restart a day later ends the call then: the day of the conversation is over.
    let late = CallClosing {
        ended_at: now().plus_ms(86_400_000),
        ..cut_off(1)
    };
    check_next(&[], late, &facts(), Some(0));
    // A silent far end or a ringing phone waits as before.
    check_next(&[], closing(1, Disposition::Interrupted), &facts(), Some(171_000));
}

#[test]
fn the_policy_may_say_what_follows_a_cut_off_and_its_bounds_hold_for_it_too() {
    let soon = with_after_cut_off(Some(AfterCutOff::AfterMs(600_000)));
    check_next(&[], cut_off(1), &soon, Some(600_000));
    let at_once = with_after_cut_off(Some(AfterCutOff::AfterMs(0)));
    check_next(&[], cut_off(1), &at_once, Some(171_000));
    check_next(
        &[],
        cut_off(1),
        &with_after_cut_off(Some(AfterCutOff::Final)),
        None,
    );
    let mut rehearsal = facts();
    rehearsal.plan.retry_policy = RetryPolicy::rehearsal();
    check_next(&[], cut_off(1), &rehearsal, None);
    let four = closed_before(&[(Disposition::NoAnswer, true); 3]);
    check_next(&four, cut_off(4), &facts(), None);
    let opted_out = CallClosing {
        outcome: Some(Outcome::OptedOut),
        ..cut_off(1)
    };
    check_next(&[], opted_out, &facts(), None);
    let mut ends_today = facts();
    ends_today.plan.ends_at = Some(now().plus_ms(8 * 3_600_000));
    check_next(&[], cut_off(1), &ends_today, None);
}

#[test]
fn a_due_time_that_is_not_before_the_campaigns_end_settles() {
    let closing = closing(1, Disposition::NoAnswer);
    let due_at = closing.ended_at.plus_ms(60_000);
    let mut facts = facts();
    facts.plan.ends_at = Some(due_at);
    check_next(&[], closing.clone(), &facts, None);
    facts.plan.ends_at = Some(Timestamp::from_micros(due_at.micros() + 1));
    check_next(&[], closing, &facts, Some(60_000));
}

#[test]
fn an_invalid_number_gives_way_to_the_next_and_is_never_dialed_again() {
    let invalid = closing(1, Disposition::InvalidNumber);
    check_next(&[], invalid.clone(), &facts(), None);
    let two_numbers = person(&[added(other_number(), "+8613800138001"), granted(1)]);
    let expected = CustomerEvent::CallClosed {
        campaign: campaign(),
        call: invalid.call,
        number: number(),
        disposition: Disposition::InvalidNumber,
        outcome: None,
        charged: true,
        answered: false,
        dialed_at: invalid.dialed_at,
        next_due_at: Some(invalid.ended_at),
        next_number: Some(other_number()),
        round: None,
        policy_due_at: None,
        timing: None,
    };
    check(&two_numbers, close(invalid), Ok(vec![expected.clone()]));
    let both_tried = [two_numbers, vec![expected, granted_to(2, other_number())]].concat();
    let second = CallClosing {
        number: other_number(),
        ..closing(2, Disposition::InvalidNumber)
    };
    check(
        &both_tried,
        close(second.clone()),
        Ok(vec![
            closed(&second, None),
            settled(Disposition::InvalidNumber, None, 2),
        ]),
    );
}

#[test]
fn a_later_campaign_dials_the_number_that_exists() {
    let invalid = closing(1, Disposition::InvalidNumber);
    let mut given = person(&[
        granted(1),
        closed(&invalid, None),
        added(other_number(), "+8613800138001"),
    ]);
    let elsewhere = Enrolment {
        campaign: "OTHER".parse().unwrap(),
        ..row()
    };
    given.extend(decide(&given, enrol(elsewhere)).unwrap());
    let mut facts = facts();
    facts.campaign = "OTHER".parse().unwrap();
    let events = decide(&given, grant_with(facts)).unwrap();
    let [CustomerEvent::DialGranted { grant, .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(grant.number, other_number());
}

#[test]
fn a_call_is_closed_once_and_a_strangers_call_is_refused() {
    let busy = closing(1, Disposition::Busy);
    let over = person(&[granted(1), closed(&busy, Some(now()))]);
    check(&over, close(busy.clone()), Ok(vec![]));
    check(
        &person(&[granted(1), released(1, None)]),
        close(busy.clone()),
        Ok(vec![]),
    );
    let call = busy.call;
    check(
        &person(&[]),
        close(busy.clone()),
        Err(CustomerRefusal::UnknownCall { call }),
    );
    let campaign = campaign();
    check(
        &[registered()],
        close(busy),
        Err(CustomerRefusal::NotEnrolled { campaign }),
    );
}

#[test]
fn a_withdrawn_call_is_released_and_counts_nowhere() {
    let withdrawn = CustomerEvent::DialReleased {
        campaign: campaign(),
        call: nth_call(1),
        reason: "withdrawn".to_owned(),
        not_before: None,
    };
    check(
        &person(&[granted(1)]),
        close(closing(1, Disposition::Withdrawn)),
        Ok(vec![withdrawn]),
    );
}

#[test]
fn an_enrolment_that_was_settled_meanwhile_is_not_settled_twice() {
    let answered = closing(1, Disposition::Answered);
    let given = person(&[granted(1), settled(Disposition::NotPermitted, None, 0)]);
    check(&given, close(answered.clone()), Ok(vec![closed(&answered, None)]));
}

#[test]
fn counters_tell_charged_from_uncharged_and_answered_from_not() {
    let given = person(&closed_before(&[
        (Disposition::Answered, true),
        (Disposition::Congestion, false),
    ]));
    let state = state_at(&given, now());
    let enrolment = state.enrolment(&campaign()).unwrap();
    assert_eq!((enrolment.charged_dials, enrolment.uncharged_dials), (1, 1));
    let answers: Vec<Option<bool>> = state.history().dials().iter().map(|dial| dial.answered).collect();
    assert_eq!(answers, [Some(true), Some(false)]);
    assert_eq!(enrolment.last.unwrap().disposition, Disposition::Congestion);
}
