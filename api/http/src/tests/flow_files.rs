//! Tests of flow files for the designer: the files that ship, and a file from the request that is checked,
//! tried in a conversation and replayed, without being stored.

use super::test_client::{add, get, key, owner, send, trail};
use crate::testing::{TestServer, enrolment, three_calls};
use domain::ids::CallId;
use hyper::Method;
use serde_json::{Value, json};

/// A flow file with two nodes: the first says `text` and leads to the node `next`.
fn file(text: &str, next: &str) -> String {
    format!(
        "# a greeting\nflow: greeting\nnotices: {{recording: 本次通话将被录音。}}\nstart: hello\non_exception: bye\n\
        nodes:\n  hello:\n    say: {{text: {text}, next: {next}}}\n  bye:\n    \
        end: {{text: 再见。, outcome: opted_out, opt_out: true}}\n"
    )
}

#[test]
fn each_shipped_file_is_shown_and_has_the_hash_that_it_is_published_under() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let listed = get(&story, "/api/v1/flow-files", &bearer).await;
        let items = listed.body["items"].as_array().unwrap().clone();
        assert!(items.len() > 10, "{items:?}");
        for item in items {
            let path = format!("/api/v1/flow-files/{}", item["name"].as_str().unwrap());
            let source = get(&story, &path, &bearer).await.body["source"].clone();
            let found = owner(&story, "/api/v1/flow-files/check", json!({ "source": source })).await;
            assert_eq!(
                (found.status, &found.body["publishable"]),
                (200, &json!(true)),
                "{item}"
            );
            let order = json!({ "definition": found.body["definition"] });
            let published = owner(&story, "/api/v1/flows", order).await;
            assert_eq!(published.status, 201, "{}", published.body);
            assert_eq!(
                published.body["content_hash"], found.body["content_hash"],
                "{item}"
            );
        }
        assert_eq!(get(&story, "/api/v1/flow-files/none", &bearer).await.status, 404);
    });
    story.end();
}

#[test]
fn faults_of_a_file_name_their_node_and_differences_their_part() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let check = |body: Value| owner(&story, "/api/v1/flow-files/check", body);
        let sound = check(json!({ "source": file("您好。", "bye") })).await;
        assert_eq!(sound.body["publishable"], true, "{}", sound.body);
        assert_eq!(sound.body["ways"][0]["member"], "next");
        assert_eq!(sound.body["differences"], Value::Null);
        let order = json!({ "definition": sound.body["definition"] });
        owner(&story, "/api/v1/flows", order).await;
        let astray = check(json!({ "source": file("早上好。", "gone"), "against": "greeting" })).await;
        assert_eq!(astray.body["publishable"], false);
        let fault = &astray.body["faults"][0];
        assert_eq!(
            (&fault["code"], &fault["node"]),
            (&json!("unknown_target"), &json!("hello")),
            "{}",
            astray.body
        );
        let parts = astray.body["differences"].as_array().unwrap();
        assert_eq!(parts.len(), 1, "{parts:?}");
        assert_eq!(parts[0]["part"], "nodes.hello");
        for (source, code) in [
            ("nodes: [", "not_yaml"),
            ("flow: a\nnodes: {b: {say: {}}}", "shape"),
        ] {
            let found = check(json!({ "source": source })).await;
            assert_eq!(found.status, 200, "{}", found.body);
            assert_eq!(found.body["faults"][0]["code"], code, "{}", found.body);
            assert_eq!(found.body["content_hash"], Value::Null);
        }
        let named = check(json!({ "source": "flow: a\nnodes: {b: {say: {}}}" })).await;
        assert_eq!(named.body["faults"][0]["node"], "b");
        let unknown = check(json!({ "source": "a", "against": "greeting@9" })).await;
        assert_eq!((unknown.status, unknown.code()), (422, "flow-not-published"));
        assert_eq!(check(json!({})).await.status, 422);
    });
    story.end();
}

