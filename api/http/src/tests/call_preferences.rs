//! Tests of callbacks, caps, preferred times, priorities and the map of dispositions: accepted, explained by
//! why-not, and refused with what would be permitted.

use crate::tests::route_server::RouteServer;
use domain::time::Timestamp;
use serde_json::{Value, json};

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract",
    "schedule":{"start_time":"09:00","end_time":"18:00"},
    "caps":[{"counted":"dialed","local_days":7,"calls_max":3}],
    "dispositions":{"busy":{"do":"retry","after_ms":60000,"attempts":2},"machine":{"do":"stop"}}}"#;
const PEOPLE: &str = r#"{"task_id":"T","records":[
    {"customer_id":"C1","phone":"13800138000","preferred_times":"12:00-18:00"}]}"#;

/// An hour of tomorrow in Beijing time.
fn tomorrow(server: &RouteServer, hour: i64) -> String {
    const HOUR: i64 = 3_600_000_000;
    let now = server.running.installation.now().micros();
    let day = (now + 8 * HOUR).div_euclid(24 * HOUR) + 1;
    Timestamp::from_micros(day * 24 * HOUR + (hour - 8) * HOUR).to_string()
}

/// A flow that only speaks and has no key to press.
fn without_keys() -> Value {
    json!({ "flow": "greeting", "notices": { "recording": "This call is recorded." }, "start": "hello",
        "on_exception": "bye", "nodes": {
            "hello": { "say": { "text": "Hello.", "next": "bye" } },
            "bye": { "end": { "text": "Goodbye.", "outcome": "success" } } } })
}

fn detail(reply: &(u16, Value)) -> &str {
    reply.1["detail"].as_str().unwrap_or_default()
}

#[test]
fn a_named_time_is_taken_or_refused_with_the_next_that_is_allowed() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let path = "/api/v1/customers/C1/callbacks";
    let night = json!({ "campaign": "T", "at": tomorrow(&server, 22) });
    let refused = server.post(path, &night);
    assert!(
        refused.0 >= 400 && detail(&refused).contains("next allowed time"),
        "{refused:?}"
    );
    // The customer's row in the list says when they prefer to be called.
    let morning = server.post(path, &json!({ "campaign": "T", "at": tomorrow(&server, 10) }));
    assert!(detail(&morning).contains("preferred_times"), "{morning:?}");
    let bound = json!({ "campaign": "T", "at": tomorrow(&server, 13), "agent": "wang" });
    let bound = server.post(path, &bound);
    assert!(detail(&bound).contains("has no agents"), "{bound:?}");
    for wrong in [json!({ "campaign": "T" }), json!({ "at": tomorrow(&server, 13) })] {
        assert_eq!(server.post(path, &wrong).0, 422, "{wrong}");
    }
    let at = tomorrow(&server, 13);
    let taken = server.post(
        path,
        &json!({ "campaign": "T", "at": at, "reason": "in a meeting", "by": "li" }),
    );
    assert_eq!(
        (taken.0, &taken.1["callback"]["at"]),
        (200, &json!(at)),
        "{taken:?}"
    );
    assert_eq!(taken.1["due_at"], json!(at));
    let shown = server.send("GET", "/api/v1/customers/C1?reason=test", "");
    assert_eq!(shown.1["enrolments"][0]["callback"]["at"], json!(at), "{shown:?}");
    let canceled = server.post(
        &format!("{path}/cancel"),
        &json!({ "campaign": "T", "reason": "paid" }),
    );
    assert_eq!(
        (canceled.0, &canceled.1["callback"]),
        (200, &Value::Null),
        "{canceled:?}"
    );
    assert_eq!(server.events("customer.callback_requested").len(), 1);
    assert_eq!(server.events("customer.callback_ended").len(), 1);
    let stopped = server.post("/api/v1/campaigns/T/stop", &json!({ "reason": "over" }));
    assert_eq!(stopped.0, 200, "{stopped:?}");
    let over = server.post(path, &json!({ "campaign": "T", "at": at }));
    assert_eq!(over.0, 422, "{over:?}");
    assert!(
        over.1["type"].as_str().unwrap().ends_with("campaign-over"),
        "{over:?}"
    );
    server.end();
}

