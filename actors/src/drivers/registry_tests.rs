//! External do-not-call lists at the dial. A number with its digest on a list is not dialed, and the log
//! contains no number of the list. A rule set that requires a list calls only while the list is fresh and
//! agents take the calls.

use crate::testing::agents::FakeAgents;
use crate::testing::line::{FakeLine, dialog, ringing};
use crate::testing::on_one_thread;
use crate::testing::test_system::{TestSystem, count, no_flow, plan};
use domain::calling_plan::{CallingPlan, Preset};
use domain::customer::command::GivenConsent;
use domain::dialing_plan::{DialingMode, DialingPlan};
use domain::number::NumberCommand;
use domain::ports::line::{DialOrder, LegEvent};
use domain::ports::vault::Vault;
use domain::registry::{NumberRegistryId, RegistryCommand};
use domain::registry_book::{DigestScheme, Edition};
use domain::screening::{CallTaker, Screening};
use std::sync::Arc;

fn answering() -> Arc<FakeLine> {
    let answers = |_: &DialOrder| vec![ringing(), LegEvent::Answered(dialog())];
    FakeLine::new("answering", Box::new(answers))
}

async fn imported(world: &TestSystem, name: &str, as_of: &str, digests: Option<DigestScheme>) {
    let edition = Edition {
        as_of: as_of.parse().unwrap(),
        areas: Vec::new(),
        digests,
        numbers: 1,
        bad: 0,
        uncallable: 0,
    };
    let command = RegistryCommand::Record {
        registry: name.parse().unwrap(),
        edition: Box::new(edition),
        reason: "the list of March".to_owned(),
    };
    let registries = &world.system.registries;
    registries
        .ask(&NumberRegistryId, command, world.outside())
        .await
        .unwrap();
}

/// Puts the first customer's number on the list, as its digest under the salt.
async fn listed(world: &TestSystem, name: &str, digests: &DigestScheme) {
    let digest = digests.of("+8613800138000");
    let id = world.fakes.vault.derive_number(&digest.stream_text());
    let command = NumberCommand::List {
        list: name.parse().unwrap(),
        reason: "the list of March".to_owned(),
    };
    let numbers = &world.system.numbers;
    numbers.ask(&id, command, world.outside()).await.unwrap();
}

#[test]
fn a_number_listed_by_digest_is_not_dialed_and_the_others_are() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answering()]);
        let salted = DigestScheme {
            salt: "pepper".to_owned(),
        };
        listed(&world, "partner", &salted).await;
        imported(&world, "partner", "2026-03-01", Some(salted)).await;
        let _drivers = world.start_drivers().await;
        world.run_campaign(3, 5, no_flow()).await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.lines[0].dialed_count(), 2);
        let refused = world.data("number.dial_refused");
        assert_eq!(refused.len(), 1);
        assert_eq!(
            (
                &refused[0]["rule"],
                &refused[0]["facts"]["because"],
                &refused[0]["facts"]["list"]
            ),
            (&"suppression".into(), &"hashed_list".into(), &"partner".into())
        );
        assert_eq!(world.data("customer.enrolment_settled").len(), 3);
        for kind in ["number.listed", "registry.imported", "number.dial_refused"] {
            for data in world.data(kind) {
                assert!(!data.to_string().contains("13800138000"), "{data}");
            }
        }
    });
}

/// The same number under another salt has another digest, so an entry under that salt does not apply to it.
#[test]
fn a_digest_counts_under_its_own_salt_alone() {
    on_one_thread(async {
        let world = TestSystem::new(vec![answering()]);
        listed(
            &world,
            "partner",
            &DigestScheme {
                salt: "pepper".to_owned(),
            },
        )
        .await;
        imported(
            &world,
            "partner",
            "2026-03-01",
            Some(DigestScheme { salt: String::new() }),
        )
        .await;
        let _drivers = world.start_drivers().await;
        world.run_campaign(1, 5, no_flow()).await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.lines[0].dialed_count(), 1);
    });
}

fn telemarketing(relief: CallTaker) -> CallingPlan {
    CallingPlan {
        preset: Preset::UsTsr,
        dialing: Some(DialingPlan {
            mode: DialingMode::Progressive,
            holds_each_day: false,
            ..DialingPlan::default()
        }),
        screening: Some(Box::new(Screening {
            number_check: None,
            relief: Some(relief),
            only_listed_on: None,
        })),
        ..plan(20)
    }
}

async fn run(world: &TestSystem, relief: CallTaker) {
    let consents = |_: usize, row: &mut domain::customer::command::Enrolment| {
        row.consent = Some(GivenConsent {
            scope: "loan_reminder".to_owned(),
            source: "form".to_owned(),
            given_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            until: None,
            evidence: Some("signed".to_owned()),
        });
    };
    world
        .run_plan(2, &consents, no_flow(), telemarketing(relief))
        .await;
}

fn with_agents() -> TestSystem {
    let mut world = TestSystem::new(vec![answering()]);
    world.agents = Some(Arc::new(FakeAgents::new(2)));
    world
}

#[test]
fn us_tsr_dials_for_agents_while_its_list_is_fresh_and_says_what_it_went_by() {
    on_one_thread(async {
        let world = with_agents();
        imported(&world, "us-dnc", "2026-02-20", None).await;
        let agents = world.agents.clone().unwrap();
        let _drivers = world.start_drivers().await;
        run(&world, CallTaker::Agents).await;
        world
            .until("both talk", |log| count(log, "call.agent_connected") == 2)
            .await;
        agents.talking().into_iter().for_each(|call| agents.hang_up(call));
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        assert_eq!(world.count("customer.dial_refused"), 0);
        let granted = world.data("customer.dial_granted");
        let verdicts = granted[0]["verdicts"].as_array().unwrap();
        let kept = verdicts.iter().find(|one| one["rule"] == "missing_fact").unwrap();
        let facts = &kept["facts"];
        assert_eq!(
            (
                &facts["registry_of"],
                &facts["registry_days"],
                &facts["abandoned"],
                &facts["relief"]
            ),
            (
                &"2026-02-20".into(),
                &"10".into(),
                &"0 of 0".into(),
                &"agents".into()
            )
        );
    });
}

#[test]
fn us_tsr_waits_for_a_list_that_is_too_old_and_never_calls_with_a_robot() {
    on_one_thread(async {
        // 31 days before 2 March is 30 January.
        let world = with_agents();
        imported(&world, "us-dnc", "2026-01-29", None).await;
        let _drivers = world.start_drivers().await;
        run(&world, CallTaker::Agents).await;
        world
            .until("two refusals", |log| count(log, "customer.dial_refused") == 2)
            .await;
        let refused = &world.data("customer.dial_refused")[0];
        assert_eq!(refused["facts"]["missing"], "do_not_call_registry", "{refused}");
        assert_eq!(
            refused["facts"]["preset"], "us-tsr@1 since 2026-01-01",
            "{refused}"
        );
        assert!(
            refused["not_before"].is_string(),
            "a newer list may come: {refused}"
        );
        assert_eq!(world.lines[0].dialed_count(), 0);

        let world = with_agents();
        imported(&world, "us-dnc", "2026-02-20", None).await;
        let _drivers = world.start_drivers().await;
        run(&world, CallTaker::Robot).await;
        world
            .until("completion", |log| count(log, "campaign.completed") == 1)
            .await;
        let refused = &world.data("customer.dial_refused")[0];
        assert_eq!(refused["facts"]["missing"], "agents_present", "{refused}");
        assert!(refused.get("not_before").is_none(), "{refused}");
        assert_eq!(world.lines[0].dialed_count(), 0);
    });
}
