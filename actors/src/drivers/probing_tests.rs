//! A trunk that stops answering OPTIONS gets no call, and another trunk carries the calls. Campaigns are
//! neither paused nor resumed by a user.

use super::probing::PROBE_EVERY_MS;
use crate::line_health::LineAdmission;
use crate::testing::line::{FakeLine, failed, ringing};
use crate::testing::test_system::{TestSystem, count, no_flow};
use crate::testing::{on_one_thread, settle};
use domain::ports::line::{DialOrder, ProbeAnswer};
use std::sync::Arc;

fn busy(name: &str) -> Arc<FakeLine> {
    FakeLine::new(name, Box::new(|_: &DialOrder| vec![ringing(), failed(486, true)]))
}

#[test]
fn no_call_begins_on_a_trunk_that_stopped_answering_probes() {
    on_one_thread(async {
        let world = TestSystem::new(vec![busy("first"), busy("second")]);
        let (first, second) = (Arc::clone(&world.lines[0]), Arc::clone(&world.lines[1]));
        first.answer_probes(Some(ProbeAnswer::Alive));
        let drivers = world.start_drivers().await;
        settle().await;
        first.answer_probes(Some(ProbeAnswer::Dead));
        world.fakes.clock.advance_ms(PROBE_EVERY_MS);
        settle().await;
        let states: Vec<LineAdmission> = drivers.lines().iter().map(|line| line.carries).collect();
        assert_eq!(states, [LineAdmission::Nothing, LineAdmission::All]);
        // More customers than rounds of the dialer until the trunk answers again, so that some calls are left
        // for it.
        world.run_campaign(40, 4, no_flow()).await;
        world
            .until("four calls", |log| count(log, "call.ended") >= 4)
            .await;
        assert_eq!(first.dialed_count(), 0, "{:?}", first.entries());
        assert!(second.dialed_count() >= 4);
        first.answer_probes(Some(ProbeAnswer::Alive));
        world.fakes.clock.advance_ms(PROBE_EVERY_MS);
        settle().await;
        assert_ne!(
            drivers.lines()[0].carries,
            LineAdmission::Nothing,
            "it serves again"
        );
        world.until("its calls", |_| first.dialed_count() > 0).await;
    });
}

#[test]
fn a_campaign_waits_for_its_one_trunk_and_goes_on_by_itself() {
    on_one_thread(async {
        let world = TestSystem::new(vec![busy("only")]);
        let line = Arc::clone(&world.lines[0]);
        line.answer_probes(Some(ProbeAnswer::Alive));
        let _drivers = world.start_drivers().await;
        settle().await;
        line.answer_probes(Some(ProbeAnswer::Dead));
        world.fakes.clock.advance_ms(PROBE_EVERY_MS);
        settle().await;
        world.run_campaign(1, 1, no_flow()).await;
        for _ in 0..12 {
            settle().await;
            world.fakes.clock.advance_ms(5_000);
        }
        assert_eq!(line.dialed_count(), 0);
        line.answer_probes(Some(ProbeAnswer::Alive));
        world.until("its call", |log| count(log, "call.ended") == 1).await;
        assert_eq!(world.count("campaign.paused"), 0);
    });
}
