//! Tests of all routes: the API description and the router agree, guarded routes need a credential, and
//! errors are problem documents.

use crate::openapi::document;
use crate::routes::endpoints;
use crate::tests::route_server::RouteServer;
use actors::Damage;
use domain::stored_event::Position;
use host::outbound::testing::fake_server;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好,{{days}}。","schedule":{"start_time":"09:00","end_time":"18:00"}}"#;

/// A path of the API description with values in place of its parameters.
fn filled(path: &str) -> String {
    path.replace("{number}", "13800138000")
        .replace("{id}", "some-thing")
        .replace("{name}", "some-thing")
}

#[test]
fn every_described_route_is_served_and_every_served_route_is_described() {
    let story = RouteServer::begin();
    let document = document(&endpoints());
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let (status, body) = story.send(&method.to_uppercase(), &filled(path), "");
            assert_ne!(status, 405, "{method} {path}");
            assert_ne!(body["code"], "no-such-route", "{method} {path}");
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let served: BTreeSet<_> = endpoints()
        .iter()
        .map(|endpoint| (endpoint.method.to_string(), endpoint.path.to_owned()))
        .collect();
    assert_eq!(served, described);
    story.end();
}

#[test]
fn a_view_is_rebuilt_beside_its_live_rows_and_switched_to() {
    let story = RouteServer::begin();
    assert_eq!(story.send("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    let view = "/api/v1/projections/campaign_board";
    let early = story.send("POST", &format!("{view}/switch"), "");
    assert_eq!((early.0, &early.1["code"]), (422, &json!("rebuild-refused")));
    let (status, begun) = story.send("POST", &format!("{view}/rebuild"), "{\"restart\":true}");
    assert_eq!((status, &begun["rebuild"]["generation"]), (200, &json!(1)));
    while story.send("GET", view, "").1["rebuild"]["state"] != "ready" {}
    let (status, switched) = story.send("POST", &format!("{view}/switch"), "{\"by\":\"wang\"}");
    assert_eq!((status, &switched["rebuild"]["state"]), (200, &json!("switched")));
    assert_eq!(switched["rebuild"]["agrees"], json!(true));
    let events = story
        .send("GET", "/api/v1/events?stream=view-campaign_board", "")
        .1;
    let events = events["items"].as_array().unwrap().clone();
    let kinds: Vec<_> = events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["view.rebuild_begun", "view.switched"], "{events:?}");
    let switch = &events[1]["data"];
    assert_eq!(
        (&switch["by"], &switch["version"]),
        (&json!("wang"), &switched["version"])
    );
    assert_eq!(
        switch["tables"][0]["rows_before"],
        switch["tables"][0]["rows_after"]
    );
    let all = story.send("GET", "/api/v1/projections", "").1;
    assert!(
        all["views"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["state"] == "live")
    );
    assert_eq!(story.send("GET", "/api/v1/campaigns/T", "").0, 200);
    for verb in ["rebuild", "switch", "cancel", "retry"] {
        let missing = story.send("POST", &format!("/api/v1/projections/none/{verb}"), "");
        assert_eq!(missing.0, 404, "{verb}");
    }
    let wrong = story.send("POST", &format!("{view}/rebuild"), "{\"anew\":true}");
    assert_eq!(wrong.0, 422);
    story.end();
}

#[test]
fn the_routes_of_the_contract_exist() {
    let served: BTreeSet<String> = endpoints()
        .iter()
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path))
        .collect();
    for route in [
        "POST /api/v1/campaigns",
        "POST /api/v1/tasks/data",
        "POST /api/v1/campaigns/{id}/start",
        "POST /api/v1/campaigns/{id}/pause",
        "POST /api/v1/campaigns/{id}/resume",
        "POST /api/v1/campaigns/{id}/stop",
        "POST /api/v1/campaigns/{id}/lists",
        "POST /api/v1/numbers/{number}/opt-out",
        "POST /api/v1/numbers/{number}/suppress",
        "GET /api/v1/campaigns",
        "GET /api/v1/campaigns/{id}",
        "GET /api/v1/campaigns/{id}/report",
        "GET /api/v1/calls",
        "GET /api/v1/calls/{id}",
        "GET /api/v1/calls/{id}/events",
        "GET /api/v1/customers/{id}",
        "GET /api/v1/events",
        "GET /api/v1/events/stream",
        "GET /api/v1/events/ws",
        "GET /api/v1/openapi.json",
        "GET /livez",
        "GET /readyz",
        "GET /status",
    ] {
        assert!(served.contains(route), "{route}");
    }
}

