//! Tests of costs: given calls with the work done in them, the figures by day and ending.

use super::work::{WORK, WorkColumn};
use super::*;
use crate::cells::names;
use crate::testing::{TestHistory, call, campaign, columns_of, dialog, rows_of, sealed, ten};
use domain::assistant_facts::{AssistantAnsweredFact, AssistantAskedFact};
use domain::call::{HeardFact, SaidFact};
use domain::disposition::Disposition;
use domain::spoken_turn::PickKind;
use domain::time::Timestamp;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;

async fn shown(story: &TestHistory, filter: CostFilter, step: BillingStep) -> Vec<(String, u64, u64, u64)> {
    let (db, _runner) = story.shown_by(CostBoard).await;
    let rows = costs(db.as_ref(), &filter, step).await.unwrap();
    rows.into_iter()
        .map(|row| {
            let ending = format!("{}/{}", row.disposition, row.outcome.unwrap_or_default());
            (ending, row.calls, row.billed, row.billed_seconds)
        })
        .collect()
}

fn talked(story: &mut TestHistory, of: u32, talk_ms: u64) {
    story.permitted("T", of, 1);
    let outcome = Some(Outcome::Success);
    story.ended(call("T", of, 1), Disposition::Answered, outcome, talk_ms);
}

fn line(ending: &str, calls: u64, billed: u64, seconds: u64) -> (String, u64, u64, u64) {
    (ending.to_owned(), calls, billed, seconds)
}

#[tokio::test]
async fn columns_stand_as_named() {
    let (db, _runner) = TestHistory::new().shown_by(CostBoard).await;
    assert_eq!(columns_of(db.as_ref(), COSTS).await, names::<Column>());
    assert_eq!(columns_of(db.as_ref(), CALLS).await, names::<CallColumn>());
    assert_eq!(columns_of(db.as_ref(), WORK).await, names::<WorkColumn>());
}

#[test]
fn a_step_begun_is_billed_whole() {
    let [minute, six, second] = BillingStep::ALL;
    for (talk_ms, minutes, sixes, seconds) in [
        (0, 0, 0, 0),
        (1, 1, 1, 1),
        (6_000, 1, 1, 6),
        (6_001, 1, 2, 7),
        (60_000, 1, 10, 60),
        (60_001, 2, 11, 61),
    ] {
        let steps = (
            minute.steps_of(talk_ms),
            six.steps_of(talk_ms),
            second.steps_of(talk_ms),
        );
        assert_eq!(steps, (minutes, sixes, seconds), "{talk_ms} ms");
    }
    assert_eq!("6".parse(), Ok(six));
    assert!("30".parse::<BillingStep>().is_err());
}

#[tokio::test]
async fn each_call_is_rounded_up_by_itself() {
    let mut story = TestHistory::new();
    talked(&mut story, 2, 61_000);
    talked(&mut story, 3, 1_000);
    story.permitted("T", 4, 1);
    story.ended(call("T", 4, 1), Disposition::Busy, None, 0);
    let all = CostFilter::default;
    let busy = line("busy/", 1, 0, 0);
    for (step, seconds) in [
        (BillingStep::Minute, 180),
        (BillingStep::SixSeconds, 72),
        (BillingStep::Second, 62),
    ] {
        let expected = [line("answered/success", 2, 2, seconds), busy.clone()];
        assert_eq!(shown(&story, all(), step).await, expected);
    }
}

#[tokio::test]
async fn a_correction_takes_the_seconds_along_and_a_late_answer_is_billed_a_step() {
    let mut story = TestHistory::new();
    talked(&mut story, 2, 61_000);
    story.permitted("T", 3, 1);
    let late = call("T", 3, 1);
    story.ended(late, Disposition::NoAnswer, None, 0);
    let dialog = dialog();
    story.call(late, CallEvent::LateAnswered { leg: 1, dialog });
    let before = (Disposition::Answered, Some(Outcome::Success));
    story.corrected(call("T", 2, 1), before, (Disposition::Machine, None));
    let expected = [line("machine/", 1, 1, 120), line("no_answer/", 1, 1, 60)];
    let found = shown(&story, CostFilter::default(), BillingStep::Minute).await;
    assert_eq!(found, expected);
}

