//! Tests of users, API keys and sessions against a running server: who may sign in, what each credential
//! permits, and what the audit trail records.

use super::test_client::{PASSWORD, add, get, key, owner, replace, send, sign_in, trail, who};
use crate::testing::TestServer;
use domain::api_key::{ApiKeyCommand, KeyFacts};
use domain::digest::SecretDigest;
use domain::ids::KeyId;
use domain::permission::CampaignScope;
use domain::stored_event::Cause;
use http_body_util::BodyExt;
use hyper::Method;
use serde_json::{Value, json};

#[test]
fn a_session_commands_only_with_its_token_and_ends_when_a_role_changes() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "wang", &["operator"]).await;
        let begun = sign_in(&story, "Wang", PASSWORD).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let cookie = begun.cookie.clone().unwrap();
        assert!(cookie.starts_with("__Host-ledgerline=wang."), "{cookie}");
        let csrf = begun.body["csrf_token"].as_str().unwrap().to_owned();
        let answer = who(&story, &cookie).await;
        assert_eq!((answer.status, &answer.body["user"]), (200, &json!("wang")));
        assert_eq!(answer.body["csrf_token"], json!(csrf));
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        let path = "/api/v1/campaigns";
        let bare = send(
            &story,
            Method::POST,
            path,
            &[("Cookie", &cookie)],
            Some(made.clone()),
        )
        .await;
        assert_eq!((bare.status, bare.code()), (403, "csrf-token-needed"));
        let both = [("Cookie", cookie.as_str()), ("X-CSRF-Token", csrf.as_str())];
        let created = send(&story, Method::POST, path, &both, Some(made)).await;
        assert_eq!(created.status, 201, "{}", created.body);
        let acted = trail(&story, "campaign.created").await;
        assert_eq!(acted[0]["by_whom"], "wang", "the envelope names the acting user");

        let change = json!({ "add": "analyst", "reason": "figures" });
        assert_eq!(
            replace(&story, "/api/v1/users/wang", "/api/v1/users/wang/roles", change)
                .await
                .status,
            200
        );
        let after = send(&story, Method::GET, path, &[("Cookie", &cookie)], None).await;
        assert_eq!((after.status, after.code()), (401, "session-ended"));
    });
    story.end();
}

#[test]
fn a_key_opens_what_it_is_for_and_nothing_once_it_is_revoked_or_its_user_disabled() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "crm", &["integrator", "viewer"]).await;
        let narrow = key(&story, json!({ "user": "crm", "scopes": ["events:read"] })).await;
        assert_eq!(get(&story, "/api/v1/events", &narrow).await.status, 200);
        let beyond = get(&story, "/api/v1/campaigns", &narrow).await;
        assert_eq!((beyond.status, beyond.code()), (403, "scope-missing"));
        let whole = key(&story, json!({ "user": "crm" })).await;
        assert_eq!(get(&story, "/api/v1/campaigns", &whole).await.status, 200);
        let never = get(&story, "/api/v1/users", &whole).await;
        assert_eq!((never.status, never.code()), (403, "role-missing"));

        let listed = get(&story, "/api/v1/api-keys", &story.bearer()).await;
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 2);
        assert!(
            !listed
                .body
                .to_string()
                .contains(narrow.splitn(3, '_').nth(2).unwrap()),
            "no secret"
        );
        let id = listed.body["items"][0]["id"].as_str().unwrap();
        let path = format!("/api/v1/api-keys/{id}/revoke");
        assert_eq!(
            owner(&story, &path, json!({ "reason": "lost" })).await.status,
            200
        );
        let codes = [
            get(&story, "/api/v1/rules", &narrow).await.body["code"].clone(),
            get(&story, "/api/v1/rules", &whole).await.body["code"].clone(),
        ];
        assert!(codes.contains(&json!("key-revoked")), "{codes:?}");
        let order = json!({ "reason": "left" });
        assert_eq!(
            owner(&story, "/api/v1/users/crm/disable", order).await.status,
            200
        );
        let other = get(&story, "/api/v1/events", &narrow).await;
        assert_eq!(other.status, 401, "{}", other.body);
        let unknown = format!("Bearer ll_{}_secret", "0".repeat(32));
        let stranger = get(&story, "/api/v1/events", &unknown).await;
        assert_eq!((stranger.status, stranger.code()), (401, "key-unknown"));
    });
    story.end();
}

