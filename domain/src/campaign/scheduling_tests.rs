//! Given a plan that waits, when a start is ordered, or the time or another campaign comes, then events or a
//! refusal.

use super::command::CampaignCommand;
use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::test_support::{now, plan};
use super::{Campaign, CampaignStatus};
use crate::calling_plan::{CallingPlan, FlowRef, Preset};
use crate::decider::{Context, Decider};
use crate::running_plan::{CampaignMilestone, PredecessorCampaign, PredecessorStatus, RunningPlan};
use crate::screening::{CallTaker, Screening};
use crate::time::Timestamp;
use values::seller::Seller;

fn flow() -> FlowRef {
    FlowRef {
        flow: "reminder".parse().unwrap(),
        version: 1,
        content_hash: "5e".repeat(32),
    }
}

fn waiting(running: RunningPlan) -> CallingPlan {
    CallingPlan {
        ends_at: None,
        running: Some(Box::new(running)),
        ..plan()
    }
}

fn ready(plan: CallingPlan) -> CampaignState {
    let list = "00000000-0000-5000-8000-000000000001".parse().unwrap();
    let events = [
        CampaignEvent::Created {
            campaign: "A".parse().unwrap(),
            customer_segment: None,
            flow: flow(),
            plan,
        },
        CampaignEvent::ListClosed {
            list,
            count: 3,
            before: None,
        },
    ];
    let mut state = CampaignState::default();
    events
        .iter()
        .for_each(|event| Campaign::evolve(&mut state, event, now()));
    state
}

fn decide(state: &CampaignState, command: CampaignCommand, at: Timestamp) -> DecideResult {
    Campaign::decide(state, command, Context { now: at })
}

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

fn order_start(mut state: CampaignState) -> CampaignState {
    let events = decide(&state, CampaignCommand::Start, now()).unwrap();
    assert!(
        matches!(events.as_slice(), [CampaignEvent::StartScheduled { .. }]),
        "{events:?}"
    );
    events
        .iter()
        .for_each(|event| Campaign::evolve(&mut state, event, now()));
    assert_eq!(state.status(), Some(CampaignStatus::Ready));
    state
}

fn due(after_met: bool) -> CampaignCommand {
    CampaignCommand::StartDue { after_met }
}

#[test]
fn started_before_its_time_it_waits_and_the_clock_starts_it() {
    let starts_at = now().plus_ms(3_600_000);
    let running = RunningPlan {
        starts_at: Some(starts_at),
        ..RunningPlan::default()
    };
    let unordered = ready(waiting(running.clone()));
    assert_eq!(
        decide(&unordered, due(true), starts_at),
        Ok(Vec::new()),
        "no start was ordered"
    );
    let state = order_start(unordered);
    assert_eq!(decide(&state, CampaignCommand::Start, now()), Ok(Vec::new()));
    let early = Timestamp::from_micros(starts_at.micros() - 1);
    assert_eq!(
        decide(&state, due(false), early),
        Err(CampaignRefusal::NotStartedYet)
    );
    assert_eq!(
        decide(&state, due(false), starts_at),
        Ok(vec![CampaignEvent::Started {}])
    );
    let late = ready(waiting(running));
    assert_eq!(
        decide(&late, CampaignCommand::Start, starts_at),
        Ok(vec![CampaignEvent::Started {}]),
        "its time has come"
    );
}

#[test]
fn behind_another_campaign_it_starts_once_that_came_so_far_and_once_only() {
    let after = PredecessorCampaign {
        campaign: "B".parse().unwrap(),
        reached: CampaignMilestone::Completed,
    };
    let mut state = order_start(ready(waiting(RunningPlan {
        after: Some(after),
        ..RunningPlan::default()
    })));
    assert_eq!(
        decide(&state, due(false), now()),
        Err(CampaignRefusal::NotStartedYet)
    );
    assert_eq!(
        decide(&state, due(true), now()),
        Ok(vec![CampaignEvent::Started {}])
    );
    Campaign::evolve(&mut state, &CampaignEvent::Started {}, now());
    assert_eq!(decide(&state, due(true), now()), Ok(Vec::new()));
}

