//! Tests of consents: given, withdrawn and shown by customer id and by number, refused without evidence, and
//! on record.

use crate::testing::answer;
use crate::tests::route_server::RouteServer;
use domain::customer::CustomerCommand;
use serde_json::{Value, json};

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract"}"#;
/// Two customers with the same number, and one with another.
const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138000"},
    {"customer_id":"C2","phone":"13800138000"},
    {"customer_id":"C3","phone":"13800138001"}]}"#;

fn consent() -> Value {
    json!({ "scope": "service", "source": "branch", "evidence": "form 17" })
}

#[test]
fn a_consent_is_given_with_its_evidence_withdrawn_and_shown_on_record() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let path = "/api/v1/customers/C3/consents";
    let mut without = consent();
    without.as_object_mut().unwrap().remove("evidence");
    let refused = server.post(path, &without);
    assert_eq!(refused.0, 422, "{refused:?}");
    assert!(
        refused.1["detail"].as_str().unwrap().contains("evidence"),
        "{refused:?}"
    );
    let given = server.post(path, &consent());
    assert_eq!(
        (given.0, &given.1["consent"]["consent"]),
        (200, &json!("given")),
        "{given:?}"
    );
    assert!(!given.1.to_string().contains("form 17"));
    let withdrawn = server.post(
        &format!("{path}/withdraw"),
        &json!({ "scope": "service", "source": "hotline" }),
    );
    assert_eq!(withdrawn.1["consent"]["consent"], "withdrawn", "{withdrawn:?}");
    assert_eq!(withdrawn.1["open_calls"], json!([]));
    let reads = server.events("inquiry.personal_data_read").len();
    let shown = server.send("GET", &format!("{path}?by=auditor"), "");
    assert_eq!(shown.1["consents"][0]["consent"], "withdrawn", "{shown:?}");
    assert_eq!(server.events("inquiry.personal_data_read").len(), reads + 1);
    let again = server.post(
        path,
        &json!({ "scope": "service", "source": "branch", "evidence": "x",
            "given_at": "2026-03-01T10:00:00+08:00" }),
    );
    assert!(
        again.1["detail"].as_str().unwrap().contains("withdrawal"),
        "{again:?}"
    );
    server.end();
}

#[test]
fn by_number_all_its_holders_withdraw_and_none_consents_for_another() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let mut by_number = consent();
    by_number["number"] = json!("13800138000");
    let shared = server.post("/api/v1/consents", &by_number);
    assert_eq!(shared.1["code"], "number-shared", "{shared:?}");
    by_number["number"] = json!("+86 138 0013 8001");
    let given = server.post("/api/v1/consents", &by_number);
    assert_eq!(
        given.1["customers"][0]["consent"]["consent"], "given",
        "{given:?}"
    );
    assert_eq!(given.1["number"], "138****8001");
    let withdrawal = json!({ "number": "13800138000", "scope": "service", "source": "hotline" });
    let withdrawn = server.post("/api/v1/consents/withdraw", &withdrawal);
    assert_eq!(
        withdrawn.1["customers"].as_array().unwrap().len(),
        2,
        "{withdrawn:?}"
    );
    assert_eq!(
        (
            server.events("customer.consent_withdrawn").len(),
            &withdrawn.1["complete"]
        ),
        (2, &json!(true))
    );
    let shown = server.post("/api/v1/consents/show", &json!({ "number": "13800138000" }));
    assert_eq!(
        shown.1["customers"][1]["consents"][0]["consent"], "withdrawn",
        "{shown:?}"
    );
    let read = server.events("inquiry.personal_data_read");
    assert_eq!(read.len(), 2, "{read:?}");
    assert_eq!(read[0]["data"]["route"], "POST /api/v1/consents/show");
    assert!(!read[0].to_string().contains("13800138000"));
    let unknown = server.post("/api/v1/consents/show", &json!({ "number": "13800138009" }));
    assert_eq!(unknown.0, 404, "{unknown:?}");
    server.end();
}

#[test]
fn a_withdrawal_lists_the_call_that_was_granted_before_it() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let installation = &server.running.installation;
    server.runtime.block_on(async {
        let started = server.post_start().await;
        assert_eq!(started.0, 200, "{started:?}");
        let campaign = "T".parse().unwrap();
        let facts = installation.entities.campaigns.state(&campaign).await.unwrap();
        let facts = Box::new(facts.state.facts(campaign).unwrap());
        let customer = installation.vault().derive_customer("C3");
        let command = CustomerCommand::GrantDial {
            customer: customer.clone(),
            facts,
            joined: Vec::new(),
        };
        let cause = domain::stored_event::Cause::outside(installation.new_command());
        installation
            .entities
            .customers
            .ask(&customer, command, cause)
            .await
            .unwrap();
    });
    let withdrawal = json!({ "scope": "service", "source": "hotline" });
    let withdrawn = server.post("/api/v1/customers/C3/consents/withdraw", &withdrawal);
    assert_eq!(
        withdrawn.1["open_calls"].as_array().unwrap().len(),
        1,
        "{withdrawn:?}"
    );
    let event = &server.events("customer.consent_withdrawn")[0];
    assert_eq!(event["data"]["open_calls"], withdrawn.1["open_calls"], "{event}");
    server.end();
}

impl RouteServer {
    async fn post_start(&self) -> (u16, Value) {
        answer(&self.running, "POST", "/api/v1/campaigns/T/start", "{}").await
    }
}
