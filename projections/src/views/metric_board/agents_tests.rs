//! Compares the abandon rates that include calls taken by agents with the campaign's own account.

use super::MetricBoard;
use super::tests::{asked, metric, parts};
use crate::database::ReadDb;
use crate::metrics::Scope;
use crate::runner::InlineRunner;
use crate::testing::{TestHistory, both_databases, call};
use domain::call::event::CallEvent;
use domain::call::{Call, CallState};
use domain::calling_plan::Preset;
use domain::decider::{Decider, EventData};
use domain::disposition::Disposition;
use domain::stored_event::StoredEvent;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Appends a call that a robot or an agent attended after the given times, up to its end.
fn attended(
    story: &mut TestHistory,
    of: u32,
    robot_ms: Option<u64>,
    agent_ms: Option<u64>,
    ends: Disposition,
) {
    let id = call("c1", of, 1);
    story.granted("c1", of, 1).dialing(id, 1, "first");
    let answered_at = story.at;
    story.answered(id, 1);
    let agent = || CallEvent::AgentConnected {
        leg: 1,
        agent: "agent-1".parse().unwrap(),
    };
    let node = || CallEvent::NodeEntered {
        node: "hello".to_owned(),
    };
    let mut comes: Vec<(u64, CallEvent)> = robot_ms.map(|ms| (ms, node())).into_iter().collect();
    comes.extend(agent_ms.map(|ms| (ms, agent())));
    comes.sort_by_key(|(ms, _)| *ms);
    for (ms, event) in comes {
        story.at = answered_at.plus_ms(ms);
        story.call(id, event);
    }
    story.at = answered_at.plus_ms(10_000);
    story.ended(id, ends, None, 10_000);
}

/// Returns what the campaign's own account has counted of the calls so far, by the rules of both kinds of
/// presets.
fn counted(events: &[StoredEvent], preset: Preset) -> [i64; 2] {
    let mut calls: BTreeMap<String, CallState> = BTreeMap::new();
    for event in events {
        let envelope = event.envelope().unwrap();
        if envelope.stream.as_str().starts_with("call-") {
            let read = CallEvent::read(&envelope.kind, envelope.version, &envelope.data).unwrap();
            let state = calls.entry(envelope.stream.as_str().to_owned()).or_default();
            Call::evolve(state, &read, envelope.at);
        }
    }
    let sums = calls.values().map(|state| state.counted(&[preset]));
    sums.fold([0, 0], |[drops, answers], one| {
        let count = |one: u64| i64::try_from(one).unwrap();
        [drops + count(one.drops), answers + count(one.answers)]
    })
}

/// Asserts that rows and account agree after one more call.
async fn agree(db: &dyn ReadDb, story: &TestHistory, what: &str) {
    for (name, preset) in [
        ("abandon_ratio_house", Preset::CnService),
        ("abandon_ratio_ftc", Preset::UsTsr),
    ] {
        let figures = asked(db, metric(name, 2), &Scope::default(), None).await;
        let own = counted(&story.events, preset).to_vec();
        assert_eq!(parts(&figures[0]), own, "{name}: {what}");
    }
}

#[tokio::test]
async fn the_abandon_rates_agree_with_the_campaigns_account_at_the_end_of_each_call() {
    let mut story = TestHistory::new();
    story.created("c1");
    let delays = [None, Some(0), Some(2_000), Some(2_001)];
    let ends = [
        Disposition::Answered,
        Disposition::Abandoned,
        Disposition::Machine,
    ];
    let db = both_databases().await;
    let mut runner = InlineRunner::begin(Arc::clone(&db), vec![Arc::new(MetricBoard)])
        .await
        .unwrap();
    let both = delays
        .into_iter()
        .flat_map(|robot| delays.map(|agent| (robot, agent)));
    let all = both.flat_map(|(robot, agent)| ends.map(|end| (robot, agent, end)));
    let mut applied = 0;
    for (of, (robot_ms, agent_ms, end)) in (1..).zip(all) {
        attended(&mut story, of, robot_ms, agent_ms, end);
        runner.apply_page(&story.events[applied..]).await.unwrap();
        applied = story.events.len();
        agree(db.as_ref(), &story, &format!("{robot_ms:?} {agent_ms:?} {end:?}")).await;
    }
}
