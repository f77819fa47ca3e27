//! Tests of why-not, the explanation why a customer may not be called at a time: rules of the customer and of
//! the number, calling days, lists, the record of the reader; and a trial of a coming rule version on the
//! customers of a campaign.

use crate::tests::route_server::RouteServer;
use serde_json::{Value, json};

const CUSTOMER: &str = "/api/v1/customers/C001";

/// Creates a campaign that rests at weekends and observes holidays, imports two customers, and starts it.
fn with_people(more: Value) -> RouteServer {
    let story = RouteServer::begin();
    let mut body = json!({ "task_id": "T", "script_template": "您好。", "holidays": "observe",
        "rest_days": ["sat", "sun"] });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let (status, made) = story.send("POST", "/api/v1/campaigns", &body.to_string());
    assert_eq!(status, 201, "{made}");
    let list = "客户ID,手机号,姓名\nC001,138-0013-8000,张三\nC002,13800138001,李四\n";
    let (status, _) = story.send("POST", "/api/v1/campaigns/T/lists?source=a.csv", list);
    assert_eq!(status, 200);
    assert_eq!(story.send("POST", "/api/v1/campaigns/T/start", "").0, 200);
    story
}

fn why(story: &RouteServer, customer: &str, at: &str) -> Value {
    let path = format!(
        "{customer}/why-not?at={}&by=wang&reason=complaint",
        at.replace('+', "%2B")
    );
    let (status, shown) = story.send("GET", &path, "");
    assert_eq!(status, 200, "{shown}");
    shown
}

