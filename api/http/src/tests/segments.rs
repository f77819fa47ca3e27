//! Tests of segments: attributes and tags are set and counted, a campaign freezes a segment, the same segment
//! is asked again as of then, and erased customers are missing.

use crate::tests::route_server::RouteServer;
use application::lists::enroller::CampaignEnroller;
use application::lists::load::Enroller;
use application::segments::visibility::SegmentVisibility;
use domain::ids::CommandId;
use domain::stored_event::Cause;
use intake::mapping::Member;
use intake::row::check;
use intake::source::NamedRow;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract"}"#;
const NEXT: &str = r#"{"task_id":"NEXT","script_template":"您好。","basis":"contract"}"#;
pub(super) const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138000"},
    {"customer_id":"C2","phone":"13800138001"},
    {"customer_id":"C3","phone":"13800138002"}]}"#;
const CARDS: &str = "SELECT * FROM customers WHERE age BETWEEN 25 AND 35 AND tag LIKE '%信用卡%'";

pub(super) fn asked(sql: &str) -> Value {
    json!({ "sql": sql })
}

fn known(server: &RouteServer, customer: &str, age: &str, tag: &str) {
    let path = format!("/api/v1/customers/{customer}");
    let set = server.post(&format!("{path}/attributes"), &json!({ "set": { "年龄": age } }));
    assert_eq!((set.0, &set.1["attributes_count"]), (200, &json!(1)), "{set:?}");
    let tagged = server.post(
        &format!("{path}/tags"),
        &json!({ "level": "business", "add": [tag] }),
    );
    assert_eq!(
        (tagged.0, &tagged.1["tags_count"]),
        (200, &json!(1)),
        "{tagged:?}"
    );
}

#[test]
fn many_customers_are_known_row_by_row_and_a_bad_row_takes_none_with_it() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let wide: serde_json::Map<String, Value> = (0..250)
        .map(|number| (format!("dimension_{number}"), json!("x".repeat(40))))
        .collect();
    let mut body = json!({ "dry_run": true, "customers": [
        { "customer": "C1", "set": { "age": "31", "行业": "零售" },
            "tags": [{ "level": "business", "add": ["信用卡"] }] },
        { "customer": "C2", "set": { "age": "thirty", "手机号": "1" } },
        { "customer": "C9", "set": { "age": "40" } },
        { "customer": "C3", "set": wide },
        { "customer": "C2", "tags": [{ "level": "basic", "add": ["a"], "remove": ["a"] }] },
    ]});
    let taken = |reply: &(u16, Value)| {
        let refused = reply.1["refused"].as_array().unwrap().iter();
        let refused: Vec<u64> = refused.map(|row| row["row"].as_u64().unwrap()).collect();
        (reply.0, reply.1["changed"].clone(), refused)
    };
    let path = "/api/v1/customers/attributes";
    let dry = server.post(path, &body);
    assert_eq!(taken(&dry), (200, json!(2), vec![1, 2, 4]), "{dry:?}");
    assert!(server.events("customer.attributes_set").is_empty());
    body["dry_run"] = json!(false);
    let first = server.post(path, &body);
    assert_eq!(taken(&first), taken(&dry), "{first:?}");
    let columns = first.1["refused"][0]["columns"].as_array().unwrap();
    assert_eq!(columns.len(), 2, "each wrong column: {first:?}");
    assert!(!first.1.to_string().contains("thirty"), "{first:?}");
    let again = server.post(path, &body);
    assert_eq!(
        (&again.1["changed"], &again.1["unchanged"]),
        (&json!(0), &json!(2)),
        "{again:?}"
    );
    assert_eq!(
        count(&server, &asked("SELECT * FROM customers WHERE age = 31"))["count"],
        1
    );
    let shown = server.send("GET", "/api/v1/customers/C3/attributes", "");
    let known = shown.1["attributes"].as_object().unwrap();
    let dimensions = known.keys().filter(|name| name.starts_with("dimension_"));
    assert_eq!(dimensions.count(), 250);
    server.end();
}

