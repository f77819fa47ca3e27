//! A campaign that goes live in stages: given events, when a command comes, then events or a refusal.

use super::command::CampaignCommand;
use super::event::CampaignEvent;
use super::test_support::now;
use super::tests::created;
use super::{Campaign, CampaignRefusal, CampaignState, StageWaitReason};
use crate::decider::{Context, Decider};
use crate::four_eyes::{ApprovalExemption, FourEyes};
use crate::promotion::{Evidence, EvidenceStatements, MissingEvidence};
use crate::time::Timestamp;
use uuid::Uuid;
use values::approval_requirements::{ApprovalRequirement, ApprovalRequirements};
use values::go_live::{Stage, StagePlan};
use values::ids::{CustomerId, ListId};

/// One second in milliseconds; the tests stay within the hours of the plan, on one day in Beijing.
const SECOND_MS: u64 = 1_000;

pub(super) fn grant(wanted: u32, in_flight: u32) -> CampaignCommand {
    asking(wanted, in_flight, Vec::new(), Vec::new())
}

pub(super) fn granted(count: u32, until: Timestamp) -> CampaignEvent {
    CampaignEvent::DialsGranted {
        count,
        until,
        admitted: Vec::new(),
        unused: 0,
        paced: None,
        places: Vec::new(),
    }
}

fn asking(wanted: u32, in_flight: u32, people: Vec<CustomerId>, unused: Vec<Timestamp>) -> CampaignCommand {
    CampaignCommand::GrantDials {
        wanted,
        in_flight,
        floor: None,
        people,
        calendars: Default::default(),
        unused,
        quota_people: Vec::new(),
    }
}

fn people(range: std::ops::Range<u32>) -> Vec<CustomerId> {
    range
        .map(|number| format!("{number:032x}").parse().unwrap())
        .collect()
}

/// Returns the state of a running campaign in its first stage.
fn running(from: Stage, agent_gates: bool) -> CampaignState {
    let mut made = created();
    if let CampaignEvent::Created { plan, .. } = &mut made {
        plan.stages = Some(StagePlan {
            agent_gates,
            ..StagePlan::beginning_at(from)
        });
        plan.max_concurrent = 1_000;
        plan.ends_at = None;
    }
    let list = ListId::new(Uuid::from_u128(1));
    let opened = CampaignEvent::ListOpened {
        list,
        source: "people.csv".to_owned(),
        four_eyes: None,
        request_key: None,
    };
    let closed = CampaignEvent::ListClosed {
        list,
        count: 2_000,
        before: None,
    };
    let mut state = CampaignState::default();
    for event in [made, opened, closed, CampaignEvent::Started {}] {
        Campaign::evolve(&mut state, &event, now());
    }
    state
}

fn when(
    state: &mut CampaignState,
    command: CampaignCommand,
    at: Timestamp,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    let events = Campaign::decide(state, command, Context { now: at })?;
    for event in &events {
        Campaign::evolve(state, event, at);
    }
    Ok(events)
}

fn count_of(events: &[CampaignEvent]) -> u32 {
    events.iter().find_map(CampaignEvent::dials_granted).unwrap().0
}

fn promote(to: Stage, evidence: Evidence) -> CampaignCommand {
    CampaignCommand::Promote {
        to,
        reason: "the figures are as they should be".to_owned(),
        evidence: Box::new(evidence),
        four_eyes: None,
    }
}

fn figures() -> Evidence {
    Evidence {
        position: crate::stored_event::Position(4_711),
        calls: 212,
        answered: 97,
        abandoned: 0,
        complaints: 0,
        said: EvidenceStatements::default(),
    }
}

#[test]
fn a_test_calls_its_first_200_people_again_and_again_and_the_201st_waits() {
    let mut state = running(Stage::Test, false);
    let first = when(&mut state, asking(150, 0, people(0..151), vec![]), now()).unwrap();
    assert_eq!(count_of(&first), 150);
    let second = when(&mut state, asking(100, 0, people(140..260), vec![]), now()).unwrap();
    assert_eq!(count_of(&second), 60, "10 known and the last 50");
    assert_eq!(state.gates().admitted_count(), 200);
    assert!(state.gates().admits(&people(199..200)[0]) && !state.gates().admits(&people(200..201)[0]));
    let the_201st = when(&mut state, asking(1, 0, people(200..201), vec![]), now());
    assert_eq!(
        the_201st,
        Err(CampaignRefusal::Staged(StageWaitReason::TestIsFull))
    );
    let again = when(&mut state, asking(5, 0, people(198..205), vec![]), now()).unwrap();
    assert_eq!(count_of(&again), 2);
    assert_eq!(state.gates().waiting(now()), Some(StageWaitReason::TestIsFull));
    when(&mut state, promote(Stage::Pilot, figures()), now()).unwrap();
    let after = when(&mut state, asking(1, 0, people(200..201), vec![]), now()).unwrap();
    assert_eq!(count_of(&after), 1);
}

