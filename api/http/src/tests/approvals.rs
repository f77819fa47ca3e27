//! Tests of approvals (four eyes): as soon as two users hold a right, each needs the approval of the other.

use super::test_client::{TestReply, add, approve, get, key, owner, replace, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

async fn post(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let headers = [("Authorization", authorization)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

/// Creates campaign T with two customers.
pub(super) async fn customers(story: &TestServer) {
    let made = json!({ "task_id": "T", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let listed = json!({ "task_id": "T", "records": [
        { "customer_id": "C1", "phone": "13800138000" }, { "customer_id": "C2", "phone": "13800138000" }] });
    assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
}

pub(super) async fn user(story: &TestServer, name: &str, roles: &[&str]) -> String {
    add(story, name, roles).await;
    key(story, json!({ "user": name })).await
}

/// Requests an act that needs an approval. Returns the id of the pending approval.
pub(super) async fn asked(story: &TestServer, path: &str, authorization: &str, body: Value) -> String {
    let came = post(story, path, authorization, body).await;
    assert_eq!(
        (came.status, came.code()),
        (409, "approval-needed"),
        "{}",
        came.body
    );
    came.body["approval"].as_str().unwrap().to_owned()
}

/// Sends an approval with an API key, which the server refuses.
async fn approve_by_key(story: &TestServer, approval: &str, authorization: &str) -> TestReply {
    let path = format!("/api/v1/approvals/{approval}/approve");
    post(story, &path, authorization, json!({})).await
}

#[test]
fn an_erasure_needs_another_person_from_when_there_is_one() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        let li = user(&story, "li", &["compliance"]).await;
        let erase = "/api/v1/customers/C1/erase";
        let alone = post(&story, erase, &li, json!({ "reason": "asked" })).await;
        assert_eq!(alone.status, 200, "{}", alone.body);
        let found = trail(&story, "customer.erasure_requested").await;
        assert_eq!(found[0]["data"]["four_eyes"], json!({ "nobody": "nobody_else" }));

        let wang = user(&story, "wang", &["compliance"]).await;
        user(&story, "chen", &["operator"]).await;
        let erase = "/api/v1/customers/C2/erase";
        let order = json!({ "reason": "asked by letter" });
        let id = asked(&story, erase, &li, order.clone()).await;
        assert_eq!(asked(&story, erase, &li, order.clone()).await, id, "asked once");
        assert_eq!(trail(&story, "customer.erasure_requested").await.len(), 1);

        let own = approve(&story, "li", &id).await;
        assert_eq!(own.status, 422, "{}", own.body);
        assert!(
            own.body["detail"].as_str().unwrap().contains("own request"),
            "{}",
            own.body
        );
        assert_eq!(
            approve(&story, "chen", &id).await.status,
            404,
            "not theirs to see"
        );
        let by_owner = approve_by_key(&story, &id, &story.bearer()).await;
        assert_eq!(by_owner.code(), "approver-not-a-user");
        let early = json!({ "reason": "asked by letter", "approval": id });
        assert_eq!(
            post(&story, erase, &li, early.clone()).await.status,
            422,
            "not approved yet"
        );

        let seen = get(&story, "/api/v1/approvals?open=true", &wang).await;
        assert_eq!(seen.body["items"][0]["id"], json!(id), "{}", seen.body);
        let approved = approve(&story, "wang", &id).await;
        assert_eq!(
            (approved.status, &approved.body["standing"]),
            (200, &json!("approved"))
        );

        let elsewhere = post(&story, "/api/v1/customers/C2/release", &li, early.clone()).await;
        assert_eq!(
            elsewhere.status, 200,
            "C2 is not held: nothing to release, nothing used"
        );
        let by_another = post(&story, erase, &wang, early.clone()).await;
        assert_eq!(by_another.status, 422, "{}", by_another.body);
        let done = post(&story, erase, &li, early.clone()).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let found = trail(&story, "customer.erasure_requested").await;
        let last = found.last().unwrap();
        let expected = json!({ "approval": id, "requested_by": "li", "approved_by": "wang" });
        assert_eq!(last["data"]["four_eyes"], expected);
        assert_eq!(last["data"]["approved_by"], "wang");
        let shown = get(&story, &format!("/api/v1/approvals/{id}"), &li).await;
        assert_eq!(shown.body["standing"], "used", "{}", shown.body);
    });
    story.end();
}

/// Puts C1 and C2 on hold, and lets wang approve that li releases C1. Returns the approval's id.
async fn release_approved(story: &TestServer, li: &str) -> String {
    for path in ["/api/v1/customers/C1/hold", "/api/v1/customers/C2/hold"] {
        let held = post(story, path, li, json!({ "reason": "court" })).await;
        assert_eq!(held.status, 200);
    }
    let id = asked(story, RELEASE, li, json!({ "reason": "the case is closed" })).await;
    assert_eq!(approve(story, "wang", &id).await.status, 200);
    id
}

const RELEASE: &str = "/api/v1/customers/C1/release";

fn by(approval: &str) -> Value {
    json!({ "reason": "the case is closed", "approval": approval })
}

/// Sends an act to which the approval does not apply. Returns the problem's detail.
async fn refused(story: &TestServer, path: &str, authorization: &str, body: Value) -> String {
    let came = post(story, path, authorization, body).await;
    assert_eq!(came.status, 422, "{}", came.body);
    came.body["detail"].as_str().unwrap().to_owned()
}

#[test]
fn an_approval_is_for_one_act_and_is_used_once() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        let li = user(&story, "li", &["compliance"]).await;
        user(&story, "wang", &["compliance"]).await;
        let id = release_approved(&story, &li).await;
        let erase = json!({ "reason": "asked" });
        let why = refused(&story, "/api/v1/customers/C1/erase", &li, erase).await;
        assert!(
            why.contains("hold"),
            "an act that is refused anyway asks for no approval: {why}"
        );
        let why = refused(&story, "/api/v1/customers/C2/release", &li, by(&id)).await;
        assert!(why.contains("something else"), "{why}");
        assert_eq!(post(&story, RELEASE, &li, by(&id)).await.status, 200);
        let found = trail(&story, "customer.hold_released").await;
        assert_eq!(found[0]["data"]["four_eyes"]["approved_by"], "wang");
        let held = post(
            &story,
            "/api/v1/customers/C1/hold",
            &li,
            json!({ "reason": "court" }),
        )
        .await;
        assert_eq!(held.status, 200);
        let why = refused(&story, RELEASE, &li, by(&id)).await;
        assert!(why.contains("was used"), "{why}");
    });
    story.end();
}

