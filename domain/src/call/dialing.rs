//! Decides if a leg may be dialed: by its grants, the failure of the leg before it and the caller number.

use super::command::CallCommand;
use super::event::CallEvent;
use super::refusal::CallRefusal;
use super::state::CallState;
use crate::compliance::{check_grants, judge_caller_number, permit_next_leg};
use crate::time::Timestamp;

type DecideResult = Result<Vec<CallEvent>, CallRefusal>;

pub(super) fn dial(state: &CallState, command: CallCommand, now: Timestamp) -> DecideResult {
    let CallCommand::Dial {
        leg,
        trunk,
        sip_call_id,
        local,
        caller,
        hold_off_ms,
    } = command
    else {
        return Ok(Vec::new());
    };
    may_dial(state, leg, &trunk, now)?;
    let verdict = caller.as_ref().map(|caller| judge_caller_number(caller, now));
    if let Some(refused) = verdict.filter(|verdict| !verdict.allows()) {
        return Err(CallRefusal::CallerNumber {
            verdict: Box::new(refused),
        });
    }
    Ok(vec![CallEvent::Dialing {
        leg,
        trunk,
        sip_call_id,
        local,
        caller: caller.map(|caller| caller.number),
        hold_off_ms,
    }])
}

fn may_dial(state: &CallState, leg: u8, trunk: &str, now: Timestamp) -> Result<(), CallRefusal> {
    if state.leg(leg).is_some() {
        return Err(CallRefusal::AlreadyDialed { leg });
    }
    if state.is_withdrawn() || state.end_ordered().is_some() {
        return Err(CallRefusal::Withdrawn);
    }
    let expected = state.last_leg().map_or(1, |last| last.leg.saturating_add(1));
    if leg != expected {
        return Err(CallRefusal::WrongLeg { leg, expected });
    }
    let Some(grants) = state.grants() else {
        let permitted = state.permitted().ok_or(CallRefusal::NotPermitted)?;
        check_grants(&permitted.customer_grant, &permitted.number_grant, now)?;
        return Ok(());
    };
    permit_next_leg(&grants, leg, now)?;
    if state.next_leg_allowed_on(trunk) {
        return Ok(());
    }
    Err(CallRefusal::NoFailover {
        leg: grants.last_leg,
        trunk: trunk.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_support::{decide_at, dial_on, permitted};
    use super::*;
    use crate::caller_number::CallerNumber;
    use crate::compliance::Decision;

    fn shows(until: Option<&str>) -> CallCommand {
        let mut command = dial_on(1, "trunk-1");
        if let CallCommand::Dial { caller, .. } = &mut command {
            *caller = Some(CallerNumber {
                number: "+861055550100".to_owned(),
                valid_until: until.map(|day| day.parse().unwrap()),
                licence: None,
            });
        }
        command
    }

    #[test]
    fn a_number_with_an_ended_licence_is_not_used_and_the_refusal_names_rule_and_fact() {
        let given = [(0, permitted())];
        // The grants of these tests date from 2026-03-02 in Beijing.
        let dialed = |until| decide_at(100, &given, shows(until));
        for until in [None, Some("2026-03-02"), Some("2099-12-31")] {
            let events = dialed(until).unwrap();
            assert!(
                matches!(&events[..], [CallEvent::Dialing { caller: Some(shown), .. }] if shown == "+861055550100"),
                "{until:?}: {events:?}"
            );
        }
        let refused = dialed(Some("2026-03-01")).unwrap_err();
        let CallRefusal::CallerNumber { verdict } = &refused else {
            panic!("{refused:?}");
        };
        assert_eq!(
            (verdict.rule.as_str(), verdict.decision),
            ("caller_number", Decision::Forbid)
        );
        assert_eq!(verdict.facts["valid_until"], "2026-03-01");
        assert!(refused.to_string().contains("caller_number"), "{refused}");
        assert!(refused.to_string().contains("2026-03-01"), "{refused}");
    }
}