#[test]
fn a_pilot_places_1000_calls_a_day_and_the_next_waits_for_the_next_day() {
    let mut state = running(Stage::Pilot, false);
    for batch in 0..5 {
        let at = now().plus_ms(batch * SECOND_MS);
        assert_eq!(count_of(&when(&mut state, grant(200, 0), at).unwrap()), 200);
    }
    let at = now().plus_ms(10 * SECOND_MS);
    assert_eq!(state.gates().calls_today(at), 1_000);
    let midnight: Timestamp = "2026-03-02T16:00:00Z".parse().unwrap();
    let full = CampaignRefusal::Staged(StageWaitReason::DayIsFull { until: midnight });
    assert_eq!(when(&mut state, grant(1, 0), at), Err(full.clone()));
    // Three dials of the third batch were never begun; one reported of yesterday does not count.
    let third = now().plus_ms(3 * SECOND_MS);
    let yesterday = now().minus_ms(86_400 * SECOND_MS);
    let reported = vec![third, third, yesterday, third];
    let more = when(&mut state, asking(9, 0, vec![], reported), at).unwrap();
    assert_eq!(count_of(&more), 3);
    assert_eq!(state.gates().calls_today(at), 1_000);
    assert_eq!(when(&mut state, grant(1, 0), at), Err(full));
    let next_day = midnight.plus_ms(10 * 3_600 * SECOND_MS);
    assert_eq!(state.gates().waiting(next_day), None);
    assert_eq!(count_of(&when(&mut state, grant(7, 0), next_day).unwrap()), 7);
    assert_eq!(state.gates().calls_today(next_day), 7);
}

#[test]
fn a_stage_follows_only_with_its_evidence_and_only_the_next_one() {
    let mut state = running(Stage::Test, true);
    let refused =
        |state: &mut CampaignState, to, evidence| when(state, promote(to, evidence), now()).unwrap_err();
    assert_eq!(
        refused(&mut state, Stage::Full, figures()),
        CampaignRefusal::NotTheNextStage {
            stage: Stage::Test,
            to: Stage::Full
        }
    );
    let nothing = CampaignRefusal::WithoutEvidence(MissingEvidence::Answers);
    assert_eq!(refused(&mut state, Stage::Pilot, Evidence::default()), nothing);
    when(&mut state, promote(Stage::Pilot, figures()), now()).unwrap();
    // Calls answered in the test are no evidence for the pilot.
    assert_eq!(refused(&mut state, Stage::Full, figures()), nothing);
    let mut evidence = figures();
    evidence.calls += 1;
    evidence.answered += 1;
    for lacking in [
        MissingEvidence::PersonOnDuty,
        MissingEvidence::Agents,
        MissingEvidence::Days,
        MissingEvidence::Routing,
        MissingEvidence::Coverage,
    ] {
        assert_eq!(
            refused(&mut state, Stage::Full, evidence.clone()),
            CampaignRefusal::WithoutEvidence(lacking)
        );
        match lacking {
            MissingEvidence::PersonOnDuty => evidence.said.person_on_duty = Some("li".to_owned()),
            MissingEvidence::Agents => evidence.said.agents = Some(3),
            MissingEvidence::Days => evidence.said.days = Some(7),
            MissingEvidence::Routing => evidence.said.routing_per_mille = Some(851),
            MissingEvidence::Coverage => evidence.said.coverage_per_mille = Some(901),
            MissingEvidence::Answers
            | MissingEvidence::RollOutAgents
            | MissingEvidence::RollOutDays
            | MissingEvidence::Reviews => {}
        }
    }
    for (routing, coverage) in [(850, 901), (851, 900), (1_001, 901)] {
        let mut short = evidence.clone();
        short.said.routing_per_mille = Some(routing);
        short.said.coverage_per_mille = Some(coverage);
        assert!(when(&mut state, promote(Stage::Full, short), now()).is_err());
    }
    let done = when(&mut state, promote(Stage::Full, evidence.clone()), now()).unwrap();
    assert!(matches!(
        &done[..],
        [CampaignEvent::Promoted {
            from: Stage::Pilot,
            to: Stage::Full,
            ..
        }]
    ));
    assert_eq!(
        when(&mut state, promote(Stage::Full, evidence), now()),
        Ok(vec![])
    );
    assert_eq!(state.gates().waiting(now()), None);
}

