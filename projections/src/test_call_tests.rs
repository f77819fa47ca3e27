//! The events of a test call, from its permit to its end, add rows to the audit trail only: views that count,
//! bill, rank or report calls ignore it.

use crate::database::ReadDb;
use crate::runner::InlineRunner;
use crate::sqlite::SqliteReadDb;
use crate::testing::{TestHistory, rows_of};
use crate::value::Val;
use crate::views;
use domain::call::TestCallEvent;
use domain::decider::Decider;
use domain::ids::{CallId, StreamId};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The view that records every event, including those of test calls.
const TRAIL: &str = "audit_trail";

/// Returns all rows of each view.
async fn shown(story: &TestHistory) -> BTreeMap<&'static str, Vec<Vec<Val>>> {
    let db: Arc<dyn ReadDb> = Arc::new(SqliteReadDb::open_inline().unwrap());
    let mut runner = InlineRunner::begin(Arc::clone(&db), views::all()).await.unwrap();
    runner.apply_page(&story.events).await.unwrap();
    let parked = runner
        .progress()
        .checkpoints()
        .into_iter()
        .find(|row| row.parked.is_some());
    assert!(parked.is_none(), "{parked:?}");
    let mut all = BTreeMap::new();
    for view in views::all() {
        let definition = view.definition();
        all.insert(definition.name, rows_of(db.as_ref(), definition.tables).await);
    }
    all
}

/// Marks the story's calls as test calls. Returns the number of changed events.
fn tried(story: &mut TestHistory) -> usize {
    let mut records = Vec::new();
    for stored in &story.events {
        let mut record: Value = serde_json::from_slice(&stored.record).unwrap();
        let stream = record["stream"].as_str().unwrap().to_owned();
        let Some(call) = stream.strip_prefix("call-") else {
            continue;
        };
        let call: CallId = call.parse().unwrap();
        let stream = domain::call::TestCall::stream(&call);
        record["data"] = json!({ "step": { "kind": record["kind"], "data": record["data"] } });
        record["kind"] = json!(TestCallEvent::STEP_RECORDED);
        record["stream"] = json!(stream);
        records.push((stream, serde_json::to_vec(&record).unwrap()));
    }
    let count = records.len();
    for (stream, record) in records {
        story.tell_record(&StreamId::from_stored(stream.as_str().to_owned()), record);
    }
    count
}

#[tokio::test]
async fn a_test_call_changes_no_row_of_any_view_but_the_trail() {
    let mut story = TestHistory::new();
    story.created("T");
    for customer in 0..4 {
        story.whole_call("T", customer);
    }
    let before = shown(&story).await;
    let steps = tried(&mut story);
    assert!(steps >= 4 * 3, "permitted, dialed, ended");
    let after = shown(&story).await;
    assert!(before.len() > 20, "every view there is");
    for (view, rows) in &after {
        if *view == TRAIL {
            assert_ne!(rows, &before[view], "it is on record");
        } else {
            assert_eq!(rows, &before[view], "{view} took a test for a call");
        }
    }
}
