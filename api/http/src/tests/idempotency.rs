//! Tests of `Idempotency-Key`: a command runs once, another body under the same key is refused, and keys are
//! separate for each user. Also tests the trace context that events store.

use super::test_client::{TestReply, add, key, send, trail};
use super::webhooks::request_of;
use crate::testing::TestServer;
use actors::{FinishedSpan, SpanAttribute, SpanKind};
use domain::stored_event::TraceParent;
use hyper::Method;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use tokio::sync::oneshot;

async fn post(story: &TestServer, path: &str, headers: &[(&str, &str)], body: Value) -> TestReply {
    send(story, Method::POST, path, headers, Some(body)).await
}

fn campaign(name: &str) -> Value {
    json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } })
}

#[test]
fn a_key_is_for_one_body_and_the_same_again_is_answered_as_the_first_time() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "monday-1"),
        ];
        let path = "/api/v1/campaigns";
        let first = post(&story, path, &headers, campaign("A")).await;
        assert_eq!(first.status, 201, "{}", first.body);
        let order = json!({ "reason": "the list is wrong" });
        let stopped = post(&story, "/api/v1/campaigns/A/stop", &headers, order).await;
        assert_eq!(stopped.status, 200, "{}", stopped.body);
        let again = post(&story, path, &headers, campaign("A")).await;
        assert_eq!(
            (again.status, &again.body),
            (201, &first.body),
            "whatever came since"
        );
        let other = post(&story, path, &headers, campaign("B")).await;
        assert_eq!(
            (other.status, other.code()),
            (422, "idempotency-key-reused"),
            "{}",
            other.body
        );
        let mut changed = campaign("A");
        changed["schedule"]["end_time"] = json!("17:00");
        let changed = post(&story, path, &headers, changed).await;
        assert_eq!((changed.status, changed.code()), (422, "idempotency-key-reused"));
        let made = trail(&story, "campaign.created").await;
        assert_eq!(made.len(), 1, "nothing of the others was done");
    });
    story.end();
}

