//! Tests of one phone number under two customer ids: over all lists of a campaign, by the number's own
//! stream, after a crash between the claim and the enrolment, and under both policies.

use crate::tests::route_server::RouteServer;
use domain::ids::{CampaignId, CustomerId};
use domain::number::NumberCommand;
use domain::stored_event::Cause;
use serde_json::{Value, json};

impl RouteServer {
    /// Sends a command and asserts that it succeeds. Returns the reply.
    fn done(&self, path: &str, body: &Value) -> Value {
        let (status, reply) = self.post(path, body);
        assert!(status < 300, "{status} {reply}");
        reply
    }

    fn get(&self, path: &str) -> Value {
        let (status, reply) = self.send("GET", path, "");
        assert_eq!(status, 200, "{reply}");
        reply
    }

    fn create(&self, campaign: &str, more: Value) -> Value {
        let mut body = json!({ "task_id": campaign, "script_template": "您好。" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.done("/api/v1/campaigns", &body)
    }

    /// Imports a list of these customers, each with a phone number. Returns the report.
    fn list(&self, campaign: &str, query: &str, people: &[(&str, &str)]) -> Value {
        let record = |(id, phone): &(&str, &str)| json!({ "customer_id": id, "phone": phone });
        let records: Vec<Value> = people.iter().map(record).collect();
        let body = json!({ "task_id": campaign, "records": records });
        self.done(&format!("/api/v1/tasks/data{query}"), &body)
    }

    fn id(&self, external: &str) -> CustomerId {
        self.running.installation.vault().derive_customer(external)
    }
}

const PHONE: &str = "13800138000";

#[test]
fn over_all_lists_of_a_campaign_who_came_first_is_called_and_the_others_count_and_are_settled() {
    let server = RouteServer::begin();
    assert_eq!(server.create("T", json!({}))["duplicates"], "by_number");
    let foreseen = server.list("T", "?dry_run=true", &[("C1", PHONE), ("C2", "13800138001")]);
    assert_eq!(
        (&foreseen["enrolled"], &foreseen["same_number"]["count"]),
        (&json!(2), &json!(0))
    );
    assert!(server.events("number.claimed").is_empty());
    let first = server.list("T", "", &[("C1", PHONE), ("C2", "13800138001")]);
    assert_eq!(first["same_number"]["count"], 0, "{first}");
    let later = [("C3", "13800138002"), ("C4", PHONE), ("C1", PHONE)];
    let foreseen = server.list("T", "?dry_run=true", &later);
    let second = server.list("T", "", &later);
    for report in [&foreseen, &second] {
        assert_eq!(
            (&report["enrolled"], &report["duplicates"]),
            (&json!(2), &json!(1)),
            "{report}"
        );
        let row = &report["same_number"]["rows"][0];
        let (shared, called) = (server.id("C4"), server.id("C1"));
        assert_eq!(
            (&row["customer"], &row["same_as"]),
            (&json!(shared), &json!(called)),
            "{report}"
        );
        assert_eq!((&row["left_out"], &row["row"]), (&json!(true), &json!(2)));
    }
    let settled = server.events("customer.enrolment_settled");
    assert_eq!(settled.len(), 1, "{settled:?}");
    assert_eq!(settled[0]["data"]["rule"], "same_number");
    assert_eq!(server.events("customer.enrolled").len(), 4);
    let left_out = server.get("/api/v1/customers/C4");
    let why = &left_out["enrolments"][0]["not_called"];
    assert_eq!(
        (&why["rule"], &why["next_due_at"]),
        (&json!("same_number"), &Value::Null),
        "{left_out}"
    );
    assert!(
        why["zh"].as_str().unwrap().starts_with("同号客户已在任务中"),
        "{why}"
    );
    assert!(why["en"].as_str().unwrap().ends_with("not called again"), "{why}");
    let elsewhere = server.create("U", json!({}));
    assert_eq!(elsewhere["duplicates"], "by_number");
    let other = server.list("U", "", &[("C4", PHONE)]);
    assert_eq!(
        (&other["enrolled"], &other["same_number"]["count"]),
        (&json!(1), &json!(0))
    );
    server.end();
}

#[test]
fn a_list_without_duplicates_everywhere_leaves_out_a_number_that_another_campaign_calls() {
    let server = RouteServer::begin();
    for campaign in ["T", "U"] {
        server.create(campaign, json!({}));
    }
    server.list("T", "", &[("C1", PHONE)]);
    let rows = format!("客户ID,手机号\nC2,{PHONE}\nC3,13800138003\n");
    for (query, enrolled, elsewhere) in [
        (
            "source=a.csv&dedupe=everywhere&dry_run=true",
            2,
            json!("not_checked"),
        ),
        ("source=a.csv&dedupe=everywhere", 1, json!(0)),
    ] {
        let path = format!("/api/v1/campaigns/U/lists?{query}");
        let (status, report) = server.send("POST", &path, &rows);
        assert_eq!(status, 200, "{report}");
        assert_eq!(
            (
                &report["enrolled"],
                &report["duplicates"],
                &report["duplicates_elsewhere"]
            ),
            (&json!(enrolled), &json!(0), &elsewhere),
            "{report}"
        );
    }
    let beside = server.list("U", "", &[("C2", PHONE)]);
    assert_eq!(
        beside["enrolled"], 1,
        "in the campaign alone it is no duplicate: {beside}"
    );
    server.end();
}

#[test]
fn a_list_that_was_cut_off_between_claim_and_enrolment_goes_on_with_the_same_customer() {
    let server = RouteServer::begin();
    server.create("T", json!({}));
    let installation = &server.running.installation;
    let campaign: CampaignId = "T".parse().unwrap();
    let number = installation.vault().derive_number("+8613800138000");
    server.runtime.block_on(async {
        let claim = NumberCommand::Claim {
            campaign,
            customer: server.id("C1"),
        };
        let cause = Cause::outside(installation.new_command());
        installation
            .entities
            .numbers
            .ask(&number, claim, cause)
            .await
            .unwrap();
    });
    let report = server.list("T", "", &[("C1", PHONE)]);
    assert_eq!(
        (&report["enrolled"], &report["same_number"]["count"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(server.events("number.claimed").len(), 1);
    let again = server.list("T", "", &[("C1", PHONE)]);
    assert_eq!(
        (&again["repeated"], &again["enrolled"]),
        (&json!(true), &json!(1))
    );
    server.end();
}

#[test]
fn who_cannot_be_enrolled_gives_the_number_back() {
    let server = RouteServer::begin();
    server.create("T", json!({}));
    server.create("U", json!({}));
    server.list("U", "", &[("C1", "13800138001")]);
    server.done("/api/v1/customers/C1/erase", &json!({ "reason": "asked" }));
    let refused = server.list("T", "", &[("C1", PHONE)]);
    assert_eq!(
        (&refused["enrolled"], &refused["bad_count"]),
        (&json!(0), &json!(1)),
        "{refused}"
    );
    assert_eq!(server.events("number.claim_released").len(), 1);
    let report = server.list("T", "", &[("C2", PHONE)]);
    assert_eq!(
        (&report["enrolled"], &report["same_number"]["count"]),
        (&json!(1), &json!(0))
    );
    server.end();
}

#[test]
fn a_collection_calls_each_debtor_and_still_names_both_rows() {
    let server = RouteServer::begin();
    let made = server.create("T", json!({ "preset": "cn-collection" }));
    assert_eq!(made["duplicates"], "by_customer");
    let report = server.list("T", "", &[("C1", PHONE), ("C2", PHONE)]);
    let shared = &report["same_number"];
    assert_eq!(
        (&shared["count"], &shared["left_out"]),
        (&json!(1), &json!(0)),
        "{report}"
    );
    assert_eq!(
        (&shared["rows"][0]["row"], &shared["rows"][0]["same_row"]),
        (&json!(2), &json!(1))
    );
    assert!(server.events("number.claimed").is_empty());
    assert!(server.events("customer.enrolment_settled").is_empty());
    let chosen = server.create(
        "U",
        json!({ "preset": "cn-collection", "duplicates": "by_number" }),
    );
    assert_eq!(chosen["duplicates"], "by_number");
    server.end();
}

#[test]
fn a_number_is_shown_with_its_blocks_and_the_read_is_on_record() {
    let server = RouteServer::begin();
    let until = "2026-03-05T09:00:00+08:00";
    let suppression = json!({ "reason": "list", "until": until });
    server.done("/api/v1/numbers/13800138000/suppress", &suppression);
    let shown = server.done("/api/v1/numbers/show?by=auditor", &json!({ "number": PHONE }));
    let why = &shown["not_called"];
    assert_eq!(why["rule"], "suppression", "{shown}");
    assert_eq!(
        why["zh"],
        "号码禁呼：原因 在禁呼名单；下次可呼 2026-03-05 09:00:00 +08:00"
    );
    server.done(
        "/api/v1/numbers/13800138000/opt-out",
        &json!({ "reason": "asked" }),
    );
    let shown = server.done("/api/v1/numbers/show", &json!({ "number": PHONE }));
    assert_eq!(shown["not_called"]["facts"]["because"], "opted_out", "{shown}");
    let reads = server.events("inquiry.personal_data_read");
    assert!(!reads.is_empty());
    assert_eq!(reads[0]["data"]["route"], "POST /api/v1/numbers/show");
    server.end();
}
