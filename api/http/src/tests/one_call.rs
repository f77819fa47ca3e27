//! Tests of ordering a single call: which customer it enrols, when it is due, which callers may order it, and
//! which orders are refused.

use super::test_client::{TestReply, add, key, owner, send, trail};
use crate::testing::TestServer;
use domain::ids::CampaignId;
use domain::ports::worklist::Worklist;
use hyper::Method;
use serde_json::{Value, json};

async fn created(story: &TestServer, name: &str) {
    let made = json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
}

async fn asked(story: &TestServer, body: Value) -> TestReply {
    owner(story, "/api/v1/calls", body).await
}

async fn asked_by(story: &TestServer, bearer: &str, more: (&str, &str), body: Value) -> TestReply {
    let headers = [("Authorization", bearer), more];
    send(story, Method::POST, "/api/v1/calls", &headers, Some(body)).await
}

/// Creates campaign T with two customers.
async fn with_two(story: &TestServer) {
    created(story, "T").await;
    let list = json!({ "task_id": "T", "records": [
        { "customer_id": "C01", "phone": "13800138001" },
        { "customer_id": "C02", "phone": "13800138002" },
    ] });
    assert_eq!(owner(story, "/api/v1/tasks/data", list).await.status, 200);
}

#[test]
fn a_new_customer_is_enrolled_and_due_before_those_of_a_list() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let order = json!({ "campaign": "T", "customer": "C09", "phone": "13800138009",
            "deadline": "2099-01-01T00:00:00Z" });
        let one = asked(&story, order).await;
        assert_eq!(
            (one.status, &one.body["enrolled"]),
            (201, &json!(true)),
            "{}",
            one.body
        );
        // A customer who is already in a list is not enrolled again; only the order is new.
        let two = asked(&story, json!({ "campaign": "T", "customer": "C02" })).await;
        assert_eq!(
            (two.status, &two.body["enrolled"]),
            (201, &json!(false)),
            "{}",
            two.body
        );
        let head = story.running.installation.store().head().await.unwrap();
        let installation = &story.running.installation;
        installation.rows_at(head, 5_000).await.unwrap();
        let campaign: CampaignId = "T".parse().unwrap();
        let worklist = installation.rows.worklist();
        let due = worklist.due(&campaign, installation.now(), 9).await.unwrap();
        let due: Vec<_> = due.iter().map(|one| one.customer.to_string()).collect();
        assert_eq!(due.len(), 3);
        assert_eq!(
            [&due[0], &due[1]],
            [
                one.body["customer"].as_str().unwrap(),
                two.body["customer"].as_str().unwrap()
            ]
        );
        assert_eq!(trail(&story, "customer.call_asked").await.len(), 2);
    });
    story.end();
}

#[test]
fn what_cannot_be_called_is_refused_and_enrols_no_customer() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        created(&story, "T").await;
        let order = |more: Value| {
            let mut body = json!({ "campaign": "T", "customer": "C01", "phone": "13800138001" });
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        let refused = [
            (json!({ "deadline": "2020-01-01T00:00:00Z" }), "/deadline"),
            (json!({ "deadline": "soon" }), "/deadline"),
            (json!({ "flow": "another" }), "/flow"),
            (json!({ "phone": "110x" }), "/phone"),
            (json!({ "phone": null }), "/phone"),
            (json!({ "number": "13800138001" }), "/number"),
            (json!({ "campaign": null }), "/campaign"),
        ];
        for (more, pointer) in refused {
            let came = asked(&story, order(more)).await;
            assert_eq!(
                (came.status, &came.body["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{}",
                came.body
            );
        }
        let nowhere = asked(&story, order(json!({ "campaign": "U" }))).await;
        assert_eq!(nowhere.status, 404, "{}", nowhere.body);
        let stop = json!({ "reason": "over" });
        assert_eq!(owner(&story, "/api/v1/campaigns/T/stop", stop).await.status, 200);
        let over = asked(&story, order(json!({}))).await;
        assert_eq!((over.status, over.code()), (422, "campaign-over"));
        assert!(trail(&story, "customer.enrolled").await.is_empty());
    });
    story.end();
}

#[test]
fn an_order_for_an_enrolled_customer_matches_the_campaign_or_is_refused() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        created(&story, "T").await;
        let list = json!({ "task_id": "T", "records": [
            { "customer_id": "C01", "phone": "13800138001", "name": "王芳", "days": 3 },
        ] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        let order = |more: Value| {
            let mut body = json!({ "campaign": "T", "customer": "C01" });
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            body
        };
        let others = [
            (json!({ "phone": "13800138009" }), "/phone"),
            (json!({ "name": "李雷" }), "/name"),
            (json!({ "variables": { "days": 4 } }), "/variables/days"),
            (
                json!({ "variables": { "days": 3, "amount": 9 } }),
                "/variables/amount",
            ),
        ];
        for (more, pointer) in others {
            let came = asked(&story, order(more)).await;
            assert_eq!(
                (came.status, &came.body["errors"][0]["pointer"]),
                (422, &json!(pointer)),
                "{}",
                came.body
            );
        }
        assert!(trail(&story, "customer.call_asked").await.is_empty());
        let same = json!({ "phone": "138 0013 8001", "name": "王芳", "variables": { "days": "3" } });
        let came = asked(&story, order(same)).await;
        assert_eq!(came.status, 201, "{}", came.body);
    });
    story.end();
}