/// Opens a connection and sends a request to create a campaign, up to its body. Returns after the server has
/// answered `100 Continue`.
#[expect(clippy::disallowed_methods, reason = "the test's own client, on loopback")]
fn begun(story: &TestServer, key: &str, body: &str) -> BufReader<TcpStream> {
    let address = story.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /api/v1/campaigns HTTP/1.1\r\nhost: {address}\r\nauthorization: {}\r\nidempotency-key: {key}\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        story.bearer(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    // The server sends it when it starts to read the body.
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 100 "), "{line}");
    reader
}

/// Sends the body. Returns the status and the body of the reply.
fn ended(mut begun: BufReader<TcpStream>, body: &str) -> (u16, Value) {
    begun.get_mut().write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.trim_start().split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[test]
fn the_second_of_two_at_once_has_to_wait_and_has_the_first_one_s_reply_after() {
    let story = TestServer::begin();
    let body = campaign("A").to_string();
    let first = begun(&story, "wednesday-1", &body);
    let path = "/api/v1/campaigns";
    let bearer = story.bearer();
    let with = |key: &'static str| [("Authorization", bearer.as_str()), ("Idempotency-Key", key)];
    story.runtime.block_on(async {
        let second = post(&story, path, &with("wednesday-1"), campaign("A")).await;
        assert_eq!(
            (second.status, second.code()),
            (409, "idempotency-key-in-flight"),
            "{}",
            second.body
        );
        assert!(trail(&story, "campaign.created").await.is_empty());
        let other = post(&story, path, &with("wednesday-2"), campaign("B")).await;
        assert_eq!(
            other.status, 201,
            "a request with another key does not wait: {}",
            other.body
        );
    });
    let (status, made) = ended(first, &body);
    assert_eq!((status, &made["task_id"]), (201, &json!("A")), "{made}");
    story.runtime.block_on(async {
        let again = post(&story, path, &with("wednesday-1"), campaign("A")).await;
        assert_eq!((again.status, &again.body), (201, &made));
        assert_eq!(trail(&story, "campaign.created").await.len(), 2, "A once, and B");
    });
    story.end();
}

/// Starts a webhook receiver that reports its first request and answers it only when released. Returns its
/// URL, the report of the first request, the release, and one message for each request.
#[expect(clippy::disallowed_methods, reason = "the test's own receiver, on loopback")]
fn slow_receiver() -> (
    String,
    oneshot::Receiver<()>,
    mpsc::Sender<()>,
    mpsc::Receiver<()>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let (comes, came) = oneshot::channel();
    let (bids, bidden) = mpsc::channel();
    let (counts, counted) = mpsc::sync_channel(16);
    std::thread::spawn(move || {
        let mut comes = Some(comes);
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            request_of(&mut reader);
            assert!(counts.send(()).is_ok());
            if let Some(comes) = comes.take() {
                comes.send(()).unwrap();
                bidden.recv().unwrap();
            }
            let answer = "HTTP/1.1 204 -\r\nconnection: close\r\n\r\n";
            reader.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, came, bids, counted)
}

/// A slow command: the test of a webhook with a slow receiver.
#[test]
fn a_command_under_way_is_not_begun_again_and_afterwards_its_key_brings_what_came_of_it() {
    let story = TestServer::begin();
    let (url, came, bids, counted) = slow_receiver();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let owner = [("Authorization", bearer.as_str())];
        let order = json!({ "url": url, "allow_private": true, "events": ["number.opted_out"] });
        let made = post(&story, "/api/v1/webhooks", &owner, order).await;
        let path = format!("/api/v1/webhooks/{}/test", made.body["id"].as_str().unwrap());
        let keyed = [owner[0], ("Idempotency-Key", "press-1")];
        let first = post(&story, &path, &keyed, json!({}));
        let second = async {
            came.await.unwrap();
            let second = post(&story, &path, &keyed, json!({})).await;
            bids.send(()).unwrap();
            second
        };
        let (first, second) = tokio::join!(first, second);
        assert_eq!(
            (second.status, second.code()),
            (409, "idempotency-key-in-flight"),
            "{}",
            second.body
        );
        assert_eq!(
            (first.status, &first.body["delivered"]),
            (200, &json!(true)),
            "{}",
            first.body
        );
        let again = post(&story, &path, &keyed, json!({})).await;
        assert_eq!((again.status, &again.body), (200, &first.body), "word for word");
        assert_eq!(counted.try_iter().count(), 1, "nothing is sent a second time");
        assert_eq!(trail(&story, "webhook.tested").await.len(), 1);
    });
    story.end();
}

/// The log stores the key, so that the next process knows it.
#[test]
fn a_key_of_before_a_restart_is_answered_as_then_and_does_nothing() {
    let story = TestServer::begin();
    let path = "/api/v1/campaigns";
    let first = story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "tuesday-1"),
        ];
        post(&story, path, &headers, campaign("A")).await
    });
    assert_eq!(first.status, 201, "{}", first.body);
    let story = story.restarted();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "tuesday-1"),
        ];
        let again = post(&story, path, &headers, campaign("A")).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        let other = post(&story, path, &headers, campaign("B")).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
        assert_eq!(trail(&story, "campaign.created").await.len(), 1);
    });
    story.end();
}

/// The id of a list is derived from its content, so the campaign itself must remember the key: otherwise a
/// second list under the same key would be imported.
#[test]
fn a_key_that_brought_a_list_brings_no_other_also_after_a_restart() {
    let story = TestServer::begin();
    let path = "/api/v1/tasks/data";
    let list =
        |id: &str, phone: &str| json!({ "task_id": "T", "records": [{ "customer_id": id, "phone": phone }] });
    story.runtime.block_on(async {
        super::test_client::campaign(&story, json!([])).await;
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "list-1")];
        let first = post(&story, path, &headers, list("C1", "13800138001")).await;
        assert_eq!(
            (first.status, &first.body["enrolled"]),
            (200, &json!(1)),
            "{}",
            first.body
        );
        let other = post(&story, path, &headers, list("C2", "13800138002")).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
    });
    let story = story.restarted();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "list-1")];
        let again = post(&story, path, &headers, list("C1", "13800138001")).await;
        assert_eq!(
            (again.status, &again.body["repeated"]),
            (200, &json!(true)),
            "{}",
            again.body
        );
        let other = post(&story, path, &headers, list("C3", "13800138003")).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
        let new_key = [("Authorization", bearer.as_str()), ("Idempotency-Key", "list-2")];
        let other = post(&story, path, &new_key, list("C3", "13800138003")).await;
        assert_eq!(
            (other.status, &other.body["enrolled"]),
            (200, &json!(1)),
            "{}",
            other.body
        );
        assert_eq!(trail(&story, "customer.enrolled").await.len(), 2);
    });
    story.end();
}

