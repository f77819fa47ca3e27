//! Tests of merging two customer ids of one person: found by their number, merged, explained, shown and
//! unmerged.

use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract","duplicates":"by_customer",
    "schedule":{"start_time":"00:00","end_time":"24:00"}}"#;
const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138000"},{"customer_id":"C2","phone":"13800138000"},
    {"customer_id":"C3","phone":"13800138001"}]}"#;

fn shown(server: &RouteServer, path: &str) -> Value {
    let (status, body) = server.send("GET", &format!("/api/v1/customers/{path}?reason=test"), "");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn order(other: &str) -> Value {
    json!({ "other": other, "reason": "two accounts", "by": "li" })
}

#[test]
fn two_ids_are_merged_and_what_either_forbids_binds_until_they_are_two_again() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let id = |named: &str| shown(&server, named)["id"].clone();
    let enrolled = server.events("customer.enrolled");
    let head = enrolled.last().unwrap()["position"].as_str().unwrap();
    let path = format!("/api/v1/customers/C1/duplicates?reason=test&after_position={head}");
    let (status, found) = server.send("GET", &path, "");
    assert_eq!(status, 200, "{found}");
    let ids: Vec<&Value> = found["candidates"].as_array().unwrap().iter().collect();
    assert_eq!(ids.len(), 1, "{found}");
    assert_eq!(ids[0]["customer"], id("C2"));

    let merged = server.post("/api/v1/customers/C1/merge", &order("C2"));
    assert_eq!(merged.0, 200, "{merged:?}");
    assert_eq!(merged.1["settled"], json!(["T"]));
    assert_eq!(merged.1["not_called_in"], json!([]));
    assert_eq!(merged.1["joined"], json!([id("C2")]));
    let other = shown(&server, "C2");
    assert_eq!(other["merged_into"], id("C1"));
    assert_eq!(
        other["enrolments"][0]["not_called"]["rule"], "merged_person",
        "{other}"
    );
    assert_eq!(shown(&server, "C1")["merged"], json!([id("C2")]));
    // The same merge again changes nothing.
    assert_eq!(server.post("/api/v1/customers/C1/merge", &order("C2")).0, 200);
    assert_eq!(server.events("customer.merged").len(), 2);

    // A later withdrawal under the merged id also applies to the kept one.
    let withdrawal = json!({ "scope": withdrawal_scope(&server), "source": "letter" });
    let withdrawn = server.post("/api/v1/customers/C2/consents/withdraw", &withdrawal);
    assert!(withdrawn.0 < 300, "{withdrawn:?}");
    let why = shown(&server, "C1/why-not");
    let said = why["verdicts"].as_array().unwrap();
    let of = said.iter().find(|one| one["rule"] == "merged_person").unwrap();
    assert_eq!(of["facts"]["because"], "withdrawn", "{why}");
    assert_eq!(why["permitted"], false);

    // The timeline covers both ids.
    let merged = server.events("customer.merged");
    let head = merged.last().unwrap()["position"].as_str().unwrap();
    let path = format!("/api/v1/customers/C1/timeline?reason=test&after_position={head}");
    let (status, timeline) = server.send("GET", &path, "");
    assert_eq!(status, 200, "{timeline}");
    let lines = timeline["timeline"].as_array().unwrap();
    let kinds = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!(
        (kinds("customer.enrolled"), kinds("customer.merged")),
        (2, 2),
        "{timeline}"
    );

    let unmerged = server.post("/api/v1/customers/C1/unmerge", &order("C2"));
    assert_eq!(
        (unmerged.0, &unmerged.1["joined"]),
        (200, &json!([])),
        "{unmerged:?}"
    );
    let why = shown(&server, "C1/why-not");
    let said = why["verdicts"].as_array().unwrap();
    assert!(said.iter().all(|one| one["rule"] != "merged_person"), "{why}");
    assert!(shown(&server, "C2")["merged_into"].is_null());
    server.end();
}

/// The scope of the campaign's consent.
fn withdrawal_scope(server: &RouteServer) -> String {
    let why = shown(server, "C3/why-not");
    let said = why["verdicts"].as_array().unwrap();
    let consent = said.iter().find(|one| one["rule"] == "consent").unwrap();
    consent["facts"]["scope"].as_str().unwrap().to_owned()
}

