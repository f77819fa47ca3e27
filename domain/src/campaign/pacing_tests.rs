//! Given an abandonment account and the agents' state, when a batch is requested, then its size or a refusal.

use super::Campaign;
use super::command::CampaignCommand;
use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::test_support::{now, plan};
use crate::abandonment::AbandonmentCounts;
use crate::calling_plan::{CallingPlan, FlowRef};
use crate::decider::{Context, Decider};
use crate::dialing_plan::{AgentFloorSnapshot, DialingMode, DialingPlan};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

fn running(mode: DialingMode, holds_each_day: bool) -> CampaignState {
    let created = CampaignEvent::Created {
        campaign: "c1".parse().unwrap(),
        customer_segment: None,
        flow: FlowRef {
            flow: "reminder".parse().unwrap(),
            version: 1,
            content_hash: "5e".repeat(32),
        },
        plan: CallingPlan {
            ends_at: None,
            dialing: Some(DialingPlan {
                mode,
                holds_each_day,
                ..DialingPlan::default()
            }),
            ..plan()
        },
    };
    let mut state = CampaignState::default();
    for event in [created, CampaignEvent::Started {}] {
        Campaign::evolve(&mut state, &event, now());
    }
    state
}

fn recorded(answers: u64, drops: u64, through: u64) -> CampaignCommand {
    CampaignCommand::RecordAbandonment {
        counted: AbandonmentCounts { answers, drops },
        ended_at: now(),
        through: Position(through),
    }
}

fn ask(state: &mut CampaignState, command: CampaignCommand) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    ask_at(state, command, now())
}

fn ask_at(
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

fn floor(agents: u32, free: u32, ringing: u32, waiting: u32) -> AgentFloorSnapshot {
    AgentFloorSnapshot {
        agents,
        free,
        ringing,
        waiting,
    }
}

fn wish(wanted: u32, floor: Option<AgentFloorSnapshot>) -> CampaignCommand {
    CampaignCommand::GrantDials {
        wanted,
        in_flight: 0,
        floor,
        people: Vec::new(),
        calendars: Default::default(),
        unused: Vec::new(),
        quota_people: Vec::new(),
    }
}

fn count(events: &[CampaignEvent]) -> u32 {
    events.iter().find_map(CampaignEvent::dials_granted).unwrap().0
}

#[test]
fn an_unknown_floor_grants_nothing_where_agents_take_the_calls() {
    for mode in [DialingMode::Progressive, DialingMode::Predictive] {
        let refused = ask(&mut running(mode, false), wish(3, None));
        assert_eq!(refused, Err(CampaignRefusal::NoFloor));
    }
    let granted = ask(&mut running(DialingMode::Batch, false), wish(3, None)).unwrap();
    assert_eq!(count(&granted), 3);
}

#[test]
fn progressive_grants_one_call_for_one_free_agent_whatever_is_wished() {
    let mut state = running(DialingMode::Progressive, false);
    let granted = ask(&mut state, wish(40, Some(floor(9, 5, 2, 1)))).unwrap();
    assert_eq!(count(&granted), 2);
    let refused = ask(&mut state, wish(40, Some(floor(9, 3, 2, 1))));
    assert_eq!(
        refused,
        Err(CampaignRefusal::NoFreeAgent {
            free: 3,
            ringing: 2,
            waiting: 1
        })
    );
}

#[test]
fn an_account_without_a_drop_left_counts_on_no_answer_that_does_not_come() {
    let mut state = running(DialingMode::Predictive, false);
    let seen = Some(floor(8, 5, 8, 0));
    let none_free = Err(CampaignRefusal::NoFreeAgent {
        free: 5,
        ringing: 8,
        waiting: 0,
    });
    assert_eq!(
        ask(&mut state, wish(1, seen)),
        none_free,
        "nothing is on the account yet"
    );
    ask(&mut state, recorded(33, 0, 5)).unwrap();
    assert_eq!(
        ask(&mut state, wish(1, seen)),
        none_free,
        "3 of 100 of 33 are none"
    );
    ask(&mut state, recorded(1, 0, 6)).unwrap();
    assert_eq!(count(&ask(&mut state, wish(1, seen)).unwrap()), 1, "34 answers");
    ask(&mut state, recorded(20, 1, 7)).unwrap();
    assert_eq!(ask(&mut state, wish(1, seen)), none_free, "the one drop is used");
}

#[test]
fn a_pacers_wish_is_granted_while_the_account_holds_and_falls_to_progressive_when_used_up() {
    let mut state = running(DialingMode::Predictive, false);
    let seen = Some(floor(9, 2, 1, 0));
    ask(&mut state, recorded(100, 2, 10)).unwrap();
    assert_eq!(count(&ask(&mut state, wish(7, seen)).unwrap()), 7, "2 of 100");
    ask(&mut state, recorded(20, 2, 20)).unwrap();
    let granted = ask(&mut state, wish(7, seen)).unwrap();
    let CampaignEvent::DialsGranted { count, paced, .. } = &granted[0] else {
        unreachable!("a batch");
    };
    let paced = paced.as_deref().unwrap();
    assert_eq!((*count, paced.wished, paced.budget), (1, 7, -1));
    assert_eq!((paced.answers, paced.drops), (120, 4));
    // Thirty days later these calls no longer count; the later ones allow an abandoned call.
    let later = now().plus_ms(30 * 86_400_000);
    let since = CampaignCommand::RecordAbandonment {
        counted: AbandonmentCounts {
            answers: 34,
            drops: 0,
        },
        ended_at: later,
        through: Position(30),
    };
    ask_at(&mut state, since, later).unwrap();
    assert_eq!(count_at(&mut state, seen, later), 7);
}

fn count_at(state: &mut CampaignState, seen: Option<AgentFloorSnapshot>, at: Timestamp) -> u32 {
    count(&ask_at(state, wish(7, seen), at).unwrap())
}

#[test]
fn where_each_day_is_held_to_the_share_the_day_binds_before_the_month() {
    let mut state = running(DialingMode::Predictive, true);
    let before = now().minus_ms(2 * 86_400_000);
    let plenty = CampaignCommand::RecordAbandonment {
        counted: AbandonmentCounts {
            answers: 10_000,
            drops: 0,
        },
        ended_at: before,
        through: Position(1),
    };
    ask(&mut state, plenty).unwrap();
    ask(&mut state, recorded(50, 4, 2)).unwrap();
    let granted = ask(&mut state, wish(7, Some(floor(9, 2, 0, 0)))).unwrap();
    assert_eq!(count(&granted), 2);
}

#[test]
fn what_was_counted_is_not_counted_again_and_nothing_is_counted_where_robots_answer() {
    let mut state = running(DialingMode::Predictive, false);
    assert_eq!(ask(&mut state, recorded(7, 1, 30)).unwrap().len(), 1);
    for again in [recorded(7, 1, 30), recorded(9, 0, 12), recorded(0, 0, 40)] {
        assert_eq!(ask(&mut state, again).unwrap(), []);
    }
    assert_eq!(
        state.account().window(now()),
        AbandonmentCounts { answers: 7, drops: 1 }
    );
    assert_eq!(state.accounted_through(), Some(Position(30)));
    assert_eq!(
        ask(&mut state, recorded(1, 2, 50)),
        Err(CampaignRefusal::DropsBeyondAnswers { answers: 1, drops: 2 })
    );
    let batch = ask(&mut running(DialingMode::Batch, false), recorded(7, 1, 30));
    assert_eq!(batch, Err(CampaignRefusal::NoAccount));
}
