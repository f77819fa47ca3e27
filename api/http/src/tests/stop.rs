//! Tests of emergency stops: engaged, shown, extended, lifted, and which callers may do that for which scope.

use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Sends a request with this `Authorization` header over the socket.
async fn send(story: &TestServer, method: Method, path: &str, bearer: &str, body: Value) -> (u16, Value) {
    let url = story.running.url.clone().unwrap();
    let request = Request::builder().method(method).uri(format!("{url}{path}"));
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = request.header("Authorization", bearer);
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn post_as(story: &TestServer, path: &str, bearer: &str, body: Value) -> (u16, Value) {
    send(story, Method::POST, path, bearer, body).await
}

/// Sends a command with the owner's key.
async fn post(story: &TestServer, path: &str, body: Value) -> (u16, Value) {
    post_as(story, path, &story.bearer(), body).await
}

async fn engaged(story: &TestServer) -> Vec<Value> {
    let (status, reply) = send(story, Method::GET, "/api/v1/stop", &story.bearer(), Value::Null).await;
    assert_eq!(status, 200, "{reply}");
    reply["items"].as_array().unwrap().clone()
}

async fn created(story: &TestServer, name: &str) {
    let made = json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(post(story, "/api/v1/campaigns", made).await.0, 201);
}

#[test]
fn a_stop_is_seen_with_its_reason_until_it_is_lifted() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        created(&story, "A").await;
        assert!(engaged(&story).await.is_empty());
        let orders = [
            (json!({ "scope": "all", "reason": "complaints" }), "all"),
            (
                json!({ "scope": "campaign", "id": "A", "reason": "complaints" }),
                "campaign.A",
            ),
            (
                json!({ "scope": "trunk", "id": "127.0.0.1:5070", "reason": "noise" }),
                "trunk.127.0.0.1:5070",
            ),
            (
                json!({ "scope": "preset", "id": "cn-collection", "reason": "asked" }),
                "preset.cn-collection",
            ),
        ];
        for (order, stop) in &orders {
            let (status, reply) = post(&story, "/api/v1/stop", order.clone()).await;
            assert_eq!(
                (status, &reply["stop"], &reply["engaged"]),
                (200, &json!(stop), &json!(true)),
                "{reply}"
            );
            let (_, again) = post(&story, "/api/v1/stop", order.clone()).await;
            assert_eq!(
                again["position"], reply["position"],
                "the same again changes nothing"
            );
        }
        let stronger = json!({ "scope": "all", "reason": "complaints", "hang_up": true });
        assert_eq!(post(&story, "/api/v1/stop", stronger).await.1["hang_up"], true);
        let shown = engaged(&story).await;
        assert_eq!(shown.len(), orders.len(), "{shown:?}");
        let all = shown.iter().find(|one| one["stop"] == "all").unwrap();
        assert_eq!(
            (&all["reason"], &all["hang_up"]),
            (&json!("complaints"), &json!(true))
        );
        assert_eq!((&all["scope"], &all["id"]), (&json!("all"), &Value::Null));
        for (order, stop) in &orders {
            let by_id = json!({ "stop": stop, "reason": "over" });
            let by_name = json!({ "scope": order["scope"], "id": order["id"], "reason": "over" });
            let body = if *stop == "all" { by_id } else { by_name };
            let (status, reply) = post(&story, "/api/v1/stop/lift", body.clone()).await;
            assert_eq!((status, &reply["engaged"]), (200, &json!(false)), "{reply}");
            assert_eq!(
                post(&story, "/api/v1/stop/lift", body).await.0,
                422,
                "nothing to lift"
            );
        }
        assert!(engaged(&story).await.is_empty());
    });
    story.end();
}

#[test]
fn what_is_not_there_and_what_says_nothing_is_refused() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for (body, status) in [
            (json!({ "reason": "complaints" }), 422),
            (json!({ "scope": "all" }), 422),
            (json!({ "scope": "all", "reason": " " }), 422),
            (json!({ "scope": "all", "id": "A", "reason": "complaints" }), 422),
            (json!({ "scope": "everything", "reason": "complaints" }), 422),
            (
                json!({ "scope": "preset", "id": "cn", "reason": "complaints" }),
                422,
            ),
            (json!({ "scope": "trunk", "reason": "complaints" }), 422),
            (
                json!({ "scope": "campaign", "id": "NONE", "reason": "complaints" }),
                404,
            ),
        ] {
            assert_eq!(
                post(&story, "/api/v1/stop", body.clone()).await.0,
                status,
                "{body}"
            );
        }
        for body in [
            json!({ "reason": "over" }),
            json!({ "stop": "all", "scope": "all", "reason": "over" }),
            json!({ "stop": "flow.A", "reason": "over" }),
            json!({ "stop": "all" }),
        ] {
            assert_eq!(
                post(&story, "/api/v1/stop/lift", body.clone()).await.0,
                422,
                "{body}"
            );
        }
        assert!(engaged(&story).await.is_empty());
    });
    story.end();
}

#[test]
fn a_caller_limited_to_campaigns_stops_those_and_a_supervisor_lifts_none() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for name in ["A", "B"] {
            created(&story, name).await;
        }
        let user = |name: &str, role: &str| json!({ "name": name, "roles": [role], "password": "correct horse battery" });
        let mut supervisor = user("li", "supervisor");
        supervisor["campaigns"] = json!(["A"]);
        let bearer = story.bearer();
        for body in [
            user("chief", "admin"),
            supervisor,
            user("an", "analyst"),
        ] {
            let (status, reply) = post_as(&story, "/api/v1/users", &bearer, body).await;
            assert_eq!(status, 201, "{reply}");
        }
        let mut keys = Vec::new();
        for name in ["chief", "li", "an"] {
            let (status, reply) = post_as(&story, "/api/v1/api-keys", &bearer, json!({ "user": name })).await;
            assert_eq!(status, 201, "{reply}");
            keys.push(format!("Bearer {}", reply["key"].as_str().unwrap()));
        }
        let of = |scope: &str, id: Option<&str>| json!({ "scope": scope, "id": id, "reason": "complaints" });
        for (index, body, status) in [
            (1, of("campaign", Some("A")), 200),
            (1, of("campaign", Some("B")), 404),
            (1, of("all", None), 403),
            (1, of("trunk", Some("a")), 403),
            (1, of("preset", Some("cn-service")), 403),
            (2, of("campaign", Some("A")), 403),
            (0, of("all", None), 200),
        ] {
            let (came, reply) = post_as(&story, "/api/v1/stop", &keys[index], body.clone()).await;
            assert_eq!(came, status, "{body}: {reply}");
        }
        let shown = engaged(&story).await;
        let by: Vec<_> = shown.iter().map(|one| (&one["stop"], &one["by"])).collect();
        assert_eq!(
            by,
            [
                (&json!("all"), &json!("chief")),
                (&json!("campaign.A"), &json!("li"))
            ]
        );
        let over = json!({ "stop": "campaign.A", "reason": "over" });
        assert_eq!(
            post_as(&story, "/api/v1/stop/lift", &keys[1], over.clone())
                .await
                .0,
            403
        );
        assert_eq!(post_as(&story, "/api/v1/stop/lift", &keys[0], over).await.0, 200);
    });
    story.end();
}
