//! Tests of a server behind a trusted proxy: the client's address is the one that the proxy forwards.

use super::test_client::{PASSWORD, TestReply, add, send, sign_in, trail};
use crate::proxies::Proxies;
use crate::testing::TestServer;
use hyper::Method;
use serde_json::json;

async fn sign_in_for(story: &TestServer, forwarded: &str, name: &str) -> TestReply {
    let headers = [("X-Forwarded-For", forwarded), ("X-Forwarded-Proto", "https")];
    let body = json!({ "name": name, "password": PASSWORD });
    send(story, Method::POST, "/api/v1/sign-in", &headers, Some(body)).await
}

/// Ten wrong passwords of one address are free of delay (`sign_in_limits`).
#[test]
fn behind_a_believed_proxy_each_client_has_limits_and_a_record_of_its_own() {
    let story = TestServer::begin_behind(Proxies::of(["127.0.0.1".parse().unwrap()]));
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        for index in 0..10 {
            let wrong = sign_in_for(&story, "198.51.100.7", &format!("name{index}")).await;
            assert_eq!(wrong.status, 401, "{index}: {}", wrong.body);
        }
        for forwarded in ["198.51.100.7", "198.51.100.8, 198.51.100.7"] {
            let waits = sign_in_for(&story, forwarded, "wang").await;
            assert_eq!(
                (waits.status, waits.code()),
                (429, "sign-ins-from-address"),
                "{forwarded}"
            );
        }
        assert_eq!(sign_in_for(&story, "198.51.100.8", "wang").await.status, 200);
        assert_eq!(
            sign_in(&story, "wang", PASSWORD).await.status,
            200,
            "the proxy itself"
        );
        let deadline = story.running.installation.now().plus_ms(5_000);
        while trail(&story, "access.refused").await.is_empty() {
            assert!(story.running.installation.now() < deadline, "nothing on record");
            story.running.installation.pause(20).await;
        }
        let refused = trail(&story, "access.refused").await;
        let hash = story.running.installation.vault().hash("address:198.51.100.7");
        let stream = format!("access-address.{}", hash.0.chars().take(32).collect::<String>());
        assert!(
            refused.iter().all(|one| one["stream"] == stream.as_str()),
            "{refused:?}"
        );
    });
    story.end();
}
