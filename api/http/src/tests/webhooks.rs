//! Tests of webhooks and alert channels: which users may add which, what is shown of them, and which values
//! are never shown.

use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, sync_channel};

pub(super) const HOOKS: &str = "/api/v1/webhooks";
const CHANNELS: &str = "/api/v1/alerts/channels";

/// Sends a request with this `Authorization` header over the socket: a GET if `body` is null, else a POST.
async fn send(story: &TestServer, path: &str, bearer: &str, body: Value) -> (u16, Value) {
    let url = story.running.url.clone().unwrap();
    let (method, body) = if body.is_null() {
        (Method::GET, String::new())
    } else {
        (Method::POST, body.to_string())
    };
    let request = Request::builder().method(method).uri(format!("{url}{path}"));
    let request = request.header("Authorization", bearer);
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Sends a request with the owner's key: a GET if `body` is null, else a POST.
pub(super) async fn ask(story: &TestServer, path: &str, body: Value) -> (u16, Value) {
    send(story, path, &story.bearer(), body).await
}

/// A webhook with an address on loopback where no server listens.
pub(super) fn nowhere(path: &str) -> Value {
    json!({ "url": format!("http://127.0.0.1:9{path}"), "allow_private": true })
}

#[test]
fn a_secret_is_shown_once_and_what_opens_a_door_never() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (status, made) = ask(&story, HOOKS, nowhere("/in?key=hidden")).await;
        assert_eq!(status, 201, "{made}");
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert!(secret.starts_with("whsec_"), "{made}");
        assert_eq!(made["target"], "http://127.0.0.1:9/in");
        let id = made["id"].as_str().unwrap();
        let (_, rotated) = ask(&story, &format!("{HOOKS}/{id}/rotate"), json!({})).await;
        let next = rotated["secret"].as_str().unwrap().to_owned();
        assert!(next.starts_with("whsec_") && next != secret);
        let (status, tested) = ask(&story, &format!("{HOOKS}/{id}/test"), json!({})).await;
        assert_eq!((status, &tested["delivered"]), (200, &json!(false)));
        assert_eq!(tested["fault"], "unreachable");
        for path in [
            HOOKS.to_owned(),
            format!("{HOOKS}/{id}"),
            format!("{HOOKS}/{id}/dead-letters"),
        ] {
            let (status, shown) = ask(&story, &path, Value::Null).await;
            assert_eq!(status, 200, "{shown}");
            let text = shown.to_string();
            for hidden in [&secret, &next, "hidden"] {
                assert!(!text.contains(hidden), "{text}");
            }
        }
        let stream = format!("/api/v1/streams/webhook-{id}");
        let (status, reply) = ask(&story, &stream, Value::Null).await;
        assert_eq!(status, 200, "{reply}");
        assert!(!reply.to_string().contains("whsec_"), "{reply}");
        let gone = json!({ "reason": "moved" });
        assert_eq!(ask(&story, &format!("{HOOKS}/{id}/remove"), gone).await.0, 200);
        assert_eq!(ask(&story, &format!("{HOOKS}/{id}"), Value::Null).await.0, 404);
        assert_eq!(ask(&story, HOOKS, Value::Null).await.1["items"], json!([]));
    });
    story.end();
}

