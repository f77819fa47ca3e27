//! Orders of a user for a customer after a cut-off: a call back, or the end.

use super::*;
use crate::customer::CUT_OFF_SETTLED;

fn cut_off(disposition: Disposition, answered: bool) -> Vec<CustomerEvent> {
    let closing = CallClosing {
        answered,
        ..closing(1, disposition)
    };
    person(&[granted(1), closed(&closing, Some(now().plus_ms(50_000_000)))])
}

fn call_back() -> CustomerCommand {
    CustomerCommand::CallBack {
        campaign: campaign(),
        by: Some("duty manager".to_owned()),
    }
}

fn settle() -> CustomerCommand {
    CustomerCommand::SettleCutOff {
        campaign: campaign(),
        reason: "spoken to at the branch".to_owned(),
        by: None,
    }
}

fn ordered() -> CustomerEvent {
    CustomerEvent::CallBackOrdered {
        campaign: campaign(),
        call: nth_call(1),
        due_at: now(),
        by: Some("duty manager".to_owned()),
    }
}

#[test]
fn a_customer_who_was_cut_off_is_due_at_once_when_ordered_and_the_rules_are_asked_as_ever() {
    let given = cut_off(Disposition::Interrupted, true);
    assert!(matches!(
        decide(&given, grant_with(facts())),
        Err(CustomerRefusal::NotDue { .. })
    ));
    check(&given, call_back(), Ok(vec![ordered()]));
    let after = [given, vec![ordered()]].concat();
    check(&after, call_back(), Ok(vec![]));
    assert!(matches!(
        decide(&after, grant_with(facts())).as_deref(),
        Ok([CustomerEvent::DialGranted { attempt: 2, .. }])
    ));
    let mut paused = facts();
    paused.running = false;
    assert_eq!(refused(&decide(&after, grant_with(paused))).0, "campaign_state");
}

#[test]
fn a_user_may_settle_it_instead_with_a_reason_that_is_kept() {
    let given = cut_off(Disposition::Interrupted, true);
    let facts = BTreeMap::from([("reason".to_owned(), "spoken to at the branch".to_owned())]);
    let expected = CustomerEvent::EnrolmentSettled {
        campaign: campaign(),
        disposition: Disposition::Interrupted,
        outcome: None,
        calls_count: 1,
        rule: Some(CUT_OFF_SETTLED.to_owned()),
        facts,
    };
    check(&given, settle(), Ok(vec![expected.clone()]));
    let over = [given, vec![expected]].concat();
    let settled = Err(CustomerRefusal::Settled {
        campaign: campaign(),
        disposition: Disposition::Interrupted,
    });
    check(&over, settle(), settled.clone());
    check(&over, call_back(), settled);
}

#[test]
fn neither_is_for_a_customer_who_was_not_cut_off_or_is_being_called() {
    let campaign = campaign();
    for (disposition, answered) in [(Disposition::Interrupted, false), (Disposition::Answered, true)] {
        for command in [call_back(), settle()] {
            let refused = Err(CustomerRefusal::NotCutOff {
                campaign: campaign.clone(),
            });
            check(&cut_off(disposition, answered), command, refused);
        }
    }
    let again = [cut_off(Disposition::Interrupted, true), vec![granted(2)]].concat();
    let call = nth_call(2);
    check(&again, call_back(), Err(CustomerRefusal::AlreadyGranted { call }));
    check(
        &[registered()],
        settle(),
        Err(CustomerRefusal::NotEnrolled { campaign }),
    );
}
