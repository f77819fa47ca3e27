//! A campaign with quotas, as its dialer dials it: exactly so many of a group, everybody of the others, and
//! whoever is left out is told by which quota.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::on_one_thread;
use crate::testing::world::{World, no_flow, plan};
use domain::attribute::TagLevel;
use domain::customer::{CustomerCommand, ProfileOrigin, TagOrder};
use domain::number::command::NumberCommand;
use domain::number::event::OptOutSource;
use domain::ports::line::DialOrder;

/// Everybody is busy, and nobody is called again.
fn world() -> World {
    World::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

async fn tag(world: &World, index: usize) {
    let order = TagOrder {
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
fn whoever_their_own_rules_put_off_keeps_no_place_from_others() {
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
