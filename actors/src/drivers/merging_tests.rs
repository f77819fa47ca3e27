//! Two merged ids of one person: one is called, and restrictions recorded under the other id hold at the dial
//! and while the phone rings.

use super::DriversHandle;
use crate::testing::line::{FakeLine, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow, phone};
use crate::testing::{on_one_thread, settle};
use domain::customer::command::CustomerCommand;
use domain::customer::{MergeOrder, MergeSide};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::ports::vault::Vault;
use domain::registry::{NumberRegistryId, RegistryCommand};
use domain::registry_book::{DigestScheme, Edition};

/// Moves of the clock within which a due customer would long have been dialed.
const WATCHED_MOVES: usize = 60;

/// A world with two due customers, the second merged into the first. No drivers run yet.
async fn merged() -> TestSystem {
    let rings = FakeLine::new("rings", Box::new(|_| vec![ringing()]));
    let world = TestSystem::new(vec![rings]);
    world.run_campaign(2, 2, no_flow()).await;
    for (one, with, side) in [(1, 0, MergeSide::Other), (0, 1, MergeSide::Kept)] {
        let customer = world.customer(one);
        let command = CustomerCommand::Merge(MergeOrder {
            customer: customer.clone(),
            with: world.customer(with),
            side,
            reason: "two accounts".to_owned(),
            by: None,
        });
        let asked = world.system.customers.ask(&customer, command, world.outside());
        asked.await.expect("the merge is allowed");
    }
    world
}

async fn let_time_pass(world: &TestSystem) {
    for _ in 0..WATCHED_MOVES {
        settle().await;
        world.fakes.clock.advance_to_next();
    }
    settle().await;
}

#[test]
fn one_of_two_merged_ids_is_dialed() {
    on_one_thread(async {
        let world = merged().await;
        let _drivers = world.start_drivers().await;
        world.until("a dial", |log| count(log, "call.dialing") == 1).await;
        let granted = world.data("customer.dial_granted");
        assert_eq!(granted.len(), 1, "{granted:?}");
        assert_eq!(granted[0]["customer"], world.customer(0).as_str());
        let settled = world.data("customer.enrolment_settled");
        assert_eq!(settled[0]["rule"], "merged_person", "{settled:?}");
    });
}

#[test]
fn a_number_that_opted_out_under_the_other_id_keeps_the_person_from_being_dialed() {
    on_one_thread(async {
        let world = merged().await;
        let command = NumberCommand::OptOut {
            reason: "asked".to_owned(),
            source: OptOutSource::Import,
            call: None,
        };
        let number = world.number(1);
        let asked = world.system.numbers.ask(&number, command, world.outside());
        asked.await.expect("an opt-out is always taken");
        let _drivers = world.start_drivers().await;
        let_time_pass(&world).await;
        assert_eq!(
            (world.lines[0].dialed_count(), world.count("call.dialing")),
            (0, 0)
        );
        let refused = world.data("customer.dial_refused");
        assert_eq!(refused.len(), 1, "{:#?}", world.fakes.store.kinds());
        assert_eq!(refused[0]["facts"]["because"], "suppressed");
        assert_eq!(world.count("customer.enrolment_settled"), 2);
    });
}

