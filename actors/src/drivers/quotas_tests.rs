//! A campaign with quotas: exactly the allowed number of a group is dialed, all others are dialed, and each
//! refused customer's verdict names the quota.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::on_one_thread;
use crate::testing::test_system::{TestSystem, campaign, count, no_flow, plan};
use domain::attribute::TagLevel;
use domain::campaign::Campaign;
use domain::customer::{AttributesChange, CustomerCommand, ProfileOrigin, TagChange};
use domain::decider::Decider;
use domain::ids::StreamId;
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::ports::event_store::EventStore;
use domain::ports::line::DialOrder;
use domain::quota::Quota;
use domain::stored_event::{Record, StreamVersion};
use serde_json::json;

/// A world in which every callee is busy and no customer is called again.
fn world() -> TestSystem {
    TestSystem::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

async fn set_region(world: &TestSystem, index: usize, region: &str) {
    let order = AttributesChange {
        values: [("region".to_owned(), region.to_owned())].into(),
        cleared: Vec::new(),
        origin: ProfileOrigin::Person,
    };
    let command = CustomerCommand::SetAttributes(Box::new(order));
    let customer = world.customer(index);
    let asked = world.system.customers.ask(&customer, command, world.outside());
    asked.await.expect("an attribute");
}

/// A quota of three dials for the customers who meet a condition.
fn three_of(condition: &str) -> Vec<Quota> {
    let group = format!("{} * FROM customers WHERE {condition}", "SELECT");
    let quota = json!([{ "name": "east", "where": group, "dials": 3, "per": "campaign" }]);
    serde_json::from_value(quota).expect("a quota")
}

/// A campaign's event with a quota that an earlier version accepted and this one cannot read.
async fn created_with_unreadable_quota() -> (StreamId, Record) {
    let other = world();
    let mut plan = plan(10);
    plan.quotas = three_of("region = 'east'");
    other.run_plan(0, &|_, _| {}, no_flow(), plan).await;
    let stream = Campaign::stream(&campaign());
    let stored = other
        .fakes
        .store
        .read_whole_stream(&stream)
        .await
        .expect("it is stored");
    let text = String::from_utf8_lossy(&stored[0].record).replace("region = 'east'", "region % 'east'");
    assert!(text.contains("region % "), "{text}");
    let record = Record::from_stored(text.into_bytes().into()).expect("a record");
    (stream, record)
}

#[test]
fn of_a_segment_exactly_so_many_are_dialed() {
    on_one_thread(async {
        let world = world();
        let mut plan = plan(10);
        plan.retry_policy.rules.clear();
        plan.quotas = three_of("region = '上海'");
        world.run_plan(12, &|_, _| {}, no_flow(), plan).await;
        for index in 0..12 {
            set_region(&world, index, "上海").await;
        }
        let _drivers = world.start_drivers().await;
        let settled = |kinds: &[String]| count(kinds, "customer.enrolment_settled") == 12;
        world.until("everybody is settled", settled).await;
        assert_eq!(world.count("call.ended"), 3);
        let refused = world.data("customer.dial_refused");
        assert!(
            refused.len() == 9 && refused.iter().all(|one| one["rule"] == "quota"),
            "{refused:?}"
        );
    });
}

#[test]
fn a_quota_that_cannot_be_evaluated_pauses_the_campaign_with_a_reason() {
    on_one_thread(async {
        let world = world();
        // The stored event has the first command id of a world: the next command must have another.
        let _first = world.outside();
        let (stream, record) = created_with_unreadable_quota().await;
        let appended = world.fakes.store.append(&stream, StreamVersion(0), vec![record]);
        appended.await.expect("it is appended");
        world.run_created(4, &|_, _| {}).await;
        let _drivers = world.start_drivers().await;
        let paused = |kinds: &[String]| count(kinds, "campaign.alert_raised") == 1;
        world.until("the pause", paused).await;
        assert_eq!(world.data("campaign.paused")[0]["reason"], "quota_not_evaluated");
        let alert = &world.data("campaign.alert_raised")[0];
        assert_eq!(alert["alert"], "quota_not_evaluated");
        let detail = alert["detail"].as_str().unwrap_or_default();
        assert!(detail.starts_with("quota east cannot be evaluated: "), "{detail}");
        assert_eq!(world.count("campaign.dials_granted"), 0);
    });
}

async fn tag(world: &TestSystem, index: usize) {
    let order = TagChange {
        level: TagLevel::Behavior,
        added: vec!["VIP".to_owned()],
        removed: Vec::new(),
        origin: ProfileOrigin::Person,
    };
    let command = CustomerCommand::Tag(Box::new(order));
    let customer = world.customer(index);
    let asked = world.system.customers.ask(&customer, command, world.outside());
    asked.await.expect("a tag");
}

#[test]
fn of_a_group_exactly_so_many_are_dialed_and_of_the_others_everybody() {
    on_one_thread(async {
        let world = world();
        let mut plan = plan(10);
        plan.retry_policy.rules.clear();
        let quotas = r#"[{"name":"vip","where":"VIP","dials":2,"per":"campaign"}]"#;
        plan.quotas = serde_json::from_str(quotas).expect("quotas");
        world.run_plan(7, &|_, _| {}, no_flow(), plan).await;
        for index in 0..5 {
            tag(&world, index).await;
        }
        let _drivers = world.start_drivers().await;
        let settled = |kinds: &[String]| {
            kinds
                .iter()
                .filter(|kind| *kind == "customer.enrolment_settled")
                .count()
                == 7
        };
        world.until("everybody is settled", settled).await;
        assert_eq!(
            world.count("call.ended"),
            4,
            "two of the group, and two of no group"
        );
        let refused = world.data("customer.dial_refused");
        assert_eq!(refused.len(), 3);
        for one in &refused {
            assert_eq!(
                (&one["rule"], &one["facts"]["quota"]),
                (&"quota".into(), &"vip".into())
            );
            assert_eq!(one["facts"]["counted"], "2");
        }
        let counted = world.data("campaign.quota_counted");
        let ended: usize = counted
            .iter()
            .filter_map(|one| one["ended"].as_array())
            .map(Vec::len)
            .sum();
        assert_eq!(ended, 2, "{counted:?}");
    });
}

#[test]
fn a_customer_deferred_by_own_rules_keeps_no_place_from_others() {
    on_one_thread(async {
        let world = world();
        let mut plan = plan(10);
        plan.retry_policy.rules.clear();
        let quotas = r#"[{"name":"vip","where":"VIP","dials":1,"per":"campaign"}]"#;
        plan.quotas = serde_json::from_str(quotas).expect("quotas");
        world.run_plan(6, &|_, _| {}, no_flow(), plan).await;
        for index in 0..6 {
            tag(&world, index).await;
        }
        for index in 0..5 {
            let command = NumberCommand::OptOut {
                reason: "a complaint".to_owned(),
                source: OptOutSource::Import,
                call: None,
            };
            let number = world.number(index);
            let asked = world.system.numbers.ask(&number, command, world.outside());
            asked.await.expect("it is known");
        }
        let begun_at = world.fakes.environment.clock.now();
        let _drivers = world.start_drivers().await;
        world
            .until("the call", |kinds| kinds.iter().any(|kind| kind == "call.ended"))
            .await;
        let took_ms = world.fakes.environment.clock.now().ms_since(begun_at);
        assert!(took_ms < 30_000, "{took_ms}");
    });
}