#[test]
fn a_key_of_one_user_is_not_anothers() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["operator"]).await;
        add(&story, "zhao", &["operator"]).await;
        for (user, name) in [("wang", "A"), ("zhao", "B")] {
            let bearer = key(&story, json!({ "user": user })).await;
            let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "one")];
            let made = post(&story, "/api/v1/campaigns", &headers, campaign(name)).await;
            assert_eq!(made.status, 201, "{}", made.body);
        }
    });
    story.end();
}

#[test]
fn events_keep_where_the_trace_of_their_request_stood() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let path = "/api/v1/campaigns";
        for (name, trace) in [("A", TRACE), ("B", "no-trace")] {
            let headers = [("Authorization", bearer.as_str()), ("traceparent", trace)];
            assert_eq!(post(&story, path, &headers, campaign(name)).await.status, 201);
        }
        let events = send(
            &story,
            Method::GET,
            "/api/v1/events?kind=campaign.created",
            &[("Authorization", &bearer)],
            None,
        )
        .await;
        let items = events.body["items"].as_array().unwrap().clone();
        let traces: Vec<_> = items.iter().map(|event| event["traceparent"].as_str()).collect();
        assert_eq!(traces, [Some(TRACE), None]);
    });
    story.end();
}

#[test]
fn with_spans_on_events_store_the_context_of_their_append_in_the_requests_trace() {
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let story = TestServer::begin();
    let environment = &story.running.installation.environment;
    let queue = environment
        .traces
        .begin("0".parse().unwrap(), environment.ids.as_ref());
    let mut queue = queue.expect("the first exporter");
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("traceparent", TRACE)];
        let made = post(&story, "/api/v1/campaigns", &headers, campaign("A")).await;
        assert_eq!(made.status, 201);
        let path = "/api/v1/events?kind=campaign.created";
        let stored = send(&story, Method::GET, path, &[("Authorization", &bearer)], None).await;
        let mut spans: Vec<_> = std::iter::from_fn(|| queue.try_recv().ok()).collect();
        let is_of_request = |span: &FinishedSpan| span.facts.kind == SpanKind::Request;
        let at = spans
            .iter()
            .position(is_of_request)
            .expect("the request has a span");
        let request = spans.remove(at);
        assert_eq!(
            request.context.trace_id(),
            TraceParent::read(TRACE).unwrap().trace_id()
        );
        assert_eq!(
            request.parent,
            TraceParent::read(TRACE).map(|client| client.span_id())
        );
        let attributes = [
            SpanAttribute::Method("POST"),
            SpanAttribute::Route("/api/v1/campaigns"),
            SpanAttribute::Status(201),
        ];
        assert_eq!(request.facts.attributes, attributes);
        let appends: Vec<String> = spans
            .iter()
            .filter(|span| span.facts.kind == SpanKind::Append)
            .map(|span| span.context.to_string())
            .collect();
        let of_event = stored.body["items"][0]["traceparent"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(appends.contains(&of_event), "{of_event} {appends:?}");
    });
    story.end();
}

#[test]
fn a_write_with_a_version_that_is_not_current_changes_nothing() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let with = |version: &'static str| [("Authorization", bearer.as_str()), ("If-Match", version)];
        let none = [("Authorization", bearer.as_str())];
        assert_eq!(
            post(&story, "/api/v1/campaigns", &none, campaign("A"))
                .await
                .status,
            201
        );
        let order = || json!({ "reason": "the list is wrong" });
        let path = "/api/v1/campaigns/A/stop";
        let stale = post(&story, path, &with("\"v7\""), order()).await;
        assert_eq!((stale.status, stale.code()), (412, "stale"), "{}", stale.body);
        let wrong = post(&story, path, &with("v1"), order()).await;
        assert_eq!((wrong.status, wrong.code()), (400, "if-match-invalid"));
        assert!(trail(&story, "campaign.stopped").await.is_empty());
        let current = post(&story, path, &with("\"v1\""), order()).await;
        assert_eq!(current.status, 200, "{}", current.body);
    });
    story.end();
}
