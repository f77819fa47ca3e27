//! Helpers that send requests as a user or as the installation's owner to a running server, and read the
//! whole reply.

use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, body::Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// The password of all users of these tests.
pub(super) const PASSWORD: &str = "correct horse battery";

/// A reply: its status, cookie and JSON body.
pub(super) struct TestReply {
    pub(super) status: u16,
    pub(super) cookie: Option<String>,
    pub(super) body: Value,
}

impl TestReply {
    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

async fn came(response: Response<Incoming>) -> TestReply {
    let status = response.status().as_u16();
    let cookie = response.headers().get("set-cookie");
    let cookie = cookie.map(|value| value.to_str().unwrap().split(';').next().unwrap().to_owned());
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    TestReply { status, cookie, body }
}

pub(super) async fn send(
    story: &TestServer,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> TestReply {
    let url = story.running.url.clone().unwrap();
    let mut request = Request::builder().method(method).uri(format!("{url}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    let client = Client::builder(TokioExecutor::new()).build_http();
    came(
        client
            .request(request.body(Full::new(body)).unwrap())
            .await
            .unwrap(),
    )
    .await
}

pub(super) async fn owner(story: &TestServer, path: &str, body: Value) -> TestReply {
    let bearer = story.bearer();
    send(
        story,
        Method::POST,
        path,
        &[("Authorization", &bearer)],
        Some(body),
    )
    .await
}

/// Sends a change with the owner's key. `If-Match` is the etag that `read` returns.
pub(super) async fn replace(story: &TestServer, read: &str, write: &str, body: Value) -> TestReply {
    let bearer = story.bearer();
    let shown = get(story, read, &bearer).await;
    let etag = shown.body["etag"].as_str().unwrap().to_owned();
    let headers = [("Authorization", bearer.as_str()), ("If-Match", etag.as_str())];
    send(story, Method::POST, write, &headers, Some(body)).await
}

pub(super) async fn add(story: &TestServer, name: &str, roles: &[&str]) -> TestReply {
    let body = json!({ "name": name, "roles": roles, "password": PASSWORD });
    let added = owner(story, "/api/v1/users", body).await;
    assert_eq!(added.status, 201, "{}", added.body);
    added
}

/// Creates campaign T; `approvals` names the acts that another user must approve.
pub(super) async fn campaign(story: &TestServer, approvals: Value) {
    let made = json!({ "task_id": "T", "script_template": "您好。", "approvals": approvals,
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let came = owner(story, "/api/v1/campaigns", made).await;
    assert_eq!(came.status, 201, "{}", came.body);
}

pub(super) async fn key(story: &TestServer, order: Value) -> String {
    let made = owner(story, "/api/v1/api-keys", order).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("Bearer {}", made.body["key"].as_str().unwrap())
}

pub(super) async fn get(story: &TestServer, path: &str, authorization: &str) -> TestReply {
    send(
        story,
        Method::GET,
        path,
        &[("Authorization", authorization)],
        None,
    )
    .await
}

pub(super) async fn sign_in(story: &TestServer, name: &str, password: &str) -> TestReply {
    let body = json!({ "name": name, "password": password });
    send(story, Method::POST, "/api/v1/sign-in", &[], Some(body)).await
}

/// Signs the user in with `PASSWORD` and sends a command in that session.
pub(super) async fn in_session(story: &TestServer, name: &str, path: &str, body: Value) -> TestReply {
    let begun = sign_in(story, name, PASSWORD).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let cookie = begun.cookie.unwrap();
    let token = begun.body["csrf_token"].as_str().unwrap();
    let headers = [("Cookie", cookie.as_str()), ("X-CSRF-Token", token)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

/// Approves `approval` in a new session of the user.
pub(super) async fn approve(story: &TestServer, name: &str, approval: &str) -> TestReply {
    let path = format!("/api/v1/approvals/{approval}/approve");
    in_session(story, name, &path, json!({})).await
}

/// Reads `/api/v1/whoami` with the cookie of a session.
pub(super) async fn who(story: &TestServer, cookie: &str) -> TestReply {
    let path = "/api/v1/whoami";
    send(story, Method::GET, path, &[("Cookie", cookie)], None).await
}

/// The records of a kind in the audit trail, after the trail has read the whole log.
pub(super) async fn trail(story: &TestServer, kind: &str) -> Vec<Value> {
    let head = story.running.installation.store().head().await.unwrap();
    let path = format!("/api/v1/audit?kind={kind}&after_position={head}");
    let found = get(story, &path, &story.bearer()).await;
    found.body["items"].as_array().unwrap().clone()
}
