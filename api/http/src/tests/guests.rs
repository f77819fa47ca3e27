//! Tests of guests (users for a limited time who change nothing), of data scopes, and of changes that name
//! the version they replace.

use super::test_client::{PASSWORD, add, get, key, owner, replace, send, sign_in, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::json;

/// Milliseconds until the guest of a test expires. By then the test has tried all requests of the guest.
const STAY_MS: u64 = 2_000;

#[test]
fn a_guest_sees_until_their_time_and_changes_nothing() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let now = story.running.installation.now();
        let order = json!({ "name": "visitor", "roles": ["auditor", "operator"], "password": PASSWORD,
            "until": now.plus_ms(60_000) });
        let more = owner(&story, "/api/v1/users", order).await;
        assert_eq!(more.status, 422, "{}", more.body);
        let until = story.running.installation.now().plus_ms(3_600_000);
        let order = json!({ "name": "visitor", "roles": ["auditor"], "password": PASSWORD, "until": until,
            "reason": "the regulator's visit" });
        let added = owner(&story, "/api/v1/users", order).await;
        assert_eq!(added.status, 201, "{}", added.body);
        let opens = key(&story, json!({ "user": "visitor" })).await;
        let begun = sign_in(&story, "visitor", PASSWORD).await;
        assert_eq!(begun.status, 200, "{}", begun.body);
        let cookie = begun.cookie.clone().unwrap();
        assert_eq!(get(&story, "/api/v1/audit", &opens).await.status, 200);
        let headers = [("Authorization", opens.as_str())];
        let draw = json!({ "seed": "7", "size": 1 });
        let changes = send(&story, Method::POST, "/api/v1/samples", &headers, Some(draw)).await;
        assert_eq!(
            (changes.status, changes.code()),
            (403, "guest-reads-only"),
            "{}",
            changes.body
        );
        let listed = get(&story, "/api/v1/users", &story.bearer()).await;
        assert_eq!(
            listed.body["items"][0]["guest_until"],
            json!(until),
            "{}",
            listed.body
        );

        let (read, write) = ("/api/v1/users/visitor", "/api/v1/users/visitor/scope");
        let until = story.running.installation.now().plus_ms(STAY_MS);
        let sooner = json!({ "until": until, "reason": "the visit is over" });
        let done = replace(&story, read, write, sooner).await;
        assert_eq!(done.status, 200, "{}", done.body);
        story
            .running
            .installation
            .environment
            .clock
            .wait_until(until)
            .await;
        let by_key = get(&story, "/api/v1/audit", &opens).await;
        assert_eq!((by_key.status, by_key.code()), (401, "user-disabled"));
        let headers = [("Cookie", cookie.as_str())];
        let by_session = send(&story, Method::GET, "/api/v1/whoami", &headers, None).await;
        assert_eq!((by_session.status, by_session.code()), (401, "session-ended"));
        assert_eq!(sign_in(&story, "visitor", PASSWORD).await.status, 401);
        let again = json!({ "until": until.plus_ms(60_000), "reason": "a second visit" });
        assert_eq!(replace(&story, read, write, again).await.status, 200);
        assert_eq!(sign_in(&story, "visitor", PASSWORD).await.status, 200);
    });
    story.end();
}

#[test]
fn a_scope_is_replaced_as_it_was_read_and_known_as_it_was() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "wang", &["supervisor"]).await;
        let order = json!({ "team": "north", "reason": "moves" });
        let write = "/api/v1/users/wang/scope";
        let bare = owner(&story, write, order.clone()).await;
        assert_eq!((bare.status, bare.code()), (428, "if-match-needed"));
        let roles = json!({ "add": "viewer", "reason": "figures" });
        let bare = owner(&story, "/api/v1/users/wang/roles", roles).await;
        assert_eq!((bare.status, bare.code()), (428, "if-match-needed"));
        let done = replace(&story, "/api/v1/users/wang", write, order).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("If-Match", "\"v1\"")];
        let late = json!({ "team": "south", "reason": "moves" });
        let stale = send(&story, Method::POST, write, &headers, Some(late)).await;
        assert_eq!((stale.status, stale.code()), (412, "stale"));
        let changed = trail(&story, "user.scope_changed").await;
        assert_eq!(
            changed[0]["data"],
            json!({ "before": {}, "after": { "team": "north" }, "reason": "moves" })
        );
        let position: u64 = done.body["position"].as_str().unwrap().parse().unwrap();
        let shown = get(&story, "/api/v1/users/wang", &bearer).await;
        assert_eq!(shown.body["team"], "north", "{}", shown.body);
        let path = format!("/api/v1/users/wang?as_of={}", position - 1);
        let then = get(&story, &path, &bearer).await;
        assert_eq!(then.body["team"], json!(null), "{}", then.body);
        let path = format!("/api/v1/users?as_of={}", position - 1);
        let then = get(&story, &path, &bearer).await;
        assert_eq!(then.body["items"][0]["team"], json!(null), "{}", then.body);
    });
    story.end();
}

#[test]
fn everybody_sees_what_they_saw_themselves_and_a_key_what_was_seen_by_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        super::conversations::with_two(&story).await;
        let until = story.running.installation.now().plus_ms(3_600_000);
        let order = json!({ "name": "visitor", "roles": ["auditor"], "password": PASSWORD, "until": until });
        assert_eq!(owner(&story, "/api/v1/users", order).await.status, 201);
        let opens = key(&story, json!({ "user": "visitor" })).await;
        let other = key(&story, json!({ "user": "visitor" })).await;
        let shown = get(&story, "/api/v1/customers/C01", &opens).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        // A read by the owner that claims to be for this name does not count as the visitor's own.
        let claimed = get(&story, "/api/v1/customers/C02?by=visitor", &story.bearer()).await;
        assert_eq!(claimed.status, 200, "{}", claimed.body);
        let seen = get(&story, "/api/v1/whoami/seen", &opens).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
        assert_eq!(
            (&seen.body["by"], &seen.body["reads"]),
            (&json!("visitor"), &json!(1))
        );
        assert_eq!(seen.body["persons"][0]["customer"], shown.body["id"]);
        assert_eq!(get(&story, "/api/v1/whoami/seen", &other).await.body["reads"], 0);
        let begun = sign_in(&story, "visitor", PASSWORD).await;
        let cookie = begun.cookie.unwrap();
        let path = "/api/v1/whoami/seen?to=2020-01-01T00:00:00Z";
        let before = send(&story, Method::GET, path, &[("Cookie", &cookie)], None).await;
        assert_eq!(before.body["reads"], 0, "{}", before.body);
        let all = send(
            &story,
            Method::GET,
            "/api/v1/whoami/seen",
            &[("Cookie", &cookie)],
            None,
        )
        .await;
        assert_eq!(all.body["reads"], 1, "{}", all.body);
        let wrong = get(&story, "/api/v1/whoami/seen?from=x", &opens).await;
        assert_eq!(wrong.code(), "query-invalid", "{}", wrong.body);
    });
    story.end();
}