#[test]
fn caps_and_times_of_a_person_are_set_and_explained() {
    let server = RouteServer::with_people(CAMPAIGN, PEOPLE);
    let cap = |calls_max: u32| {
        json!({ "caps": [{ "counted": "dialed", "local_days": 1, "calls_max": calls_max }],
            "reason": "asked for it" })
    };
    // The preset counts two calls a day for each number; a customer may have several numbers.
    assert_eq!(server.post("/api/v1/customers/C1/caps", &cap(3)).0, 200);
    let set = server.post("/api/v1/customers/C1/caps", &cap(1));
    assert_eq!(
        (set.0, &set.1["caps"][0]["calls_max"]),
        (200, &json!(1)),
        "{set:?}"
    );
    let times = json!({ "times": ["mon-sun 14:00-16:00"] });
    let preferred = server.post("/api/v1/customers/C1/preferred-times", &times);
    assert_eq!(
        preferred.1["preferred_times"],
        json!(["14:00-16:00"]),
        "{preferred:?}"
    );
    let (_, shown) = server.send("GET", "/api/v1/customers/C1?reason=test", "");
    assert_eq!(
        (&shown["caps"][0]["calls_max"], &shown["preferred_times"]),
        (&json!(1), &json!(["14:00-16:00"])),
        "{shown}"
    );
    let malformed = server.post(
        "/api/v1/customers/C1/preferred-times",
        &json!({ "times": ["evenings"] }),
    );
    assert_eq!(malformed.0, 422, "{malformed:?}");
    let at = tomorrow(&server, 12);
    let why = server.send(
        "GET",
        &format!("/api/v1/customers/C1/why-not?at={at}&reason=test"),
        "",
    );
    let said = why.1["verdicts"].as_array().unwrap();
    let of = |rule: &str| said.iter().find(|one| one["rule"] == rule).unwrap();
    let facts = of("preferred_times")["facts"].as_object().unwrap();
    assert_eq!(
        facts.keys().collect::<Vec<_>>(),
        ["local_time", "preset"],
        "{why:?}"
    );
    assert_eq!(of("own_caps")["facts"]["set_by"], "campaign_and_person");
    server.end();
}

#[test]
fn a_campaign_that_contradicts_itself_or_its_preset_is_not_made() {
    let server = RouteServer::begin();
    let with = |member: &str, value: Value| {
        let mut body: Value = serde_json::from_str(CAMPAIGN).unwrap();
        body[member] = value;
        server.post("/api/v1/campaigns", &body)
    };
    let mut strict: Value = serde_json::from_str(CAMPAIGN).unwrap();
    strict["preset"] = json!("cn-collection");
    strict["caps"] = json!([{ "counted": "answered", "local_days": 1, "calls_max": 4 }]);
    let looser = server.post("/api/v1/campaigns", &strict);
    assert!(
        detail(&looser).contains("looser than 3 answered in 1 days of cn-collection"),
        "{looser:?}"
    );
    let retry = |attempts: u32| json!({ "do": "retry", "after_ms": 1, "attempts": attempts });
    for (map, why) in [
        (json!({ "busy": retry(4) }), "retry_policy allows 3"),
        (json!({ "opted_out": retry(1) }), "never called again"),
        (json!({ "engaged": { "do": "stop" } }), "is not a disposition"),
    ] {
        let refused = with("dispositions", map);
        assert!(refused.0 >= 400 && detail(&refused).contains(why), "{refused:?}");
    }
    let mut sells: Value = serde_json::from_str(CAMPAIGN).unwrap();
    (sells["preset"], sells["relief"]) = (json!("us-tsr"), json!("agents"));
    let pointer = |answer: &(u16, Value)| (answer.0, answer.1["errors"][0]["pointer"].clone());
    sells["seller"] = json!({ "name": "Example Bank", "number": "555-0100" });
    assert_eq!(
        pointer(&server.post("/api/v1/campaigns", &sells)),
        (422, json!("/seller"))
    );
    sells["seller"]["number"] = json!("+12025550100");
    sells["task_id"] = json!("S");
    let named = server.post("/api/v1/campaigns", &sells);
    assert_eq!(
        (named.0, &named.1["seller"]["name"]),
        (201, &json!("Example Bank")),
        "{named:?}"
    );
    assert_eq!(with("preferred_times", json!("ignore")).0, 201);
    server.end();
}

