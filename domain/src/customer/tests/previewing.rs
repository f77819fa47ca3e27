//! Preview dialing: only customers that an agent accepted are called, once, by that agent.

use super::*;
use crate::customer::preview_judgment;
use crate::dialing_plan::{DialingMode, DialingPlan};
use crate::preview::AcceptedPreview;

fn preview(accepted: Option<(u32, &str)>, free: &[&str]) -> CampaignFacts {
    let mut facts = facts();
    facts.plan.dialing = Some(DialingPlan {
        mode: DialingMode::Preview,
        ..DialingPlan::default()
    });
    facts.accepted = accepted
        .into_iter()
        .map(|(attempt, agent)| AcceptedPreview {
            agent: agent.parse().unwrap(),
            customer: customer(),
            call: nth_call(attempt),
            until: now().plus_ms(30_000),
        })
        .collect();
    facts.free_agents = free.iter().map(|agent| agent.parse().unwrap()).collect();
    facts
}

fn judge(facts: CampaignFacts) -> CustomerCommand {
    CustomerCommand::JudgePreview {
        customer: customer(),
        facts: Box::new(facts),
        joined: Vec::new(),
        of_number: None,
    }
}

#[test]
fn only_the_call_that_a_free_agent_accepted_is_granted_and_no_second_one_of_it() {
    let not_accepted = || Err(CustomerRefusal::NotAccepted { campaign: campaign() });
    for facts in [
        preview(None, &["li"]),
        preview(Some((1, "li")), &[]),
        preview(Some((1, "li")), &["wang"]),
        preview(Some((2, "li")), &["li"]),
    ] {
        check(&person(&[]), grant_with(facts), not_accepted());
    }
    let mut over = preview(Some((1, "li")), &["li"]);
    over.accepted[0].until = now();
    check(&person(&[]), grant_with(over), not_accepted());
    let accepted = || preview(Some((1, "li")), &["li", "wang"]);
    let events = decide(&person(&[]), grant_with(accepted())).unwrap();
    assert!(
        matches!(&events[..], [CustomerEvent::DialGranted { attempt: 1, .. }]),
        "{events:?}"
    );
    let busy = closed(&closing(1, Disposition::Busy), Some(now()));
    check(
        &person(&[granted(1), busy]),
        grant_with(accepted()),
        not_accepted(),
    );
    assert!(
        preview_judgment::find_accepted_preview(&CustomerState::default(), &customer(), &accepted(), now())
            .is_err()
    );
}

#[test]
fn before_an_offer_every_rule_is_asked_and_what_forbids_is_stored_as_at_a_dial() {
    check(&person(&[]), judge(preview(None, &["li"])), Ok(Vec::new()));
    let mut closed_now = preview(None, &["li"]);
    closed_now.plan.window = window("14:00-18:00");
    let (rule, not_before, _) = refused(&decide(&person(&[]), judge(closed_now)));
    assert_eq!((rule.as_str(), not_before.is_some()), ("calling_window", true));
    let mut listed = judge(preview(None, &["li"]));
    if let CustomerCommand::JudgePreview { of_number, .. } = &mut listed {
        let mut verdict = crate::customer::grant_dial::without_key();
        verdict.rule = "suppression".to_owned();
        *of_number = Some(Box::new(verdict));
    }
    let (rule, not_before, settled_as) = refused(&decide(&person(&[]), listed));
    let for_good = Some(Disposition::NotPermitted);
    assert_eq!(
        (rule.as_str(), not_before, settled_as),
        ("suppression", None, for_good)
    );
}

#[test]
fn who_is_skipped_waits_and_who_is_called_or_settled_is_not_skipped() {
    let skip = |reason: &str| CustomerCommand::SkipPreview {
        campaign: campaign(),
        agent: "li".parse().unwrap(),
        reason: reason.to_owned(),
        wait_ms: 60_000,
    };
    let skipped = CustomerEvent::PreviewSkipped {
        campaign: campaign(),
        agent: "li".parse().unwrap(),
        reason: "a meeting".to_owned(),
        due_at: now().plus_ms(60_000),
    };
    check(&person(&[]), skip("a meeting"), Ok(vec![skipped.clone()]));
    let waits = Err(CustomerRefusal::NotDue {
        due_at: now().plus_ms(60_000),
    });
    check(&person(&[skipped]), judge(preview(None, &["li"])), waits);
    check(
        &person(&[]),
        skip(" "),
        Err(CustomerRefusal::ReasonNeeded { bytes_max: 256 }),
    );
    let open = Err(CustomerRefusal::AlreadyGranted { call: nth_call(1) });
    check(&person(&[granted(1)]), skip("a meeting"), open);
}