pub(super) fn count(server: &RouteServer, body: &Value) -> Value {
    let counted = server.post("/api/v1/segments/count", body);
    assert_eq!(counted.0, 200, "{counted:?}");
    counted.1
}

#[test]
fn a_segment_is_counted_frozen_with_a_campaign_and_asked_again_as_of_then() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    known(&server, "C1", "30", "招行信用卡");
    known(&server, "C2", "30", "储蓄卡");
    known(&server, "C3", "35", "信用卡");
    let first = count(&server, &asked(CARDS));
    assert_eq!(first["count"], 2, "{first}");
    let previewed = server.post("/api/v1/segments/preview", &asked(CARDS));
    assert_eq!(
        previewed.1["sample"].as_array().map(Vec::len),
        Some(2),
        "{previewed:?}"
    );
    let shown = server.send("GET", "/api/v1/customers/C1/attributes", "");
    assert_eq!(shown.1["attributes"]["age"], "30", "{shown:?}");
    assert_eq!(shown.1["attributes"]["follow_up_state"], "to_call");
    let made = server.send("POST", "/api/v1/campaigns", NEXT);
    assert_eq!(made.0, 201, "{made:?}");
    let frozen = server.post("/api/v1/campaigns/NEXT/segment", &asked(CARDS));
    assert_eq!(
        (frozen.0, &frozen.1["segment"]["count"]),
        (200, &json!(2)),
        "{frozen:?}"
    );
    assert_eq!(frozen.1["import"]["enrolled"], 2, "{frozen:?}");
    known_again(&server);
    let again = server.post("/api/v1/campaigns/NEXT/segment", &asked(CARDS));
    assert_eq!(
        again.1["segment"], frozen.1["segment"],
        "the same people: {again:?}"
    );
    assert_eq!(again.1["import"]["repeated"], true, "{again:?}");
    let other = server.post(
        "/api/v1/campaigns/NEXT/segment",
        &asked("SELECT * FROM customers"),
    );
    assert_eq!(other.0, 422, "{other:?}");
    let then = json!({ "sql": CARDS, "as_of": frozen.1["segment"]["position"].to_string(),
        "at": frozen.1["segment"]["asked_at"] });
    assert_eq!(count(&server, &then)["count"], 2);
    server.end();
}

/// Makes another customer match the segment after it was frozen: the frozen list keeps its customers.
fn known_again(server: &RouteServer) {
    let tags = json!({ "level": "business", "add": ["信用卡"] });
    assert_eq!(server.post("/api/v1/customers/C2/tags", &tags).0, 200);
    assert_eq!(count(server, &asked(CARDS))["count"], 3);
}

#[test]
fn who_is_erased_is_in_no_segment_and_a_wrong_one_names_its_column() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    known(&server, "C1", "30", "信用卡");
    let first = count(&server, &asked(CARDS));
    assert_eq!(first["count"], 1);
    let erased = server.post("/api/v1/customers/C1/erase", &json!({ "reason": "asked" }));
    assert_eq!(erased.0, 200, "{erased:?}");
    let none = count(&server, &asked(CARDS));
    assert_eq!(none["count"], 0, "{none}");
    // Also as of before the erasure: the key of the values is destroyed.
    let before = |sql: &str| {
        let named = json!({ "sql": sql, "as_of": first["position"], "sample": 10 });
        let previewed = server.post("/api/v1/segments/preview", &named);
        assert_eq!(previewed.0, 200, "{previewed:?}");
        (
            previewed.1["count"].clone(),
            previewed.1["sample"].as_array().map(Vec::len),
        )
    };
    assert_eq!(before(CARDS), (json!(0), Some(0)));
    assert_eq!(before("SELECT * FROM customers"), (json!(2), Some(2)));
    assert_eq!(
        before("SELECT * FROM customers WHERE calls_count = 0"),
        (json!(2), Some(2))
    );
    let wrong = server.post(
        "/api/v1/segments/check",
        &asked("SELECT * FROM customers WHERE 姓名 = 'x'"),
    );
    assert_eq!(wrong.0, 422, "{wrong:?}");
    let found = wrong.1["errors"][0]["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(found.contains("line 1, column 31"), "{found}");
    let refused = server.post(
        "/api/v1/customers/C2/attributes",
        &json!({ "set": { "age": "thirty" } }),
    );
    assert_eq!(refused.0, 422, "{refused:?}");
    assert!(!refused.1.to_string().contains("thirty"), "{refused:?}");
    server.end();
}

