//! Tests of webhooks after they were added: deliveries occur in the graph of events, and a webhook is changed
//! over the version that was read.

use super::webhooks::{HOOKS, ask, nowhere, receiver, until};
use crate::testing::{TestServer, three_calls};
use hyper::Method;
use serde_json::{Value, json};

/// Reads the graph of an event, a call or a customer.
async fn graph(story: &TestServer, id: &str) -> Value {
    let (status, graph) = ask(story, &format!("/api/v1/events/{id}/graph"), Value::Null).await;
    assert_eq!(status, 200, "{graph}");
    graph
}

fn node<'a>(graph: &'a Value, kind: &str) -> &'a Value {
    let nodes = graph["nodes"].as_array().unwrap();
    let found = nodes.iter().find(|node| node["kind"] == kind);
    found.unwrap_or_else(|| panic!("{kind} in {graph}"))
}

#[test]
fn the_delivery_of_an_outcome_follows_it_in_the_graph_of_the_call() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (url, _deliveries) = receiver(&[]);
        let events = ["call.ended", "number.opted_out"];
        let order = json!({ "url": url, "allow_private": true, "events": events });
        let (_, made) = ask(&story, HOOKS, order).await;
        let hook = format!("{HOOKS}/{}", made["id"].as_str().unwrap());
        three_calls(&story).await;
        let out = "/api/v1/numbers/13800138001/opt-out";
        assert_eq!(ask(&story, out, json!({ "reason": "asked" })).await.0, 200);
        until(&story, &hook, |shown| shown["delivered"].as_u64() >= Some(4)).await;
        let call = domain::ids::CallId::derive(&crate::testing::enrolment(), 2).to_string();
        let causes = graph(&story, &call).await;
        let (ended, delivered) = (node(&causes, "call.ended"), node(&causes, "webhook.delivered"));
        let edge = json!({ "from": ended["position"], "to": delivered["position"], "why": "delivery" });
        assert!(causes["edges"].as_array().unwrap().contains(&edge), "{causes}");
        assert_eq!(delivered["begins"], Value::Null, "{delivered}");
        // In the other direction: from the delivery back to the begin of the call.
        let back = graph(&story, delivered["id"].as_str().unwrap()).await;
        assert_eq!(node(&back, "call.ended")["id"], ended["id"]);
        assert_eq!(node(&back, "call.permitted")["stream"], format!("call-{call}"));
        // Also for an event that belongs to no customer.
        let (_, outs) = ask(&story, "/api/v1/events?kind=number.opted_out", Value::Null).await;
        let opted_out = graph(&story, outs["items"][0]["id"].as_str().unwrap()).await;
        assert_eq!(node(&opted_out, "webhook.delivered")["begins"], Value::Null);
    });
    story.end();
}

/// Replaces the webhook over the version in `etag`.
async fn put(story: &TestServer, id: &str, bearer: &str, etag: Option<&str>, body: Value) -> (u16, Value) {
    let path = format!("{HOOKS}/{id}");
    let mut headers = vec![("Authorization", bearer)];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    let came = super::test_client::send(story, Method::PUT, &path, &headers, Some(body)).await;
    (came.status, came.body)
}

#[test]
fn a_webhook_is_changed_as_it_was_read_and_by_the_checks_of_one_that_is_added() {
    let story = TestServer::begin();
    let (url, deliveries) = receiver(&[]);
    story.runtime.block_on(async {
        let order = json!({ "url": nowhere("/")["url"], "allow_private": true, "events": ["call.ended"],
            "bearer": "opens a door" });
        let (_, made) = ask(&story, HOOKS, order).await;
        let (id, owner) = (made["id"].as_str().unwrap().to_owned(), story.bearer());
        let order = json!({ "url": url, "events": ["number.opted_out"], "reason": "it moved" });
        let (status, reply) = put(&story, &id, &owner, None, order.clone()).await;
        assert_eq!(
            (status, &reply["code"]),
            (428, &json!("if-match-needed")),
            "{reply}"
        );
        for (body, pointer) in [
            (
                json!({ "events": ["webhook.delivered"], "reason": "x" }),
                "/events",
            ),
            (
                json!({ "url": "http://user:p@127.0.0.1/", "reason": "x" }),
                "/url",
            ),
            (json!({ "allow_private": false, "reason": "x" }), "/url"),
            (json!({ "events": ["call.ended"] }), "/reason"),
        ] {
            let (status, reply) = put(&story, &id, &owner, Some("\"v1\""), body.clone()).await;
            let found = (status, &reply["errors"][0]["pointer"]);
            assert_eq!(found, (422, &json!(pointer)), "{body}: {reply}");
        }
        let account = json!({ "name": "shop", "roles": ["integrator"], "password": "correct horse battery" });
        assert_eq!(ask(&story, "/api/v1/users", account).await.0, 201);
        let key = ask(&story, "/api/v1/api-keys", json!({ "user": "shop" })).await.1;
        let shop = format!("Bearer {}", key["key"].as_str().unwrap());
        let (status, reply) = put(&story, &id, &shop, Some("\"v1\""), order.clone()).await;
        let found = (status, &reply["errors"][0]["pointer"]);
        assert_eq!(found, (422, &json!("/allow_private")), "{reply}");
        let (status, changed) = put(&story, &id, &owner, Some("\"v1\""), order.clone()).await;
        assert_eq!(status, 200, "{changed}");
        assert_eq!(
            (&changed["etag"], &changed["kinds"]),
            (&json!("\"v2\""), &json!(["number.opted_out"]))
        );
        let (status, reply) = put(&story, &id, &owner, Some("\"v1\""), order).await;
        assert_eq!((status, &reply["code"]), (412, &json!("stale")), "{reply}");
        let (_, shown) = ask(&story, "/api/v1/events?kind=webhook.changed", Value::Null).await;
        let data = &shown["items"][0]["data"];
        assert_eq!(
            (&data["reason"], &data["before"]["kinds"]),
            (&json!("it moved"), &json!(["call.ended"]))
        );
        assert!(!shown.to_string().contains("opens a door"), "{shown}");
        // From here on the webhook gets this event at the new address.
        let out = "/api/v1/numbers/13800138001/opt-out";
        assert_eq!(ask(&story, out, json!({ "reason": "asked" })).await.0, 200);
    });
    let message = deliveries
        .recv_timeout(std::time::Duration::from_secs(20))
        .unwrap();
    assert_eq!(message["type"], "number.opted_out", "{message}");
    story.end();
}
