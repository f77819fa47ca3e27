//! Tests of `/metrics` as Prometheus scrapes it: with a key that has the scope, and without personal data in
//! the reply.

use super::test_client::{add, get, key, owner};
use crate::testing::TestServer;
use application::live::LiveUpdate;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

async fn scraped(story: &TestServer, bearer: &str) -> (String, String) {
    let url = story.running.url.clone().unwrap();
    let request = Request::get(format!("{url}/metrics")).header("Authorization", bearer);
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (kind, String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn a_key_for_metrics_scrapes_and_finds_no_customer() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let list =
            json!({ "task_id": "T", "records": [{ "customer_id": "C-PLANTED", "phone": "13800138001" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        add(&story, "watch", &["integrator"]).await;
        add(&story, "ling", &["viewer"]).await;
        let watch = key(&story, json!({ "user": "watch", "scopes": ["metrics:read"] })).await;
        let ling = key(&story, json!({ "user": "ling" })).await;
        let no = get(&story, "/metrics", &ling).await;
        assert_eq!((no.status, no.code()), (403, "role-missing"));
        // The live figures exist once the last hour has been read.
        let mut pictures = story.running.installation.live.watch();
        let is_read = |picture: &LiveUpdate| matches!(picture, LiveUpdate::Figures(_));
        pictures.wait_for(is_read).await.unwrap();
        let (kind, text) = scraped(&story, &watch).await;
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        for family in [
            "\nledgerline_ready 1\n",
            "\n# TYPE ledgerline_log_position counter\n",
            "\nledgerline_views_lag_events ",
            "\nledgerline_calls_window{window=\"5m\",what=\"dialed\"} 0\n",
        ] {
            assert!(text.contains(family), "{family:?} in {text}");
        }
        for planted in ["C-PLANTED", "13800138001", "8613800138001"] {
            assert!(!text.contains(planted), "{text}");
        }
        let beyond = get(&story, "/api/v1/campaigns", &watch).await;
        assert_eq!(beyond.code(), "scope-missing");
    });
    story.end();
}
