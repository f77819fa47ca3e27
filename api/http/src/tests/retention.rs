//! Tests of retention periods: only above the minimum, with a dry run before data is destroyed, stopped by a
//! hold, finished after a crash, and named in the reply for a destroyed recording.

use super::test_client::{TestReply, get, owner, send, trail};
use crate::testing::{TestServer, enrolment, record, recorded_call};
use domain::calling_plan::{Basis, Preset};
use domain::customer::CustomerCommand;
use domain::customer::command::Enrolment;
use domain::ids::{CallId, CommandId, EnrolmentId, ListId};
use domain::retention::{DataClass, DisposalBasis, DisposalRequest, DisposedItems, RetentionCommand};
use domain::stored_event::Cause;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

const RETENTION: &str = "/api/v1/retention";

fn call(attempt: u32) -> CallId {
    CallId::derive(&enrolment(), attempt)
}

fn file(story: &TestServer, attempt: u32) -> PathBuf {
    let folder = story.running.installation.directory.join("recordings");
    folder.join(format!("{}.wav", call(attempt)))
}

async fn put(story: &TestServer, class: &str, etag: Option<&str>, body: Value) -> TestReply {
    let bearer = story.bearer();
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(etag.map(|etag| ("If-Match", etag)));
    let path = format!("{RETENTION}/{class}");
    send(story, Method::PUT, &path, &headers, Some(body)).await
}

/// Enrols the customer of the test calls, who until then only occurs in calls.
async fn register(story: &TestServer) {
    let installation = &story.running.installation;
    let EnrolmentId { campaign, customer } = enrolment();
    let command = CustomerCommand::Enrol(Box::new(Enrolment {
        customer: customer.clone(),
        external_id: "C009".to_owned(),
        number: "ffeeddccbbaa99887766554433221100".parse().unwrap(),
        phone: "+8613800138000".to_owned(),
        country: domain::customer::CountrySource::Written,
        further_phones: Vec::new(),
        name: None,
        time_zone: None,
        list: ListId::derive(&campaign, "list"),
        campaign,
        basis: Basis::Contract,
        variables: BTreeMap::new(),
        consent: None,
        same_number_as: None,
        best_times: None,
        preferred: Vec::new(),
        priority: None,
        dedupe: domain::calling_plan::DeduplicationScope::Campaign,
    }));
    let cause = Cause::outside(CommandId::derive_from_text("register"));
    let entities = &installation.entities.customers;
    entities.ask(&customer, command, cause).await.unwrap();
}

/// Sets the period of a class to one year for all presets.
pub(super) async fn set(story: &TestServer, class: &str) {
    let shown = get(story, &format!("{RETENTION}/{class}"), &story.bearer()).await;
    let etag = shown.body["etag"].as_str().unwrap().to_owned();
    let done = put(
        story,
        class,
        Some(&etag),
        json!({ "days": 365, "reason": "policy 4" }),
    )
    .await;
    assert_eq!(done.status, 200, "{}", done.body);
}

/// Runs retention, after the server's own run has ended. Returns the reply.
pub(super) async fn run(story: &TestServer, dry_run: bool) -> Value {
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(20_000);
    loop {
        let path = format!("{RETENTION}/run");
        let done = owner(story, &path, json!({ "dry_run": dry_run })).await;
        if done.code() != "retention-busy" {
            assert_eq!(done.status, 200, "{}", done.body);
            return done.body;
        }
        assert!(installation.now() < late, "{}", done.body);
        installation.pause(10).await;
    }
}

/// Waits until the server itself has checked the class, on this day or later. Returns the class.
async fn looked(story: &TestServer, class: &str, day: &str) -> Value {
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(20_000);
    loop {
        let shown = get(story, &format!("{RETENTION}/{class}"), &story.bearer())
            .await
            .body;
        if shown["last_review"]["at"].as_str().is_some_and(|at| at >= day) {
            return shown;
        }
        assert!(installation.now() < late, "{shown}");
        installation.pause(10).await;
    }
}

