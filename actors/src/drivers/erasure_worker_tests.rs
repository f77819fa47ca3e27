//! Erasures are carried out: at once, after an open call, after a crash at any point, and with an old copy of
//! the key store.

use crate::drivers::start_erasures;
use crate::testing::line::{FakeLine, FakeRecordings, ringing};
use crate::testing::test_system::{TestSystem, campaign, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::anonymous_transcript::secret_name;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::AnonymizedCounts;
use domain::customer::Erasure;
use domain::customer::command::CustomerCommand;
use domain::ids::EventId;
use domain::ports::clock::Clock;
use domain::ports::line::DialOrder;
use domain::ports::vault::Vault;
use domain::stored_event::Cause;
use domain::voiceprint::{TakeFacts, VoiceprintCommand, key_name};
use std::sync::Arc;

fn ringing_only() -> Arc<FakeLine> {
    FakeLine::new("ringing", Box::new(|_: &DialOrder| vec![ringing()]))
}

async fn erase(world: &TestSystem, index: usize) {
    let command = CustomerCommand::Erase {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    };
    let customer = world.customer(index);
    let asked = world
        .system
        .customers
        .ask(&customer, command, world.outside())
        .await;
    asked.expect("the person may be erased");
}

async fn start(world: &TestSystem) {
    start_erasures(&world.system, &world.fakes.environment, Arc::new(FakeRecordings))
        .await
        .expect("forgetting starts");
}

#[test]
fn an_erased_person_has_no_key_and_a_certificate_without_any_line() {
    on_one_thread(async {
        let world = TestSystem::new(Vec::new());
        start(&world).await;
        world.run_campaign(2, 1, no_flow()).await;
        erase(&world, 0).await;
        world
            .until("the certificate", |log| {
                count(log, "customer.erasure_certified") == 1
            })
            .await;
        let vault = &world.fakes.vault;
        assert!(vault.destroyed(&world.customer(0)).await.unwrap().is_some());
        assert!(vault.destroyed(&world.customer(1)).await.unwrap().is_none());
        let loaded = world.system.customers.state(&world.customer(0)).await.unwrap();
        assert!(matches!(loaded.state.erasure(), Erasure::Certified { .. }));
        let settled = world.data("customer.enrolment_settled");
        assert_eq!(settled[0]["rule"], "erased_person");
        let certified = &world.data("customer.erasure_certified")[0];
        assert_eq!(certified["key_backup_days_max"], 30);
        assert_eq!(certified["recordings_count"], 0);
    });
}

#[test]
fn a_ringing_call_is_canceled_and_the_erasure_follows_its_end() {
    on_one_thread(async {
        let world = TestSystem::new(vec![ringing_only()]);
        let _drivers = world.start_drivers().await;
        start(&world).await;
        world.run_campaign(1, 1, no_flow()).await;
        world
            .until("ringing", |log| count(log, "call.ringing") == 1)
            .await;
        erase(&world, 0).await;
        world
            .until("the certificate", |log| {
                count(log, "customer.erasure_certified") == 1
            })
            .await;
        let log = world.fakes.store.kinds();
        let place = |kind: &str| log.iter().position(|one| one == kind).unwrap();
        let order = [
            "customer.erasure_requested",
            "call.cancel_requested",
            "customer.call_closed",
            "customer.erased",
        ];
        assert!(order.map(place).is_sorted(), "{log:#?}");
        let certified = &world.data("customer.erasure_certified")[0];
        assert_eq!(certified["recordings_count"], 1, "its recording is deleted");
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.lines[0].dialed_count(), 1);
    });
}

#[test]
fn an_erasure_that_a_crash_cut_is_carried_out_by_the_next_start() {
    on_one_thread(async {
        let world = TestSystem::new(Vec::new());
        world.run_campaign(1, 1, no_flow()).await;
        erase(&world, 0).await;
        settle().await;
        assert_eq!(world.count("customer.erased"), 1);
        let person = world.customer(0);
        assert!(world.fakes.vault.destroyed(&person).await.unwrap().is_none());
        start(&world).await;
        assert!(
            world.fakes.vault.destroyed(&person).await.unwrap().is_some(),
            "before anything is served"
        );
        world
            .until("the certificate", |log| {
                count(log, "customer.erasure_certified") == 1
            })
            .await;
        // A second process, or the next start, does nothing twice.
        start(&world).await;
        settle().await;
        assert_eq!(world.count("customer.erasure_certified"), 1);
    });
}

