//! Tests of recordings: which callers may download one, what is recorded before a byte is sent, and how long
//! a link is valid.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use super::webhooks::receiver;
use crate::routes::build_router;
use crate::testing::TestServer;
use crate::testing::{enrolment, recorded_call};
use bytes::Bytes;
use domain::ids::CallId;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

fn path() -> String {
    format!("/api/v1/calls/{}/recording", CallId::derive(&enrolment(), 1))
}

/// Downloads a recording. Returns the status, `Content-Range` and the bytes.
async fn taken(story: &TestServer, path: &str, headers: &[(&str, &str)]) -> (u16, Option<String>, Vec<u8>) {
    let reply = story.open(path, headers).await;
    let status = reply.status().as_u16();
    let range = reply.headers().get("content-range");
    let range = range.map(|range| range.to_str().unwrap().to_owned());
    let cache_control = reply.headers().get("cache-control").cloned();
    assert_eq!(cache_control.unwrap(), "no-store");
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    (status, range, bytes.to_vec())
}

#[test]
fn a_recording_is_given_for_a_reason_that_is_on_record_whole_or_in_part() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let sound = recorded_call(&story).await;
        let why = "reason=complaint%2017&by=wang";
        let asked = format!("{}?{why}", path());
        for bare in [path(), format!("{}?reason=%20", path())] {
            let refused = get(&story, &bare, &story.bearer()).await;
            assert_eq!((refused.status, refused.code()), (400, "reason-needed"));
        }
        assert_eq!(trail(&story, "inquiry.personal_data_read").await.len(), 0);
        let (status, range, bytes) = taken(&story, &asked, &[]).await;
        assert_eq!((status, range), (200, None));
        assert!(bytes == sound);
        let (status, range, bytes) = taken(&story, &asked, &[("Range", "bytes=70000-70009")]).await;
        assert_eq!(
            (status, range.as_deref()),
            (206, Some("bytes 70000-70009/200000"))
        );
        assert!(bytes == sound[70_000..70_010]);
        let reads = trail(&story, "inquiry.personal_data_read").await;
        let read = &reads[0]["data"];
        assert_eq!(read["fields"], json!(["recording"]), "{read}");
        assert_eq!(
            (&read["form"], &read["reason"], &read["by"]),
            (&json!("clear"), &json!("complaint 17"), &json!("wang"))
        );
        assert_eq!(read["calls"], json!([CallId::derive(&enrolment(), 1)]));

        let unknown = "/api/v1/calls/00000000-0000-5000-8000-000000000001/recording?reason=x";
        assert_eq!(get(&story, unknown, &story.bearer()).await.status, 404);
        let file = story.running.installation.directory.join("recordings");
        let file = file.join(format!("{}.wav", CallId::derive(&enrolment(), 1)));
        std::fs::write(&file, &sound[4..]).unwrap();
        let altered = get(&story, &asked, &story.bearer()).await;
        assert_eq!((altered.status, altered.code()), (422, "recording-altered"));
        std::fs::remove_file(&file).unwrap();
        let gone = get(&story, &asked, &story.bearer()).await;
        assert_eq!((gone.status, gone.code()), (404, "recording-gone"));
    });
    story.end();
}

#[test]
fn listening_needs_the_right_within_the_campaigns_and_nothing_is_sent_without_its_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        recorded_call(&story).await;
        let asked = format!("{}?reason=x", path());
        add(&story, "chief", &["admin", "operator", "viewer", "analyst"]).await;
        add(&story, "zhou", &["compliance"]).await;
        let never = get(&story, &asked, &key(&story, json!({ "user": "chief" })).await).await;
        assert_eq!((never.status, never.code()), (403, "role-missing"));
        let zhou = key(&story, json!({ "user": "zhou" })).await;
        assert_eq!(get(&story, &asked, &zhou).await.status, 200);
        let held = key(&story, json!({ "user": "zhou", "campaigns": ["OTHER"] })).await;
        let outside = get(&story, &asked, &held).await;
        assert_eq!((outside.status, outside.code()), (404, "missing"));
        story.running.process.opened.close().await;
        // The listener ended with the log, so the request goes to the routes directly.
        let request = Request::get(format!("{asked}%20again")).header("Authorization", story.bearer());
        let request = request.body(Full::new(Bytes::new())).unwrap();
        let routes = build_router(&story.running.ctx).at(request.uri().path());
        let unkept = warp::service(routes).oneshot(request).await.unwrap();
        assert_eq!(unkept.status().as_u16(), 503);
        assert_eq!(unkept.headers()["content-type"], "application/problem+json");
    });
    story.end();
}

#[test]
fn the_loudness_of_a_recording_is_shown_as_it_is_and_in_no_more_points_than_asked() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let sound = recorded_call(&story).await;
        let path = path().replace("/recording", "/waveform");
        let asked = format!("{path}?reason=complaint%2017");
        let refused = get(&story, &path, &story.bearer()).await;
        assert_eq!((refused.status, refused.code()), (400, "reason-needed"));
        for points in ["0", "4001", "x"] {
            let refused = get(&story, &format!("{asked}&points={points}"), &story.bearer()).await;
            assert_eq!(refused.status, 400, "{points}");
        }
        assert_eq!(trail(&story, "inquiry.personal_data_read").await.len(), 0);
        let response = get(&story, &format!("{asked}&points=100"), &story.bearer()).await;
        assert_eq!(response.status, 200, "{}", response.body);
        let length = |member: &str| response.body[member].as_array().unwrap().len();
        let duration_ms = (sound.len() - 44) / 4 / 8;
        assert_eq!(response.body["duration_ms"], json!(duration_ms));
        assert_eq!(response.body["point_ms"], json!(duration_ms.div_ceil(100)));
        assert!(length("ours_per_mille") <= 100 && length("callee_per_mille") == length("ours_per_mille"));
        let reads = trail(&story, "inquiry.personal_data_read").await;
        let read = &reads[0]["data"];
        assert_eq!(
            (&read["fields"], &read["reason"]),
            (&json!(["waveform"]), &json!("complaint 17"))
        );
        add(&story, "chief", &["admin", "operator", "viewer", "analyst"]).await;
        let never = get(&story, &asked, &key(&story, json!({ "user": "chief" })).await).await;
        assert_eq!((never.status, never.code()), (403, "role-missing"));
        add(&story, "zhou", &["compliance"]).await;
        let held = key(&story, json!({ "user": "zhou", "campaigns": ["OTHER"] })).await;
        assert_eq!(get(&story, &asked, &held).await.status, 404);
        assert_eq!(
            trail(&story, "inquiry.personal_data_read").await.len(),
            1,
            "who saw nothing"
        );
    });
    story.end();
}

