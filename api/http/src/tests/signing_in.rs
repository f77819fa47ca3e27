//! Signing in as it meets a server: what is on record of those who are not let in, and what becomes of the
//! session that a browser held before.

use super::asking::{PASSWORD, add, send, sign_in, trail, who};
use crate::testing::Story;
use hyper::Method;
use serde_json::json;

/// What the record of an address has of wrong sign-ins: how many, and in which words.
async fn wrong_sign_ins(story: &Story) -> (u64, Vec<String>) {
    let refused = trail(story, "access.refused").await;
    let sign_in = refused
        .iter()
        .filter(|event| event["data"]["route"] == "POST /api/v1/sign-in");
    let count = sign_in
        .clone()
        .map(|event| event["data"]["count"].as_u64().unwrap());
    let mut codes: Vec<String> = sign_in.map(|event| event["data"]["code"].to_string()).collect();
    codes.dedup();
    (count.sum(), codes)
}

#[test]
fn a_name_that_nobody_has_and_one_that_is_locked_are_on_record_and_look_alike_there() {
    let story = Story::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        let installation = &story.running.installation;
        let tried = async |name: &str| {
            assert_eq!(sign_in(&story, name, "not this one").await.status, 401);
        };
        tried("nobody").await;
        let on_record = async |count: u64| {
            let late = installation.now().plus_ms(5_000);
            loop {
                let found = wrong_sign_ins(&story).await;
                if found.0 >= count {
                    assert_eq!(found, (count, vec!["\"sign-in-refused\"".to_owned()]));
                    return;
                }
                assert!(installation.now() < late, "{found:?} of {count}");
                installation.pause(20).await;
            }
        };
        on_record(1).await;
        for _ in 0..domain::user::WRONG_MAX {
            tried("wang").await;
        }
        assert_eq!(trail(&story, "user.locked").await.len(), 1);
        tried("wang").await;
        tried("nobody either").await;
        // The others of a minute are told when it is over.
        story
            .running
            .process
            .opened
            .rehearse_on_from(installation.now().plus_ms(61_000));
        on_record(3 + u64::from(domain::user::WRONG_MAX)).await;
        let text = format!("{:?}", trail(&story, "access.refused").await);
        for name in ["nobody", "wang"] {
            assert!(!text.contains(name), "{text}");
        }
    });
    story.end();
}

#[test]
fn signing_in_ends_the_session_that_the_same_browser_held_and_no_other() {
    let story = Story::begin();
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
        // Also where it was somebody else's.
        let other = again("zhao", PASSWORD, &next).await.cookie.unwrap();
        assert_eq!(who(&story, &next).await.status, 401);
        assert_eq!(who(&story, &other).await.body["user"], "zhao");
        let made_up = again("zhao", PASSWORD, "__Host-ledgerline=zhao.0123").await;
        assert_eq!(made_up.status, 200, "one that is none ends nothing");
    });
    story.end();
}
