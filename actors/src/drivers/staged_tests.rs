//! A campaign that goes live in stages: the 201st customer of a test and the 1,001st call of a pilot's day
//! wait, and are dialed after a promotion or on the next day.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{TestSystem, no_flow, phone, plan};
use crate::testing::{on_one_thread, settle};
use domain::campaign::command::CampaignCommand;
use domain::go_live::{Stage, StagePlan};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::personal::Personal;
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use domain::promotion::Evidence;
use domain::test_phones::{TestPhone, TestPhonesCommand, TestPhonesId};
use std::collections::BTreeSet;

const PEOPLE: usize = 5;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// A world in which every callee is busy and is called once more.
fn world() -> TestSystem {
    TestSystem::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

/// Five customers wait in a campaign that has only two dials left in its stage.
async fn all_but_two(world: &TestSystem, from: Stage) {
    let mut plan = plan(200);
    plan.stages = Some(StagePlan::beginning_at(from));
    world.run_plan(PEOPLE, &|_, _| {}, no_flow(), plan).await;
    let (batches, of_batch) = match from {
        Stage::Test => (1, 198),
        Stage::Pilot | Stage::RollOut | Stage::Full => (6, 200),
    };
    let mut left = if from == Stage::Test { 198 } else { 998 };
    for _ in 0..batches {
        let wanted = of_batch.min(left);
        left -= wanted;
        if wanted > 0 {
            grant(world, wanted).await;
        }
    }
}

async fn grant(world: &TestSystem, wanted: u32) {
    let people = (0..wanted).map(|number| format!("{number:032x}").parse().expect("an id"));
    let command = CampaignCommand::GrantDials {
        wanted,
        in_flight: 0,
        floor: None,
        people: people.collect(),
        calendars: Default::default(),
        unused: Vec::new(),
        quota_people: Vec::new(),
    };
    world.tell_campaign(command).await;
}

/// Lets so many seconds pass.
async fn watch(world: &TestSystem, seconds: u64) {
    for _ in 0..seconds {
        settle().await;
        world.fakes.clock.advance_ms(1_000);
    }
    settle().await;
}

fn people_dialed(world: &TestSystem) -> usize {
    let grants = world.data("customer.dial_granted");
    let people: BTreeSet<String> = grants.iter().map(|one| one["customer"].to_string()).collect();
    people.len()
}

#[test]
fn the_201st_person_of_a_test_waits_until_it_is_promoted_and_the_others_are_called_again() {
    on_one_thread(async {
        let world = world();
        all_but_two(&world, Stage::Test).await;
        let _drivers = world.start_drivers().await;
        watch(&world, 30).await;
        assert_eq!(people_dialed(&world), 2);
        assert_eq!(
            world.count("call.dialing"),
            4,
            "each was busy, and called once more"
        );
        let evidence = Evidence {
            calls: 200,
            answered: 1,
            ..Evidence::default()
        };
        world
            .tell_campaign(CampaignCommand::Promote {
                to: Stage::Pilot,
                reason: "the test went well".to_owned(),
                evidence: Box::new(evidence),
                four_eyes: None,
            })
            .await;
        watch(&world, 30).await;
        assert_eq!(people_dialed(&world), PEOPLE);
    });
}

#[test]
fn the_1001st_call_of_a_pilots_day_waits_for_the_next_day_and_who_is_not_called_does_not_count() {
    on_one_thread(async {
        let world = world();
        // They are due first, and their numbers have opted out.
        for index in 0..2 {
            let command = NumberCommand::OptOut {
                reason: "asked".to_owned(),
                source: OptOutSource::Import,
                call: None,
            };
            let (number, cause) = (world.number(index), world.outside());
            let opted_out = world.system.numbers.ask(&number, command, cause).await;
            opted_out.expect("an opt-out");
        }
        all_but_two(&world, Stage::Pilot).await;
        let _drivers = world.start_drivers().await;
        watch(&world, 30).await;
        assert_eq!(world.count("call.dialing"), 2, "the day has 1,000");
        let next_day = world.fakes.clock.now().plus_ms(DAY_MS);
        while world.fakes.clock.now() < next_day {
            settle().await;
            world.fakes.clock.advance_ms(1_800_000);
        }
        watch(&world, 30).await;
        assert_eq!(world.count("call.dialing"), 6, "three people, each twice");
    });
}

#[test]
fn a_test_for_our_own_phones_calls_no_other_until_the_pilot_and_says_why() {
    on_one_thread(async {
        let world = world();
        let ours = TestPhone {
            number: world.number(1),
            phone: Personal::open(phone(1)),
            label: "reception".to_owned(),
        };
        let put = TestPhonesCommand::Add {
            phone: ours,
            reason: "a test".to_owned(),
        };
        let phones = &world.system.test_phones;
        phones.ask(&TestPhonesId, put, world.outside()).await.unwrap();
        let _drivers = world.start_drivers().await;
        let mut plan = plan(200);
        plan.stages = Some(StagePlan {
            own_phones: true,
            ..StagePlan::beginning_at(Stage::Test)
        });
        world.run_plan(3, &|_, _| {}, no_flow(), plan).await;
        world
            .until("ours is called, and two are refused", |log| {
                let refused = log.iter().filter(|kind| *kind == "customer.dial_refused").count();
                refused == 2 && log.iter().any(|kind| kind == "call.ended")
            })
            .await;
        for refused in world.data("customer.dial_refused") {
            assert_eq!(refused["rule"], "own_phones", "{refused}");
            assert_eq!(refused["facts"]["because"], "not_own_phone", "{refused}");
        }
        let dialed: BTreeSet<_> = world.lines[0]
            .dialed()
            .into_iter()
            .map(|(call, _)| call)
            .collect();
        assert_eq!(dialed.len(), world.count("call.ended"), "only ours");
    });
}