/// Appends a call in which an agent, a recognizer, a synthesizer and an assistant worked.
fn attended(story: &mut TestHistory, of: u32) {
    story.permitted("T", of, 1);
    let id = call("T", of, 1);
    let node = || "ask".to_owned();
    let begins_ms = 1_000;
    story.call(
        id,
        CallEvent::Heard(HeardFact {
            leg: 1,
            node: node(),
            text: sealed("yes", false),
            confidence_permille: None,
            engine: "funasr".to_owned(),
            begins_ms,
            ends_ms: begins_ms + 2_500,
        }),
    );
    // The callee interrupted it, but the whole text was synthesized.
    story.call(
        id,
        CallEvent::Said(SaidFact {
            leg: 1,
            node: node(),
            prompt: "nodes.ask.text".to_owned(),
            variant: None,
            spoken_chars: 3,
            prompt_chars: 20,
            engine: Some("espeak".to_owned()),
        }),
    );
    let pick_of = PickKind::Intent;
    story.call(
        id,
        CallEvent::AssistantAsked(AssistantAskedFact {
            node: node(),
            pick_of,
            model: "m".to_owned(),
            prompt_sha256: "0".repeat(64),
            candidates: Vec::new(),
        }),
    );
    story.call(
        id,
        CallEvent::AssistantAnswered(AssistantAnsweredFact {
            node: node(),
            pick_of,
            choice: None,
            confidence_permille: None,
            took_ms: 400,
            prompt_tokens: Some(200),
            answer_tokens: Some(7),
            failure: None,
        }),
    );
    story.call(
        id,
        CallEvent::AgentConnected {
            leg: 1,
            agent: "agent1".parse().unwrap(),
        },
    );
    story.at = story.at.plus_ms(90_000);
    story.ended(id, Disposition::Answered, Some(Outcome::Success), 120_000);
}

#[tokio::test]
async fn what_agents_and_engines_did_counts_with_the_call_and_moves_with_a_correction() {
    let mut story = TestHistory::new();
    attended(&mut story, 2);
    attended(&mut story, 3);
    talked(&mut story, 4, 1_000);
    let used = async |story: &TestHistory| {
        let (db, _runner) = story.shown_by(CostBoard).await;
        let left = rows_of(db.as_ref(), std::slice::from_ref(WORK)).await;
        assert!(
            left.is_empty(),
            "calls that are over are kept nowhere else: {left:?}"
        );
        let rows = costs(db.as_ref(), &CostFilter::default(), BillingStep::Minute).await;
        let rows = rows.unwrap().into_iter();
        rows.map(|row| (row.outcome.unwrap_or_default(), row.used))
            .collect::<Vec<_>>()
    };
    let times = |count: u64| ResourceUsage {
        agent_calls: count,
        // A story advances by a second with each event.
        agent_ms: 91_000 * count,
        utterances: count,
        utterance_ms: 2_500 * count,
        texts: count,
        text_chars: 20 * count,
        questions: count,
        tokens: 207 * count,
    };
    assert_eq!(used(&story).await, [("success".to_owned(), times(2))]);
    let before = (Disposition::Answered, Some(Outcome::Success));
    let after = (Disposition::Answered, Some(Outcome::OptedOut));
    story.corrected(call("T", 2, 1), before, after);
    assert_eq!(
        used(&story).await,
        [
            ("opted_out".to_owned(), times(1)),
            ("success".to_owned(), times(1))
        ]
    );
}

#[tokio::test]
async fn days_are_beijings_and_begin_at_midnight() {
    let mut story = TestHistory::new();
    story.permitted("T", 2, 1).permitted("T", 3, 1);
    let midnight: Timestamp = "2026-03-03T00:00:00+08:00".parse().unwrap();
    story.at = midnight.minus_ms(1);
    story.ended(call("T", 2, 1), Disposition::Answered, None, 1_000);
    story.at = midnight;
    story.ended(call("T", 3, 1), Disposition::Answered, None, 7_000);
    let day = |from: Timestamp| CostFilter {
        campaign: Some(campaign("T")),
        from: Some(from),
        to: Some(from.plus_ms(DAY_MS)),
    };
    let seconds = async |from| shown(&story, day(from), BillingStep::Second).await.remove(0).3;
    assert_eq!(seconds(midnight.minus_ms(DAY_MS)).await, 1);
    assert_eq!(seconds(midnight).await, 7);
    assert!(midnight > ten());
    let other = CostFilter {
        campaign: Some(campaign("U")),
        ..CostFilter::default()
    };
    assert_eq!(shown(&story, other, BillingStep::Second).await, []);
}
