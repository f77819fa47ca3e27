//! Tests of checking a file without a campaign: its columns, good rows and bad rows are shown, and nothing is
//! recorded.

use super::test_client::{add, key};
use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

async fn look(story: &TestServer, query: &str, bytes: Vec<u8>, authorization: &str) -> (u16, Value) {
    let url = story.running.url.clone().unwrap();
    let request = Request::post(format!("{url}/api/v1/lists/dry-run{query}"))
        .header("Authorization", authorization)
        .header("Content-Type", "application/octet-stream");
    let request = request.body(Full::new(Bytes::from(bytes))).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let reply = client.request(request).await.unwrap();
    let status = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn a_file_is_looked_at_before_there_is_a_campaign_for_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let text = "编号,联系方式,days\nC1,13800138000,3\nC2,1.38E+10,3\nC1,13800138000,3\n";
        let head = story.running.installation.store().head().await.unwrap();
        let (status, response) = look(&story, "?source=list.csv", text.into(), &bearer).await;
        assert_eq!(
            (status, &response["missing"]),
            (200, &json!(["phone"])),
            "{response}"
        );
        assert!(response.get("rows").is_none());
        assert_eq!(response["columns"][1]["title"], "联系方式");
        let map = "%E8%81%94%E7%B3%BB%E6%96%B9%E5%BC%8F%3Dphone";
        let (status, response) = look(&story, &format!("?map={map}"), text.into(), &bearer).await;
        assert_eq!(status, 200, "{response}");
        assert_eq!(
            (
                &response["rows"],
                &response["good"],
                &response["duplicates"],
                &response["bad_count"]
            ),
            (&json!(3), &json!(1), &json!(1), &json!(1))
        );
        let bad = &response["bad"][0];
        assert_eq!((&bad["row"], &bad["column"]), (&json!(3), &json!("联系方式")));
        let (status, response) = look(&story, "?source=list.xlsx", text.into(), &bearer).await;
        assert_eq!(
            (status, &response["code"]),
            (422, &json!("file-of-another-kind")),
            "{response}"
        );
        // A marketing preset requires a consent in each row.
        let (_, response) = look(
            &story,
            &format!("?map={map}&preset=cn-marketing"),
            text.into(),
            &bearer,
        )
        .await;
        assert_eq!(
            (&response["good"], &response["bad_count"]),
            (&json!(0), &json!(3))
        );
        let (status, _) = look(&story, "?preset=moon", text.into(), &bearer).await;
        assert_eq!(status, 400);
        let now = story.running.installation.store().head().await.unwrap();
        assert_eq!(now, head, "nothing is on record");
        add(&story, "view", &["viewer"]).await;
        let view = key(&story, json!({ "user": "view" })).await;
        assert_eq!(look(&story, "", text.into(), &view).await.0, 403);
    });
}