#[test]
fn no_value_of_an_erased_person_is_remembered_for_repeats() {
    on_one_thread(async {
        let world = TestSystem::new(Vec::new());
        world.run_campaign(1, 1, no_flow()).await;
        let person = world.customer(0);
        let before = world.system.customers.state(&person).await.unwrap();
        assert!(before.state.external_id().unwrap().value().is_some());
        erase(&world, 0).await;
        let after = world.system.customers.state(&person).await.unwrap();
        assert!(after.state.external_id().unwrap().value().is_none());
        let now = world.fakes.clock.now();
        world.fakes.vault.destroy(&person, now).await.unwrap();
        let enrolled_again = world.system.customers.ask(
            &person,
            CustomerCommand::Hold {
                reason: "late".to_owned(),
                by: None,
            },
            world.outside(),
        );
        assert!(enrolled_again.await.is_err(), "an erased person cannot be held");
    });
}

#[test]
fn the_secret_of_an_order_that_is_over_is_destroyed_by_the_next_start() {
    on_one_thread(async {
        let world = TestSystem::new(Vec::new());
        world.run_campaign(1, 1, no_flow()).await;
        let reason = || "over".to_owned();
        world
            .tell_campaign(CampaignCommand::Stop { reason: reason() })
            .await;
        let begin = CampaignCommand::BeginAnonymization {
            reason: reason(),
            four_eyes: None,
        };
        let cause = world.outside();
        let campaigns = &world.system.campaigns;
        campaigns.ask(&campaign(), begin, cause).await.unwrap();
        let begun = EventId::derive(cause.command, 0);
        let (vault, secret) = (&world.fakes.vault, secret_name(begun));
        vault.key(&secret).await.unwrap();
        // Still in progress: the copies to be made are derived with the secret.
        start(&world).await;
        assert!(vault.destroyed(&secret).await.unwrap().is_none());
        let complete = CampaignCommand::CompleteAnonymization {
            counts: AnonymizedCounts::default(),
        };
        let cause = Cause {
            causation: Some(begun),
            ..world.outside()
        };
        campaigns.ask(&campaign(), complete, cause).await.unwrap();
        start(&world).await;
        assert!(vault.destroyed(&secret).await.unwrap().is_some());
    });
}

#[test]
fn the_voiceprint_of_an_erased_person_is_deleted_once_and_its_own_key_destroyed() {
    on_one_thread(async {
        let world = TestSystem::new(Vec::new());
        world.run_campaign(2, 1, no_flow()).await;
        for index in 0..2 {
            enrol_voice(&world, index).await;
        }
        erase(&world, 0).await;
        start(&world).await;
        world
            .until("the certificate", |log| {
                count(log, "customer.erasure_certified") == 1
            })
            .await;
        let deleted = world.data("voiceprint.deleted");
        assert_eq!(deleted.len(), 1, "{deleted:?}");
        assert_eq!(deleted[0]["deleted_for"], "erased");
        let vault = &world.fakes.vault;
        let key = |index: usize| key_name(&world.customer(index), 1);
        assert!(vault.destroyed(&key(0)).await.unwrap().is_some());
        assert!(vault.destroyed(&key(1)).await.unwrap().is_none());
        let left = world.system.voiceprints.state(&world.customer(0)).await.unwrap();
        assert!(left.state.held().is_none());
        // The next start does nothing twice.
        start(&world).await;
        settle().await;
        assert_eq!(world.count("voiceprint.deleted"), 1);
    });
}

async fn enrol_voice(world: &TestSystem, index: usize) {
    let take = TakeFacts {
        spoken_ms: 1_500,
        noise_below_db: 30,
    };
    let text = || "counter".to_owned();
    let commands = [
        VoiceprintCommand::Consent {
            source: text(),
            wording: text(),
            evidence: text(),
            until: world.fakes.clock.now().plus_ms(86_400_000),
        },
        VoiceprintCommand::Enrol {
            form: "mfcc12-dtw/1".to_owned(),
            takes: vec![take; 2],
            template: "00ff".to_owned(),
        },
    ];
    for command in commands {
        let (customer, cause) = (world.customer(index), world.outside());
        let asked = world.system.voiceprints.ask(&customer, command, cause).await;
        asked.expect("voiceprints are made");
    }
}