#[test]
fn a_file_is_talked_with_and_rehearsed_without_being_published() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let source = application::rehearsing::find_shipped_flow("survey_en").unwrap();
        let talk = |turns: Value| {
            let body = json!({ "source": source, "turns": turns });
            owner(&story, "/api/v1/flow-files/talk", body)
        };
        let begun = talk(json!([])).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        assert_eq!(begun.body["steps"].as_array().unwrap().len(), 1);
        let opening = json!({ "source": source });
        let opened = owner(&story, "/api/v1/flow-files/talk", opening).await;
        assert_eq!((opened.status, &opened.body), (200, &begun.body), "without turns");
        let refused = talk(json!([{ "say": "do not call me again" }])).await;
        assert_eq!(refused.body["outcome"], "opted_out", "{}", refused.body);
        let two = talk(json!([{ "say": "yes", "key": "1" }])).await;
        assert_eq!(two.status, 422, "{}", two.body);
        let long = talk(json!(vec![json!({ "silence": {} }); 101])).await;
        assert_eq!(long.status, 422, "{}", long.body);
        let body = json!({ "source": source, "callers": 20, "seed": 7 });
        let ran = owner(&story, "/api/v1/flow-files/simulate", body.clone()).await;
        assert_eq!(
            (ran.status, &ran.body["callers"]),
            (200, &json!(20)),
            "{}",
            ran.body
        );
        let again = owner(&story, "/api/v1/flow-files/simulate", body).await;
        assert_eq!(again.body, ran.body);
        let faulty = json!({ "source": file("您好。", "gone"), "turns": [] });
        let came = owner(&story, "/api/v1/flow-files/talk", faulty).await;
        assert_eq!((came.status, came.code()), (422, "flow-invalid"));
        let listed = get(&story, "/api/v1/flows", &story.bearer()).await;
        assert_eq!(listed.body["items"], json!([]));
    });
    story.end();
}

#[test]
fn a_file_that_tests_values_by_itself_tells_of_the_callee_and_is_no_masked_read() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let own = owner(
            &story,
            "/api/v1/flow-files/check",
            json!({ "source": file("您好。", "bye") }),
        )
        .await;
        let published = owner(
            &story,
            "/api/v1/flows",
            json!({ "definition": own.body["definition"] }),
        )
        .await;
        assert_eq!(published.status, 201, "{}", published.body);
        three_calls(&story).await;
        let path = format!("/api/v1/calls/{}/replay", CallId::derive(&enrolment(), 2));
        add(&story, "chen", &["operator"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let asked = |body: Value| {
            let (story, path, chen) = (&story, path.clone(), chen.clone());
            async move {
                let headers = [("Authorization", chen.as_str())];
                send(story, Method::POST, &path, &headers, Some(body)).await
            }
        };
        let as_it_was = asked(json!({ "source": file("早上好。", "bye") })).await;
        assert_eq!(as_it_was.status, 200, "{}", as_it_was.body);
        let curious = file("您好。", "ask")
            + "  later:\n    end: {text: 改天再聊。, outcome: success}\n  ask:\n    \
               branch: {when: [{variable: debt, at_least: 5000, next: bye}], otherwise: later}\n\
               variables: {debt: {type: integer, required: false}}\n";
        let refused = asked(json!({ "source": curious, "reason": "complaint" })).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        // A caller with the reveal right must give a reason, and the read is recorded as one in clear.
        let silent = owner(&story, &path, json!({ "source": curious })).await;
        assert_eq!(silent.body["code"], "reason-needed", "{}", silent.body);
        let reply = owner(&story, &path, json!({ "source": curious, "reason": "complaint" })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let reads = trail(&story, "inquiry.personal_data_read").await;
        let data = &reads.last().unwrap()["data"];
        assert_eq!(
            (&data["form"], &data["reason"]),
            (&json!("clear"), &json!("complaint")),
            "{data}"
        );
        assert!(
            data["fields"].as_array().unwrap().contains(&json!("variables")),
            "{data}"
        );
    });
    story.end();
}

#[test]
fn a_name_that_is_none_and_a_file_that_repeats_itself_are_refused() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let long = "x".repeat(5_000);
        let body = json!({ "source": file("您好。", "bye"), "turns": [], "values": { long: "1" } });
        let refused = owner(&story, "/api/v1/flow-files/talk", body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        let bomb = format!(
            "a: &a [{}1]\nb: [{}*a]\n",
            "1,".repeat(10_000),
            "*a,".repeat(10_000)
        );
        let found = owner(&story, "/api/v1/flow-files/check", json!({ "source": bomb })).await;
        assert_eq!(found.body["faults"][0]["code"], "not_yaml", "{}", found.body);
    });
    story.end();
}
