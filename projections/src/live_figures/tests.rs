//! Tests of live figures: given events, then figures.

use super::snapshot::SHORT_WINDOW_MS;
use super::{CALLS_MAX, CallStage, KEPT_MS, LiveFigures, LiveSnapshot};
use crate::testing::{TestHistory, call, campaign, dialog};
use crate::view::ViewEvent;
use domain::call::KeyPath;
use domain::call::event::CallEvent;
use domain::disposition::{Disposition, Outcome};
use domain::emotion::EmotionPlan;
use domain::ports::line::{AnsweredDialog, FailureCause, LegFailure};
use domain::time::Timestamp;

fn figures_of(story: &TestHistory) -> LiveFigures {
    let mut figures = LiveFigures::new();
    for event in &story.events {
        figures.apply(&ViewEvent::read(event).unwrap()).unwrap();
    }
    figures
}

fn shown(story: &TestHistory, now: Timestamp) -> LiveSnapshot {
    figures_of(story).snapshot(now)
}

fn failed(sip_code: u16) -> CallEvent {
    CallEvent::LegFailed {
        leg: 1,
        failure: LegFailure {
            sip_code: Some(sip_code),
            reason_header: None,
            q850: None,
            cause: FailureCause::default(),
            definite: true,
            rang: false,
            after_ms: 20,
            retry_after_s: None,
            lack: None,
        },
    }
}

#[test]
fn open_calls_stand_where_they_are_and_a_ringing_call_is_in_no_ratio() {
    let mut story = TestHistory::new();
    for of in 1..=4 {
        story.permitted("T", of, 1);
    }
    for of in 2..=4 {
        story.dialing(call("T", of, 1), 1, "first");
    }
    story.answered(call("T", 3, 1), 1).answered(call("T", 4, 1), 1);
    story.ended(
        call("T", 4, 1),
        Disposition::Answered,
        Some(Outcome::Success),
        9_000,
    );
    let snapshot = shown(&story, story.at);
    let open: Vec<_> = snapshot
        .open
        .iter()
        .map(|(place, count)| (*place, *count))
        .collect();
    assert_eq!(
        open,
        [
            (CallStage::Permitted, 1),
            (CallStage::Dialing, 1),
            (CallStage::Talking, 1)
        ]
    );
    let figures = snapshot.last_5_minutes;
    assert_eq!((figures.dialed, figures.answered, figures.settled), (3, 2, 2));
    assert_eq!(figures.settled_answer_ratio, Some(1.0));
    assert_eq!(
        (figures.talk_ms_mean, figures.conversion_ratio),
        (Some(9_000.0), Some(1.0))
    );
    assert_eq!(snapshot.position, story.head());
    assert_eq!(snapshot.campaigns[0].campaign, campaign("T"));
}

#[test]
fn a_call_counts_while_any_of_its_ten_seconds_is_in_the_window() {
    let mut story = TestHistory::new();
    let dialed_at = story.at;
    story.permitted("T", 1, 1).dialing(call("T", 1, 1), 1, "first");
    story.ended(call("T", 1, 1), Disposition::Busy, None, 0);
    let figures = figures_of(&story);
    let after = |ms| figures.snapshot(dialed_at.plus_ms(ms)).last_5_minutes;
    assert_eq!(after(SHORT_WINDOW_MS + 9_999).dialed, 1);
    assert_eq!(after(SHORT_WINDOW_MS + 10_000).dialed, 0);
    assert_eq!(
        after(SHORT_WINDOW_MS + 10_000).settled_answer_ratio,
        None,
        "nothing is not nought"
    );
}

#[test]
fn a_call_counts_on_the_trunk_that_carried_its_last_leg() {
    let mut story = TestHistory::new();
    let id = call("T", 1, 1);
    story.permitted("T", 1, 1).dialing(id, 1, "first");
    story.call(id, failed(503));
    story.dialing(id, 2, "second").answered(id, 2);
    let trunks = shown(&story, story.at).trunks;
    let rows: Vec<_> = trunks
        .iter()
        .map(|row| (row.trunk.as_str(), row.last_hour.dialed, row.last_hour.answered))
        .collect();
    assert_eq!(rows, [("first", 0, 0), ("second", 1, 1)]);
}

#[test]
fn failures_in_a_row_are_the_trunks_own_and_end_when_it_works() {
    let mut story = TestHistory::new();
    for (of, code) in [(1, 503), (2, 503), (3, 503)] {
        let id = call("T", of, 1);
        story.permitted("T", of, 1).dialing(id, 1, "first");
        story.call(id, failed(code));
    }
    let id = call("T", 1, 1);
    story.dialing(id, 2, "second");
    story.call(id, failed(503));
    let trunks = shown(&story, story.at).trunks;
    let rows: Vec<_> = trunks
        .iter()
        .map(|row| (row.trunk.as_str(), row.failures_in_row))
        .collect();
    assert_eq!(rows, [("first", 3), ("second", 1)]);
    assert!(trunks[0].last_failure.is_some());
    story.permitted("T", 4, 1).dialing(call("T", 4, 1), 1, "first");
    story.call(call("T", 4, 1), failed(486));
    assert_eq!(
        shown(&story, story.at).trunks[0].failures_in_row,
        0,
        "busy is the callee's business"
    );
}

