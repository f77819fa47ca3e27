//! Tests of learnt call hours and quotas: sent with the campaign, shown with their counts, and refused with a
//! correction if they make no sense.

use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"{{industry}}","basis":"contract",
    "schedule":{"start_time":"09:00","end_time":"18:00"},
    "best_times":{"by":"industry","groups":["retail"]},
    "quotas":[{"name":"shops","where":"SELECT * FROM customers WHERE industry = 'retail'","connected":5,
        "per":"day"}]}"#;
const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138000","variables":{"industry":"retail"}},
    {"customer_id":"C2","phone":"13800138001","variables":{"industry":"banking"}}]}"#;

#[test]
fn what_is_learnt_and_how_quotas_stand_is_shown() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let times = server.send("GET", "/api/v1/campaigns/T/times", "");
    assert_eq!(times.0, 200, "{times:?}");
    let answer = &times.1;
    assert_eq!(
        (&answer["learns"], &answer["groups"]),
        (&json!(true), &json!(["retail"]))
    );
    assert_eq!(
        (&answer["learnt_at"], &answer["rows"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(
        (&answer["later_ms_max"], &answer["prior_dials"]),
        (&json!(86_400_000), &json!(50))
    );
    let before = server.send("GET", "/api/v1/campaigns/T/times?as_of=1", "");
    assert_eq!(before.0, 404, "{before:?}");
    assert_eq!(server.send("GET", "/api/v1/campaigns/NONE/times", "").0, 404);
    let shown = server.send("GET", "/api/v1/campaigns/T", "");
    let quota = &shown.1["quotas"][0];
    assert_eq!(
        (&quota["name"], &quota["standing"]),
        (&json!("shops"), &json!("open")),
        "{shown:?}"
    );
    assert_eq!(
        (&quota["counted"], &quota["in_flight"], &quota["at_most"]),
        (&json!(0), &json!(0), &json!(5))
    );
    let groups: Vec<Value> = server
        .events("customer.enrolled")
        .into_iter()
        .map(|event| event["data"]["placing"]["times_group"].clone())
        .collect();
    assert!(
        groups.contains(&json!(1)) && groups.contains(&Value::Null),
        "{groups:?}"
    );
    server.end();
}

#[test]
fn a_plan_that_makes_no_sense_is_refused_with_what_would_be_right() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    for (member, wrong, word) in [
        ("best_times", json!("always"), "learn"),
        ("best_times", json!({ "by": "tag" }), "groups"),
        (
            "quotas",
            json!([{ "name": "a", "where": "SELECT * FROM customers WHERE nobody = 1", "dials": 1,
            "per": "day" }]),
            "nobody",
        ),
        (
            "quotas",
            json!([{ "name": "a", "where": "VIP", "per": "day" }]),
            "dials",
        ),
    ] {
        let mut body: Value = serde_json::from_str(CAMPAIGN).unwrap();
        body["task_id"] = json!("U");
        body[member] = wrong.clone();
        let reply = server.send("POST", "/api/v1/campaigns", &body.to_string());
        assert!(reply.0 >= 400, "{wrong}: {reply:?}");
        assert!(reply.1.to_string().contains(word), "{wrong}: {reply:?}");
    }
    server.end();
}
