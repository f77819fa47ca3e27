//! A closed calling window with due customers: judged once for all of them, no customer asked, and all dialed
//! as soon as it opens.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{EnrolmentChange, TestSystem, count, no_flow, plan};
use crate::testing::{FakeClock, FakeStore, on_one_thread, settle};
use domain::calling_plan::CallingPlan;
use domain::campaign::PlanChange;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::PauseReason;
use domain::customer::command::Enrolment;
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use domain::time::{TimeOfDay, Timestamp};
use serde_json::Value;
use std::sync::Arc;

const PEOPLE: usize = 12;

/// The longest time from the opening to the first dial, in milliseconds: a few rounds of the dialer.
const PROMPT_MS: u64 = 100;

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn declining() -> Arc<FakeLine> {
    FakeLine::new(
        "declining",
        Box::new(|_: &DialOrder| vec![ringing(), failed(603, true)]),
    )
}

/// A world with the clock set to `at`.
fn world_at(at: &str) -> TestSystem {
    let clock = Arc::new(FakeClock::new());
    clock.advance_ms(instant(at).ms_since(clock.now()));
    TestSystem::over(Arc::new(FakeStore::new()), clock, vec![declining()])
}

async fn go_to(world: &TestSystem, at: Timestamp) {
    let clock = &world.fakes.clock;
    while clock.now() < at {
        settle().await;
        let before = clock.now();
        clock.advance_ms(at.ms_since(before).min(60_000));
    }
    settle().await;
}

/// The time of the first event of a kind.
fn first_at(world: &TestSystem, kind: &str) -> Option<Timestamp> {
    let log = world.fakes.store.envelopes();
    log.iter().find(|one| one.kind == kind).map(|one| one.at)
}

async fn run(world: &TestSystem, plan: CallingPlan, change: EnrolmentChange<'_>) {
    world.run_plan(PEOPLE, change, no_flow(), plan).await;
}

/// Number of events which show that a customer was asked, or could have been.
fn asked_count(world: &TestSystem) -> usize {
    let kinds = world.fakes.store.kinds();
    [
        "campaign.dials_granted",
        "customer.dial_refused",
        "customer.dial_granted",
    ]
    .iter()
    .map(|kind| count(&kinds, kind))
    .sum()
}

fn judgements(world: &TestSystem) -> Vec<Value> {
    world.data("campaign.window_closed")
}

#[test]
fn a_closed_window_causes_no_requests_and_at_its_opening_all_are_dialed_at_once() {
    on_one_thread(async {
        let world = world_at("2026-03-02T20:00:00+08:00");
        let _drivers = world.start_drivers().await;
        run(&world, plan(5), &|_, _| {}).await;
        go_to(&world, instant("2026-03-02T20:30:00+08:00")).await;
        let judged = judgements(&world);
        assert_eq!(judged.len(), 1, "{judged:?}");
        assert_eq!(judged[0]["rule"], "calling_window");
        assert_eq!(judged[0]["until"], "2026-03-03T01:00:00.000000Z");
        let stored = world.fakes.store.kinds().len();
        let opens = instant("2026-03-03T09:00:00+08:00");
        go_to(&world, opens.minus_ms(1)).await;
        assert_eq!(asked_count(&world), 0, "{:?}", world.fakes.store.kinds());
        assert_eq!(
            world.fakes.store.kinds().len(),
            stored,
            "no event in the whole night"
        );
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        let first = first_at(&world, "call.dialing").unwrap();
        assert!(first >= opens && first.ms_since(opens) <= PROMPT_MS, "{first}");
        assert_eq!(world.lines[0].dialed_count(), PEOPLE);
        assert_eq!(world.count("customer.dial_refused"), 0);
        assert_eq!(judgements(&world).len(), 1);
    });
}

#[test]
fn a_change_of_the_hours_opens_a_closed_window_at_once() {
    let at = |hour: u16| TimeOfDay::from_minutes(hour * 60).unwrap();
    on_one_thread(async {
        let world = world_at("2026-03-02T13:00:00+08:00");
        let _drivers = world.start_drivers().await;
        let mut short = plan(5);
        short.window.end = at(12);
        run(&world, short, &|_, _| {}).await;
        let changed_at = instant("2026-03-02T13:30:00+08:00");
        go_to(&world, changed_at).await;
        assert_eq!((judgements(&world).len(), asked_count(&world)), (1, 0));
        let change = PlanChange {
            end: Some(at(20)),
            reason: "an evening shift".to_owned(),
            ..PlanChange::default()
        };
        world
            .tell_campaign(CampaignCommand::ChangePlan(Box::new(change)))
            .await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        let first = first_at(&world, "call.dialing").unwrap();
        assert!(first.ms_since(changed_at) <= PROMPT_MS, "{first}");
        assert_eq!(world.lines[0].dialed_count(), PEOPLE);
    });
}