#[test]
fn a_period_replaces_another_from_its_floor_on_and_only_at_the_version_that_was_read() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let shown = get(&story, RETENTION, &story.bearer()).await.body;
        let recordings = &shown["classes"][0];
        assert_eq!(
            (&recordings["class"], &recordings["days"]),
            (&json!("recordings"), &Value::Null)
        );
        assert_eq!(recordings["presets"][2]["floor_days"], 731);
        let year = || json!({ "days": 365, "reason": "policy 4" });
        let bare = put(&story, "recordings", None, year()).await;
        assert_eq!((bare.status, bare.code()), (428, "if-match-needed"));
        let below = put(
            &story,
            "recordings",
            Some("\"v0\""),
            json!({ "days": 183, "reason": "x" }),
        )
        .await;
        assert_eq!(below.status, 422, "{}", below.body);
        assert!(
            below.body["detail"].as_str().unwrap().contains("minimum of 184"),
            "{}",
            below.body
        );
        let done = put(&story, "recordings", Some("\"v0\""), year()).await;
        assert_eq!(
            (done.status, &done.body["etag"]),
            (200, &json!("\"v1\"")),
            "{}",
            done.body
        );
        let stale = put(
            &story,
            "recordings",
            Some("\"v0\""),
            json!({ "days": 400, "reason": "x" }),
        )
        .await;
        assert_eq!(stale.status, 412, "{}", stale.body);
        let own = json!({ "preset": "cn-collection", "days": 800, "reason": "policy 4" });
        let done = put(&story, "recordings", Some("\"v1\""), own).await;
        assert_eq!(done.body["presets"][2]["days"], 800, "{}", done.body);
        assert_eq!(done.body["presets"][0]["days"], 365);
        let events = trail(&story, "retention.period_set").await;
        assert_eq!(events.len(), 2);
        assert_eq!(put(&story, "backups", Some("\"v0\""), year()).await.status, 404);
        let dry = run(&story, true).await;
        assert_eq!(
            (&dry["classes"][0]["set"], &dry["classes"][1]["set"]),
            (&json!(true), &json!(false))
        );
    });
    story.end();
}

#[test]
fn what_is_past_its_period_is_destroyed_after_it_is_on_record_and_what_is_held_is_not() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        recorded_call(&story).await;
        set(&story, "recordings").await;
        // Not due yet.
        let dry = run(&story, true).await;
        assert_eq!(
            (&dry["classes"][0]["looked_at"], &dry["classes"][0]["due"]),
            (&json!(1), &json!(0))
        );
        // From here on the customer is on hold.
        let customer = enrolment().customer.to_string();
        register(&story).await;
        let path = format!("/api/v1/customers/{customer}/hold");
        let held = owner(&story, &path, json!({ "reason": "a court asked" })).await;
        assert_eq!(held.status, 200, "{}", held.body);
    });
    // One day before the period ends; the server checks by itself.
    let story = story.later("2027-03-01T09:00:00+08:00");
    story.runtime.block_on(async {
        let shown = looked(&story, "recordings", "2027-03-01").await;
        assert_eq!(shown["last_review"]["due"], 0, "{shown}");
    });
    let story = story.later("2027-03-03T12:00:00+08:00");
    story.runtime.block_on(async {
        let shown = looked(&story, "recordings", "2027-03-03").await;
        assert_eq!(shown["last_review"]["held"], 1, "{shown}");
        let dry = run(&story, true).await;
        let found = &dry["classes"][0];
        assert_eq!((&found["due"], &found["held"]), (&json!(1), &json!(1)), "{found}");
        assert!(file(&story, 1).exists());
        let customer = enrolment().customer.to_string();
        let path = format!("/api/v1/customers/{customer}/release");
        let freed = owner(&story, &path, json!({})).await;
        assert_eq!(freed.status, 200, "{}", freed.body);
        let dry = run(&story, true).await;
        assert_eq!(dry["classes"][0]["calls"], json!([call(1)]), "{dry}");
        assert!(file(&story, 1).exists() && trail(&story, "retention.disposed").await.is_empty());

        let done = run(&story, false).await;
        let found = &done["classes"][0];
        assert_eq!(
            (&found["destroyed"], &found["disposals"]),
            (&json!(1), &json!([1])),
            "{found}"
        );
        assert!(!file(&story, 1).exists());
        let begun = trail(&story, "retention.disposal_begun").await;
        let disposed = trail(&story, "retention.disposed").await;
        assert_eq!((begun.len(), disposed.len()), (1, 1));
        let again = run(&story, false).await;
        assert_eq!(again["classes"][0]["due"], 0, "{again}");

        let path = format!("/api/v1/calls/{}", call(1));
        let shown = get(&story, &path, &story.bearer()).await.body;
        assert_eq!(shown["recording"]["disposed"]["disposal"], 1, "{shown}");
        let gone = get(&story, &format!("{path}/recording?reason=x"), &story.bearer()).await;
        assert_eq!((gone.status, gone.code()), (404, "recording-disposed"));
        assert!(
            gone.body["detail"]
                .as_str()
                .unwrap()
                .contains("under retention on 2027-03-0")
        );
    });
    story.end();
}

#[test]
fn an_open_complaint_keeps_the_recording_of_its_call_until_it_is_resolved() {
    let story = TestServer::begin();
    let complaint = story.runtime.block_on(async {
        recorded_call(&story).await;
        set(&story, "recordings").await;
        let order = json!({ "source": "12378", "call": call(1), "what": "called at night" });
        let opened = owner(&story, "/api/v1/complaints", order).await;
        assert_eq!(opened.status, 201, "{}", opened.body);
        opened.body["id"].as_str().unwrap().to_owned()
    });
    let story = story.later("2027-03-03T12:00:00+08:00");
    story.runtime.block_on(async {
        let shown = looked(&story, "recordings", "2027-03-03").await;
        assert_eq!(shown["last_review"]["held"], 1, "{shown}");
        assert!(file(&story, 1).exists());
        let path = format!("/api/v1/complaints/{complaint}/resolve");
        let done = owner(&story, &path, json!({ "outcome": "unfounded", "note": "heard" })).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let done = run(&story, false).await;
        assert_eq!(done["classes"][0]["destroyed"], 1, "{done}");
        assert!(!file(&story, 1).exists());
    });
    story.end();
}

