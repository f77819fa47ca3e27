//! Tests of complaints, data subject requests, inspections, proofs and the worksheet of a data breach.

use crate::testing::{TestServer, answered, dial, three_calls};
use bytes::Bytes;
use domain::ids::CallId;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use store::proof::bundle::{TrustedKeys, check_bundle};

/// Sends a request with the owner's key. Returns the status and the bytes of the body.
async fn sent(story: &TestServer, method: Method, path: &str, body: &Value) -> (u16, Vec<u8>) {
    let url = story.running.url.clone().unwrap();
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = Request::builder().method(method).uri(format!("{url}{path}"));
    let request = request.header("Authorization", story.bearer());
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, bytes.to_vec())
}

pub(super) async fn post(story: &TestServer, path: &str, body: Value) -> (u16, Value) {
    let (status, bytes) = sent(story, Method::POST, path, &body).await;
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

pub(super) async fn get(story: &TestServer, path: &str) -> (u16, Value) {
    let (status, bytes) = sent(story, Method::GET, path, &Value::Null).await;
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// Creates campaign T with one customer, C01. Returns the customer's id.
pub(super) async fn one_person(story: &TestServer) -> String {
    let made = json!({ "task_id": "T", "script_template": "您的账单将于{{days}}天后到期。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(post(story, "/api/v1/campaigns", made).await.0, 201);
    let list = json!({ "task_id": "T", "records": [
        { "customer_id": "C01", "phone": "13800138000", "customer_name": "王小明", "days": "3" } ] });
    let (status, reply) = post(story, "/api/v1/tasks/data", list).await;
    assert!(status < 300, "{reply}");
    let (status, shown) = get(story, "/api/v1/customers/C01").await;
    assert_eq!(status, 200, "{shown}");
    shown["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_call_is_proved_by_one_request_and_the_log_s_state_is_signed() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        three_calls(&story).await;
        let call = CallId::derive(&crate::testing::enrolment(), 2);
        let (status, bytes) = sent(
            &story,
            Method::GET,
            &format!("/api/v1/calls/{call}/proof"),
            &Value::Null,
        )
        .await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
        let report = check_bundle(&bytes, &TrustedKeys::default()).unwrap();
        assert_eq!(report.index.subject.id, call.to_string());
        let whole: Vec<&str> = report
            .index
            .whole_streams
            .iter()
            .map(|one| one.stream.as_str())
            .collect();
        assert!(whole.contains(&format!("call-{call}").as_str()), "{whole:?}");
        let (status, signed) = get(&story, "/api/v1/log/checkpoint").await;
        assert_eq!(status, 200, "{signed}");
        assert!(
            signed["size"].as_u64().unwrap() >= report.checkpoint.size,
            "{signed}"
        );
        assert_eq!(signed["key"], report.key.to_string());
        let (status, graph) = get(&story, &format!("/api/v1/events/{call}/graph")).await;
        assert_eq!(status, 200, "{graph}");
        let subjects = graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|node| node["subject"] == true);
        assert_eq!(
            subjects.count() as u64,
            report.index.whole_streams[0].last_version.0.max(4),
            "{graph}"
        );
        let none = "00000000-0000-5000-8000-00000000ffff";
        for path in [
            format!("/api/v1/calls/{none}/proof"),
            format!("/api/v1/events/{none}/graph"),
        ] {
            assert_eq!(get(&story, &path).await.0, 404, "{path}");
        }
        // The export of the proof is on record.
        let (_, trail) = get(&story, "/api/v1/events?kind=inquiry.exported").await;
        assert_eq!(trail["items"][0]["data"]["what"], "proof", "{trail}");
    });
    story.end();
}

#[test]
fn an_inspection_finds_by_person_and_by_number_and_is_on_record_first() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let id = one_person(&story).await;
        let ask = json!({ "customer": "C01", "reason": "a complaint" });
        let (status, reply) = post(&story, "/api/v1/inspections", ask).await;
        assert_eq!(status, 200, "{reply}");
        assert_eq!(reply["counts"]["persons"], 1);
        assert_eq!(reply["bases"][0]["basis"], "contract");
        assert_eq!(reply["persons"][0]["phones"][0], "138****8000");
        assert!(!reply.to_string().contains("王小明"), "masked: {reply}");
        let ask = json!({ "number": "13800138000", "clear": true, "reason": "a complaint" });
        let (status, reply) = post(&story, "/api/v1/inspections", ask).await;
        assert_eq!(
            (status, &reply["persons"][0]["customer"]),
            (200, &json!(id)),
            "{reply}"
        );
        assert_eq!(reply["persons"][0]["name"], "王小明");
        let (_, trail) = get(&story, "/api/v1/events?kind=inquiry.personal_data_read").await;
        let reads: Vec<&Value> = trail["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["data"])
            .collect();
        let of_inspection = reads
            .iter()
            .filter(|read| read["route"] == "POST /api/v1/inspections");
        let forms: Vec<&Value> = of_inspection.map(|read| &read["form"]).collect();
        assert_eq!(forms, ["clear", "masked", "clear"], "{trail}");
        let bundle = json!({ "customer": id, "reason": "a complaint" });
        let (status, bytes) = sent(&story, Method::POST, "/api/v1/inspections/bundle", &bundle).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
        let report = check_bundle(&bytes, &TrustedKeys::default()).unwrap();
        assert_eq!(report.index.subject.kind, "inspection");
        assert_eq!(
            report.attached,
            ["attached/inspection.html", "attached/inspection.json"]
        );
        for (wrong, status) in [
            (json!({ "customer": "nobody", "reason": "x" }), 404),
            (json!({ "number": "+861055550100", "reason": "x" }), 404),
            (json!({ "customer": "C01" }), 422),
            (
                json!({ "customer": "C01", "number": "13800138000", "reason": "x" }),
                422,
            ),
            (
                json!({ "customer": "C01", "within_hours": 3, "reason": "x" }),
                422,
            ),
        ] {
            assert_eq!(
                post(&story, "/api/v1/inspections", wrong.clone()).await.0,
                status,
                "{wrong}"
            );
        }
    });
    story.end();
}