#[test]
fn an_end_that_comes_first_stops_it_and_it_never_begins() {
    let ends_at = now().plus_ms(3_600_000);
    let after = PredecessorCampaign {
        campaign: "B".parse().unwrap(),
        reached: CampaignMilestone::Completed,
    };
    let mut state = order_start(ready(CallingPlan {
        ends_at: Some(ends_at),
        ..waiting(RunningPlan {
            after: Some(after),
            ..RunningPlan::default()
        })
    }));
    let before = Timestamp::from_micros(ends_at.micros() - 1);
    assert_eq!(
        decide(&state, due(true), before),
        Ok(vec![CampaignEvent::Started {}])
    );
    for after_met in [true, false] {
        let decided = decide(&state, due(after_met), ends_at).unwrap();
        assert!(
            matches!(decided.as_slice(), [CampaignEvent::Stopped { .. }]),
            "{decided:?}"
        );
    }
    let stopped = decide(&state, due(false), ends_at).unwrap();
    Campaign::evolve(&mut state, &stopped[0], ends_at);
    assert_eq!(decide(&state, due(true), ends_at), Ok(Vec::new()));
}

#[test]
fn a_plan_that_never_runs_is_refused_when_it_is_made() {
    let create = |running: RunningPlan, ends_at: Option<Timestamp>| CampaignCommand::Create {
        campaign: "A".parse().unwrap(),
        customer_segment: None,
        flow: flow(),
        plan: CallingPlan {
            ends_at,
            ..waiting(running)
        },
    };
    let own = PredecessorCampaign {
        campaign: "A".parse().unwrap(),
        reached: CampaignMilestone::Full,
    };
    let itself = RunningPlan {
        after: Some(own),
        ..RunningPlan::default()
    };
    let late = RunningPlan {
        starts_at: Some(now()),
        ..RunningPlan::default()
    };
    for (running, ends_at) in [(itself, None), (late.clone(), Some(now()))] {
        let decided = decide(&CampaignState::default(), create(running, ends_at), now());
        assert!(
            matches!(decided, Err(CampaignRefusal::NeverRuns { .. })),
            "{decided:?}"
        );
    }
    assert!(decide(&CampaignState::default(), create(late, None), now()).is_ok());
}

#[test]
fn one_that_is_stopped_after_it_ran_came_as_far_as_it_came() {
    let life_of = |events: &[CampaignEvent]| {
        let mut state = ready(plan());
        events
            .iter()
            .for_each(|event| Campaign::evolve(&mut state, event, now()));
        state.life()
    };
    let stopped = CampaignEvent::Stopped {
        reason: "mistake".to_owned(),
    };
    assert_eq!(CampaignState::default().life(), None);
    assert_eq!(life_of(&[]), Some(PredecessorStatus::Still));
    assert_eq!(
        life_of(std::slice::from_ref(&stopped)),
        Some(PredecessorStatus::Still)
    );
    assert_eq!(
        life_of(&[CampaignEvent::Started {}, stopped]),
        Some(PredecessorStatus::Begun)
    );
}

#[test]
fn a_plan_for_agents_names_its_seller_where_its_preset_demands_one() {
    let made = |preset, relief, seller: Option<(&str, &str)>, at: &str| {
        let plan = CallingPlan {
            preset,
            ends_at: None,
            screening: Some(Box::new(Screening {
                relief: Some(relief),
                ..Screening::default()
            })),
            seller: seller.map(|(name, number)| {
                Box::new(Seller {
                    name: name.to_owned(),
                    number: number.to_owned(),
                })
            }),
            ..plan()
        };
        let create = CampaignCommand::Create {
            campaign: "A".parse().unwrap(),
            customer_segment: None,
            flow: flow(),
            plan,
        };
        let decided = decide(&CampaignState::default(), create, at.parse().unwrap());
        decided.map(|events| events.len())
    };
    let since = "2026-11-26T00:00:00Z";
    let tsr = Preset::UsTsr;
    let missing = Err(CampaignRefusal::SellerMissing { preset: tsr });
    assert_eq!(made(tsr, CallTaker::Agents, None, since), missing);
    let bank = Some(("Example Bank", "+12025550100"));
    assert_eq!(made(tsr, CallTaker::Agents, bank, since), Ok(1));
    // A robot's campaign under this preset may be created; its dials are refused with the reason.
    assert_eq!(made(tsr, CallTaker::Robot, None, since), Ok(1));
    assert_eq!(made(Preset::CnService, CallTaker::Agents, None, since), Ok(1));
    for wrong in [("", "+12025550100"), ("Example Bank", "2025550100")] {
        let refused = made(Preset::CnService, CallTaker::Agents, Some(wrong), since);
        assert!(
            matches!(refused, Err(CampaignRefusal::SellerFaulty { .. })),
            "{wrong:?}: {refused:?}"
        );
    }
    let text = CampaignRefusal::SellerMissing { preset: tsr }.to_string();
    assert!(text.starts_with("seller is missing: us-tsr"), "{text}");
}