#[test]
fn a_flow_without_the_required_opt_out_key_is_not_started() {
    let server = RouteServer::begin_at("2027-03-02T10:00:00+08:00");
    let mut sells = json!({ "task_id": "K", "flow": without_keys(), "basis": "contract", "preset": "us-tsr",
        "relief": "agents", "seller": { "name": "Example Bank", "number": "+12025550100" },
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(server.post("/api/v1/campaigns", &sells).0, 201);
    let started = server.post("/api/v1/campaigns/K/start", &json!({}));
    assert_eq!(
        (started.0, &started.1["code"]),
        (422, &json!("no-refusing-key")),
        "{started:?}"
    );
    // The flow of a script has the key; this campaign is refused because its list is missing.
    let talks = sells.as_object_mut().unwrap();
    talks.remove("flow");
    talks.insert("script_template".to_owned(), json!("Hello."));
    talks.insert("task_id".to_owned(), json!("S"));
    assert_eq!(server.post("/api/v1/campaigns", &sells).0, 201);
    let started = server.post("/api/v1/campaigns/S/start", &json!({}));
    assert_eq!(started.1["code"], "refused", "{started:?}");
    server.end();
}

#[test]
fn an_order_is_taken_with_the_campaign_and_why_not_shows_a_customers_place_in_it() {
    let campaign = r#"{"task_id":"T","script_template":"{{balance}}","basis":"contract",
        "schedule":{"start_time":"09:00","end_time":"18:00"},
        "priority":{"by":{"column":{"name":"balance","at_least":[{"number":100000,"value":9}]}},
            "overtaken_ms_max":3600000,"golden_hours":[["10:00","12:00"]]}}"#;
    let people = r#"{"task_id":"T","records":[
        {"customer_id":"C1","phone":"13800138000","variables":{"balance":"250,000"}},
        {"customer_id":"C2","phone":"13800138001","variables":{"balance":"99"}}]}"#;
    let server = RouteServer::with_people(campaign, people);
    let placings: Vec<Value> = server
        .events("customer.enrolled")
        .into_iter()
        .map(|event| event["data"]["placing"]["value"].clone())
        .collect();
    assert_eq!(placings.len(), 2);
    assert!(
        placings.contains(&json!(9)) && placings.contains(&json!(0)),
        "{placings:?}"
    );
    let order = |of: &str, hour: i64| {
        let at = tomorrow(&server, hour);
        let path = format!("/api/v1/customers/{of}/why-not?at={at}&reason=test");
        server.send("GET", &path, "").1["order"].clone()
    };
    // By tomorrow both have waited longer than `overtaken_ms_max`.
    let waited = order("C1", 11);
    assert_eq!(
        (
            &waited["class"],
            &waited["facts"]["value"],
            &waited["facts"]["hour"]
        ),
        (&json!("waited"), &json!("9"), &json!("golden")),
        "{waited}"
    );
    assert!(
        waited["en"].as_str().unwrap().contains("before all who have not"),
        "{waited}"
    );
    let mut unordered: Value = serde_json::from_str(CAMPAIGN).unwrap();
    unordered["task_id"] = json!("U");
    unordered["priority"] = json!({ "by": { "tags": { "values": { "VIP": 10 } } } });
    let refused = server.post("/api/v1/campaigns", &unordered);
    assert_eq!(refused.1["errors"][0]["pointer"], "/priority", "{refused:?}");
    unordered["priority"] = json!({ "by": { "tags": { "values": { "VIP": 9 } } }, "overtaken_ms_max": 1 });
    let refused = server.post("/api/v1/campaigns", &unordered);
    assert!(
        refused.1["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("one minute"),
        "{refused:?}"
    );
    server.end();
}