#[test]
fn a_campaign_is_made_once_filled_and_shown_masked() {
    let story = RouteServer::begin();
    assert_eq!(story.send("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    let (status, again) = story.send("POST", "/api/v1/campaigns", CAMPAIGN);
    assert_eq!((status, &again["preset"]), (200, &json!("cn-service")));
    let other = CAMPAIGN.replace("18:00", "17:00");
    assert_eq!(story.send("POST", "/api/v1/campaigns", &other).0, 422);
    let reworded = CAMPAIGN.replace("您好", "您早");
    let position = story.head();
    assert_eq!(story.send("POST", "/api/v1/campaigns", &reworded).0, 422);
    assert_eq!(story.head(), position, "what is refused publishes nothing");
    assert_eq!(
        story.send("POST", "/api/v1/campaigns", CAMPAIGN).0,
        200,
        "and changes no later answer"
    );

    let list = "客户ID,手机号,姓名,days\nC001,138-0013-8000,张三,3\nC002,13800138000,李四,\n";
    let path = "/api/v1/campaigns/T/lists?source=a.csv";
    let (status, report) = story.send("POST", path, list);
    assert_eq!((status, &report["enrolled"]), (200, &json!(1)));
    assert_eq!(report["bad"][0]["column"], "days");
    let (_, again) = story.send("POST", path, list);
    assert_eq!(
        (&again["enrolled"], &again["repeated"]),
        (&json!(1), &json!(true))
    );

    let (_, shown) = story.send("GET", "/api/v1/customers/C001", "");
    assert_eq!(shown["numbers"][0]["phone"], "138****8000");
    assert_eq!(shown["name"], "张*");
    let id = shown["id"].as_str().unwrap();
    assert_eq!(story.send("GET", &format!("/api/v1/customers/{id}"), "").1, shown);
    let position = report["position"].as_str().unwrap();
    let (_, campaigns) = story.send("GET", &format!("/api/v1/campaigns?after_position={position}"), "");
    assert_eq!(campaigns["items"][0]["enrolled"], 1);
    story.end();
}

#[test]
fn events_are_pages_and_a_read_of_the_future_times_out_as_a_problem() {
    let story = RouteServer::begin();
    let body = r#"{"reason":"asked by phone"}"#;
    let (status, reply) = story.send("POST", "/api/v1/numbers/138-0013-8000/opt-out", body);
    assert_eq!((status, &reply["number"]), (200, &json!("138****8000")));
    let (_, page) = story.send("GET", "/api/v1/events?after=0&limit=2", "");
    assert_eq!(page["items"][0]["type"], "installation.named");
    assert_eq!(page["items"][1]["type"], "number.opted_out");
    assert_eq!(page["next"], "2");
    let (_, rest) = story.send("GET", "/api/v1/events?after=2", "");
    assert_eq!(rest["items"][0]["type"], "inquiry.compared");
    let (_, empty) = story.send("GET", "/api/v1/events?after=3", "");
    assert_eq!(empty, json!({"items": [], "next": "3"}));
    let (status, problem) = story.send("GET", "/api/v1/campaigns?after_position=99", "");
    assert_eq!((status, &problem["code"]), (503, &json!("timeout")));
    story.end();
}

#[test]
fn a_request_that_cannot_be_done_returns_a_problem() {
    let story = RouteServer::begin();
    for (method, path, body, status, code) in [
        ("GET", "/nothing", "", 404, "no-such-route"),
        ("GET", "/api/v1/tasks/data", "", 405, "method-not-allowed"),
        ("TRACE", "/api/v1/campaigns", "", 405, "method-not-allowed"),
        ("POST", "/api/v1/campaigns", "{", 400, "body-not-json"),
        ("POST", "/api/v1/campaigns", "{}", 422, "invalid-members"),
        ("GET", "/api/v1/campaigns/NONE", "", 404, "missing"),
        ("POST", "/api/v1/campaigns/NONE/start", "", 404, "missing"),
        (
            "POST",
            "/api/v1/campaigns/NONE/lists",
            "id,phone\n",
            404,
            "missing",
        ),
        (
            "POST",
            "/api/v1/numbers/12345/opt-out",
            r#"{"reason":"x"}"#,
            422,
            "number-invalid",
        ),
        (
            "POST",
            "/api/v1/numbers/13800138000/opt-out",
            "{}",
            422,
            "invalid-members",
        ),
        (
            "POST",
            "/api/v1/numbers/13800138000/suppress",
            r#"{"reason":" "}"#,
            422,
            "invalid-members",
        ),
        ("GET", "/api/v1/events?after=x", "", 400, "query-invalid"),
        ("GET", "/api/v1/calls/none", "", 404, "missing"),
    ] {
        let (found, problem) = story.send(method, path, body);
        assert_eq!(
            (found, problem["code"].as_str()),
            (status, Some(code)),
            "{method} {path}"
        );
    }
    story.end();
}

#[test]
fn a_damaged_log_is_not_ready_and_says_where_and_what_to_do() {
    let story = RouteServer::begin();
    assert_eq!(story.send("GET", "/readyz", "").0, 200);
    story.running.installation.environment.damage.report(Damage {
        position: Some(Position(17)),
        after: Position(16),
        why: "expected value at line 1".to_owned(),
    });
    let (status, problem) = story.send("GET", "/readyz", "");
    let detail = problem["detail"].as_str().unwrap();
    assert_eq!(status, 503, "{problem}");
    assert!(
        detail.contains("at position 17") && detail.contains("audit verify"),
        "{detail}"
    );
    assert!(
        problem["dialing_pauses"].to_string().contains("log_damaged"),
        "{problem}"
    );
    assert_eq!(story.send("GET", "/livez", "").0, 200);
    let (status, dialing) = story.send("GET", "/api/v1/dialing", "");
    assert_eq!((status, &dialing["paused"]), (200, &json!(true)), "{dialing}");
    story.end();
}

#[test]
fn a_wrong_clock_is_measured_at_the_start_noted_once_and_said_by_readiness() {
    // Three requests at the start, three by the command.
    let (server, answering) = fake_server(3_000, 6, |_| {});
    let source = server.to_string();
    let story = RouteServer::begin_with_ntp(server);
    let (status, ready) = story.send("GET", "/readyz", "");
    assert_eq!(status, 200, "{ready}");
    assert!(
        ready["dialing_refused"].as_str().unwrap().contains(&source),
        "{ready}"
    );
    assert_eq!(ready["clock"][0]["dialing_allowed"], false);
    assert!(
        ready["dialing_pauses"].to_string().contains("clock_offset"),
        "{ready}"
    );
    let dialing = story.send("GET", "/api/v1/dialing", "").1;
    let items = dialing["items"].as_array().unwrap();
    let of_clock = items.iter().find(|item| item["code"] == "clock_offset").unwrap();
    assert!(of_clock["en"].as_str().unwrap().contains(&source), "{of_clock}");
    // Only events of this kind: the alert about the clock is raised at the first check of the alerts, one
    // second after the start.
    let noted = || {
        let path = "/api/v1/events?kind=installation.clock_offset_measured";
        story.send("GET", path, "").1["items"].clone()
    };
    let offset_ms = noted()[0]["data"]["offset_ms"].as_i64().unwrap();
    assert!((2_900..=3_100).contains(&offset_ms), "{offset_ms}");
    let (status, measured) = story.send("POST", "/api/v1/installation/measure-clock", "");
    answering.join().unwrap();
    assert_eq!((status, &measured["measured"][0]["noted"]), (200, &json!(false)));
    assert!(measured["dialing_refused"].is_string());
    let noted = noted();
    assert_eq!(noted.as_array().unwrap().len(), 1, "not noted again: {noted}");
    story.end();
}

#[test]
fn a_query_over_http_is_answered_with_its_limit_or_refused_with_the_reason() {
    let story = RouteServer::begin();
    let ask = |body: Value| story.send("POST", "/api/v1/query", &body.to_string());
    let sql = "select code from dispositions order by code";
    let (status, all) = ask(json!({ "sql": sql }));
    assert_eq!((status, &all["truncated"]), (200, &Value::Null), "{all}");
    let count = all["rows"].as_array().unwrap().len();
    let (status, cut) = ask(json!({ "sql": sql, "limit": count - 1 }));
    assert_eq!((status, &cut["truncated"]), (200, &json!("rows")), "{cut}");
    assert_eq!(cut["rows"].as_array().unwrap().len(), count - 1);
    let (status, whole) = ask(json!({ "sql": sql, "limit": count }));
    assert_eq!((status, &whole["truncated"]), (200, &Value::Null), "{whole}");
    for (sql, code) in [
        ("delete from campaign_board", "query-forbidden"),
        ("select * from campaign_board", "query-forbidden"),
        ("select nothing from calls", "query-wrong"),
        ("select from from", "query-syntax"),
    ] {
        let (status, problem) = ask(json!({ "sql": sql }));
        let kind = problem["type"].as_str().unwrap_or_default();
        assert!((400..500).contains(&status), "{sql}: {status} {problem}");
        assert!(kind.ends_with(code), "{sql}: {problem}");
    }
    for body in [
        json!({}),
        json!({ "sql": sql, "limit": 0 }),
        json!({ "sql": sql, "rows": 1 }),
    ] {
        let (status, problem) = ask(body.clone());
        assert!((400..500).contains(&status), "{body}: {status} {problem}");
    }
    story.end();
}

#[test]
fn an_export_over_http_is_listed_written_or_refused_before_its_first_byte() {
    let story = RouteServer::begin();
    let (_, listed) = story.send("GET", "/api/v1/exports", "");
    let listed = listed["exports"].as_array().unwrap();
    let names: Vec<&Value> = listed.iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["calls", "events", "metrics"]);
    assert_eq!(story.send("POST", "/api/v1/campaigns", CAMPAIGN).0, 201);
    for name in ["calls", "events", "metrics"] {
        let path = format!("/api/v1/exports/{name}?format=jsonl");
        assert_eq!(story.send("GET", &path, "").0, 200, "{path}");
    }
    let before = story.head();
    for (path, status) in [
        ("calls?format=docx", 400),
        ("calls?format=csv&columns=call,phone", 422),
        ("calls?format=csv&columns=,", 422),
        ("calls?from=yesterday", 400),
        ("phones?format=csv", 404),
    ] {
        let (found, problem) = story.send("GET", &format!("/api/v1/exports/{path}"), "");
        assert_eq!(found, status, "{path}: {problem}");
        assert!(problem["detail"].is_string(), "{path}: {problem}");
    }
    assert_eq!(story.head(), before, "what is refused so early is not on record");
    story.end();
}