#[test]
fn a_key_of_one_campaign_sees_no_other() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "north", &["operator", "integrator"]).await;
        for name in ["A", "B"] {
            let made = json!({ "task_id": name, "script_template": "您好。",
                "schedule": { "start_time": "09:00", "end_time": "18:00" } });
            assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        }
        let of_a = key(&story, json!({ "user": "north", "campaigns": ["A"] })).await;
        let head = story.running.installation.store().head().await.unwrap();
        let path = format!("/api/v1/campaigns?after_position={head}");
        let listed = get(&story, &path, &of_a).await;
        let names: Vec<&Value> = listed.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["id"])
            .collect();
        assert_eq!(names, ["A"]);
        assert_eq!(get(&story, "/api/v1/campaigns/A", &of_a).await.status, 200);
        let hidden = get(&story, "/api/v1/campaigns/B", &of_a).await;
        let absent = get(&story, "/api/v1/campaigns/C", &of_a).await;
        assert_eq!(
            (hidden.status, &hidden.body),
            (404, &absent.body),
            "as if it were not there"
        );
        let events = get(&story, "/api/v1/events?limit=1000", &of_a)
            .await
            .body
            .to_string();
        assert!(
            events.contains("campaign-A") && !events.contains("campaign-B"),
            "{events}"
        );
        assert_eq!(get(&story, "/api/v1/events?campaign=B", &of_a).await.status, 404);
        let whole = get(&story, "/api/v1/streams/campaign-B", &of_a).await;
        assert_eq!((whole.status, whole.code()), (403, "scope-too-small"));
        let new = json!({ "task_id": "D", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        let with_key = [("Authorization", of_a.as_str())];
        let beyond = send(&story, Method::POST, "/api/v1/campaigns", &with_key, Some(new)).await;
        assert_eq!(beyond.status, 403);
    });
    story.end();
}

#[test]
fn wrong_passwords_lock_and_what_was_refused_is_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["viewer"]).await;
        let unknown = sign_in(&story, "nobody", PASSWORD).await;
        let wrong = sign_in(&story, "wang", "not this one").await;
        assert_eq!(
            (wrong.status, &wrong.body),
            (401, &unknown.body),
            "an unknown user and a wrong password give the same reply"
        );
        for _ in 1..domain::user::WRONG_MAX {
            sign_in(&story, "wang", "not this one").await;
        }
        let locked = sign_in(&story, "wang", PASSWORD).await;
        assert_eq!(
            (locked.status, &locked.body),
            (401, &unknown.body),
            "even with the right one"
        );
        let refused = trail(&story, "user.sign_in_refused").await;
        assert_eq!(refused.len(), usize::try_from(domain::user::WRONG_MAX).unwrap());
        assert_eq!(trail(&story, "user.locked").await.len(), 1);

        for _ in 0..3 {
            assert_eq!(get(&story, "/api/v1/campaigns", "Bearer ll_x").await.status, 401);
        }
        // The first refusal of a minute is recorded at once, but by a background task.
        let deadline = story.running.installation.now().plus_ms(5_000);
        while trail(&story, "access.refused").await.is_empty() {
            assert!(story.running.installation.now() < deadline, "nothing on record");
            story.running.installation.pause(20).await;
        }
    });
    story.end();
}

#[test]
fn the_first_admin_is_made_by_the_link_once_and_others_choose_passwords_by_theirs() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let installation = &story.running.installation;
        let link = installation
            .access
            .first
            .offer(installation)
            .await
            .unwrap()
            .unwrap();
        let set_up = async |body: Value| send(&story, Method::POST, "/api/v1/set-up", &[], Some(body)).await;
        let weak = set_up(json!({ "link": link, "name": "chief", "password": "chief-chief-chief" })).await;
        assert_eq!((weak.status, weak.code()), (422, "password-weak"));
        let made = set_up(json!({ "link": link, "name": "Chief", "password": PASSWORD })).await;
        assert_eq!((made.status, &made.body["user"]), (200, &json!("chief")));
        let again = set_up(json!({ "link": link, "name": "second", "password": PASSWORD })).await;
        assert_eq!((again.status, again.code()), (401, "link-void"));
        assert_eq!(installation.access.first.offer(installation).await.unwrap(), None);
        assert_eq!(sign_in(&story, "chief", PASSWORD).await.status, 200);

        let invited = owner(
            &story,
            "/api/v1/users",
            json!({ "name": "li", "roles": ["auditor"] }),
        )
        .await;
        let link = invited.body["set_up"].as_str().unwrap().to_owned();
        assert_eq!(
            sign_in(&story, "li", PASSWORD).await.status,
            401,
            "no password yet"
        );
        assert_eq!(
            set_up(json!({ "link": link, "password": PASSWORD })).await.status,
            200
        );
        assert_eq!(
            set_up(json!({ "link": link, "password": PASSWORD })).await.status,
            422
        );
        assert_eq!(sign_in(&story, "li", PASSWORD).await.status, 200);
        let stored = trail(&story, "user.password_chosen").await;
        assert!(stored[0]["data"]["password"]["sealed"].is_string(), "{stored:?}");
        assert!(!stored[0].to_string().contains("argon2"));

        let order = json!({ "reason": "left" });
        let last = owner(&story, "/api/v1/users/chief/disable", order).await;
        assert_eq!(last.status, 422, "{}", last.body);
        assert!(
            last.body["detail"].as_str().unwrap().contains("last admin"),
            "{}",
            last.body
        );
    });
    story.end();
}