#[test]
fn a_list_of_a_segment_that_was_cut_off_goes_on_behind_an_erasure() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    for customer in ["C1", "C2"] {
        known(&server, customer, "30", "信用卡");
    }
    assert_eq!(server.send("POST", "/api/v1/campaigns", NEXT).0, 201);
    // The segment is frozen, and the import of its list has not started.
    let cause = Cause::outside(CommandId::derive_from_text("freeze"));
    let campaign = "NEXT".parse().unwrap();
    let freezing = server
        .running
        .installation
        .freeze_for(&campaign, CARDS, SegmentVisibility::ALL, cause);
    let frozen = server.runtime.block_on(freezing).unwrap();
    assert_eq!((frozen.frozen.count, frozen.records.len()), (2, 2));
    let erased = server.post("/api/v1/customers/C1/erase", &json!({ "reason": "asked" }));
    assert_eq!(erased.0, 200, "{erased:?}");
    let done = server.post("/api/v1/campaigns/NEXT/segment", &asked(CARDS));
    assert_eq!(
        (done.0, &done.1["import"]["enrolled"]),
        (200, &json!(1)),
        "{done:?}"
    );
    let kept = json!(frozen.frozen.members_sha256);
    assert_eq!(done.1["segment"]["members_sha256"], kept, "{done:?}");
    let again = server.post("/api/v1/campaigns/NEXT/segment", &asked(CARDS));
    assert_eq!(again.1["import"]["repeated"], true, "{again:?}");
    server.end();
}

#[test]
fn after_an_erasure_a_limit_admits_no_customer_outside_the_fixed_list() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    for customer in ["C1", "C2", "C3"] {
        known(&server, customer, "30", "信用卡");
    }
    assert_eq!(server.send("POST", "/api/v1/campaigns", NEXT).0, 201);
    let two = "SELECT * FROM customers WHERE tag LIKE '%信用卡%' ORDER BY age LIMIT 2";
    let cause = Cause::outside(CommandId::derive_from_text("freeze"));
    let campaign = "NEXT".parse().unwrap();
    let freezing = server
        .running
        .installation
        .freeze_for(&campaign, two, SegmentVisibility::ALL, cause);
    let frozen = server.runtime.block_on(freezing).unwrap();
    let first = frozen.records[0]["customer_id"].as_str().unwrap().to_owned();
    assert_eq!(frozen.records.len(), 2);
    let before = server.events("customer.enrolled").len();
    let erased = server.post(
        &format!("/api/v1/customers/{first}/erase"),
        &json!({ "reason": "asked" }),
    );
    assert_eq!(erased.0, 200, "{erased:?}");
    let refused = server.post("/api/v1/campaigns/NEXT/segment", &asked(two));
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (422, &json!("segment-means-others")),
        "{refused:?}"
    );
    assert_eq!(server.events("customer.enrolled").len(), before);
    server.end();
}

