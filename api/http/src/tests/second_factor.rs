//! Tests of second factors and of the limit of sign-ins per address.

use super::test_client::{PASSWORD, TestReply, add, get, key, owner, send, sign_in, trail, who};
use crate::testing::TestServer;
use domain::permission::Role;
use hyper::Method;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret, Totp};

async fn post(story: &TestServer, path: &str, body: Value) -> TestReply {
    send(story, Method::POST, path, &[], Some(body)).await
}

async fn sign_in_with(story: &TestServer, name: &str, code: &str) -> TestReply {
    let body = json!({ "name": name, "password": PASSWORD, "code": code });
    post(story, "/api/v1/sign-in", body).await
}

fn app(secret: &str) -> Totp {
    let secret = Secret::try_from_base32(secret).unwrap();
    let app = Builder::new()
        .with_secret(secret.as_bytes().to_vec())
        .with_account_name("wang");
    app.build().unwrap()
}

/// The code that the app shows in `steps` times 30 s.
fn code(story: &TestServer, app: &Totp, steps: u64) -> String {
    let seconds = story.running.installation.now().micros() / 1_000_000;
    let seconds = u64::try_from(seconds).unwrap() + 30 * steps;
    app.generate(seconds).to_string()
}

/// Sets up a second factor. Returns the app and the recovery codes.
async fn set_up(story: &TestServer, name: &str) -> (Totp, Vec<String>) {
    let who = json!({ "name": name, "password": PASSWORD });
    let offered = post(story, "/api/v1/second-factor/offer", who).await;
    assert_eq!(offered.status, 200, "{}", offered.body);
    let secret = offered.body["secret"].as_str().unwrap();
    let otpauth = offered.body["otpauth"].as_str().unwrap();
    assert!(otpauth.starts_with("otpauth://totp/ledgerline:"), "{otpauth}");
    assert!(otpauth.contains(secret));
    let app = app(secret);
    let confirm = |code: String| json!({ "name": name, "password": PASSWORD, "code": code });
    let wrong = post(
        story,
        "/api/v1/second-factor/confirm",
        confirm("000 00x".to_owned()),
    )
    .await;
    assert_eq!((wrong.status, wrong.code()), (401, "sign-in-refused"));
    let first = code(story, &app, 0);
    let added = post(story, "/api/v1/second-factor/confirm", confirm(first)).await;
    assert_eq!(added.status, 200, "{}", added.body);
    let codes = added.body["recovery_codes"].as_array().unwrap();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned());
    (app, codes.collect())
}

#[test]
fn a_sign_in_asks_for_a_code_that_is_good_once_and_an_admin_resets_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "wang", &["viewer"]).await;
        let (app, recovery) = set_up(&story, "wang").await;
        assert_eq!(recovery.len(), 10);
        let bare = sign_in(&story, "wang", PASSWORD).await;
        assert_eq!((bare.status, bare.code()), (401, "second-factor-needed"));
        let wrong = sign_in(&story, "wang", "not this one").await;
        assert_eq!(
            (wrong.status, wrong.code()),
            (401, "sign-in-refused"),
            "the reply does not show that a code is needed"
        );
        // The code that confirmed the app is used up; the next code is not.
        let next = code(&story, &app, 1);
        let signed_in = sign_in_with(&story, "wang", &next).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
        let again = sign_in_with(&story, "wang", &next).await;
        assert_eq!((again.status, again.code()), (401, "sign-in-refused"));
        let recovered = sign_in_with(&story, "wang", &recovery[3].to_uppercase()).await;
        assert_eq!(recovered.status, 200, "{}", recovered.body);
        let again = sign_in_with(&story, "wang", &recovery[3]).await;
        assert_eq!((again.status, again.code()), (401, "sign-in-refused"));

        let listed = get(&story, "/api/v1/users", &story.bearer()).await;
        let wang = &listed.body["items"][1];
        assert_eq!(
            (&wang["name"], &wang["has_second_factor"]),
            (&json!("wang"), &json!(true))
        );
        let stored = trail(&story, "user.second_factor_offered").await;
        assert!(stored[0]["data"]["secret"]["sealed"].is_string(), "{stored:?}");
        // An attempt waits until the refusal before it is stored; this one is not recorded itself.
        let bare = sign_in(&story, "wang", PASSWORD).await;
        assert_eq!(bare.code(), "second-factor-needed");
        let faults = trail(&story, "user.sign_in_refused").await;
        let codes = faults
            .iter()
            .filter(|one| one["data"]["fault"] == "wrong_code")
            .count();
        assert_eq!(codes, 3, "{faults:?}");

        let reset = json!({ "reason": "lost the telephone" });
        let chief = key(&story, json!({ "user": "chief" })).await;
        let with_key = [("Authorization", chief.as_str())];
        let own = "/api/v1/users/chief/reset-second-factor";
        let own = send(&story, Method::POST, own, &with_key, Some(reset.clone())).await;
        assert_eq!((own.status, own.code()), (422, "own-second-factor"));
        let path = "/api/v1/users/wang/reset-second-factor";
        let done = send(&story, Method::POST, path, &with_key, Some(reset)).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let cookie = recovered.cookie.unwrap();
        let ended = who(&story, &cookie).await;
        assert_eq!((ended.status, ended.code()), (401, "session-ended"));
        assert_eq!(sign_in(&story, "wang", PASSWORD).await.status, 200);
        let events = trail(&story, "user.second_factor_reset").await;
        assert_eq!(events[0]["by_whom"], "chief");
    });
    story.end();
}