#[test]
fn a_wrong_webhook_is_refused_with_the_member() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for (body, pointer) in [
            (json!({ "url": "http://example.com/" }), "/url"),
            (json!({ "url": "https://127.0.0.1/" }), "/url"),
            (json!({ "url": "https://localhost/" }), "/url"),
            (json!({ "url": "https://[fd00::1]/" }), "/url"),
            (json!({ "url": "https://u:p@1.1.1.1/" }), "/url"),
            (json!({}), "/url"),
            (
                json!({ "url": "https://1.1.1.1/", "events": ["webhook.delivered"] }),
                "/events",
            ),
            (
                json!({ "url": "https://1.1.1.1/", "format": "crm", "events": ["campaign.started"] }),
                "/events",
            ),
            (
                json!({ "url": "https://1.1.1.1/", "format": "carrier_pigeon" }),
                "/format",
            ),
            (json!({ "url": "a@example.com", "format": "mail" }), "/format"),
            (json!({ "url": "https://1.1.1.1/", "nonsense": 1 }), "/nonsense"),
        ] {
            let (status, reply) = ask(&story, HOOKS, body.clone()).await;
            assert_eq!(
                (status, &reply["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{body}: {reply}"
            );
        }
        let (_, made) = ask(&story, HOOKS, nowhere("/")).await;
        let id = made["id"].as_str().unwrap();
        for after in [json!({}), json!({ "after": "999999" }), json!({ "after": "x" })] {
            assert_eq!(ask(&story, &format!("{HOOKS}/{id}/replay"), after).await.0, 422);
        }
        assert_eq!(
            ask(&story, &format!("{CHANNELS}/{id}/test"), json!({})).await.0,
            404,
            "it is no channel"
        );
    });
    story.end();
}

#[test]
fn a_caller_limited_to_campaigns_receives_those_and_only_admins_lift_the_demands() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let owner = story.bearer();
        let user = |name: &str, role: &str| {
            json!({ "name": name, "roles": [role], "password": "correct horse battery" })
        };
        let mut shop = user("shop", "integrator");
        shop["campaigns"] = json!(["A"]);
        for body in [user("chief", "admin"), shop, user("an", "analyst")] {
            assert_eq!(send(&story, "/api/v1/users", &owner, body).await.0, 201);
        }
        let mut keys = Vec::new();
        for name in ["chief", "shop", "an"] {
            let (_, reply) = send(&story, "/api/v1/api-keys", &owner, json!({ "user": name })).await;
            keys.push(format!("Bearer {}", reply["key"].as_str().unwrap()));
        }
        let (status, reply) = send(&story, HOOKS, &keys[1], nowhere("/")).await;
        assert_eq!((status, &reply["errors"][0]["pointer"]), (422, &json!("/allow_private")), "{reply}");
        let of_shop = json!({ "url": "https://1.1.1.1/" });
        let (status, made) = send(&story, HOOKS, &keys[1], of_shop).await;
        assert_eq!(status, 201, "{made}");
        let (_, shown) = send(&story, HOOKS, &keys[1], Value::Null).await;
        assert_eq!(shown["items"][0]["campaigns"], json!(["A"]));
        let (status, all) = send(&story, HOOKS, &keys[0], nowhere("/")).await;
        assert_eq!(status, 201, "{all}");
        let of_all = format!("{HOOKS}/{}", all["id"].as_str().unwrap());
        assert_eq!(send(&story, &of_all, &keys[1], Value::Null).await.0, 404);
        assert_eq!(send(&story, &format!("{of_all}/rotate"), &keys[1], json!({})).await.0, 404);
        assert_eq!(send(&story, HOOKS, &keys[2], Value::Null).await.0, 403);
        assert_eq!(send(&story, CHANNELS, &keys[1], nowhere("/")).await.0, 403);
    });
    story.end();
}