#[test]
fn it_names_the_rule_the_facts_and_from_when_on_and_the_question_is_on_record() {
    let story = with_people(json!({}));
    let open = why(&story, CUSTOMER, "2027-03-01T10:00:00+08:00");
    assert_eq!(
        (&open["permitted"], &open["rule"]),
        (&json!(true), &Value::Null),
        "{open}"
    );
    assert_eq!(open["not_before"], "2027-03-01T02:00:00.000000Z");
    let night = why(&story, CUSTOMER, "2027-03-01T21:00:00+08:00");
    assert_eq!(
        (&night["permitted"], &night["rule"]),
        (&json!(false), &json!("calling_window"))
    );
    assert_eq!(night["not_before"], "2027-03-02T01:00:00.000000Z");
    assert!(night["facts"]["hours"].is_string(), "{night}");
    assert!(
        night["zh"]
            .as_str()
            .unwrap()
            .contains("下次可呼 2027-03-02 09:00"),
        "{night}"
    );
    // A holiday of a year without an official notice yet: refused by the provisional calendar, which the
    // facts name.
    let feast = why(&story, CUSTOMER, "2027-02-06T10:00:00+08:00");
    assert_eq!(feast["rule"], "calling_days");
    assert_eq!(feast["facts"]["calendar"], "cn-2027 provisional shipped");
    assert_eq!(feast["not_before"], "2027-02-15T01:00:00.000000Z");
    let unknown = why(&story, CUSTOMER, "2031-03-03T10:00:00+08:00");
    assert_eq!(unknown["facts"]["missing"], "holidays", "{unknown}");
    let sides: Vec<&Value> = open["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["judged_by"])
        .collect();
    assert!(sides.contains(&&json!("customer")) && sides.contains(&&json!("number")));
    assert!(!night.to_string().contains("13800138000") && !night.to_string().contains('张'));
    let head = story.head();
    let trail = format!(
        "/api/v1/audit?after_position={}&kind=inquiry.personal_data_read",
        head.as_str().unwrap()
    );
    let (_, trail) = story.send("GET", &trail, "");
    let read = &trail["items"][0]["data"];
    assert_eq!(read["route"], "GET /api/v1/customers/{id}/why-not", "{trail}");
    story.end();
}

#[test]
fn an_opt_out_is_for_good_and_a_stop_and_a_list_are_said() {
    let story = with_people(json!({ "only_listed_on": "consented-2026" }));
    let at = "2027-03-01T10:00:00+08:00";
    let unlisted = why(&story, CUSTOMER, at);
    assert_eq!(
        (&unlisted["rule"], &unlisted["not_before"]),
        (&json!("white_list"), &Value::Null)
    );
    let listing = json!({ "number": "138 0013 8000", "list": "consented-2026", "reason": "signed" });
    let (status, listed) = story.send("POST", "/api/v1/numbers/list-on", &listing.to_string());
    assert_eq!(
        (status, &listed["lists"]),
        (200, &json!(["consented-2026"])),
        "{listed}"
    );
    assert_eq!(why(&story, CUSTOMER, at)["permitted"], true);
    assert_eq!(why(&story, "/api/v1/customers/C002", at)["rule"], "white_list");
    let stop = r#"{"scope":"campaign","id":"T","reason":"complaints"}"#;
    let (status, said) = story.send("POST", "/api/v1/stop", stop);
    assert!(status < 300, "{said}");
    let stopped = why(&story, CUSTOMER, at);
    assert_eq!(
        (&stopped["rule"], &stopped["assumed"]),
        (&json!("emergency_stop"), &json!(["stop_lifted"]))
    );
    let opt_out = r#"{"number":"13800138000","reason":"asked by phone"}"#;
    assert_eq!(story.send("POST", "/api/v1/numbers/opt-out", opt_out).0, 200);
    let opted_out = why(&story, CUSTOMER, at);
    assert_eq!(
        (&opted_out["rule"], &opted_out["not_before"]),
        (&json!("suppression"), &Value::Null)
    );
    let (status, none) = story.send("GET", &format!("{CUSTOMER}/why-not?campaign=OTHER"), "");
    assert_eq!((status, &none["code"]), (422, &json!("not-enrolled")), "{none}");
    let (status, wrong) = story.send("GET", &format!("{CUSTOMER}/why-not?at=soon"), "");
    assert_eq!(status, 400, "{wrong}");
    story.end();
}

#[test]
fn an_imported_year_counts_and_a_wrong_file_is_refused_by_what_is_wrong() {
    let story = with_people(json!({}));
    let file = "country: cn\nyear: 2031\nstatus: published\nsource: the notice\nholidays:\n  - {name: 元旦, from: \
                2031-01-01, to: 2031-01-01}\n";
    let import = |file: &str| {
        let body = json!({ "file": file, "reason": "the notice is out" }).to_string();
        story.send("POST", "/api/v1/holidays", &body)
    };
    let holiday = "2031-01-01T10:00:00+08:00";
    let unknown = why(&story, CUSTOMER, holiday);
    assert_eq!(
        (&unknown["facts"]["missing"], &unknown["not_before"]),
        (&json!("holidays"), &json!("2031-01-02T01:00:00.000000Z")),
        "the next day, by when a file may have come: {unknown}"
    );
    assert_eq!(unknown["assumed"], json!(["holidays_imported"]));
    let (status, written) = import(file);
    let feast = why(&story, CUSTOMER, holiday);
    assert_eq!(
        (&feast["facts"]["calendar"], &feast["facts"]["because"]),
        (&json!("cn-2031 published imported"), &json!("holiday")),
        "{feast}"
    );
    assert_eq!(
        why(&story, CUSTOMER, "2031-03-03T10:00:00+08:00")["permitted"],
        json!(true)
    );
    assert_eq!((status, &written["id"]), (200, &json!("cn-2031")), "{written}");
    let (status, wrong) = import(&file.replace("to: 2031-01-01", "to: 2030-01-01"));
    assert_eq!(
        (status, &wrong["code"]),
        (400, &json!("holidays-invalid")),
        "{wrong}"
    );
    let (_, years) = story.send("GET", "/api/v1/holidays", "");
    let ids: Vec<&Value> = years["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|year| &year["id"])
        .collect();
    assert!(
        ids.contains(&&json!("cn-2026")) && ids.contains(&&json!("cn-2031")),
        "{ids:?}"
    );
    story.end();
}

#[test]
fn a_coming_version_lists_new_refusals_and_stores_nothing() {
    let story = with_people(json!({}));
    let coming = "id: cn-service\nversion: 2\neffective_from: 2028-01-01\nstatus: coming\nsource: a draft\nopens: \
                  \"10:00\"\ncloses: \"17:00\"\nzone: Asia/Shanghai\n";
    let before = story.head();
    let path = "/api/v1/campaigns/T/rules/dry-run";
    let body = json!({ "file": coming, "at": "2027-03-01T09:30:00+08:00" }).to_string();
    let (status, tried) = story.send("POST", path, &body);
    assert_eq!(status, 200, "{tried}");
    assert_eq!(
        (&tried["people"], &tried["newly_refused"]),
        (&json!(2), &json!(2)),
        "{tried}"
    );
    assert_eq!(tried["rules"][0]["rule"], "calling_window");
    assert_eq!(tried["rules"][0]["sample"].as_array().unwrap().len(), 2);
    let body = json!({ "rule": "cn-service@1", "at": "2027-03-01T09:30:00+08:00" }).to_string();
    let (_, same) = story.send("POST", path, &body);
    assert_eq!(
        (&same["newly_refused"], &same["whole"]),
        (&json!(0), &json!(true)),
        "{same}"
    );
    let body = json!({ "rule": "us-tsr@1" }).to_string();
    let (status, other) = story.send("POST", path, &body);
    assert_eq!(
        (status, &other["code"]),
        (400, &json!("rule-of-another-preset")),
        "{other}"
    );
    assert_eq!(story.head(), before);
    let (_, rules) = story.send("GET", "/api/v1/rules", "");
    assert_eq!(rules["presets"].as_array().unwrap().len(), 9, "{rules}");
    story.end();
}

/// The salted hash of C001's number: `printf '%s' pepper+8613800138000 | sha256sum`.
const SALTED: &str = "d0af29e8dab6cacaeb6d8297db0673761abbbae597eb365a0a6edf37547cb59d";

#[test]
fn a_list_that_came_as_digests_binds_once_it_was_taken_in_and_says_of_which_day_it_is() {
    let story = with_people(json!({}));
    let at = "2027-03-01T10:00:00+08:00";
    let rows =
        json!({ "digests": [SALTED, "13800138000"], "list": "partner", "reason": "the list of March" });
    let (status, reply) = story.send("POST", "/api/v1/numbers/import", &rows.to_string());
    assert_eq!((status, &reply["good"]), (200, &json!(1)), "{reply}");
    assert_eq!(reply["refused"][0]["row"], 1, "{reply}");
    assert_eq!(
        why(&story, CUSTOMER, at)["permitted"],
        true,
        "its salt is not known yet"
    );
    let torn = |as_of: &str, bad: u64| {
        json!({ "registry": "partner", "as_of": as_of, "form": "sha256", "salt": "pepper", "numbers": 1,
            "bad": bad, "reason": "the list of March" })
    };
    let post = |body: Value| story.send("POST", "/api/v1/registries", &body.to_string());
    let record = |as_of: &str| post(torn(as_of, 0));
    let (status, refused) = post(torn("2025-11-01", 1));
    assert_eq!((status, &refused["code"]), (422, &json!("refused")), "{refused}");
    let (status, taken) = record("2025-11-01");
    assert_eq!(
        (status, &taken["form"]),
        (200, &json!("sha256_salted")),
        "{taken}"
    );
    let hashed = why(&story, CUSTOMER, at);
    assert_eq!(
        (
            &hashed["rule"],
            &hashed["facts"]["list"],
            &hashed["facts"]["because"]
        ),
        (&json!("suppression"), &json!("partner"), &json!("hashed_list")),
        "{hashed}"
    );
    assert_eq!(hashed["facts"]["preset"], "cn-service@1 since 2026-01-01");
    assert_eq!(why(&story, "/api/v1/customers/C002", at)["permitted"], true);
    let (status, older) = record("2025-10-31");
    assert_eq!((status, &older["code"]), (422, &json!("refused")), "{older}");
    let (_, known) = story.send("GET", "/api/v1/registries", "");
    let list = &known["items"][0];
    assert_eq!(
        (&list["name"], &list["as_of"], &list["numbers"], &list["bad"]),
        (&json!("partner"), &json!("2025-11-01"), &json!(1), &json!(0)),
        "{known}"
    );
    assert!(!known.to_string().contains("pepper"), "{known}");
    let no_list = json!({ "digests": [SALTED], "reason": "x" }).to_string();
    assert_eq!(story.send("POST", "/api/v1/numbers/import", &no_list).0, 422);
    story.end();
}

#[test]
fn a_campaign_that_observes_an_unknown_year_does_not_start_and_says_so() {
    let story = RouteServer::begin();
    let body = json!({ "task_id": "T", "script_template": "您好。", "holidays": "observe",
        "holiday_country": "fr" });
    assert_eq!(story.send("POST", "/api/v1/campaigns", &body.to_string()).0, 201);
    let list = "客户ID,手机号,姓名\nC001,138-0013-8000,张三\n";
    assert_eq!(
        story
            .send("POST", "/api/v1/campaigns/T/lists?source=a.csv", list)
            .0,
        200
    );
    let (status, refused) = story.send("POST", "/api/v1/campaigns/T/start", "");
    assert_eq!(
        (status, &refused["code"]),
        (422, &json!("holidays-unknown")),
        "{refused}"
    );
    story.end();
}
