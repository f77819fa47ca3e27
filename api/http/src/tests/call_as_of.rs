//! Tests of reading one call as of a time: `as_of` (what the log knew then) and `valid_at` (what was true
//! then).

use crate::tests::as_of::AsOfServer;
use serde_json::{Value, json};

const MACHINE: &str = r#"{"disposition":"machine","reason":"the recording says so","by":"auditor-7"}"#;

#[test]
fn a_correction_names_what_it_corrects_and_both_axes_can_be_asked() {
    let mut world = AsOfServer::begin();
    world.ended_call();
    let (_, before) = world.send("GET", "", "");
    assert_eq!(before["ended"]["disposition"], "answered");
    let (status, corrected) = world.send("POST", "/correct", MACHINE);
    assert_eq!(
        (status, &corrected["corrected"]),
        (200, &json!(true)),
        "{corrected}"
    );
    assert_eq!(corrected["ended"]["disposition"], "machine");
    assert_eq!(corrected["ended"]["recorded"]["disposition_zh"], "接通");

    let (_, events) = world.send("GET", "/events", "");
    let items = events["items"].as_array().unwrap();
    let (ended, fact) = (&items[items.len() - 2], &items[items.len() - 1]);
    assert_eq!(fact["type"], "call.corrected");
    assert_eq!(fact["data"]["corrects"], ended["id"]);
    assert_eq!(fact["causationid"], ended["id"]);

    // As known before the correction (`as_of`), then as true at that time by today's knowledge (`valid_at`).
    let position = ended["position"].as_str().unwrap();
    let (_, then) = world.send("GET", &format!("?as_of={position}"), "");
    assert_eq!(then["ended"]["disposition"], "answered");
    assert_eq!(then["callee"], "138****8000");
    let ended_at = ended["time"].as_str().unwrap();
    let (_, both) = world.send("GET", &format!("?valid_at={ended_at}"), "");
    assert_eq!(
        both["true_then"]["finding"]["disposition_en"],
        "answering machine"
    );
    assert_eq!(both["corrections"][0]["by"], "auditor-7");
    let (_, earlier) = world.send("GET", &format!("?as_of={position}&valid_at={ended_at}"), "");
    assert_eq!(earlier["true_then"]["finding"]["disposition"], "answered");
    let answered_at = items[2]["time"].as_str().unwrap();
    let (_, talking) = world.send("GET", &format!("?valid_at={answered_at}"), "");
    assert_eq!(talking["true_then"]["state"], "CONVERSATION");
    assert_eq!(talking["true_then"]["finding"], Value::Null);

    let (status, again) = world.send("POST", "/correct", MACHINE);
    assert_eq!(
        (status, &again["corrected"]),
        (200, &json!(false)),
        "nothing to write"
    );
    world.end();
}

#[test]
fn unknowable_and_senseless_moments_are_refused() {
    let mut world = AsOfServer::begin();
    assert_eq!(world.send("POST", "/correct", MACHINE).0, 404);
    world.answered_call();
    let (status, early) = world.send("POST", "/correct", MACHINE);
    assert_eq!((status, &early["code"]), (422, &json!("call-not-ended")));
    for (query, status, code) in [
        ("as_of=yesterday", 400, "as-of-invalid"),
        ("valid_at=7", 400, "valid-at-invalid"),
        ("as_of=0", 422, "as-of-before-the-log"),
        // The first event names the log, the second belongs to the call.
        ("as_of=2", 200, ""),
        ("as_of=999", 422, "as-of-in-the-future"),
        ("as_of=2001-01-01T00:00:00Z", 422, "as-of-before-the-log"),
        ("as_of=2999-01-01T00:00:00Z", 422, "as-of-in-the-future"),
        ("valid_at=2999-01-01T00:00:00Z", 422, "valid-at-in-the-future"),
    ] {
        let (found, body) = world.send("GET", &format!("?{query}"), "");
        assert_eq!(found, status, "{query}: {body}");
        assert_eq!(body["code"].as_str().unwrap_or(""), code, "{query}");
    }
    for body in [
        r#"{"reason":"x"}"#,
        r#"{"disposition":"machine"}"#,
        r#"{"disposition":"nothing","reason":"x"}"#,
        r#"{"disposition":"busy","outcome":"great","reason":"x"}"#,
        r#"{"disposition":"busy","reason":"x","more":1}"#,
    ] {
        assert_eq!(world.send("POST", "/correct", body).0, 422, "{body}");
    }
    world.end();
}
