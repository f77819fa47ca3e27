//! Tests of the rate limit of lookups by phone number: all routes share it, and opt-outs and withdrawals are
//! accepted meanwhile.

use super::test_client::{add, get, key, owner, send};
use crate::testing::TestServer;
use http_body_util::BodyExt;
use hyper::header::RETRY_AFTER;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

#[test]
fn trying_numbers_meets_the_limit_and_an_opt_out_is_taken_meanwhile() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let mut tried = 0;
        let refused = loop {
            // No customer has this number.
            let number = json!({"number": format!("138{tried:08}")}).to_string();
            let answer = match tried % 3 {
                0 => story.open(&format!("/api/v1/numbers/138{tried:08}"), &[]).await,
                1 => story.post("/api/v1/numbers/show", &number).await,
                _ => story.post("/api/v1/consents/show", &number).await,
            };
            tried += 1;
            if answer.status() != StatusCode::NOT_FOUND || tried > 200 {
                break answer;
            }
        };
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS, "after {tried}");
        assert!(refused.headers().contains_key(RETRY_AFTER));
        let said = refused.into_body().collect().await.unwrap().to_bytes();
        assert!(
            String::from_utf8_lossy(&said).contains("lookups-too-fast"),
            "{said:?}"
        );
        let reason = json!({"reason": "asked"}).to_string();
        for _ in 0..30 {
            for command in ["opt-out", "suppress"] {
                let path = format!("/api/v1/numbers/13800138000/{command}");
                assert_eq!(story.post(&path, &reason).await.status(), StatusCode::OK);
            }
        }
        let withdrawal = json!({"number": "13800138000", "scope": "offers", "source": "phone"}).to_string();
        let withdrawn = story.post("/api/v1/consents/withdraw", &withdrawal).await;
        // The withdrawal is recorded either way; above the limit the reply does not show whether a customer
        // has the number.
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&withdrawn.status()));
    });
    story.end();
}

#[test]
fn consent_given_by_number_is_a_look_up_too_and_one_by_our_id_is_none() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let consent = |number: u32| {
            json!({"number": format!("138{number:08}"), "scope": "offers", "source": "form"}).to_string()
        };
        let mut tried = 0;
        while story.post("/api/v1/consents", &consent(tried)).await.status() == StatusCode::NOT_FOUND {
            tried += 1;
            assert!(tried < 200, "nothing limits them");
        }
        let ours = format!("/api/v1/numbers/{}", "0".repeat(32));
        for _ in 0..120 {
            assert_eq!(story.open(&ours, &[]).await.status(), StatusCode::NOT_FOUND);
        }
    });
    story.end();
}

#[test]
fn an_own_id_is_sent_in_a_body_and_customers_outside_the_scope_are_not_found() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        for task in ["T", "U"] {
            let made = json!({ "task_id": task, "script_template": "您好。",
                "schedule": { "start_time": "09:00", "end_time": "18:00" } });
            assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        }
        let listed = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": "13800138000" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", listed).await.status, 200);
        let find = "/api/v1/customers/find";
        let found = owner(&story, find, json!({ "customer": "C1" })).await;
        assert_eq!(found.status, 200, "{}", found.body);
        let id = found.body["id"].as_str().unwrap().to_owned();
        assert_eq!(found.body, json!({ "id": id }), "the reply contains nothing else");
        let again = owner(&story, find, json!({ "customer": id })).await;
        assert_eq!(again.body, json!({ "id": id }));
        let shown = get(&story, &format!("/api/v1/customers/{id}"), &story.bearer()).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        assert_eq!(owner(&story, find, json!({ "customer": "C2" })).await.status, 404);
        assert_eq!(owner(&story, find, json!({})).await.status, 422);
        add(&story, "wang", &["operator"]).await;
        let held = key(&story, json!({ "user": "wang", "campaigns": ["U"] })).await;
        let body = Some(json!({ "customer": "C1" }));
        let other = send(&story, Method::POST, find, &[("Authorization", &held)], body).await;
        assert_eq!((other.status, other.code()), (404, "missing"));
    });
    story.end();
}