#[test]
fn wrong_codes_lock_as_wrong_passwords_do() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        let (app, _) = set_up(&story, "wang").await;
        // One wrong code was already tried during the set-up, which begins no session.
        for _ in 1..domain::user::WRONG_MAX {
            let wrong = sign_in_with(&story, "wang", "not-a-code").await;
            assert_eq!(wrong.status, 401);
        }
        let right = sign_in_with(&story, "wang", &code(&story, &app, 1)).await;
        assert_eq!(
            (right.status, right.code()),
            (401, "sign-in-refused"),
            "even the right one"
        );
        assert_eq!(trail(&story, "user.locked").await.len(), 1);
    });
    story.end();
}

#[test]
fn a_role_that_needs_a_second_factor_signs_in_with_one_alone() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "wang", &["viewer"]).await;
        let before = sign_in(&story, "chief", PASSWORD).await.cookie.unwrap();
        let access = &story.running.installation.access;
        access.demand_second_factor([Role::Admin].into());
        let ways = get(&story, "/api/v1/sign-in", &story.bearer()).await;
        assert_eq!(
            ways.body,
            json!({ "issuer": null, "second_factor_for": ["admin"] })
        );
        assert_eq!(sign_in(&story, "wang", PASSWORD).await.status, 200);
        let missing = sign_in(&story, "chief", PASSWORD).await;
        assert_eq!((missing.status, missing.code()), (401, "second-factor-missing"));
        let reply = who(&story, &before).await;
        assert_eq!(
            (reply.status, reply.code()),
            (401, "session-ended"),
            "begun before it was asked for"
        );
        let (app, _) = set_up(&story, "chief").await;
        let signed_in = sign_in_with(&story, "chief", &code(&story, &app, 1)).await;
        assert_eq!(signed_in.status, 200, "{}", signed_in.body);
        let cookie = signed_in.cookie.unwrap();
        let reply = who(&story, &cookie).await;
        assert_eq!(reply.status, 200);
    });
    story.end();
}

#[test]
fn an_address_that_tries_many_names_has_to_wait_and_is_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        for index in 0..10 {
            let wrong = sign_in(&story, &format!("name{index}"), PASSWORD).await;
            assert_eq!(wrong.status, 401, "{index}");
        }
        let waits = sign_in(&story, "wang", PASSWORD).await;
        assert_eq!((waits.status, waits.code()), (429, "sign-ins-from-address"));
        let offer = json!({ "name": "wang", "password": PASSWORD });
        let other_door = post(&story, "/api/v1/second-factor/offer", offer).await;
        assert_eq!(other_door.status, 429, "one limit for every door");
        // The first refusal is recorded at once. The others of that minute are recorded in one event when it
        // ends, with the code of the last.
        let installation = &story.running.installation;
        for count in [1, 2] {
            let deadline = installation.now().plus_ms(5_000);
            while trail(&story, "access.refused").await.len() < count {
                assert!(installation.now() < deadline, "{count} are not on record");
                installation.pause(20).await;
            }
            let over = installation.now().plus_ms(61_000);
            story.running.process.opened.rehearse_on_from(over);
        }
        let refused = trail(&story, "access.refused").await;
        assert_eq!(refused[0]["data"]["code"], "sign-in-refused", "{refused:?}");
        assert_eq!(refused[1]["data"]["code"], "sign-ins-from-address", "{refused:?}");
        assert_eq!(refused[1]["data"]["count"], 11, "{refused:?}");
        // The first delay is one second; after it the right password is accepted.
        assert_eq!(sign_in(&story, "wang", PASSWORD).await.status, 200);
    });
    story.end();
}

#[test]
fn a_subject_of_a_provider_belongs_to_one_user_and_no_round_begins_without_a_provider() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        add(&story, "li", &["viewer"]).await;
        let link = json!({ "subject": "248289761001", "issuer": "https://login.example.com" });
        let without_issuer = owner(&story, "/api/v1/users/wang/provider", json!({ "subject": "2" })).await;
        assert_eq!(
            (without_issuer.status, without_issuer.code()),
            (422, "issuer-needed")
        );
        let linked = owner(&story, "/api/v1/users/wang/provider", link.clone()).await;
        assert_eq!(linked.status, 200, "{}", linked.body);
        let taken = owner(&story, "/api/v1/users/li/provider", link.clone()).await;
        assert_eq!((taken.status, taken.code()), (422, "subject-linked"));
        let stored = trail(&story, "user.provider_linked").await;
        assert!(!stored[0].to_string().contains("248289761001"), "{stored:?}");
        let unlink = json!({ "reason": "left the directory" });
        let done = owner(&story, "/api/v1/users/wang/unlink-provider", unlink).await;
        assert_eq!(done.status, 200);
        assert_eq!(owner(&story, "/api/v1/users/li/provider", link).await.status, 200);
        let none = get(&story, "/api/v1/oidc/begin", &story.bearer()).await;
        assert_eq!((none.status, none.code()), (404, "provider-none"));
    });
    story.end();
}