#[test]
fn an_approval_falls_with_who_gave_it_or_by_rejection() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        let li = user(&story, "li", &["compliance"]).await;
        user(&story, "wang", &["compliance", "viewer"]).await;
        let chen = user(&story, "chen", &["compliance"]).await;
        let id = release_approved(&story, &li).await;
        let change = json!({ "remove": "compliance", "reason": "moves on" });
        let (read, write) = ("/api/v1/users/wang", "/api/v1/users/wang/roles");
        assert_eq!(replace(&story, read, write, change).await.status, 200);
        let why = refused(&story, RELEASE, &li, by(&id)).await;
        assert!(why.contains("no longer has the permission"), "{why}");
        let left = json!({ "reason": "left" });
        assert_eq!(
            owner(&story, "/api/v1/users/wang/disable", left).await.status,
            200
        );
        let why = refused(&story, RELEASE, &li, by(&id)).await;
        assert!(why.contains("is disabled"), "{why}");

        let reject = format!("/api/v1/approvals/{id}/reject");
        assert_eq!(
            post(&story, &reject, &chen, json!({ "reason": "no" }))
                .await
                .status,
            200
        );
        let why = refused(&story, RELEASE, &li, by(&id)).await;
        assert!(why.contains("the approval was rejected"), "{why}");
        let again = asked(&story, RELEASE, &li, json!({ "reason": "the case is closed" })).await;
        assert_ne!(again, id, "a rejected request is a new one when it is repeated");
        assert_eq!(approve(&story, "chen", &again).await.status, 200);
        assert_eq!(post(&story, RELEASE, &li, by(&again)).await.status, 200);
    });
    story.end();
}

