//! Tests of what users do for themselves: they change their password with the old one, and list and end their
//! own sessions.

use super::test_client::{PASSWORD, TestReply, add, get, key, owner, send, sign_in, trail, who};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

const OTHER: &str = "staple under the old bridge";

async fn change(story: &TestServer, password: &str, chosen: &str) -> TestReply {
    let order = json!({ "name": "wang", "password": password, "new_password": chosen });
    send(story, Method::POST, "/api/v1/password", &[], Some(order)).await
}

#[test]
fn a_user_chooses_another_password_with_the_one_before_and_every_session_ends() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        let cookie = sign_in(&story, "wang", PASSWORD).await.cookie.unwrap();
        let wrong = change(&story, "not this one", OTHER).await;
        assert_eq!((wrong.status, wrong.code()), (401, "sign-in-refused"));
        for weak in ["password1234", "wang-wang-wang!", "short"] {
            let weak = change(&story, PASSWORD, weak).await;
            assert_eq!(
                (weak.status, weak.code()),
                (422, "password-weak"),
                "{}",
                weak.body
            );
        }
        assert_eq!(who(&story, &cookie).await.status, 200, "nothing has changed");
        let done = change(&story, PASSWORD, OTHER).await;
        assert_eq!((done.status, &done.body["user"]), (200, &json!("wang")));
        assert_eq!(who(&story, &cookie).await.status, 401);
        assert_eq!(sign_in(&story, "wang", PASSWORD).await.status, 401);
        assert_eq!(sign_in(&story, "wang", OTHER).await.status, 200);
        let events = trail(&story, "user.password_chosen").await;
        assert_eq!((events.len(), &events[0]["by_whom"]), (1, &json!("wang")));
        assert!(!events[0].to_string().contains("argon2"), "{}", events[0]);
    });
    story.end();
}

#[test]
fn of_two_changes_by_the_same_password_at_once_one_wins() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        let another = "nine small boats at noon";
        let (one, two) = tokio::join!(change(&story, PASSWORD, OTHER), change(&story, PASSWORD, another));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{} {}", one.body, two.body);
        assert_eq!(trail(&story, "user.password_chosen").await.len(), 1);
        let right = if one.status == 200 { OTHER } else { another };
        assert_eq!(sign_in(&story, "wang", right).await.status, 200);
        // The password of the slower request was right when it was checked, so it does not count as a wrong
        // password.
        assert!(trail(&story, "user.sign_in_refused").await.is_empty());
    });
    story.end();
}

#[test]
fn wrong_passwords_lock_out_as_at_the_sign_in() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        for _ in 0..domain::user::WRONG_MAX {
            assert_eq!(change(&story, "not this one", OTHER).await.status, 401);
        }
        assert_eq!(
            change(&story, PASSWORD, OTHER).await.status,
            401,
            "even the right one"
        );
        assert_eq!(trail(&story, "user.locked").await.len(), 1);
    });
    story.end();
}

/// The list of sessions that the session of this cookie sees.
async fn sessions(story: &TestServer, cookie: &str) -> Vec<Value> {
    let came = send(
        story,
        Method::GET,
        "/api/v1/sessions",
        &[("Cookie", cookie)],
        None,
    )
    .await;
    assert_eq!(came.status, 200, "{}", came.body);
    came.body["items"].as_array().unwrap().clone()
}

async fn end(story: &TestServer, cookie: &str, order: Value) -> TestReply {
    let token = who(story, cookie).await.body["csrf_token"].clone();
    let headers = [("Cookie", cookie), ("X-CSRF-Token", token.as_str().unwrap())];
    send(story, Method::POST, "/api/v1/sessions/end", &headers, Some(order)).await
}

#[test]
fn users_see_their_own_sessions_and_end_them() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        add(&story, "li", &["viewer"]).await;
        let mut cookies = Vec::new();
        for name in ["wang", "wang", "wang", "li"] {
            cookies.push(sign_in(&story, name, PASSWORD).await.cookie.unwrap());
        }
        let own = sessions(&story, &cookies[1]).await;
        let current: Vec<bool> = own.iter().map(|one| one["current"] == true).collect();
        assert_eq!(current, [false, true, false], "{own:?}");
        assert!(own[0]["from"].is_string(), "{own:?}");
        let first = json!({ "id": own[0]["id"] });
        let others = end(&story, &cookies[3], first.clone()).await;
        assert_eq!((others.status, others.code()), (404, "missing"), "not another's");
        let ended = end(&story, &cookies[1], first).await;
        assert_eq!(ended.body["ended"][0]["id"], own[0]["id"], "{}", ended.body);
        assert_eq!(who(&story, &cookies[0]).await.status, 401);
        assert_eq!(who(&story, &cookies[2]).await.status, 200);
        let rest = end(&story, &cookies[1], json!({})).await;
        assert_eq!(rest.body["ended"].as_array().unwrap().len(), 1, "{}", rest.body);
        assert_eq!(who(&story, &cookies[2]).await.status, 401);
        assert_eq!(
            sessions(&story, &cookies[1]).await.len(),
            1,
            "the one that asks stays"
        );
        assert_eq!(who(&story, &cookies[3]).await.status, 200, "so does another's");
        let key = key(&story, json!({ "user": "wang" })).await;
        let by_key = get(&story, "/api/v1/sessions", &key).await;
        assert_eq!((by_key.status, by_key.code()), (403, "session-needed"));
        let by_owner = owner(&story, "/api/v1/sessions/end", json!({})).await;
        assert_eq!((by_owner.status, by_owner.code()), (403, "session-needed"));
    });
    story.end();
}

#[test]
fn a_password_is_checked_as_it_was_typed() {
    const TYPED: &str = " Zwölf Ringe sind  genug 7 ";
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let order = json!({ "name": "wang", "roles": ["viewer"], "password": TYPED });
        let added = owner(&story, "/api/v1/users", order).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let others = [
            TYPED.trim().to_owned(),
            TYPED.to_lowercase(),
            TYPED.replace("  ", " "),
            // Looks the same, but is written as a letter and a combining diaeresis.
            TYPED.replace('ö', "o\u{308}"),
        ];
        for other in others {
            let refused = sign_in(&story, "wang", &other).await;
            assert_eq!(refused.status, 401, "{other:?}");
        }
        assert_eq!(sign_in(&story, "wang", TYPED).await.status, 200);
    });
    story.end();
}