#[test]
fn what_cannot_be_merged_says_why() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let post = |path: &str, other: &str| {
        let reply = server.post(&format!("/api/v1/customers/{path}"), &order(other));
        let detail = reply.1["detail"].as_str().unwrap_or_default().to_owned();
        (reply.0, detail)
    };
    let (status, detail) = post("C1/merge", "C1");
    assert!(status == 422 && detail.contains("with itself"), "{detail}");
    assert_eq!(post("C1/merge", "C9").0, 404);
    assert_eq!(post("C9/merge", "C1").0, 404);
    let (status, detail) = post("C1/unmerge", "C2");
    assert!(status == 422 && detail.contains("is not merged into"), "{detail}");
    assert_eq!(post("C1/merge", "C2").0, 200);
    let (status, detail) = post("C3/merge", "C1");
    assert!(status == 422 && detail.contains("unmerge them first"), "{detail}");
    let (status, detail) = post("C2/merge", "C3");
    assert!(
        status == 422 && detail.contains("merge into that customer"),
        "{detail}"
    );
    let no_reason = json!({ "other": "C3" });
    assert_eq!(server.post("/api/v1/customers/C1/merge", &no_reason).0, 422);
    server.end();
}

#[test]
fn what_the_kept_id_refuses_leaves_the_other_as_it_was() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let kept = shown(&server, "C1")["id"].as_str().unwrap().to_owned();
    let erased = json!({ "reason": "asked", "approved_by": "boss" });
    let (status, response) = server.post(&format!("/api/v1/customers/{kept}/erase"), &erased);
    assert!(status < 300, "{response}");
    let refused = server.post(&format!("/api/v1/customers/{kept}/merge"), &order("C2"));
    assert_eq!(refused.0, 422, "{refused:?}");
    assert_eq!(server.events("customer.merged").len(), 0);
    let other = shown(&server, "C2");
    assert!(other["merged_into"].is_null(), "{other}");
    assert!(other["enrolments"][0]["not_called"].is_null(), "{other}");
    server.end();
}

/// In a campaign, a shared number is called for the first id only. When that id is merged away, it releases
/// the number.
#[test]
fn after_the_other_id_was_called_a_shared_number_is_not_called_and_each_answer_says_so() {
    let by_number = CAMPAIGN.replace("by_customer", "by_number");
    let server = RouteServer::with_people(&by_number, PEOPLE);
    let enrolled = &shown(&server, "C2")["enrolments"][0];
    assert_eq!(enrolled["not_called"]["rule"], "same_number", "{enrolled}");
    for time in ["once", "again"] {
        let (status, merged) = server.post("/api/v1/customers/C2/merge", &order("C1"));
        assert_eq!(status, 200, "{time}: {merged}");
        assert_eq!(merged["settled"], json!(["T"]), "{time}: {merged}");
        assert_eq!(merged["not_called_in"], json!(["T"]), "{time}: {merged}");
    }
    let released = server.events("number.claim_released");
    assert_eq!(released.len(), 1, "{released:?}");
    assert_eq!(released[0]["data"]["campaign"], "T", "{released:?}");
    server.end();
}

/// The salted hash of the number of C3: `printf '%s' pepper+8613800138001 | sha256sum`.
const SALTED: &str = "bf288bcd0d540cd411d757779ed0890c253af175d1e003ed670eca3e6bbe4344";

#[test]
fn a_digest_under_the_other_id_binds_and_the_answer_to_why_not_says_so() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let rows = json!({ "digests": [SALTED], "list": "partner", "reason": "the list of March" });
    assert_eq!(server.post("/api/v1/numbers/import", &rows).0, 200);
    let edition = json!({ "registry": "partner", "as_of": "2025-11-01", "form": "sha256", "salt": "pepper",
        "numbers": 1, "reason": "the list of March" });
    assert_eq!(server.post("/api/v1/registries", &edition).0, 200);
    assert_eq!(server.post("/api/v1/customers/C1/merge", &order("C3")).0, 200);
    // First as of now, then as of that same instant: a past read opens each id's values with its own key.
    let mut moment = String::new();
    for _ in 0..2 {
        let path = format!("/api/v1/customers/C1/why-not?reason=test{moment}");
        let (_, why) = server.send("GET", &path, "");
        moment = format!("&at={}", why["at"].as_str().unwrap());
        let said = why["verdicts"].as_array().unwrap();
        let of = said.iter().find(|one| one["rule"] == "merged_person").unwrap();
        assert_eq!(of["facts"]["because"], "suppressed", "{why}");
    }
    server.end();
}