/// An approval grants no right: the requester must still hold the right when the approval is used.
#[test]
fn an_approval_is_worth_nothing_to_who_asked_and_lost_the_right() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        add(&story, "chief", &["admin"]).await;
        let li = user(&story, "li", &["compliance", "viewer"]).await;
        user(&story, "wang", &["compliance"]).await;
        user(&story, "chen", &["compliance"]).await;
        let erase = "/api/v1/customers/C1/erase";
        let id = asked(&story, erase, &li, json!({ "reason": "asked" })).await;
        let change = json!({ "remove": "compliance", "reason": "moves" });
        let taken = replace(&story, "/api/v1/users/li", "/api/v1/users/li/roles", change).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        assert_eq!(
            approve(&story, "wang", &id).await.status,
            200,
            "the request can still be approved"
        );
        let used = post(&story, erase, &li, json!({ "reason": "asked", "approval": id })).await;
        assert_eq!((used.status, used.code()), (403, "role-missing"), "{}", used.body);
        assert!(trail(&story, "customer.erasure_requested").await.is_empty());
    });
    story.end();
}

#[test]
fn values_in_clear_and_a_request_to_be_erased_need_another_person_too() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        customers(&story).await;
        let li = user(&story, "li", &["compliance"]).await;
        user(&story, "wang", &["compliance"]).await;
        let inspect = "/api/v1/inspections";
        let masked = json!({ "customer": "C1", "reason": "complaint 17" });
        assert_eq!(post(&story, inspect, &li, masked).await.status, 200);
        let clear = json!({ "customer": "C1", "reason": "complaint 17", "clear": true });
        let id = asked(&story, inspect, &li, clear).await;
        assert_eq!(approve(&story, "wang", &id).await.status, 200);
        let by = |customer: &str| {
            json!({ "customer": customer, "reason": "complaint 17", "clear": true, "approval": id })
        };
        assert_eq!(post(&story, inspect, &li, by("C2")).await.status, 422, "for another person");
        let shown = post(&story, inspect, &li, by("C1")).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        let reads = trail(&story, "inquiry.personal_data_read").await;
        assert_eq!(reads.last().unwrap()["data"]["four_eyes"]["approved_by"], "wang");
        assert_eq!(post(&story, inspect, &li, by("C1")).await.status, 422, "used");

        let seen = "/api/v1/inspections/seen";
        let order = json!({ "user": "wang", "notice": true, "clear": true, "reason": "breach 3" });
        asked(&story, seen, &li, order).await;

        let received = json!({ "customer": "C1", "wish": "delete" });
        let received = post(&story, "/api/v1/requests", &li, received).await;
        let answer = format!("/api/v1/requests/{}/answer", received.body["id"].as_str().unwrap());
        let id = asked(&story, &answer, &li, json!({ "note": "done" })).await;
        assert_eq!(approve(&story, "wang", &id).await.status, 200);
        let order = json!({ "note": "done", "approval": id });
        let done = post(&story, &answer, &li, order).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let found = trail(&story, "customer.erasure_requested").await;
        assert_eq!(found[0]["data"]["four_eyes"]["approval"], json!(id));
        let by_owner = json!({ "reason": "asked", "approved_by": "the board" });
        let erased = owner(&story, "/api/v1/customers/C2/erase", by_owner).await;
        assert_eq!(erased.status, 200);
        let found = trail(&story, "customer.erasure_requested").await;
        assert_eq!(found.last().unwrap()["data"]["four_eyes"], json!({ "nobody": "directory" }));
    });
    story.end();
}