#[test]
fn who_asks_for_a_second_person_is_promoted_only_with_one_and_who_has_no_stages_never() {
    let mut asks = created();
    if let CampaignEvent::Created { plan, .. } = &mut asks {
        plan.stages = Some(StagePlan::beginning_at(Stage::Test));
        plan.approvals = ApprovalRequirements::from(vec![ApprovalRequirement::Promotions]);
    }
    let mut state = CampaignState::default();
    Campaign::evolve(&mut state, &asks, now());
    let alone = when(&mut state, promote(Stage::Pilot, figures()), now());
    assert_eq!(alone, Err(CampaignRefusal::PromotionNotApproved));
    let mut behind = promote(Stage::Pilot, figures());
    if let CampaignCommand::Promote {
        four_eyes, reason, ..
    } = &mut behind
    {
        *four_eyes = Some(Box::new(FourEyes::Nobody {
            nobody: ApprovalExemption::NobodyElse,
        }));
        assert!(!reason.is_empty());
    }
    assert_eq!(when(&mut state, behind, now()).unwrap().len(), 1);
    let mut plain = CampaignState::default();
    Campaign::evolve(&mut plain, &created(), now());
    let never = when(&mut plain, promote(Stage::Pilot, figures()), now());
    assert_eq!(never, Err(CampaignRefusal::NotStaged));
    assert!(plain.gates().admits(&people(1..2)[0]) && plain.gates().waiting(now()).is_none());
}

#[test]
fn a_roll_out_is_between_pilot_and_full_and_ends_after_thirty_days_that_were_each_reviewed() {
    let mut made = created();
    if let CampaignEvent::Created { plan, .. } = &mut made {
        plan.stages = Some(StagePlan {
            agent_gates: true,
            roll_out: true,
            ..StagePlan::beginning_at(Stage::Pilot)
        });
    }
    let mut state = CampaignState::default();
    Campaign::evolve(&mut state, &made, now());
    let with = |answered, said: EvidenceStatements| Evidence {
        answered,
        said,
        ..figures()
    };
    let pilot = EvidenceStatements {
        agents: Some(5),
        days: Some(14),
        routing_per_mille: Some(900),
        coverage_per_mille: Some(950),
        person_on_duty: Some("li".to_owned()),
        ..EvidenceStatements::default()
    };
    assert_eq!(state.gates().next(), Some(Stage::RollOut));
    let skipped = when(&mut state, promote(Stage::Full, with(97, pilot.clone())), now());
    assert!(
        matches!(skipped, Err(CampaignRefusal::NotTheNextStage { .. })),
        "{skipped:?}"
    );
    // The pilot's gates apply to the promotion to the roll-out.
    let few = promote(Stage::RollOut, with(97, EvidenceStatements::default()));
    let lacking = |lacking| Err(CampaignRefusal::WithoutEvidence(lacking));
    assert_eq!(when(&mut state, few, now()), lacking(MissingEvidence::Agents));
    when(&mut state, promote(Stage::RollOut, with(97, pilot)), now()).unwrap();
    assert_eq!(
        (state.gates().stage(), state.gates().next()),
        (Some(Stage::RollOut), Some(Stage::Full))
    );
    let day = 86_400 * SECOND_MS;
    let said = |agents, reviewed_days| EvidenceStatements {
        person_on_duty: Some("li".to_owned()),
        agents: Some(agents),
        reviewed_days: Some(reviewed_days),
        ..EvidenceStatements::default()
    };
    let (early, over) = (now().plus_ms(30 * day - 1), now().plus_ms(30 * day));
    for (agents, reviewed, at, lacks) in [
        (19, 30, over, MissingEvidence::RollOutAgents),
        (51, 30, over, MissingEvidence::RollOutAgents),
        (20, 30, early, MissingEvidence::RollOutDays),
        (50, 29, over, MissingEvidence::Reviews),
    ] {
        let asked = promote(Stage::Full, with(98, said(agents, reviewed)));
        assert_eq!(when(&mut state, asked, at), lacking(lacks), "{agents} {reviewed}");
    }
    let nothing_new = promote(Stage::Full, with(97, said(20, 30)));
    assert_eq!(
        when(&mut state, nothing_new, over),
        lacking(MissingEvidence::Answers)
    );
    when(&mut state, promote(Stage::Full, with(98, said(20, 30))), over).unwrap();
    assert_eq!(
        (state.gates().stage(), state.gates().next()),
        (Some(Stage::Full), None)
    );
}
