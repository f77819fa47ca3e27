//! Tests of the access token on a loopback listener: requests need the token, and of browsers only the
//! console's own page may send one.

use crate::routes::endpoints;
use crate::testing::TestServer;
use crate::tests::event_stream::UPGRADE;
use crate::tests::test_client::send;
use domain::problem::ProblemKind;
use http_body_util::BodyExt;
use hyper::{Method, Response, body::Incoming};
use serde_json::Value;
use std::collections::BTreeSet;

/// Guarded routes of each kind: a list, a stream, a file and a WebSocket.
const GUARDED: [&str; 4] = [
    "/api/v1/campaigns",
    "/api/v1/events/stream",
    "/api/v1/exports/calls?format=csv",
    "/api/v1/live/ws",
];

/// The routes without a credential: they return no data about customers or users.
const OPEN: [&str; 25] = [
    "/api/v1/calls/{id}/recording/linked",
    "/api/v1/second-factor/offer",
    "/api/v1/second-factor/confirm",
    "/api/v1/password",
    "/api/v1/oidc/begin",
    "/api/v1/oidc/callback",
    "/api/v1/problems/{code}",
    "/api/v1/events/schemas/{kind}/{version}",
    "/api/v1/sign-in",
    "/api/v1/sign-out",
    "/api/v1/set-up",
    "/api/v1/events/schemas",
    "/api/v1/asyncapi.json",
    "/set-up",
    "/second-factor",
    "/password",
    "/livez",
    "/readyz",
    "/status",
    "/api/v1/openapi.json",
    "/docs",
    "/docs/docs.js",
    "/docs/swagger-ui-bundle.js",
    "/docs/swagger-ui.css",
    "/docs/licenses",
];

async fn problem(response: Response<Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"].clone();
    assert_eq!(media_type, "application/problem+json");
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    (status, body["code"].as_str().unwrap().to_owned())
}

#[test]
fn nothing_but_health_and_the_page_is_answered_without_the_token() {
    let endpoints = endpoints();
    let open = endpoints.iter().filter(|one| one.open).map(|one| one.path);
    assert_eq!(open.collect::<BTreeSet<_>>(), BTreeSet::from(OPEN));
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for path in GUARDED {
            let refused = problem(story.open_with(path, &UPGRADE).await).await;
            assert_eq!(refused, (401, "token-needed".to_owned()), "{path}");
            let wrong = [&UPGRADE[..], &[("Authorization", "Bearer other")]].concat();
            let refused = problem(story.open_with(path, &wrong).await).await;
            assert_eq!(refused, (401, "token-needed".to_owned()), "{path}");
            let status = story.open(path, &UPGRADE).await.status().as_u16();
            assert!(matches!(status, 200 | 101), "{path}: {status}");
        }
        // The first entries have parameters; signing in and out are commands; there is no identity provider.
        for path in OPEN.into_iter().skip(11).chain(["/api/v1/problems/missing"]) {
            assert_eq!(story.open_with(path, &[]).await.status(), 200, "{path}");
        }
    });
    story.end();
}

#[test]
fn no_reply_is_taken_for_other_content_and_none_is_kept_unless_it_says_so() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let others = [
            "/status",
            "/livez",
            "/api/v1/whoami",
            "/api/v1/no-such-route",
            "/docs/docs.js",
        ];
        for path in GUARDED.into_iter().take(3).chain(others) {
            let reply = story.open(path, &[]).await;
            let heads = reply.headers();
            assert_eq!(heads["x-content-type-options"], "nosniff", "{path}");
            let kept = heads["cache-control"].to_str().unwrap();
            assert!(
                kept.contains("no-store") || kept.contains("no-cache"),
                "{path}: {kept}"
            );
        }
    });
    story.end();
}

#[test]
fn a_page_of_another_origin_is_refused_with_and_without_the_token() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for foreign in [
            ("Origin", "http://evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
        ] {
            let refused = problem(story.open(GUARDED[0], &[foreign]).await).await;
            assert_eq!(refused, (403, "not-this-machine".to_owned()), "{foreign:?}");
            let refused = problem(story.open_with(GUARDED[0], &[foreign]).await).await;
            assert_eq!(refused.0, 403, "{foreign:?}");
        }
        let own = story.running.url.clone().unwrap();
        let own = [("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")];
        assert_eq!(story.open(GUARDED[0], &own).await.status(), 200);
    });
    story.end();
}

#[test]
fn a_command_without_the_token_is_refused_with_the_ways_to_give_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let client = story.client_without_token();
        let refused = client.ask(Method::GET, GUARDED[0], None).await.unwrap_err();
        assert_eq!(refused.kind, ProblemKind::Unauthenticated);
        for way in ["--token-file F", "--data DIR"] {
            assert!(refused.detail.contains(way), "{}", refused.detail);
        }
    });
    story.end();
}

#[test]
fn no_foreign_page_signs_a_user_in() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let foreign = [("Origin", "http://evil.example")];
        let body = serde_json::json!({ "name": "wang", "password": "correct horse battery" });
        let refused = send(&story, Method::POST, "/api/v1/sign-in", &foreign, Some(body)).await;
        assert_eq!((refused.status, refused.code()), (403, "not-this-machine"));
    });
    story.end();
}

#[test]
fn the_directory_s_key_does_not_open_through_a_proxy() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let refused = problem(story.open(GUARDED[0], &[("X-Forwarded-For", "192.0.2.7")]).await).await;
        assert_eq!(refused, (401, "token-of-another-machine".to_owned()));
    });
    story.end();
}
