//! A campaign learns its best call times while it is dialed: counted from the log, once a day.

use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::on_one_thread;
use crate::testing::test_system::{TestSystem, no_flow, plan};
use domain::best_times::{BestTimesGrouping, BestTimesPlan};
use domain::disposition::Disposition;
use domain::ports::line::DialOrder;
use std::sync::Arc;

/// An hour of the test's clock, in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// A world in which every callee is busy.
fn world() -> TestSystem {
    TestSystem::new(vec![FakeLine::new(
        "busy",
        Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]),
    )])
}

#[test]
fn what_ended_is_counted_by_group_and_the_campaign_learns_once_a_day() {
    on_one_thread(async {
        let world = world();
        let times = Arc::new(BestTimesPlan {
            by: BestTimesGrouping::Industry,
            groups: vec!["retail".to_owned()],
            ..BestTimesPlan::default()
        });
        let mut plan = plan(10);
        plan.best_times = Some(Box::new(times.as_ref().clone()));
        if let Some(rule) = plan.retry_policy.rules.get_mut(&Disposition::Busy) {
            rule.waits_ms = vec![2 * HOUR_MS];
        }
        let grouped = |index: usize, row: &mut domain::customer::Enrolment| {
            row.best_times = Some(Arc::clone(&times));
            let industry = if index < 2 { "retail" } else { "banking" };
            row.variables.insert("industry".to_owned(), industry.to_owned());
        };
        world.run_plan(5, &grouped, no_flow(), plan).await;
        let _drivers = world.start_drivers().await;
        let ended = |count: usize| {
            move |kinds: &[String]| {
                kinds
                    .iter()
                    .filter(|kind| *kind == "customer.call_closed")
                    .count()
                    == count
            }
        };
        world.until("the end of the first calls", ended(5)).await;
        assert_eq!(
            world.count("campaign.times_learnt"),
            0,
            "no call had ended when it looked"
        );
        world.until("the end of the second calls", ended(10)).await;
        let learnt = |kinds: &[String]| kinds.iter().any(|kind| kind == "campaign.times_learnt");
        world.until("what was learnt", learnt).await;
        let learnt = world.data("campaign.times_learnt");
        assert_eq!(learnt.len(), 1, "once a day: {learnt:?}");
        let dials = |group: Option<u64>| -> u64 {
            let rows = learnt[0]["own"].as_array().expect("rows").iter();
            let of = rows.filter(|row| row.get("group").and_then(serde_json::Value::as_u64) == group);
            of.flat_map(|row| row["dials"].as_array().expect("hours"))
                .filter_map(serde_json::Value::as_u64)
                .sum()
        };
        assert_eq!((dials(Some(1)), dials(None)), (2, 3), "{learnt:?}");
        assert_eq!(learnt[0]["dials"], 5);
        let closed = world.data("customer.call_closed");
        assert!(
            closed.iter().all(|one| one["timing"]["hour"].is_u64()),
            "{closed:?}"
        );
    });
}