/// Opens a link without a key.
async fn open(story: &TestServer, url: &str) -> (TestReply, usize) {
    let path = url.strip_prefix(&story.url).unwrap();
    let reply = story.open_with(path, &[]).await;
    let status = reply.status().as_u16();
    let bytes = reply.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let came = TestReply {
        status,
        cookie: None,
        body,
    };
    (came, bytes.len())
}

/// Asserts that a link with a valid signature opens until the second in `until`, and not in that second or
/// later.
async fn over_at_its_second(story: &TestServer, call: &str, hook: &str) {
    let installation = &story.running.installation;
    let now_s = installation.courier.wall_time().micros() / 1_000_000;
    for (until, status) in [(now_s + 3_600, 200), (now_s, 404), (now_s - 3_600, 404)] {
        let signature = installation
            .vault()
            .sign_link(&format!("recording {call} {hook} {until}"));
        let url = &story.url;
        let link = format!(
            "{url}/api/v1/calls/{call}/recording/linked?webhook={hook}&until={until}&signature={signature}"
        );
        assert_eq!(open(story, &link).await.0.status, status, "{until}");
    }
}

/// Asserts that a webhook's link is no longer valid after the webhook's owner lost the right.
async fn over_with_its_owner_s_right(story: &TestServer, link: &str, hook: &str) {
    add(story, "chief", &["admin"]).await;
    add(story, "ear", &["admin", "integrator"]).await;
    let ear = key(story, json!({ "user": "ear" })).await;
    let take = format!("/api/v1/webhooks/{hook}/take-over");
    let headers = [("Authorization", ear.as_str())];
    let reason = json!({ "reason": "mine now" });
    let taken = send(story, Method::POST, &take, &headers, Some(reason)).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert_eq!(open(story, link).await.0.status, 200);
    let left = owner(story, "/api/v1/users/ear/disable", json!({ "reason": "left" })).await;
    assert_eq!(left.status, 200, "{}", left.body);
    let (over, _) = open(story, link).await;
    assert_eq!((over.status, over.code()), (404, "link-over"));
}

#[test]
fn a_webhook_gets_a_link_that_opens_that_recording_alone_and_each_fetch_is_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let (url, deliveries) = receiver(&[]);
        let order = json!({ "url": url, "allow_private": true, "events": ["call.ended"],
            "recordings_from": story.url });
        add(&story, "shop", &["integrator"]).await;
        let narrow = json!({ "user": "shop", "scopes": ["webhooks:write"] });
        let narrow = key(&story, narrow).await;
        let by_narrow = json!({ "url": "https://1.1.1.1/", "recordings_from": "https://calls.example.com" });
        let headers = [("Authorization", narrow.as_str())];
        let refused = send(
            &story,
            Method::POST,
            "/api/v1/webhooks",
            &headers,
            Some(by_narrow),
        )
        .await;
        assert_eq!(
            (refused.status, &refused.body["errors"][0]["pointer"]),
            (422, &json!("/recordings_from"))
        );
        let made = owner(&story, "/api/v1/webhooks", order).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let hook = made.body["id"].as_str().unwrap().to_owned();
        let sound = recorded_call(&story).await;
        let event = deliveries.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(event["type"], "call.ended");
        let link = event["recordingurl"].as_str().unwrap().to_owned();
        assert!(
            event["recordinguntil"].is_string() && event["data"].is_object(),
            "{event}"
        );
        let (opened, bytes) = open(&story, &link).await;
        assert_eq!((opened.status, bytes), (200, sound.len()));
        let reads = trail(&story, "inquiry.personal_data_read").await;
        assert_eq!(reads[0]["data"]["route"], format!("webhook {hook}"));
        assert_eq!(reads[0]["data"]["door"], "webhook");

        let other = CallId::derive(&enrolment(), 2).to_string();
        let this = CallId::derive(&enrolment(), 1).to_string();
        let until = link.split("until=").nth(1).unwrap().split('&').next().unwrap();
        let later = (until.parse::<i64>().unwrap() + 3_600).to_string();
        for wrong in [
            link.replace(&this, &other),
            link.replace(until, &later),
            format!("{link}0"),
        ] {
            let (refused, _) = open(&story, &wrong).await;
            assert_eq!((refused.status, refused.code()), (404, "link-over"), "{wrong}");
        }
        over_at_its_second(&story, &this, &hook).await;
        over_with_its_owner_s_right(&story, &link, &hook).await;
        let path = format!("/api/v1/webhooks/{hook}/remove");
        assert_eq!(
            owner(&story, &path, json!({ "reason": "moved" })).await.status,
            200
        );
        let (over, _) = open(&story, &link).await;
        assert_eq!((over.status, over.code()), (404, "link-over"));
    });
    story.end();
}