#[test]
fn a_trunk_with_answered_calls_that_leave_keys_no_way_is_counted_until_one_does() {
    let mut story = TestHistory::new();
    let in_a_row = |story: &TestHistory| shown(story, story.at).trunks[0].keyless_in_row;
    let paths = [
        (Some(Vec::new()), 1),
        (None, 1),
        (Some(Vec::new()), 2),
        (Some(vec![KeyPath::InBand]), 0),
        (None, 0),
        (Some(Vec::new()), 1),
    ];
    for (of, (key_paths, expected)) in (1..).zip(paths) {
        let id = call("T", of, 1);
        story.permitted("T", of, 1).dialing(id, 1, "first");
        let dialog = AnsweredDialog {
            key_paths: key_paths.clone(),
            ..dialog()
        };
        story.call(
            id,
            CallEvent::Answered {
                leg: 1,
                dialog,
                key_rule: None,
            },
        );
        assert_eq!(in_a_row(&story), expected, "{key_paths:?}");
    }
}

#[test]
fn what_is_older_than_an_hour_is_forgotten_and_what_does_not_fit_is_counted() {
    let mut story = TestHistory::new();
    let began = story.at;
    story.permitted("T", 1, 1).dialing(call("T", 1, 1), 1, "first");
    story.ended(call("T", 1, 1), Disposition::Busy, None, 0);
    let mut figures = figures_of(&story);
    figures.forget_before(began.plus_ms(KEPT_MS));
    assert_eq!(figures.campaigns.len(), 1);
    figures.forget_before(began.plus_ms(KEPT_MS + 10_000));
    assert_eq!(figures.campaigns.len(), 0);
    for of in 0..=CALLS_MAX {
        figures.permitted(call("T", u32::try_from(of).unwrap(), 1), &campaign("T"));
    }
    let snapshot = figures.snapshot(began);
    assert_eq!(
        (snapshot.open[&CallStage::Permitted], snapshot.forgotten),
        (CALLS_MAX as u64, 1)
    );
}

#[test]
fn a_call_with_an_angry_callee_counts_once() {
    let mut story = TestHistory::new();
    let of = call("T", 1, 1);
    story.permitted("T", 1, 1).dialing(of, 1, "first").answered(of, 1);
    for text in ["可以", "怎么又是你们", "骗子", "别骚扰我"] {
        let emotion = EmotionPlan::default().read(text, None);
        let understood = serde_json::json!({
            "node": "a", "certainty": "abstained", "read_by": "nothing", "candidates": [], "emotion": emotion,
        });
        let fact = serde_json::from_value(understood).unwrap();
        story.call(of, CallEvent::Understood(fact));
    }
    let snapshot = shown(&story, story.at);
    assert_eq!(snapshot.campaigns[0].last_hour.angry_calls, 1);
}

#[test]
fn an_event_that_cannot_be_read_is_an_error() {
    let mut story = TestHistory::new();
    story.permitted("T", 1, 1);
    let mut broken = story.events[0].clone();
    let text = String::from_utf8(broken.record.to_vec()).unwrap();
    broken.record = text.replace("\"attempt\"", "\"try\"").into_bytes().into();
    let event = ViewEvent::read(&broken).unwrap();
    assert!(LiveFigures::new().apply(&event).is_err());
}

#[test]
fn figures_of_some_campaigns_are_theirs_alone_and_of_all_of_them_those_of_everybody() {
    let mut story = TestHistory::new();
    for (of, name) in [(1, "A"), (2, "A"), (3, "B"), (4, "C")] {
        story.permitted(name, of, 1);
        story.dialing(call(name, of, 1), 1, "first");
    }
    for (of, name, talk_ms) in [(1, "A", 2_000), (3, "B", 5_000)] {
        story.answered(call(name, of, 1), 1);
        let outcome = (name == "B").then_some(Outcome::Success);
        story.ended(call(name, of, 1), Disposition::Answered, outcome, talk_ms);
    }
    let all = shown(&story, story.at);
    let held = all.of_campaigns(|id| *id == campaign("A") || *id == campaign("B"));
    let names: Vec<_> = held
        .campaigns
        .iter()
        .map(|one| one.campaign.to_string())
        .collect();
    assert_eq!(names, ["A", "B"]);
    assert_eq!(held.open.values().sum::<u64>(), 1, "the second of A alone");
    let hour = held.last_hour;
    assert_eq!((hour.dialed, hour.answered, hour.conversions), (3, 2, 1));
    assert_eq!(hour.talk_ms_mean, Some(3_500.0));
    assert_eq!(
        (hour.settled_answer_ratio, hour.conversion_ratio),
        (Some(1.0), Some(0.5))
    );
    assert!(
        held.trunks.is_empty() && held.engines.is_empty(),
        "they carry C's calls too"
    );
    let everybody = all.of_campaigns(|_| true);
    assert_eq!(
        (everybody.open, everybody.last_hour, everybody.last_5_minutes),
        (all.open.clone(), all.last_hour, all.last_5_minutes)
    );
    let no_campaign = all.of_campaigns(|_| false);
    assert_eq!(
        (no_campaign.last_hour.dialed, no_campaign.last_hour.answer_ratio),
        (0, None)
    );
    assert!(!serde_json::to_string(&held).unwrap().contains("counts"));
}
