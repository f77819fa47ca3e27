//! Tests of HEAD requests, compressed bodies and byte order marks, as monitors, Java and Windows programs
//! send them.

use crate::testing::TestServer;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

async fn send(
    story: &TestServer,
    method: Method,
    path: &str,
    coding: Option<&str>,
    body: &[u8],
) -> Response<Incoming> {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", story.url))
        .header("Authorization", story.bearer())
        .header("Content-Type", "application/json");
    let request = coding.into_iter().fold(request, |request, coding| {
        request.header("Content-Encoding", coding)
    });
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
    client.request(request).await.unwrap()
}

async fn body_of(response: Response<Incoming>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for path in ["/livez", "/api/v1/campaigns?limit=5"] {
            let head = send(&story, Method::HEAD, path, None, b"").await;
            assert_eq!(head.status(), 200, "{path}");
            assert!(head.headers().contains_key("content-type"), "{path}");
            assert!(head.headers().contains_key("content-length"), "{path}");
            assert!(body_of(head).await.is_empty(), "{path}");
        }
        let missing = send(&story, Method::HEAD, "/api/v1/campaigns/NONE", None, b"").await;
        assert_eq!(missing.status(), 404);
        let of_command = send(&story, Method::HEAD, "/api/v1/stop/all/lift", None, b"").await;
        assert_ne!(of_command.status(), 200, "a command has no HEAD");
    });
    story.end();
}

#[test]
fn a_coded_body_is_refused_with_the_remedy_and_one_behind_a_mark_is_read() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = r#"{"task_id":"T","script_template":"您好。"}"#;
        let path = "/api/v1/campaigns";
        let coded = send(&story, Method::POST, path, Some("gzip"), b"\x1f\x8b\x08").await;
        assert_eq!(coded.status(), 415);
        let problem: Value = serde_json::from_slice(&body_of(coded).await).unwrap();
        assert_eq!(problem["code"], "body-coded", "{problem}");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("without Content-Encoding"),
            "{problem}"
        );
        let marked = [b"\xef\xbb\xbf".as_slice(), made.as_bytes()].concat();
        let read = send(&story, Method::POST, path, Some("identity"), &marked).await;
        assert_eq!(read.status(), 201);
    });
    story.end();
}
