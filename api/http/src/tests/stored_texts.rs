//! Tests that reasons, notes and file names, which events keep for ever, are stored without phone numbers.

use super::test_client::{owner, send};
use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

async fn events(story: &TestServer, kind: &str) -> Vec<Value> {
    let path = format!("/api/v1/events?kind={kind}&limit=1000");
    let bearer = story.bearer();
    let headers = [("Authorization", bearer.as_str())];
    let found = send(story, Method::GET, &path, &headers, None).await;
    found.body["items"].as_array().unwrap().clone()
}

/// Sends a list in `body` to this path, with this content type.
async fn upload(story: &TestServer, path: &str, kind: &str, body: String) {
    let request = Request::post(format!("{}{path}", story.url))
        .header("Authorization", story.bearer())
        .header("Content-Type", kind);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let reply = client
        .request(request.body(Full::new(Bytes::from(body))).unwrap())
        .await
        .unwrap();
    let status = reply.status();
    let response = reply.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&response));
}

#[test]
fn a_reason_or_note_is_stored_without_the_number_that_it_names() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let opt_out = json!({ "number": "13800138001", "reason": "rang from 13800138000 on 20261128" });
        let done = owner(&story, "/api/v1/numbers/opt-out", opt_out).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let stored = events(&story, "number.opted_out").await;
        assert_eq!(
            stored[0]["data"]["reason"], "rang from 138****8000 on 20261128",
            "{stored:?}"
        );
        let suppressed = json!({ "number": "13800138002", "reason": "他的电话是幺三八零零幺三八零零零" });
        let done = owner(&story, "/api/v1/numbers/suppress", suppressed).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let stored = events(&story, "number.suppressed").await;
        assert_eq!(
            stored[0]["data"]["reason"], "他的电话是幺三八****八零零零",
            "{stored:?}"
        );
        let complaint = json!({ "source": "own", "number": "13800138001",
            "what": "called at night on 13800138000" });
        let done = owner(&story, "/api/v1/complaints", complaint).await;
        assert!(done.status < 300, "{}", done.body);
        let stored = events(&story, "complaint.opened").await;
        assert!(!stored.is_empty());
        assert!(!json!(stored).to_string().contains("13800138000"), "{stored:?}");
    });
    story.end();
}

#[test]
fn a_files_name_is_stored_without_the_number_in_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let list = |id: &str, phone: &str| format!("客户ID,手机号\n{id},{phone}\n");
        // The file name is `催收_13800138000.csv`, percent-encoded.
        let named = "/api/v1/campaigns/T/lists?source=%E5%82%AC%E6%94%B6_13800138000.csv";
        upload(&story, named, "application/octet-stream", list("C1", "13800138001")).await;
        let form = format!(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"13800138000_20261128.csv\"\r\n\r\n\
             {}\r\n--x--\r\n",
            list("C2", "13800138002")
        );
        upload(
            &story,
            "/api/v1/campaigns/T/lists",
            "multipart/form-data; boundary=x",
            form,
        )
        .await;
        let stored = events(&story, "campaign.list_opened").await;
        let sources: Vec<&Value> = stored.iter().map(|event| &event["data"]["source"]).collect();
        assert_eq!(sources[0], "催收_138****8000.csv");
        assert_eq!(sources.len(), 2, "{stored:?}");
        assert!(!json!(stored).to_string().contains("13800138000"), "{stored:?}");
    });
    story.end();
}
