//! Tests of the retention period of call transcripts: afterwards the transcript alone is destroyed, on record
//! before and after, unless the customer is on hold. The customer and the course of the call stay readable.

use super::conversations::with_two;
use super::inspected_calls::{inspected, spoken_call, text};
use super::retention::{run, set};
use super::test_client::{owner, trail};
use crate::testing::TestServer;
use domain::call::event::CallEvent;
use domain::event_filter::EventFilter;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::stored_event::Position;
use serde_json::{Value, json};

/// An instant after the period of one year of a call of 2 March 2026.
const PAST: &str = "2027-03-04T10:00:00+08:00";

fn of_class(ran: &Value) -> &Value {
    let classes = ran["classes"].as_array().unwrap();
    let found = classes.iter().find(|one| one["class"] == "transcripts");
    found.unwrap_or_else(|| panic!("transcripts in {ran}"))
}

/// The callee's words as the log stores them.
async fn sealed_words(story: &TestServer) -> Value {
    let filter = EventFilter {
        kinds: vec![CallEvent::HEARD.to_owned()],
        ..EventFilter::default()
    };
    let store = story.running.installation.store();
    let page = store
        .read_matching(&filter, Position(0), PAGE_EVENTS_MAX)
        .await
        .unwrap();
    let record: Value = serde_json::from_slice(&page.events[0].record).unwrap();
    record["data"]["text"].clone()
}

#[test]
fn a_transcript_goes_after_its_period_without_the_person_and_a_hold_keeps_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        spoken_call(&story).await;
        set(&story, "transcripts").await;
        // Sealed under two keys: the customer's and the transcript's own.
        let sealed = sealed_words(&story).await;
        assert!(
            sealed["key"].is_string() && sealed["transcript"].is_string(),
            "{sealed}"
        );
        assert_ne!(sealed["key"], sealed["transcript"]);
        let dry = run(&story, true).await;
        assert_eq!(of_class(&dry)["due"], 0, "{dry}");
        let held = owner(
            &story,
            "/api/v1/customers/C01/hold",
            json!({ "reason": "a court asked" }),
        )
        .await;
        assert_eq!(held.status, 200, "{}", held.body);
    });
    let story = story.later(PAST);
    story.runtime.block_on(async {
        let ran = run(&story, false).await;
        let found = of_class(&ran);
        assert_eq!((&found["due"], &found["held"]), (&json!(1), &json!(1)), "{found}");
        let lines_heard = inspected(&story, true).await;
        assert!(
            text(&lines_heard, "callee_said")["text"].is_string(),
            "{lines_heard:?}"
        );
        let freed = owner(&story, "/api/v1/customers/C01/release", json!({})).await;
        assert_eq!(freed.status, 200, "{}", freed.body);

        let dry = run(&story, true).await;
        assert_eq!(of_class(&dry)["calls"].as_array().map(Vec::len), Some(1), "{dry}");
        assert!(trail(&story, "retention.disposal_begun").await.is_empty());
        let done = run(&story, false).await;
        assert_eq!(of_class(&done)["destroyed"], 1, "{done}");
        for kind in [
            "retention.disposal_begun",
            "retention.disposed",
            "call.transcript_disposed",
        ] {
            assert_eq!(trail(&story, kind).await.len(), 1, "{kind}");
        }
        gone_alone(&story).await;
        let again = run(&story, false).await;
        assert_eq!(of_class(&again)["due"], 0, "{again}");
    });
    // The key stays destroyed after a restart.
    let story = story.later(PAST);
    story.runtime.block_on(gone_alone(&story));
    story.end();
}

/// Asserts that the callee's words can no longer be read, and that the robot's words and the customer still
/// can.
async fn gone_alone(story: &TestServer) {
    let lines_heard = inspected(story, true).await;
    let heard = text(&lines_heard, "callee_said");
    assert_eq!((&heard["text"], &heard["gone"]), (&Value::Null, &json!(true)));
    let all = format!("{lines_heard:?}");
    assert!(!all.contains("是本人") && !all.contains("terms=12"), "{all}");
    let said = text(&lines_heard, "robot_said")["text"].as_str().unwrap();
    assert!(said.starts_with("您好，欧阳小明"), "{said}");
    assert_eq!(
        text(&lines_heard, "decided")["text"],
        "nodes.验证卡号.intents.affirm"
    );
}