#[test]
fn without_the_look_up_right_known_and_unknown_numbers_answer_alike() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let listed = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": "13800138000" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", listed).await.status, 200);
        add(&story, "crm", &["operator"]).await;
        let of_scopes = json!({ "user": "crm", "scopes": ["numbers:opt-out", "consents:withdraw"] });
        let blind = key(&story, of_scopes).await;
        let held = key(&story, json!({ "user": "crm", "campaigns": ["U"] })).await;
        let withdraw = "/api/v1/consents/withdraw";
        let unknown = format!("138{:04}8000", 1_113);
        for bearer in [&blind, &held] {
            let mut replies = Vec::new();
            // The second number ends in the same four digits, so that both are masked alike.
            for number in ["13800138000", unknown.as_str()] {
                let body = json!({ "number": number, "scope": "offers", "source": "phone" });
                let came = send(
                    &story,
                    Method::POST,
                    withdraw,
                    &[("Authorization", bearer)],
                    Some(body),
                )
                .await;
                assert_eq!(came.status, 200, "{number}: {}", came.body);
                replies.push(came.body);
            }
            assert_eq!(replies[0]["customers"], json!([]), "{}", replies[0]);
            assert_eq!(
                replies[0], replies[1],
                "the replies do not show whether a customer was found"
            );
        }
        // The withdrawal is recorded nevertheless.
        let head = story.running.installation.store().head().await.unwrap();
        let path = format!("/api/v1/audit?kind=customer.consent_withdrawn&after_position={head}");
        let taken = get(&story, &path, &story.bearer()).await;
        assert!(
            !taken.body["items"].as_array().unwrap().is_empty(),
            "{}",
            taken.body
        );
        // A caller who may look customers up gets the result.
        let body = json!({ "number": unknown, "scope": "offers", "source": "phone" });
        assert_eq!(owner(&story, withdraw, body).await.status, 404);
        let opt_out = json!({ "number": "13800138000", "reason": "asked" });
        let path = "/api/v1/numbers/opt-out";
        let first = send(
            &story,
            Method::POST,
            path,
            &[("Authorization", &blind)],
            Some(opt_out),
        )
        .await;
        assert_eq!(first.status, 200, "{}", first.body);
        let members = |body: &Value| -> Vec<String> { body.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(members(&first.body), ["number", "open_calls", "opted_out"]);
        assert_eq!(
            (&first.body["open_calls"], &first.body["opted_out"]),
            (&json!([]), &json!(true))
        );
    });
    story.end();
}

/// Creates a campaign with one customer. Returns a key that may give and withdraw consents but may not look
/// customers up.
async fn blind(story: &TestServer) -> String {
    let made = json!({ "task_id": "T", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let listed = json!({ "task_id": "T", "records": [{ "customer_id": "C1", "phone": "13800138000" }] });
    assert_eq!(owner(story, "/api/v1/tasks/data", listed).await.status, 200);
    add(story, "crm", &["integrator"]).await;
    key(story, json!({ "user": "crm" })).await
}

/// A number that no customer has. It is masked like the known one.
fn unknown() -> String {
    format!("138{:04}8000", 1_113)
}

#[test]
fn refusals_of_a_known_person_disclose_nothing_without_the_look_up_right() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = blind(&story).await;
        let withdraw = "/api/v1/consents/withdraw";
        let asked = async |number: &str, scope: &str, key: &str| {
            let body = json!({ "number": number, "scope": scope, "source": "phone" });
            let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", key)];
            let came = send(&story, Method::POST, withdraw, &headers, Some(body)).await;
            (came.status, came.body)
        };
        let known = "13800138000";
        // More than the limit of scopes for a customer.
        for index in 0..70 {
            let scope = format!("made up {index}");
            let reply = asked(known, &scope, &format!("known-{index}")).await;
            assert_eq!(reply.0, 200, "{index}: {}", reply.1);
            if index > 60 {
                let other = asked(&unknown(), &scope, &format!("unknown-{index}")).await;
                assert_eq!(reply, other);
            }
        }
        // One key for two orders: the replies are the same again, whether the key is remembered or not.
        for scope in ["made up 1", "made up 2"] {
            let (reply, other) = (
                asked(known, scope, "reused").await,
                asked(&unknown(), scope, "reused-too").await,
            );
            assert_eq!(reply.0, other.0, "{} {}", reply.1, other.1);
        }
        let whole = json!({ "number": known, "scope": "one too many", "source": "phone" });
        let refused = owner(&story, withdraw, whole).await;
        assert_eq!(
            refused.status, 422,
            "a caller who may look customers up gets the refusal: {}",
            refused.body
        );
    });
    story.end();
}

#[test]
fn consent_by_number_needs_the_right_to_look_up_all_customers() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = blind(&story).await;
        let mut replies = Vec::new();
        for number in ["13800138000", unknown().as_str()] {
            let body =
                json!({ "number": number, "scope": "offers", "source": "form", "evidence": "form 17" });
            let headers = [("Authorization", bearer.as_str())];
            let came = send(&story, Method::POST, "/api/v1/consents", &headers, Some(body)).await;
            replies.push((
                came.status,
                came.body["code"].clone(),
                came.body["detail"].clone(),
            ));
        }
        assert_eq!(replies[0], replies[1]);
        assert_eq!((replies[0].0, &replies[0].1), (422, &json!("refused")));
        assert!(
            replies[0].2.as_str().unwrap().contains("customer id"),
            "{replies:?}"
        );
        // By id the same caller may give the consent.
        let body = json!({ "scope": "offers", "source": "form", "evidence": "form 17" });
        let headers = [("Authorization", bearer.as_str())];
        let path = "/api/v1/customers/C1/consents";
        assert_eq!(
            send(&story, Method::POST, path, &headers, Some(body))
                .await
                .status,
            200
        );
    });
    story.end();
}