#[test]
fn a_key_may_ask_for_its_campaigns_and_a_repeated_request_calls_once() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        created(&story, "T").await;
        created(&story, "U").await;
        created(&story, "V").await;
        add(&story, "crm", &["integrator"]).await;
        add(&story, "ling", &["viewer"]).await;
        let crm = key(
            &story,
            json!({ "user": "crm", "scopes": ["calls:write"], "campaigns": ["T", "V"] }),
        )
        .await;
        let ling = key(&story, json!({ "user": "ling" })).await;
        let order = json!({ "campaign": "T", "customer": "C01", "phone": "13800138001" });
        let once = ("Idempotency-Key", "order-7");
        let no = asked_by(&story, &ling, once, order.clone()).await;
        assert_eq!((no.status, no.code()), (403, "role-missing"));
        let elsewhere = json!({ "campaign": "U", "customer": "C01", "phone": "13800138001" });
        let elsewhere = asked_by(&story, &crm, ("x-none", "1"), elsewhere).await;
        assert_eq!(elsewhere.status, 404, "{}", elsewhere.body);
        let first = asked_by(&story, &crm, once, order.clone()).await;
        assert_eq!(first.status, 201, "{}", first.body);
        let again = asked_by(&story, &crm, once, order.clone()).await;
        assert_eq!((again.status, &again.body), (201, &first.body));
        let stop = json!({ "reason": "over" });
        assert_eq!(owner(&story, "/api/v1/campaigns/T/stop", stop).await.status, 200);
        let late = asked_by(&story, &crm, once, order).await;
        assert_eq!(
            (late.status, &late.body),
            (201, &first.body),
            "whatever came since"
        );
        let other = json!({ "campaign": "T", "customer": "C02", "phone": "13800138002" });
        let other = asked_by(&story, &crm, once, other).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
        let same_person = json!({ "campaign": "V", "customer": "C01", "phone": "13800138001" });
        let same_person = asked_by(&story, &crm, once, same_person).await;
        assert_eq!(
            (same_person.status, same_person.code()),
            (422, "idempotency-key-reused")
        );
        assert_eq!(trail(&story, "customer.enrolled").await.len(), 1);
        assert_eq!(trail(&story, "customer.call_asked").await.len(), 1);
    });
    story.end();
}

#[test]
fn an_agent_calls_an_assigned_customer_by_the_known_number() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let sun = json!({ "name": "sun", "roles": ["agent"], "campaigns": ["T"] });
        assert_eq!(owner(&story, "/api/v1/users", sun).await.status, 201);
        let assign = json!({ "user": "sun", "reason": "asked for" });
        assert_eq!(
            owner(&story, "/api/v1/customers/C01/assign", assign).await.status,
            200
        );
        let sun = key(&story, json!({ "user": "sun" })).await;
        let none = ("x-none", "1");
        let own = asked_by(&story, &sun, none, json!({ "campaign": "T", "customer": "C01" })).await;
        assert_eq!(own.status, 201, "{}", own.body);
        let not_own = asked_by(&story, &sun, none, json!({ "campaign": "T", "customer": "C02" })).await;
        assert_eq!(not_own.status, 404, "{}", not_own.body);
        let number = json!({ "campaign": "T", "customer": "C01", "phone": "13800138003" });
        let number = asked_by(&story, &sun, none, number).await;
        assert_eq!(number.code(), "scope-too-small", "{}", number.body);
    });
    story.end();
}

#[test]
fn a_call_that_waits_is_canceled_by_its_id_and_the_person_is_not_called() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        created(&story, "T").await;
        let order = json!({ "campaign": "T", "customer": "C01", "phone": "13800138001" });
        let one = asked(&story, order.clone()).await;
        let path = format!("/api/v1/calls/{}/cancel", one.body["call"].as_str().unwrap());
        // A call outside the key's scope is not found; an invalid order by the owner is refused with its
        // errors.
        add(&story, "crm", &["integrator"]).await;
        let narrow = json!({ "user": "crm", "scopes": ["calls:write"], "campaigns": ["OTHER"] });
        let narrow = key(&story, narrow).await;
        let headers = [("Authorization", narrow.as_str())];
        let why = json!({ "reason": "asked twice" });
        let other = send(&story, Method::POST, &path, &headers, Some(why.clone())).await;
        assert_eq!((other.status, other.code()), (404, "missing"));
        assert_eq!(owner(&story, &path, json!({})).await.status, 422);
        let bearer = story.bearer();
        let again = [
            ("Authorization", bearer.as_str()),
            ("Idempotency-Key", "cancel-1"),
        ];
        let mut canceled = Vec::new();
        for _ in 0..2 {
            canceled.push(send(&story, Method::POST, &path, &again, Some(why.clone())).await);
        }
        for came in &canceled {
            assert_eq!(came.status, 200, "{}", came.body);
            assert_eq!(came.body["customer"], one.body["customer"]);
        }
        let other = json!({ "reason": "another" });
        let other = send(&story, Method::POST, &path, &again, Some(other)).await;
        assert_eq!((other.status, other.code()), (422, "idempotency-key-reused"));
        let settled = trail(&story, "customer.enrolment_settled").await;
        assert_eq!(settled.len(), 1);
        let head = story.running.installation.store().head().await.unwrap();
        let installation = &story.running.installation;
        installation.rows_at(head, 5_000).await.unwrap();
        let campaign: CampaignId = "T".parse().unwrap();
        let due = installation
            .rows
            .worklist()
            .due(&campaign, installation.now(), 9)
            .await;
        assert!(due.unwrap().is_empty());
        assert_eq!(owner(&story, &path, why).await.status, 404, "it waits no more");
        let again = asked(&story, order).await;
        assert_eq!(
            (again.status, again.code()),
            (422, "enrolment-settled"),
            "{}",
            again.body
        );
        assert!(
            again.body["detail"]
                .as_str()
                .unwrap()
                .contains("another campaign")
        );
    });
    story.end();
}