#[test]
fn a_complaint_is_opened_taken_and_resolved_and_its_number_suppressed_with_its_cause() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        one_person(&story).await;
        let order = json!({ "source": "12378", "number": "13800138000", "what": "called at night",
            "received_at": "2026-03-02T09:00:00+08:00" });
        let (status, opened) = post(&story, "/api/v1/complaints", order).await;
        assert_eq!(status, 201, "{opened}");
        let id = opened["id"].as_str().unwrap().to_owned();
        let days = opened["deadline"]["days"].as_u64().unwrap();
        assert_eq!((days, &opened["overdue"]), (15, &json!(false)));
        assert_eq!(opened["deadline"]["due_at"], "2026-03-17T16:00:00.000000Z");
        let path = format!("/api/v1/complaints/{id}");
        let (_, taken) = post(&story, &format!("{path}/assign"), json!({ "to": "wang" })).await;
        assert_eq!(taken["owner"], "wang");
        let end = json!({ "outcome": "upheld", "note": "it was late", "suppress": true });
        let (status, resolved) = post(&story, &format!("{path}/resolve"), end.clone()).await;
        assert_eq!(
            (status, &resolved["suppressed"]),
            (200, &json!(true)),
            "{resolved}"
        );
        assert_eq!(post(&story, &format!("{path}/resolve"), end).await.0, 422, "once");
        let show = json!({ "number": "13800138000" });
        assert_eq!(
            post(&story, "/api/v1/numbers/show", show).await.1["suppressed"],
            true
        );
        let (_, all) = get(&story, "/api/v1/complaints").await;
        assert_eq!(
            all["report"],
            json!({ "received": 1, "open": 0, "resolved": 1, "overdue": 0,
            "by_source": { "12378": 1 }, "by_outcome": { "upheld": 1 } })
        );
        let (_, open) = get(&story, "/api/v1/complaints?open=true").await;
        assert_eq!(open["items"], json!([]));
        // The suppression's cause is the resolved complaint.
        let (_, events) = get(&story, "/api/v1/events?kind=number.suppressed").await;
        let (_, caused) = get(&story, "/api/v1/events?kind=complaint.resolved").await;
        assert_eq!(
            events["items"][0]["causationid"], caused["items"][0]["id"],
            "{events}"
        );
        for wrong in [
            json!({ "source": "12378", "what": "x" }),
            json!({ "source": "sms", "number": "13800138000", "what": "x" }),
            json!({ "source": "own", "number": "13800138000" }),
            json!({ "source": "own", "customer": "C01", "what": "x", "suppress": true }),
        ] {
            assert_eq!(
                post(&story, "/api/v1/complaints", wrong.clone()).await.0,
                422,
                "{wrong}"
            );
        }
        assert_eq!(
            get(&story, "/api/v1/complaints/00000000-0000-5000-8000-00000000ffff")
                .await
                .0,
            404
        );
    });
    story.end();
}