#[test]
fn a_mode_of_dialing_is_taken_and_a_campaign_for_agents_without_any_says_so_before_its_start() {
    let body = |mode: &str| {
        let mut body: Value = serde_json::from_str(CAMPAIGN).unwrap();
        body["dialing"] = json!({ "mode": mode });
        body.to_string()
    };
    let server = RouteServer::with_people(&body("progressive"), PEOPLE);
    let (_, preflight) = server.send("GET", "/api/v1/campaigns/T/preflight", "");
    let codes: Vec<&Value> = preflight["blockers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["code"])
        .collect();
    assert!(codes.contains(&&json!("no_agents")), "{preflight}");
    for (campaign, mode, status) in [
        ("B", "callback", 201),
        ("C", "predictive", 201),
        ("D", "loudly", 422),
    ] {
        let mut other: Value = serde_json::from_str(&body(mode)).unwrap();
        other["task_id"] = json!(campaign);
        assert_eq!(server.post("/api/v1/campaigns", &other).0, status, "{mode}");
    }
    server.end();
}

#[test]
fn further_presets_bind_are_named_and_contradictory_ones_are_refused_with_both_names() {
    let body = |name: &str, hours: (&str, &str), preset: &str, also: Value| {
        json!({ "task_id": name, "script_template": "您好。", "basis": "contract", "preset": preset,
            "also_presets": also, "schedule": { "start_time": hours.0, "end_time": hours.1 } })
    };
    let both = body("T", ("09:00", "18:00"), "cn-service", json!(["cn-marketing"]));
    let server = RouteServer::begin();
    let made = server.post("/api/v1/campaigns", &both);
    assert_eq!(
        (made.0, &made.1["also_presets"]),
        (201, &json!(["cn-marketing"])),
        "{made:?}"
    );
    let without = server.send("POST", "/api/v1/tasks/data", PEOPLE);
    assert!(
        without.0 == 422 || without.1.to_string().contains("consent"),
        "{without:?}"
    );
    let with = r#"{"task_id":"T","records":[{"customer_id":"C1","phone":"13800138000","consent_scope":"other",
        "consent_source":"web","consent_at":"2026-01-01T00:00:00Z","consent_evidence":"form 1"}]}"#;
    let taken = server.send("POST", "/api/v1/tasks/data", with);
    assert_eq!(taken.0, 200, "{taken:?}");
    let why = server.send("GET", "/api/v1/customers/C1/why-not?reason=test", "");
    let said = why.1["verdicts"].as_array().unwrap();
    let of = |preset: &str| {
        let is = |one: &&Value| {
            let of = one["facts"]["preset"].as_str().unwrap_or_default();
            one["rule"] == "consent" && of.starts_with(preset)
        };
        said.iter().find(is)
    };
    assert_eq!(of("cn-marketing").unwrap()["decision"], "forbid", "{why:?}");
    assert_eq!(why.1["permitted"], false, "{why:?}");
    for (name, hours, also, words) in [
        (
            "A",
            ("20:00", "21:00"),
            json!(["cn-service"]),
            ["cn-collection", "cn-service"],
        ),
        (
            "B",
            ("09:00", "18:00"),
            json!(["cn-collection"]),
            ["cn-collection", "twice"],
        ),
    ] {
        let refused = server.post("/api/v1/campaigns", &body(name, hours, "cn-collection", also));
        assert_eq!(refused.0, 422, "{refused:?}");
        assert!(
            words.iter().all(|word| detail(&refused).contains(word)),
            "{refused:?}"
        );
    }
    server.end();
}