#[test]
fn a_disposal_that_a_crash_cut_is_finished_by_the_next_run() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        recorded_call(&story).await;
        record(&story, 2).await;
        set(&story, "recordings").await;
    });
    // The server checks now, and not again within minutes.
    let story = story.later("2027-03-02T09:00:00+08:00");
    story.runtime.block_on(async {
        looked(&story, "recordings", "2027-03-02").await;
        let installation = &story.running.installation;
        let now = installation.now();
        // The state in which a process leaves a disposal when it ends after the first of two files.
        let begin = RetentionCommand::BeginDisposal(Box::new(DisposalRequest {
            class: DataClass::Recordings,
            preset: Preset::CnService,
            oldest_at: now.minus_ms(400 * 86_400_000),
            newest_at: now.minus_ms(366 * 86_400_000),
            what: DisposedItems {
                calls: vec![call(1), call(2)],
                ..DisposedItems::default()
            },
            under: DisposalBasis::Period,
        }));
        let cause = Cause::outside(CommandId::derive_from_text("crash"));
        let entities = &installation.entities.retentions;
        entities.ask(&DataClass::Recordings, begin, cause).await.unwrap();
        std::fs::remove_file(file(&story, 1)).unwrap();
        let shown = get(&story, &format!("{RETENTION}/recordings"), &story.bearer())
            .await
            .body;
        assert_eq!(shown["under_way"], 1, "{shown}");
        let dry = run(&story, true).await;
        assert_eq!(dry["classes"][0]["unfinished"], 1, "{dry}");
        assert!(file(&story, 2).exists());
    });
    // The next server finishes the disposal first, although this day was already checked.
    let story = story.later("2027-03-02T12:00:00+08:00");
    story.runtime.block_on(async {
        let shown = looked(&story, "recordings", "2027-03-02T04").await;
        assert_eq!(
            (&shown["under_way"], &shown["destroyed"]),
            (&Value::Null, &json!(1)),
            "{shown}"
        );
        assert!(!file(&story, 2).exists());
        for attempt in [1, 2] {
            let path = format!("/api/v1/calls/{}", call(attempt));
            let shown = get(&story, &path, &story.bearer()).await.body;
            assert_eq!(shown["recording"]["disposed"]["disposal"], 1, "{shown}");
        }
        let disposed = trail(&story, "retention.disposed").await;
        assert_eq!(disposed.len(), 1, "{disposed:?}");
    });
    story.end();
}

#[test]
fn a_person_at_rest_is_erased_when_the_time_is_over_and_certified() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let made = json!({ "task_id": "T", "script_template": "您好。",
            "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        assert_eq!(owner(&story, "/api/v1/campaigns", made).await.status, 201);
        let list = "客户ID,手机号,姓名\nC001,138-0013-8000,张三\nC002,138-0013-8001,李四\n";
        let imported = story.post("/api/v1/campaigns/T/lists?source=a.csv", list).await;
        assert_eq!(imported.status().as_u16(), 200);
        set(&story, "persons").await;
        let hold = json!({ "reason": "a court asked" });
        assert_eq!(
            owner(&story, "/api/v1/customers/C002/hold", hold).await.status,
            200
        );
        let over = json!({ "reason": "over" });
        let stopped = owner(&story, "/api/v1/campaigns/T/stop", over).await;
        assert_eq!(stopped.status, 200, "{}", stopped.body);
    });
    let story = story.later("2027-03-05T12:00:00+08:00");
    story.runtime.block_on(async {
        let shown = looked(&story, "persons", "2027-03-05").await;
        let last = &shown["last_review"];
        assert_eq!(
            (&last["due"], &last["held"], &last["destroyed"]),
            (&json!(2), &json!(1), &json!(1)),
            "{shown}"
        );
        assert_eq!(trail(&story, "customer.erasure_certified").await.len(), 1);
        let erased = get(&story, "/api/v1/customers/C001", &story.bearer()).await.body;
        assert_eq!(
            (&erased["name"], &erased["customer_id"]),
            (&Value::Null, &Value::Null),
            "{erased}"
        );
        let kept = get(&story, "/api/v1/customers/C002", &story.bearer()).await.body;
        assert_eq!(kept["name"], "李*", "{kept}");
        let disposed = trail(&story, "retention.disposed").await;
        assert_eq!(disposed.len(), 1, "{disposed:?}");
    });
    story.end();
}