/// An enrolled customer who is then erased counts as settled with the list. Otherwise the campaign would
/// never complete.
#[test]
fn a_list_of_a_segment_closes_with_all_customers_of_the_log() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    known(&server, "C1", "30", "信用卡");
    let set = json!({ "set": { "customer_level": "gold" } });
    assert_eq!(server.post("/api/v1/customers/C1/attributes", &set).0, 200);
    known(&server, "C2", "30", "信用卡");
    assert_eq!(server.send("POST", "/api/v1/campaigns", NEXT).0, 201);
    // Only C1 has the attribute of the alternative.
    let sql = "SELECT * FROM customers WHERE tag LIKE '%信用卡%' AND (age = 30 OR customer_level = 'gold')";
    let cause = Cause::outside(CommandId::derive_from_text("freeze"));
    let campaign = "NEXT".parse().unwrap();
    let installation = &server.running.installation;
    let freezing = installation.freeze_for(&campaign, sql, SegmentVisibility::ALL, cause);
    let frozen = server.runtime.block_on(freezing).unwrap();
    assert_eq!(frozen.records.len(), 2);
    // The import stops after C1, who is then erased.
    let members = [(Member::CustomerId, "C1"), (Member::Phone, "13800138000")];
    let row = NamedRow {
        members: members.map(|(member, text)| (member, text.to_owned())).into(),
        ..NamedRow::default()
    };
    let vault = &installation.environment.vault;
    let enrolment = check(row, &frozen.rules, vault.as_ref()).unwrap();
    let enroller = CampaignEnroller::new(Arc::clone(installation), &frozen.rules, None);
    let command = CommandId::derive_from_text(&format!("enrol:{}/{}", frozen.rules.list, enrolment.customer));
    server.runtime.block_on(async {
        enroller.open("segment").await.unwrap();
        enroller.enrol(command, enrolment).await.unwrap();
    });
    let erased = server.post("/api/v1/customers/C1/erase", &json!({ "reason": "asked" }));
    assert_eq!(erased.0, 200, "{erased:?}");
    let done = server.post("/api/v1/campaigns/NEXT/segment", &asked(sql));
    assert_eq!(done.0, 200, "{done:?}");
    let closed = server.events("campaign.list_closed");
    assert_eq!(closed.last().unwrap()["data"]["count"], 2, "{closed:?}");
    server.end();
}

/// The consent is checked at each grant. Attributes are variables only: they record no consent and assign no
/// customer to an agent.
#[test]
fn a_campaign_that_needs_consent_enrols_a_segment_and_attributes_are_variables_alone() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let set = json!({ "set": { "consent_scope": "marketing", "consent_source": "app", "consent_at": "2026-01-01",
        "agent": "nobody", "time_zone": "Asia/Tokyo", "customer_level": "gold" } });
    let answer = server.post("/api/v1/customers/C1/attributes", &set);
    assert_eq!(answer.0, 200, "{answer:?}");
    let next = r#"{"task_id":"NEXT","script_template":"您好。{{customer_level}}","basis":"consent"}"#;
    assert_eq!(server.send("POST", "/api/v1/campaigns", next).0, 201);
    let everybody = asked("SELECT * FROM customers");
    let done = server.post("/api/v1/campaigns/NEXT/segment", &everybody);
    let import = &done.1["import"];
    assert_eq!(
        (done.0, &import["enrolled"], &import["bad_count"]),
        (200, &json!(1), &json!(2)),
        "C2 and C3 have no level: {done:?}"
    );
    assert!(server.events("customer.consent_recorded").is_empty());
    assert!(server.events("customer.assigned").is_empty());
    let enrolled = server.events("customer.enrolled");
    let last = enrolled.last().unwrap();
    let level = last["data"]["variables"]["customer_level"].clone();
    assert!(level.is_object(), "sealed: {last}");
    server.end();
}

#[test]
fn a_segment_without_an_enrollable_customer_is_not_frozen() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let next = r#"{"task_id":"NEXT","script_template":"您好。{{customer_level}}","basis":"contract"}"#;
    assert_eq!(server.send("POST", "/api/v1/campaigns", next).0, 201);
    let everybody = asked("SELECT * FROM customers");
    let refused = server.post("/api/v1/campaigns/NEXT/segment", &everybody);
    assert_eq!(
        (refused.0, &refused.1["code"]),
        (422, &json!("segment-enrols-nobody")),
        "{refused:?}"
    );
    assert!(server.events("campaign.segment_frozen").is_empty());
    let set = json!({ "set": { "customer_level": "gold" } });
    assert_eq!(server.post("/api/v1/customers/C1/attributes", &set).0, 200);
    let done = server.post("/api/v1/campaigns/NEXT/segment", &everybody);
    assert_eq!(
        (done.0, &done.1["import"]["enrolled"]),
        (200, &json!(1)),
        "{done:?}"
    );
    server.end();
}
