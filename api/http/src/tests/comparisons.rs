//! Comparisons of caller-chosen values with customers' sealed values: what a dry run and an import return,
//! which callers see that ids share a number, and that each attempt is on record.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use crate::testing::TestServer;
use hyper::Method;
use serde_json::{Value, json};

pub(super) const PHONE: &str = "13800138000";

pub(super) async fn campaign(story: &TestServer, name: &str) {
    let made = json!({ "task_id": name, "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
}

pub(super) async fn list(story: &TestServer, campaign: &str, people: &[(&str, &str)]) -> Value {
    let record = |(id, phone): &(&str, &str)| json!({ "customer_id": id, "phone": phone });
    let records: Vec<Value> = people.iter().map(record).collect();
    let came = owner(
        story,
        "/api/v1/tasks/data",
        json!({ "task_id": campaign, "records": records }),
    )
    .await;
    assert_eq!(came.status, 200, "{}", came.body);
    came.body
}

/// Adds the operator wang, who imports lists. Returns wang's key.
pub(super) async fn importer(story: &TestServer) -> String {
    add(story, "wang", &["operator"]).await;
    key(story, json!({ "user": "wang" })).await
}

pub(super) async fn post(story: &TestServer, path: &str, key: &str, body: Value) -> TestReply {
    send(story, Method::POST, path, &[("Authorization", key)], Some(body)).await
}

/// Imports a CSV file. `send` cannot be used: it sends JSON.
fn file(story: &TestServer, query: &str, key: &str, text: &str) -> (u16, Value) {
    let url = story.running.url.clone().unwrap();
    let url = format!("{url}/api/v1/campaigns/U/lists?source=a.csv&{query}");
    let (key, text) = (key.to_owned(), text.to_owned());
    let request = hyper::Request::builder()
        .method("POST")
        .uri(url)
        .header("Authorization", key)
        .body(http_body_util::Full::new(bytes::Bytes::from(text)))
        .unwrap();
    let client =
        hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
    story.runtime.block_on(async {
        let response = client.request(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = http_body_util::BodyExt::collect(response.into_body())
            .await
            .unwrap()
            .to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    })
}

/// Imports one-row lists that are compared with all campaigns, until the rate limit refuses one.
fn until_refused(story: &TestServer, key: &str) {
    let mut passed = 1;
    loop {
        let text = format!("客户ID,手机号\nZ{passed},1390013{passed:04}\n");
        let (status, report) = file(story, "dedupe=everywhere", key, &text);
        if status == 429 {
            assert_eq!(report["code"], "lists-too-fast");
            break;
        }
        assert_eq!(status, 200, "{report}");
        passed += 1;
        assert!(passed < 14, "enough for four digits");
    }
}

#[test]
fn a_dry_run_tells_nothing_of_other_campaigns_and_an_import_one_rounded_figure() {
    let story = TestServer::begin();
    let wang = story.runtime.block_on(async {
        campaign(&story, "T").await;
        campaign(&story, "U").await;
        let people: Vec<(String, String)> = (0..12)
            .map(|n| (format!("T{n}"), format!("138001380{n:02}")))
            .collect();
        let people: Vec<(&str, &str)> = people
            .iter()
            .map(|(id, phone)| (id.as_str(), phone.as_str()))
            .collect();
        list(&story, "T", &people).await;
        importer(&story).await
    });
    // A known number and an unknown one get the same reply.
    let tried = |phone: &str| {
        let text = format!("客户ID,手机号\nX1,{phone}\n");
        let (status, mut report) = file(&story, "dedupe=everywhere&dry_run=true", &wang, &text);
        assert_eq!(status, 200, "{report}");
        report["list"] = Value::Null;
        report
    };
    let (known, unknown) = (tried("13800138001"), tried("13800139999"));
    assert_eq!(known, unknown);
    assert_eq!(known["duplicates_elsewhere"], "not_checked");
    assert_eq!((&known["duplicates"], &known["enrolled"]), (&json!(0), &json!(1)));

    let mut text = "客户ID,手机号\n".to_owned();
    for n in 0..12 {
        text.push_str(&format!("Y{n},138001380{n:02}\n"));
    }
    text.push_str("Y12,13800139999\n");
    let (status, report) = file(&story, "dedupe=everywhere", &wang, &text);
    assert_eq!(status, 200, "{report}");
    assert_eq!(
        report["duplicates_elsewhere"], 10,
        "twelve, rounded down: {report}"
    );
    assert_eq!(
        (&report["duplicates"], &report["enrolled"]),
        (&json!(0), &json!(1))
    );
    story.runtime.block_on(async {
        let compared = trail(&story, "inquiry.compared").await;
        let facts: Vec<(&Value, &Value)> = compared
            .iter()
            .map(|one| (&one["data"]["values"], &one["data"]["found"]))
            .collect();
        assert_eq!(
            facts,
            [
                (&json!(1), &json!(0)),
                (&json!(1), &json!(0)),
                (&json!(13), &json!(10))
            ]
        );
        assert!(
            compared.iter().all(|one| one["by_whom"] == "wang"),
            "{compared:?}"
        );
    });
    // Each import with `dedupe=everywhere` reveals a little: the limit permits fewer imports than a search
    // for four digits needs.
    until_refused(&story, &wang);
    story.end();
}

/// Sends twelve requests that compare nothing, then a new list, and asserts that it is still permitted.
fn costs_nothing(story: &TestServer, key: &str, ask: impl Fn(u32) -> (u16, Value), expected: u16) {
    for number in 0..12 {
        let (status, report) = ask(number);
        assert_eq!(status, expected, "request {number}: {report}");
    }
    let text = format!("客户ID,手机号\nN{expected},13700137{expected:03}\n");
    let (status, report) = file(story, "dedupe=everywhere", key, &text);
    assert_eq!((status, &report["repeated"]), (200, &json!(false)), "{report}");
}

#[test]
fn a_list_that_is_repeated_refused_or_waits_for_approval_costs_no_comparison() {
    let story = TestServer::begin();
    let wang = story.runtime.block_on(async {
        campaign(&story, "U").await;
        importer(&story).await
    });
    let text = "客户ID,手机号\nX1,13800138001\n";
    assert_eq!(file(&story, "dedupe=everywhere", &wang, text).0, 200);
    costs_nothing(
        &story,
        &wang,
        |_| file(&story, "dedupe=everywhere", &wang, text),
        200,
    );
    // A file without a phone column is refused before its rows are compared.
    costs_nothing(
        &story,
        &wang,
        |number| {
            file(
                &story,
                "dedupe=everywhere",
                &wang,
                &format!("客户ID,备注\nX{number},a\n"),
            )
        },
        422,
    );
    story.end();
}

#[test]
fn a_list_that_waits_for_its_approval_costs_no_comparison() {
    let story = TestServer::begin();
    let wang = story.runtime.block_on(async {
        let made = json!({ "task_id": "U", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" }, "approvals": ["lists"] });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        add(&story, "li", &["operator"]).await;
        key(&story, json!({ "user": "li" })).await;
        importer(&story).await
    });
    for number in 0..12 {
        let text = format!("客户ID,手机号\nX{number},1380013800{}\n", number % 10);
        let (status, report) = file(&story, "dedupe=everywhere", &wang, &text);
        assert_eq!(
            (status, &report["code"]),
            (409, &json!("approval-needed")),
            "{report}"
        );
    }
    story.end();
}

#[test]
fn who_shares_a_number_is_withheld_without_the_reveal_right() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, "T").await;
        campaign(&story, "U").await;
        let wang = importer(&story).await;
        add(&story, "zhao", &["compliance"]).await;
        let zhao = key(&story, json!({ "user": "zhao" })).await;
        list(&story, "T", &[("C1", PHONE)]).await;
        list(&story, "U", &[("C2", PHONE)]).await;
        let ids = async |key: &str| {
            let mut ids = Vec::new();
            for customer in ["C1", "C2"] {
                let shown = get(&story, &format!("/api/v1/customers/{customer}"), key).await;
                assert!(
                    shown.body["numbers"][0]["id"].is_string(),
                    "{} {}",
                    shown.status,
                    shown.body
                );
                ids.push(shown.body["numbers"][0]["id"].as_str().unwrap().to_owned());
            }
            ids
        };
        let (keyed, stored) = (ids(&wang).await, ids(&zhao).await);
        assert_eq!(
            stored[0], stored[1],
            "with the reveal right: one id for one number"
        );
        assert_ne!(keyed[0], keyed[1]);
        assert!(!keyed.contains(&stored[0]));
        let duplicates = "/api/v1/customers/C1/duplicates";
        assert_eq!(get(&story, duplicates, &wang).await.status, 403);
        let head = story.running.installation.store().head().await.unwrap();
        let found = get(&story, &format!("{duplicates}?after_position={head}"), &zhao).await;
        assert_eq!(
            found.body["candidates"].as_array().map(Vec::len),
            Some(1),
            "{}",
            found.body
        );
        // A list of the operator's own: the reply does not name the other customer, and its counts are
        // rounded down to tens.
        let mine = json!({ "task_id": "T", "records": [{ "customer_id": "P1", "phone": PHONE }] });
        let dry = post(&story, "/api/v1/tasks/data?dry_run=true", &wang, mine.clone()).await;
        assert_eq!(dry.body["same_number"]["count"], 0, "{}", dry.body);
        let done = post(&story, "/api/v1/tasks/data", &wang, mine).await;
        assert_eq!(done.body["same_number"]["rows"], json!([]), "{}", done.body);
        assert_eq!(done.body["duplicates_elsewhere"], 0);
        let left_out = get(&story, "/api/v1/customers/P1", &wang).await;
        let why = &left_out.body["enrolments"][0]["not_called"];
        assert_eq!((&why["rule"], &why["facts"]), (&json!("same_number"), &json!({})));
        assert!(!why.to_string().contains("同号客户："), "{why}");
        // The lookup of a number needs the permission to read numbers.
        add(&story, "qian", &["viewer"]).await;
        let qian = key(&story, json!({ "user": "qian" })).await;
        let number = json!({ "number": PHONE });
        assert_eq!(
            post(&story, "/api/v1/consents/show", &qian, number.clone())
                .await
                .status,
            403
        );
        let looked = post(&story, "/api/v1/numbers/lookup", &wang, number).await;
        assert_eq!(
            (looked.status, looked.body.get("id")),
            (200, None),
            "{}",
            looked.body
        );
    });
    story.end();
}

#[test]
fn events_show_a_number_by_an_id_of_the_customer_and_no_lookup_hash() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, "T").await;
        campaign(&story, "U").await;
        list(&story, "T", &[("C1", PHONE)]).await;
        list(&story, "U", &[("C2", PHONE)]).await;
        add(&story, "crm", &["integrator"]).await;
        let crm = key(&story, json!({ "user": "crm" })).await;
        let numbers = async |authorization: &str| {
            let path = "/api/v1/events?kind=customer.number_added&limit=100";
            let page = get(&story, path, authorization).await;
            let items = page.body["items"].as_array().unwrap().clone();
            let of = |item: &Value| item["data"]["number"].as_str().unwrap().to_owned();
            let hashes = items
                .iter()
                .filter(|item| item["data"]["phone"].get("hash").is_some())
                .count();
            (items.iter().map(of).collect::<Vec<_>>(), hashes)
        };
        let (stored, hashes) = numbers(&story.bearer()).await;
        assert_eq!((stored[0] == stored[1], hashes), (true, 2));
        let (keyed, hashes) = numbers(&crm).await;
        assert_eq!((keyed[0] == keyed[1], hashes), (false, 0));
        let claims = get(&story, "/api/v1/events?kind=number.claimed&limit=100", &crm).await;
        let claims = claims.body["items"].as_array().unwrap().clone();
        assert_eq!(claims.len(), 2);
        assert_ne!(claims[0]["subject"], claims[1]["subject"]);
        for (claim, id) in claims.iter().zip(&keyed) {
            assert_eq!(
                claim["subject"],
                format!("number-{id}"),
                "one customer keeps one id"
            );
        }
    });
    story.end();
}

#[test]
fn trying_own_ids_is_slowed_down_and_each_miss_is_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        campaign(&story, "T").await;
        list(&story, "T", &[("C1", PHONE)]).await;
        let wang = importer(&story).await;
        let mut tried = 0;
        let refused = loop {
            let came = match tried % 2 {
                0 => get(&story, &format!("/api/v1/customers/N{tried}"), &wang).await,
                _ => {
                    post(
                        &story,
                        "/api/v1/customers/find",
                        &wang,
                        json!({ "customer": format!("N{tried}") }),
                    )
                    .await
                }
            };
            if came.status != 404 {
                break came;
            }
            tried += 1;
            assert!(tried < 100, "nothing slows it down");
        };
        assert_eq!((refused.status, refused.code()), (429, "lookups-too-fast"));
        let misses = trail(&story, "inquiry.compared").await;
        assert_eq!(misses.len(), tried);
        assert!(
            misses
                .iter()
                .all(|one| one["data"]["what"] == "customer_id" && one["data"]["found"] == 0)
        );
    });
    story.end();
}
