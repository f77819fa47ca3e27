//! Tests of values in clear in calls and conversations: the reveal right applies to certain customers, not to
//! all of them.

use super::conversations::{opened, with_two, written};
use super::test_client::{PASSWORD, add, get, key, owner, send, trail};
use crate::testing::{TestServer, enrolment, three_calls};
use domain::ids::CallId;
use hyper::Method;
use serde_json::{Value, json};

/// A flow that asks no question and tests no value.
const PLAIN_FLOW: &str = "flow: greeting\nnotices: {recording: 本次通话将被录音。}\nstart: bye\non_exception: bye\n\
    nodes:\n  bye:\n    end: {text: 再见。, outcome: success}\n";

/// Adds lin, who sees all calls as a viewer and the values of assigned customers as an agent. Returns lin's
/// key.
async fn lin(story: &TestServer) -> String {
    add(story, "lin", &["agent", "viewer"]).await;
    key(story, json!({ "user": "lin" })).await
}

#[test]
fn texts_are_read_in_clear_only_of_customers_that_the_caller_may_reveal() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let lin = lin(&story).await;
        let to_lin = json!({ "user": "lin", "reason": "own customer" });
        let assigned = owner(&story, "/api/v1/customers/C01/assign", to_lin).await;
        assert_eq!(assigned.status, 200, "{}", assigned.body);
        for (customer, status) in [("C01", 200), ("C02", 403)] {
            let came = opened(&story, customer).await;
            let id = came.body["id"].as_str().unwrap().to_owned();
            written(&story, &id, "m-1", "是的，我的卡号是6222021234567890128").await;
            let path = format!("/api/v1/conversations/{id}");
            assert_eq!(get(&story, &path, &lin).await.status, 200);
            let clear = get(&story, &format!("{path}?clear=true&reason=complaint"), &lin).await;
            assert_eq!(clear.status, status, "{customer}: {}", clear.body);
            assert_eq!(clear.body.to_string().contains("欧阳小明"), status == 200);
        }
    });
    story.end();
}

#[test]
fn a_call_is_read_in_clear_by_callers_who_may_reveal_its_callee() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        publish(&story, PLAIN_FLOW).await;
        three_calls(&story).await;
        let lin = lin(&story).await;
        let call = CallId::derive(&enrolment(), 2);
        for route in ["summary", "replay"] {
            let path = format!("/api/v1/calls/{call}/{route}?clear=true&reason=complaint");
            let came = get(&story, &path, &lin).await;
            assert_eq!((came.status, came.code()), (403, "scope-too-small"), "{route}");
        }
    });
    story.end();
}

/// A flow that asks no question, but branches on the value `debt` at `least`.
fn by_sum(least: u32) -> String {
    format!(
        "flow: greeting\nnotices: {{recording: 本次通话将被录音。}}\nstart: ask\non_exception: bye\n\
         variables: {{debt: {{type: integer, required: false}}}}\n\
         nodes:\n  bye:\n    end: {{text: 再见。, outcome: success}}\n  later:\n    \
         end: {{text: 改天再聊。, outcome: success}}\n  ask:\n    \
         branch: {{when: [{{variable: debt, at_least: {least}, next: bye}}], otherwise: later}}\n"
    )
}

async fn publish(story: &TestServer, source: &str) {
    let check = json!({ "source": source });
    let found = owner(story, "/api/v1/flow-files/check", check).await;
    assert_eq!(found.body["publishable"], true, "{}", found.body);
    let order = json!({ "definition": found.body["definition"] });
    let published = owner(story, "/api/v1/flows", order).await;
    assert_eq!(published.status, 201, "{}", published.body);
}

#[test]
fn a_published_flow_that_tests_values_tells_of_the_callee_as_a_file_does() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        publish(&story, PLAIN_FLOW).await;
        publish(&story, &by_sum(5_000)).await;
        three_calls(&story).await;
        add(&story, "chen", &["operator"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let lin = lin(&story).await;
        let path = format!("/api/v1/calls/{}/replay", CallId::derive(&enrolment(), 2));
        let same = get(&story, &format!("{path}?against=greeting@1"), &chen).await;
        assert_eq!(same.status, 200, "{}", same.body);
        let tested = format!("{path}?against=greeting@2");
        for who in [&chen, &lin] {
            let refused = get(&story, &format!("{tested}&reason=complaint"), who).await;
            assert_eq!(refused.status, 403, "{}", refused.body);
        }
        let bearer = story.bearer();
        let silent = get(&story, &tested, &bearer).await;
        assert_eq!(silent.code(), "reason-needed", "{}", silent.body);
        let reply = get(&story, &format!("{tested}&reason=complaint"), &bearer).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let reads = trail(&story, "inquiry.personal_data_read").await;
        let data: &Value = &reads.last().unwrap()["data"];
        assert_eq!(
            (&data["form"], &data["reason"]),
            (&json!("clear"), &json!("complaint")),
            "{data}"
        );
    });
    story.end();
}

#[test]
fn a_narrowed_key_reads_nothing_beyond_it_of_its_owners_reports() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        super::test_client::campaign(&story, json!([])).await;
        let channel = json!({ "url": "http://127.0.0.1:9/", "allow_private": true });
        let channel = owner(&story, "/api/v1/alerts/channels", channel).await;
        assert_eq!(channel.status, 201, "{}", channel.body);
        let account = json!({ "name": "bo", "roles": ["operator", "admin"], "password": PASSWORD });
        assert_eq!(owner(&story, "/api/v1/users", account).await.status, 201);
        let whole = key(&story, json!({ "user": "bo" })).await;
        let narrow = key(&story, json!({ "user": "bo", "campaigns": ["T"] })).await;
        for (name, campaigns) in [("both", json!(["T", "U"])), ("other", json!(["U"]))] {
            let order = json!({ "name": name, "title": "周报", "metrics": ["answer_ratio_per_call"],
                "campaigns": campaigns, "channels": [channel.body["id"]] });
            let headers = [("Authorization", whole.as_str())];
            let made = send(
                &story,
                Method::POST,
                "/api/v1/saved-reports",
                &headers,
                Some(order),
            )
            .await;
            assert_eq!(made.status, 201, "{}", made.body);
        }
        let other = get(&story, "/api/v1/saved-reports/other", &narrow).await;
        assert_eq!(other.status, 404, "{}", other.body);
        let both = get(&story, "/api/v1/saved-reports/both", &narrow).await;
        assert_eq!(both.body["campaigns"], json!(["T"]), "{}", both.body);
        let channels = both.body["channels"].as_array().map_or(0, Vec::len);
        assert_eq!(channels, 0, "{}", both.body);
        let listed = get(&story, "/api/v1/saved-reports", &narrow).await;
        assert_eq!(
            listed.body["items"].as_array().map(Vec::len),
            Some(1),
            "{}",
            listed.body
        );
    });
    story.end();
}