#[test]
fn who_signed_in_acts_whatever_a_request_says() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "law", &["compliance"]).await;
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let listed = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": "13800138000" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", listed).await.status, 200);
        let law = key(&story, json!({ "user": "law" })).await;
        let path = "/api/v1/customers/C1/hold";
        let order = json!({ "reason": "a court asked", "by": "another person" });
        let held = send(
            &story,
            Method::POST,
            path,
            &[("Authorization", &law)],
            Some(order),
        )
        .await;
        assert_eq!(held.status, 200, "{}", held.body);
        let found = trail(&story, "customer.held").await;
        assert_eq!(
            (&found[0]["by_whom"], &found[0]["data"]["by"]),
            (&json!("law"), &json!("law"))
        );
        let erase = json!({ "reason": "asked", "approved_by": "boss" });
        let path = "/api/v1/customers/C1/erase";
        let claimed = send(
            &story,
            Method::POST,
            path,
            &[("Authorization", &law)],
            Some(erase),
        )
        .await;
        assert_eq!(
            claimed.body["errors"][0]["pointer"], "/approved_by",
            "{}",
            claimed.body
        );
        let read = get(&story, "/api/v1/customers/C1?by=somebody", &law).await;
        assert_eq!(read.status, 200, "{}", read.body);
        let reads = trail(&story, "inquiry.personal_data_read").await;
        assert_eq!(
            (&reads[0]["data"]["by"], &reads[0]["data"]["door"]),
            (&json!("law"), &json!("key"))
        );
    });
    story.end();
}

/// Creates an API key of `user` that expires in one second. Returns its `Authorization` header.
async fn brief_key(story: &TestServer, user: &str) -> String {
    let installation = &story.running.installation;
    let command = installation.new_command();
    let id = KeyId::derive(command);
    let facts = KeyFacts {
        realm: domain::realm::RealmName::Real,
        user: user.parse().unwrap(),
        sha256: SecretDigest::of("brief"),
        scopes: None,
        campaigns: CampaignScope::All,
        expires_at: installation.now().plus_ms(1_000),
        label: None,
    };
    let create = ApiKeyCommand::Create { facts };
    let made = installation
        .entities
        .api_keys
        .ask(&id, create, Cause::outside(command));
    made.await.unwrap();
    format!("Bearer ll_{}_brief", id.uuid().simple())
}

#[test]
fn a_stream_ends_when_its_key_is_revoked_or_its_user_loses_the_role() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chief", &["admin"]).await;
        add(&story, "crm", &["integrator", "viewer"]).await;
        let by_key = key(&story, json!({ "user": "crm" })).await;
        let listed = get(&story, "/api/v1/api-keys", &story.bearer()).await;
        let id = listed.body["items"][0]["id"].as_str().unwrap().to_owned();
        let other = key(&story, json!({ "user": "crm" })).await;
        let open = async |authorization: &str, path: &str| {
            let reply = story.open_with(path, &[("Authorization", authorization)]).await;
            assert_eq!(reply.status(), 200);
            reply.into_body()
        };
        let events = open(&by_key, "/api/v1/events/stream").await;
        let others = open(&other, "/api/v1/events/stream").await;
        let brief = brief_key(&story, "crm").await;
        let briefly = open(&brief, "/api/v1/events/stream").await;
        let figures = open(&other, "/api/v1/live/stream").await;
        let revoked = format!("/api/v1/api-keys/{id}/revoke");
        assert_eq!(
            owner(&story, &revoked, json!({ "reason": "lost" })).await.status,
            200
        );
        // The stream ends by itself once its key is revoked.
        let text = events.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(
            text.contains("event:end") && text.contains("you may no longer follow"),
            "{text}"
        );
        let text = briefly.collect().await.unwrap().to_bytes();
        assert!(
            String::from_utf8_lossy(&text).contains("you may no longer follow"),
            "it ran out"
        );
        let again = get(&story, "/api/v1/events", &brief).await;
        assert_eq!((again.status, again.code()), (401, "key-expired"));
        let change = json!({ "remove": "integrator", "reason": "the contract ended" });
        assert_eq!(
            replace(&story, "/api/v1/users/crm", "/api/v1/users/crm/roles", change)
                .await
                .status,
            200
        );
        let text = others.collect().await.unwrap().to_bytes();
        assert!(String::from_utf8_lossy(&text).contains("you may no longer follow"));
        assert!(!figures.collect().await.unwrap().to_bytes().is_empty());
    });
    story.end();
}