#[test]
fn a_rest_and_a_night_are_judged_once_each_also_by_a_process_that_comes_later() {
    let (store, clock) = (Arc::new(FakeStore::new()), Arc::new(FakeClock::new()));
    let slow = || {
        FakeLine::with_rate(
            "slow",
            1,
            Box::new(|_: &DialOrder| vec![ringing(), failed(603, true)]),
        )
    };
    let rest = |from: u16, to: u16| {
        let at = |hour: u16| TimeOfDay::from_minutes(hour * 60).unwrap();
        (at(from), at(to))
    };
    clock.advance_ms(2 * 3_600_000);
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![slow()]);
        let _drivers = world.start_drivers().await;
        let mut resting = plan(1);
        resting.window.rests = vec![rest(12, 14), rest(15, 24)];
        run(&world, resting, &|_, _| {}).await;
        go_to(&world, instant("2026-03-02T12:30:00+08:00")).await;
        assert_eq!((judgements(&world).len(), asked_count(&world)), (1, 0));
        let reason = PauseReason::Requested;
        world.tell_campaign(CampaignCommand::Pause { reason }).await;
        settle().await;
        world.tell_campaign(CampaignCommand::Resume).await;
        go_to(&world, instant("2026-03-02T12:40:00+08:00")).await;
        assert_eq!((judgements(&world).len(), asked_count(&world)), (1, 0));
    });
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![slow()]);
        let _drivers = world.start_drivers().await;
        go_to(&world, instant("2026-03-02T13:59:59.999+08:00")).await;
        assert_eq!((judgements(&world).len(), asked_count(&world)), (1, 0));
        world
            .until("the first dials", |log| count(log, "call.dialing") > 2)
            .await;
        let first = first_at(&world, "call.dialing").unwrap();
        let opens = instant("2026-03-02T14:00:00+08:00");
        assert!(first >= opens && first.ms_since(opens) <= PROMPT_MS, "{first}");
    });
    // As if it had been away over the closing: more customers are waiting.
    clock.advance_ms(3_600_000);
    on_one_thread(async {
        let world = TestSystem::over(Arc::clone(&store), Arc::clone(&clock), vec![slow()]);
        let (asked, dialed) = (asked_count(&world), world.count("call.dialing"));
        let _drivers = world.start_drivers().await;
        go_to(&world, instant("2026-03-02T16:00:00+08:00")).await;
        let judged = judgements(&world);
        assert_eq!(judged.len(), 2, "{judged:?}");
        assert_eq!(judged[1]["until"], "2026-03-03T01:00:00.000000Z");
        assert_eq!(asked_count(&world), asked);
        assert_eq!(world.count("call.dialing"), dialed);
    });
}

#[test]
fn who_is_in_another_zone_or_has_a_barred_number_is_asked_by_their_own_facts_when_it_opens() {
    on_one_thread(async {
        let world = world_at("2026-03-02T21:00:00+08:00");
        let barred = world.number(1);
        let command = NumberCommand::OptOut {
            reason: "asked".to_owned(),
            source: OptOutSource::Import,
            call: None,
        };
        let asked = world.system.numbers.ask(&barred, command, world.outside());
        asked.await.unwrap();
        let _drivers = world.start_drivers().await;
        // Nine in the morning in Beijing is one at night in London: both time zones must be open.
        let abroad = |index: usize, row: &mut Enrolment| {
            if index == 0 {
                row.phone = "+442079460018".to_owned();
            }
        };
        run(&world, plan(5), &abroad).await;
        go_to(&world, instant("2026-03-03T08:59:59+08:00")).await;
        assert_eq!((judgements(&world).len(), asked_count(&world)), (1, 0));
        world
            .until("all but one", |log| {
                count(log, "customer.enrolment_settled") == PEOPLE - 1
            })
            .await;
        assert_eq!(world.count("number.dial_refused"), 1);
        let refused = world.data("customer.dial_refused");
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!(refused[0]["rule"], "calling_window");
        assert_eq!(refused[0]["not_before"], "2026-03-03T09:00:00.000000Z");
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.lines[0].dialed_count(), PEOPLE - 1);
    });
}

#[test]
fn a_window_that_opens_only_after_the_campaigns_end_settles_everybody_by_the_rule_that_said_so() {
    on_one_thread(async {
        // Started while the window was open; no call was dialed before it closed.
        let world = world_at("2026-03-02T19:59:00+08:00");
        let mut ending = plan(5);
        ending.ends_at = Some(instant("2026-03-03T08:00:00+08:00"));
        run(&world, ending, &|_, _| {}).await;
        go_to(&world, instant("2026-03-02T20:30:00+08:00")).await;
        let _drivers = world.start_drivers().await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        let settled = world.data("customer.enrolment_settled");
        assert!(
            settled.iter().all(|one| one["rule"] == "calling_window"),
            "{settled:?}"
        );
        assert_eq!((settled.len(), judgements(&world).len()), (PEOPLE, 0));
    });
}

#[test]
fn a_clock_that_is_before_the_closing_again_is_believed_as_it_is() {
    let closes = instant("2026-03-02T20:00:00+08:00");
    let store = on_one_thread(async {
        let world = world_at("2026-03-02T19:58:00+08:00");
        run(&world, plan(5), &|_, _| {}).await;
        go_to(&world, closes).await;
        let _drivers = world.start_drivers().await;
        go_to(&world, closes.plus_ms(60_000)).await;
        assert_eq!((judgements(&world).len(), asked_count(&world)), (1, 0));
        Arc::clone(&world.fakes.store)
    });
    on_one_thread(async {
        let right = Arc::new(FakeClock::new());
        right.advance_ms(closes.ms_since(right.now()) - 60_000);
        let world = TestSystem::over(store, right, vec![declining()]);
        let _drivers = world.start_drivers().await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        let dialed = first_at(&world, "call.dialing").unwrap();
        assert!(dialed < closes, "{dialed}");
        assert_eq!(world.lines[0].dialed_count(), PEOPLE);
    });
}