#[test]
fn a_number_listed_by_digest_under_the_other_id_keeps_the_person_from_being_dialed() {
    on_one_thread(async {
        let world = merged().await;
        let salted = DigestScheme {
            salt: "pepper".to_owned(),
        };
        let digest = salted.of(&phone(1)).stream_text();
        let listed = NumberCommand::List {
            list: "partner".parse().expect("a name"),
            reason: "the list of March".to_owned(),
        };
        let id = world.fakes.vault.derive_number(&digest);
        let asked = world.system.numbers.ask(&id, listed, world.outside());
        asked.await.expect("a number is put on a list");
        let edition = Edition {
            as_of: "2026-03-01".parse().expect("a day"),
            areas: Vec::new(),
            digests: Some(salted),
            numbers: 1,
            bad: 0,
            uncallable: 0,
        };
        let recorded = RegistryCommand::Record {
            registry: "partner".parse().expect("a name"),
            edition: Box::new(edition),
            reason: "the list of March".to_owned(),
        };
        let registries = &world.system.registries;
        let asked = registries.ask(&NumberRegistryId, recorded, world.outside());
        asked.await.expect("an edition is taken");
        let _drivers = world.start_drivers().await;
        let_time_pass(&world).await;
        assert_eq!(
            (world.lines[0].dialed_count(), world.count("call.dialing")),
            (0, 0)
        );
        let refused = world.data("customer.dial_refused");
        assert_eq!(refused.len(), 1, "{:#?}", world.fakes.store.kinds());
        assert_eq!(refused[0]["facts"]["because"], "suppressed");
    });
}

/// A world in which the phone of the kept id rings, and its running drivers.
async fn ringing_merged() -> (TestSystem, DriversHandle) {
    let world = merged().await;
    let drivers = world.start_drivers().await;
    world
        .until("ringing", |log| count(log, "call.ringing") == 1)
        .await;
    (world, drivers)
}

/// Checks that the call of the kept id is canceled as after an opt-out of its own and that no further call is
/// dialed.
async fn is_canceled(world: &TestSystem) {
    world.until("the end", |log| count(log, "call.ended") == 1).await;
    assert_eq!(world.data("call.cancel_requested")[0]["reason"], "opted_out");
    let_time_pass(world).await;
    assert_eq!(world.lines[0].dialed_count(), 1);
}

async fn say_under_the_other_id(world: &TestSystem, command: CustomerCommand) {
    let customer = world.customer(1);
    let asked = world.system.customers.ask(&customer, command, world.outside());
    asked.await.expect("it is taken");
    settle().await;
}

#[test]
fn a_number_that_opts_out_under_the_other_id_cancels_the_call_that_rings() {
    on_one_thread(async {
        let (world, _drivers) = ringing_merged().await;
        let command = NumberCommand::OptOut {
            reason: "asked".to_owned(),
            source: OptOutSource::Import,
            call: None,
        };
        let number = world.number(1);
        let asked = world.system.numbers.ask(&number, command, world.outside());
        asked.await.expect("an opt-out is always taken");
        is_canceled(&world).await;
    });
}

#[test]
fn a_consent_withdrawn_under_the_other_id_cancels_the_call_of_its_purpose_and_no_other() {
    on_one_thread(async {
        let (world, _drivers) = ringing_merged().await;
        let withdraw = |scope: &str| CustomerCommand::WithdrawConsent {
            scope: scope.to_owned(),
            source: "hotline".to_owned(),
        };
        say_under_the_other_id(&world, withdraw("of-another-scope")).await;
        for _ in 0..20 {
            settle().await;
        }
        assert_eq!(world.count("call.cancel_requested"), 0);
        say_under_the_other_id(&world, withdraw("loan_reminder")).await;
        is_canceled(&world).await;
    });
}

#[test]
fn an_opt_out_under_the_other_id_between_the_question_and_the_dial_stops_the_dial() {
    on_one_thread(async {
        let world = merged().await;
        world.fakes.store.make_wait(Some("call.permitted"));
        let _drivers = world.start_drivers().await;
        world
            .until("a grant", |log| count(log, "number.dial_granted") == 1)
            .await;
        let command = NumberCommand::OptOut {
            reason: "asked".to_owned(),
            source: OptOutSource::Import,
            call: None,
        };
        let number = world.number(1);
        let asked = world.system.numbers.ask(&number, command, world.outside());
        asked.await.expect("an opt-out is always taken");
        for _ in 0..20 {
            settle().await;
        }
        world.fakes.store.make_wait(None);
        let_time_pass(&world).await;
        assert_eq!(
            (world.lines[0].dialed_count(), world.count("call.dialing")),
            (0, 0)
        );
    });
}