#[test]
fn a_person_s_request_does_what_is_asked_for_and_says_by_which_event() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        one_person(&story).await;
        let open = |wish: &'static str| json!({ "customer": "C01", "wish": wish, "channel": "hotline" });
        let mut ids = Vec::new();
        for wish in ["copy", "explain", "correct", "restrict", "delete"] {
            let (status, opened) = post(&story, "/api/v1/requests", open(wish)).await;
            assert_eq!(
                (status, &opened["deadline"]["days"]),
                (201, &json!(15)),
                "{opened}"
            );
            ids.push(opened["id"].as_str().unwrap().to_owned());
        }
        let answer = async |index: usize, body: Value| {
            let path = format!("/api/v1/requests/{}/answer", ids[index]);
            post(&story, &path, body).await
        };
        let done = json!({ "note": "answered by letter" });
        let (_, copy) = answer(0, done.clone()).await;
        assert_eq!(copy["copy"]["persons"][0]["name"], "王小明", "{copy}");
        assert_eq!(copy["copy"]["variables"]["T"]["days"], "3", "{copy}");
        let by = copy["answered"]["done_by"].as_str().unwrap().to_owned();
        let (_, reads) = get(
            &story,
            "/api/v1/events?kind=inquiry.personal_data_read&limit=1000",
        )
        .await;
        let read = reads["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == json!(by));
        assert_eq!(read.unwrap()["data"]["form"], "clear", "{reads}");
        let (_, explained) = answer(1, done.clone()).await;
        assert!(explained["explanation"]["calls"].is_array() && explained["copy"].is_null());
        assert!(!explained.to_string().contains("王小明"), "masked");
        assert_eq!(answer(2, done.clone()).await.1["answered"]["answer"], "done");
        assert!(answer(3, done.clone()).await.1["answered"]["done_by"].is_string());
        let (status, held) = answer(4, done.clone()).await;
        assert_eq!(status, 422, "a hold beats an erasure: {held}");
        let (_, open) = get(&story, "/api/v1/requests?open=true").await;
        assert_eq!(open["items"].as_array().unwrap().len(), 1, "it stays open");
        let released = json!({ "reason": "the person agrees" });
        assert_eq!(
            post(&story, "/api/v1/customers/C01/release", released).await.0,
            200
        );
        let (status, deleted) = answer(4, done.clone()).await;
        assert_eq!(
            (status, &deleted["answered"]["answer"]),
            (200, &json!("done")),
            "{deleted}"
        );
        let (_, events) = get(&story, "/api/v1/events?kind=customer.erasure_requested").await;
        assert_eq!(events["items"][0]["id"], deleted["answered"]["done_by"]);
        let (_, received) = get(&story, "/api/v1/events?kind=person_request.received").await;
        assert_eq!(events["items"][0]["causationid"], received["items"][4]["id"]);
        assert_eq!(answer(4, done).await.0, 422, "once");
    });
    story.end();
}

#[test]
fn a_worksheet_lists_the_customers_seen_and_their_contacts_only_on_record() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let id = one_person(&story).await;
        let (status, _) = get(&story, "/api/v1/customers/C01?by=zhang&reason=curious").await;
        assert_eq!(status, 200);
        let ask = json!({ "user": "zhang" });
        let (status, seen) = post(&story, "/api/v1/inspections/seen", ask).await;
        assert_eq!((status, &seen["reads"]), (200, &json!(1)), "{seen}");
        let person = &seen["persons"][0];
        assert_eq!(
            (&person["customer"], &person["clear"]),
            (&json!(id), &json!(false)),
            "{seen}"
        );
        assert!(person["contact"].is_null());
        let unseen = json!({ "user": "li" });
        assert_eq!(
            post(&story, "/api/v1/inspections/seen", unseen).await.1["persons"],
            json!([])
        );
        let unreasoned = json!({ "user": "zhang", "notice": true });
        assert_eq!(post(&story, "/api/v1/inspections/seen", unreasoned).await.0, 422);
        let notice = json!({ "user": "zhang", "notice": true, "clear": true, "reason": "a breach" });
        let (_, reply) = post(&story, "/api/v1/inspections/seen", notice).await;
        assert_eq!(
            reply["persons"][0]["contact"]["phones"],
            json!(["+8613800138000"]),
            "{reply}"
        );
        let (_, trail) = get(
            &story,
            "/api/v1/events?kind=inquiry.personal_data_read&limit=1000",
        )
        .await;
        let routes = trail["items"].as_array().unwrap().iter();
        let routes = routes.filter(|one| one["data"]["route"] == "POST /api/v1/inspections/seen");
        assert_eq!(routes.count(), 1, "{trail}");
    });
    story.end();
}

/// A complaint that gives only a number and a time is assigned to the call to that number nearest to the
/// time.
#[test]
fn a_complaint_about_a_number_and_a_time_names_the_call() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        dial(&story, 1, answered()).await;
        let order =
            json!({ "source": "own", "call": CallId::derive(&crate::testing::enrolment(), 1), "what": "x" });
        let (status, opened) = post(&story, "/api/v1/complaints", order).await;
        assert_eq!((status, &opened["campaign"]), (201, &json!("T")), "{opened}");
        assert_eq!(opened["number"], "ffeeddccbbaa99887766554433221100");
    });
    story.end();
}
