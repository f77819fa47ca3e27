//! Tests of routing scores: candidates for a call are scored by the weights in force, every breakdown is
//! stored, and an `as_of` read shows weights and scores from before a change.

use super::test_client::{TestReply, add, get, key, send, trail};
use crate::testing::{TestServer, enrolment, three_calls};
use domain::ids::CallId;
use hyper::Method;
use serde_json::{Value, json};

const WEIGHTS: &str = "/api/v1/routing-weights";

fn scores() -> String {
    format!("/api/v1/calls/{}/routing-scores", CallId::derive(&enrolment(), 1))
}

fn candidates(second: u32) -> Value {
    let one = |id: &str, history: u32| json!({ "id": id, "kind": "robot", "industries": ["retail"], "history": history });
    let agent = json!({ "id": "agent-7", "kind": "agent", "skill": second });
    json!({ "customer": { "rfm": 500, "industry": "retail" },
        "candidates": [one("robot-1", 0), one("robot-2", 0), agent] })
}

async fn replaced(story: &TestServer, if_match: Option<&str>, order: Value) -> TestReply {
    let bearer = story.bearer();
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(if_match.map(|etag| ("If-Match", etag)));
    send(story, Method::PUT, WEIGHTS, &headers, Some(order)).await
}

async fn scored(story: &TestServer, body: Value) -> TestReply {
    let bearer = story.bearer();
    let headers = [("Authorization", bearer.as_str())];
    send(story, Method::POST, &scores(), &headers, Some(body)).await
}

#[test]
fn a_call_is_scored_by_the_weights_in_force_and_every_breakdown_is_kept() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        assert_eq!(scored(&story, candidates(750)).await.status, 404, "unknown call");
        assert_eq!(get(&story, &scores(), &bearer).await.status, 404);
        three_calls(&story).await;
        // The robot's match of 500 per mille has weight 300, the agent's skill of 750 has weight 200: a tie.
        let tie = scored(&story, candidates(750)).await;
        assert_eq!(tie.status, 201, "{}", tie.body);
        let first = &tie.body["items"][0];
        assert_eq!(
            (&first["chosen"], &first["weights"]["version"]),
            (&json!("robot-1"), &json!(1)),
            "{first}"
        );
        assert_eq!(first["candidates"][2]["total"], 400 * 500 + 200 * 750);
        assert_eq!(first["candidates"][0]["industry_fits"], true);
        let order = json!({ "rfm": 400, "robot_match": 200, "agent_skill": 300, "line_quality": 100,
            "reason": "skill counts more" });
        assert_eq!(
            replaced(&story, None, order.clone()).await.code(),
            "if-match-needed"
        );
        let changed = replaced(&story, Some("\"v0\""), order).await;
        assert_eq!(
            (changed.status, &changed.body["version"]),
            (200, &json!(2)),
            "{}",
            changed.body
        );
        let again = scored(&story, candidates(750)).await;
        assert_eq!(again.body["items"][1]["chosen"], "agent-7", "{}", again.body);
        assert_eq!(again.body["items"][1]["weights"]["version"], 2);
        let kept = trail(&story, "routing.scored").await;
        assert_eq!(kept[0]["data"]["candidates"], first["candidates"]);
        let events = get(&story, "/api/v1/events?kind=routing.scored", &bearer)
            .await
            .body
            .to_string();
        assert!(
            !events.contains("retail"),
            "the callee's values are not stored: {events}"
        );
        known_before(&story, &bearer).await;
    });
    story.end();
}

/// As of the event before the change: the former weights, and one scoring.
async fn known_before(story: &TestServer, bearer: &str) {
    let changed = trail(story, "routing_weights.changed").await;
    assert_eq!(changed[0]["data"]["before"]["agent_skill"], 200);
    let position = &changed[0]["position"];
    let position = position
        .as_str()
        .map_or_else(|| position.to_string(), str::to_owned);
    let before = position.parse::<u64>().unwrap() - 1;
    let then = get(story, &format!("{WEIGHTS}?as_of={before}"), bearer).await;
    assert_eq!(then.body["version"], 1, "{}", then.body);
    let then = get(story, &format!("{}?as_of={before}", scores()), bearer).await;
    assert_eq!(then.body["items"].as_array().map(Vec::len), Some(1));
}

#[test]
fn unusable_scores_and_weights_are_refused_and_need_a_permission() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        three_calls(&story).await;
        let without_candidates = json!({ "customer": { "rfm": 1 }, "candidates": [] });
        assert_eq!(scored(&story, without_candidates).await.status, 422);
        let named = json!({ "customer": { "rfm": 1 }, "candidates": [{ "id": "张三", "kind": "agent" }] });
        assert_eq!(scored(&story, named).await.status, 422);
        let light = json!({ "rfm": 399, "robot_match": 300, "agent_skill": 200, "line_quality": 100,
            "reason": "x" });
        assert_eq!(replaced(&story, Some("\"v0\""), light.clone()).await.status, 422);
        add(&story, "chen", &["operator"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let headers = [("Authorization", chen.as_str()), ("If-Match", "\"v0\"")];
        let not_theirs = send(&story, Method::PUT, WEIGHTS, &headers, Some(light)).await;
        assert_eq!((not_theirs.status, not_theirs.code()), (403, "role-missing"));
        let headers = [("Authorization", chen.as_str())];
        let body = Some(candidates(1));
        let not_theirs = send(&story, Method::POST, &scores(), &headers, body).await;
        assert_eq!((not_theirs.status, not_theirs.code()), (403, "role-missing"));
        assert_eq!(
            get(&story, &scores(), &chen).await.status,
            200,
            "a caller who may read calls"
        );
    });
    story.end();
}
