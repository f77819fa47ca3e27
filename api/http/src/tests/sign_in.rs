//! Tests of signing in: which refused attempts are on record, and what happens to the session that the
//! browser had before.

use super::test_client::{PASSWORD, add, send, sign_in, trail, who};
use crate::testing::TestServer;
use host::outbound::oidc::OidcSettings;
use hyper::Method;
use serde_json::json;

/// The refused requests of a route that are on record: how many, and with which problem codes.
async fn not_let_in(story: &TestServer, route: &str) -> (u64, Vec<String>) {
    let refused = trail(story, "access.refused").await;
    let sign_in = refused.iter().filter(|event| event["data"]["route"] == route);
    let count = sign_in
        .clone()
        .map(|event| event["data"]["count"].as_u64().unwrap());
    let mut codes: Vec<String> = sign_in.map(|event| event["data"]["code"].to_string()).collect();
    codes.dedup();
    (count.sum(), codes)
}

/// Waits until exactly `count` refused requests are on record, all with this code.
async fn on_record(story: &TestServer, route: &str, count: u64, code: &str) {
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(5_000);
    loop {
        let found = not_let_in(story, route).await;
        if found.0 >= count {
            assert_eq!(found, (count, vec![format!("\"{code}\"")]));
            return;
        }
        assert!(installation.now() < late, "{found:?} of {count}");
        installation.pause(20).await;
    }
}

/// Moves the clock on: the first refusal of a minute is recorded at once, the others when the minute is over.
fn a_minute_later(story: &TestServer) {
    let over = story.running.installation.now().plus_ms(61_000);
    story.running.process.opened.rehearse_on_from(over);
}

#[test]
fn a_way_back_that_is_refused_is_on_record_once() {
    const BACK: &str = "/api/v1/oidc/callback";
    let story = TestServer::begin_with(|_, settings| {
        settings.sign_in.oidc = Some(OidcSettings {
            issuer: serde_json::from_value(json!("http://127.0.0.1:9")).unwrap(),
            client: "ledgerline".to_owned(),
            secret: "an unused secret".to_owned(),
            redirect: None,
        });
    });
    story.runtime.block_on(async {
        let tried = async |count: u32| {
            let back = format!("{BACK}?state=made-up-{count}&code=1");
            let refused = send(&story, Method::GET, &back, &[], None).await;
            assert_eq!((refused.status, refused.code()), (401, "provider-round-void"));
        };
        let route = format!("GET {BACK}");
        // Waits for the first record, because refusals before it would be counted in it.
        tried(1).await;
        on_record(&story, &route, 1, "provider-round-void").await;
        tried(2).await;
        tried(3).await;
        a_minute_later(&story);
        on_record(&story, &route, 3, "provider-round-void").await;
    });
    story.end();
}

#[test]
fn an_unknown_name_and_a_locked_one_are_on_record_and_look_alike_there() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        let tried = async |name: &str| {
            assert_eq!(sign_in(&story, name, "not this one").await.status, 401);
        };
        tried("nobody").await;
        let route = "POST /api/v1/sign-in";
        on_record(&story, route, 1, "sign-in-refused").await;
        for _ in 0..domain::user::WRONG_MAX {
            tried("wang").await;
        }
        // This attempt waits until those before it are stored.
        tried("wang").await;
        assert_eq!(trail(&story, "user.locked").await.len(), 1);
        tried("nobody either").await;
        a_minute_later(&story);
        let wrong = 3 + u64::from(domain::user::WRONG_MAX);
        on_record(&story, route, wrong, "sign-in-refused").await;
        let text = format!("{:?}", trail(&story, "access.refused").await);
        for name in ["nobody", "wang"] {
            assert!(!text.contains(name), "{text}");
        }
    });
    story.end();
}

#[test]
fn signing_in_ends_the_session_that_the_same_browser_held_and_no_other() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        add(&story, "zhao", &["viewer"]).await;
        let elsewhere = sign_in(&story, "wang", PASSWORD).await.cookie.unwrap();
        let held = sign_in(&story, "wang", PASSWORD).await.cookie.unwrap();
        let again = async |name: &str, password: &str, held: &str| {
            let body = Some(json!({ "name": name, "password": password }));
            send(&story, Method::POST, "/api/v1/sign-in", &[("Cookie", held)], body).await
        };
        let wrong = again("wang", "not this one", &held).await;
        assert_eq!(wrong.status, 401);
        assert_eq!(
            who(&story, &held).await.status,
            200,
            "who typed it wrong keeps theirs"
        );
        let next = again("wang", PASSWORD, &held).await.cookie.unwrap();
        assert_ne!(next, held);
        assert_eq!(who(&story, &held).await.status, 401);
        assert_eq!(
            who(&story, &elsewhere).await.status,
            200,
            "another browser's stays"
        );
        // Also if the former session belonged to another user.
        let other = again("zhao", PASSWORD, &next).await.cookie.unwrap();
        assert_eq!(who(&story, &next).await.status, 401);
        assert_eq!(who(&story, &other).await.body["user"], "zhao");
        let made_up = again("zhao", PASSWORD, "__Host-ledgerline=zhao.0123").await;
        assert_eq!(made_up.status, 200, "one that is none ends nothing");
    });
    story.end();
}