#[test]
fn a_channel_receives_alerts_and_is_listed_with_them() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for (body, pointer) in [
            (json!({ "url": "ops@example.com", "format": "mail" }), "/smtp"),
            (
                json!({ "url": "ops@example.com", "format": "mail", "smtp": "localhost:25" }),
                "/smtp",
            ),
            (json!({ "url": "https://1.1.1.1/", "format": "sms" }), "/to"),
            (json!({ "url": "https://1.1.1.1/", "format": "crm" }), "/format"),
        ] {
            let (status, reply) = ask(&story, CHANNELS, body.clone()).await;
            assert_eq!(
                (status, &reply["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{body}: {reply}"
            );
        }
        let mail = json!({ "url": "ops@example.com", "format": "mail", "smtp": "127.0.0.1:9",
            "allow_private": true });
        let (status, made) = ask(&story, CHANNELS, mail).await;
        assert_eq!(
            (status, &made["target"]),
            (201, &json!("***@example.com")),
            "{made}"
        );
        assert_eq!(
            made["kinds"],
            json!(["alert.cleared", "alert.escalated", "alert.raised"])
        );
        assert_eq!(made["secret"], Value::Null);
        let (_, shown) = ask(&story, CHANNELS, Value::Null).await;
        assert_eq!(shown["items"].as_array().unwrap().len(), 1);
        assert_eq!(ask(&story, HOOKS, Value::Null).await.1["items"], json!([]));
        let id = made["id"].as_str().unwrap();
        let (status, tested) = ask(&story, &format!("{CHANNELS}/{id}/test"), json!({})).await;
        assert_eq!(
            (status, &tested["fault"]),
            (200, &json!("unreachable")),
            "{tested}"
        );
        let gone = json!({ "reason": "another" });
        assert_eq!(ask(&story, &format!("{CHANNELS}/{id}/remove"), gone).await.0, 200);
    });
    story.end();
}

/// Reads a request. Returns its first line and its body.
pub(super) fn request_of(reader: &mut impl BufRead) -> (String, Vec<u8>) {
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).unwrap();
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).unwrap();
        if let Some(("content-length", value)) = line.to_lowercase().split_once(':') {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (first, body)
}

/// Starts a receiver on loopback that answers with these statuses, one after another, and then with 204.
/// Returns its URL and the bodies of the messages that it receives.
#[expect(clippy::disallowed_methods, reason = "the test's own receiver, on loopback")]
pub(super) fn receiver(statuses: &'static [u16]) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let (tell, deliveries) = sync_channel(64);
    std::thread::spawn(move || {
        let mut statuses = statuses.iter().copied();
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (_, body) = request_of(&mut reader);
            // The test may have ended already.
            drop(tell.send(serde_json::from_slice(&body).unwrap()));
            let status = statuses.next().unwrap_or(204);
            let answer = format!("HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, deliveries)
}

/// Reads the webhook at `path` until `wanted` holds. Returns it.
pub(super) async fn until(story: &TestServer, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(20_000);
    loop {
        let (_, shown) = ask(story, path, Value::Null).await;
        if wanted(&shown) {
            return shown;
        }
        assert!(installation.now() < late, "{shown}");
        installation.pause(10).await;
    }
}

#[test]
fn a_gone_receiver_gets_redeliveries_by_a_replay_and_a_failing_one_by_itself() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (url, deliveries) = receiver(&[410, 500]);
        let order = json!({ "url": url, "allow_private": true, "events": ["number.opted_out"] });
        let (_, made) = ask(&story, HOOKS, order).await;
        let hook = format!("{HOOKS}/{}", made["id"].as_str().unwrap());
        let out = json!({ "reason": "asked" });
        for number in ["13800138001", "13800138002"] {
            let path = format!("/api/v1/numbers/{number}/opt-out");
            assert_eq!(ask(&story, &path, out.clone()).await.0, 200);
            until(&story, &hook, |shown| shown["disabled"] == true).await;
        }
        let within = std::time::Duration::from_secs(20);
        let first = deliveries.recv_timeout(within).unwrap();
        assert_eq!(first["type"], "number.opted_out");
        let (status, _) = ask(&story, &format!("{hook}/replay"), json!({ "after": "0" })).await;
        assert_eq!(status, 200);
        let shown = until(&story, &hook, |shown| shown["delivered"] == 2).await;
        assert_eq!(
            (&shown["disabled"], &shown["waiting"]),
            (&json!(false), &json!(0))
        );
        assert_eq!((&shown["failed"], &shown["dead_letters"]), (&json!(2), &json!(0)));
        let mut ids: Vec<Value> = deliveries.try_iter().map(|event| event["id"].clone()).collect();
        assert_eq!(ids.len(), 3, "one of the two was refused once");
        ids.sort_by_key(Value::to_string);
        ids.dedup();
        assert_eq!(ids.len(), 2);
    });
    story.end();
}
