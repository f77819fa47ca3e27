//! Tests of voiceprints: off until they are turned on, refused without the separate consent, compared only as
//! a hint, and with templates that cannot be opened after they are deleted.

use crate::tests::route_server::RouteServer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ports::speech::Clip;
use domain::setting::{SettingCommand, SettingName};
use domain::stored_event::Cause;
use serde_json::{Value, json};
use speech::clips::write_clip;
use std::f64::consts::PI;

const CAMPAIGN: &str = r#"{"task_id":"T","script_template":"您好。","basis":"contract"}"#;
const PEOPLE: &str = r#"{"task_id":"T","records":[{"customer_id":"C1","phone":"13800138000"}]}"#;
const PATH: &str = "/api/v1/customers/C1/voiceprint";

/// The members of the reply to an order to end a voiceprint. The permission to end one does not include
/// reading it, so there are no others.
const ORDERED: &[&str] = &["consent", "customer", "deleted_at", "position"];

fn members(body: &Value) -> Vec<&str> {
    body.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A recording of a voice with this pitch in hertz: `ms` milliseconds of speech between silence, with noise
/// of the level `hiss`. The speech is the same for each pitch and length. Base64 of a WAV file.
fn take(hertz: f64, ms: u32, hiss: f64) -> String {
    let mut seed = 3_u64;
    let sample = |n: u32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let noise = f64::from(u32::try_from(seed >> 33).unwrap()) / f64::from(1_u32 << 30) - 1.0;
        let t = f64::from(n) / 8_000.0;
        let is_said = (2_400..2_400 + ms * 8).contains(&n);
        let tone = (2.0 * PI * hertz * t).sin() + (2.0 * PI * hertz * (2.0 + (t * 3.0).sin()) * t).sin();
        let level = if is_said { 5_000.0 } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "samples of a test")]
        let sample = (tone * level * (1.2 + (9.0 * t).sin()) / 2.2 + noise * hiss) as i16;
        sample
    };
    let samples = (0..4_800 + ms * 8).map(sample).collect();
    STANDARD.encode(write_clip(&Clip { samples }).unwrap())
}

fn enrolment() -> Value {
    let takes = [1_300, 1_400, 1_500].map(|ms| take(220.0, ms, 20.0));
    json!({ "takes": takes, "reason": "asked for at the counter" })
}

fn comparison(take: &str) -> Value {
    json!({ "take": take, "campaign": "T", "reason": "callback 17" })
}

fn consented(server: &RouteServer) -> Value {
    let until = server.running.installation.now().plus_ms(30 * 86_400_000);
    json!({ "source": "counter", "wording": "我同意", "evidence": "form 17", "until": until })
}

fn turned_on() -> RouteServer {
    turned_on_with(PEOPLE)
}

fn turned_on_with(people: &str) -> RouteServer {
    let server = RouteServer::with_people(CAMPAIGN, people);
    let off = server.post(&format!("{PATH}/consent"), &consented(&server));
    assert_eq!(
        (off.0, &off.1["code"]),
        (422, &json!("voiceprints-off")),
        "{off:?}"
    );
    let installation = &server.running.installation;
    let cause = Cause::outside(installation.new_command());
    let command = SettingCommand::Change {
        name: SettingName::VoiceprintsOn,
        to: 1,
        reason: "branch 3".to_owned(),
    };
    let on = installation
        .entities
        .settings
        .ask(&SettingName::VoiceprintsOn, command, cause);
    server.runtime.block_on(on).unwrap();
    server
}

#[test]
fn nothing_is_taken_of_a_voice_without_the_consent_and_a_withdrawal_deletes_it() {
    let server = turned_on();
    let verb = |verb: &str, body: &Value| server.post(&format!("{PATH}/{verb}"), body);
    let refused = verb("enrol", &enrolment());
    assert_eq!(refused.0, 422, "{refused:?}");
    assert!(
        refused.1["detail"].as_str().unwrap().contains("not consented"),
        "{refused:?}"
    );
    let given = verb("consent", &consented(&server));
    assert_eq!(
        (given.0, &given.1["consent"]),
        (200, &json!("given")),
        "{given:?}"
    );
    assert_eq!(members(&given.1), ORDERED, "{given:?}");
    let made = verb("enrol", &enrolment());
    assert_eq!(
        (made.0, &made.1["enrolled"]["takes"]),
        (200, &json!(3)),
        "{made:?}"
    );
    let alike = verb("compare", &comparison(&take(220.0, 1_450, 25.0)));
    assert_eq!(alike.1["enrolled"]["last"]["likeness"], "alike", "{alike:?}");
    let unlike = verb("compare", &comparison(&take(470.0, 1_450, 25.0)));
    assert_eq!(unlike.1["enrolled"]["last"]["likeness"], "unlike", "{unlike:?}");
    assert_eq!(unlike.1["enrolled"]["comparisons"], 2);
    let record = &server.events("voiceprint.enrolled")[0];
    let template = &record["data"]["template"];
    assert!(
        template["sealed"].is_string() && template["transcript"].is_string(),
        "{record}"
    );
    let compared = &server.events("voiceprint.compared")[0];
    assert_eq!(compared["campaign"], "T");
    let reads = server.events("inquiry.personal_data_read").len();
    let shown = server.send("GET", &format!("{PATH}?by=auditor&reason=x"), "");
    assert_eq!(shown.1["consent"], "given", "{shown:?}");
    assert_eq!(server.events("inquiry.personal_data_read").len(), reads + 1);
    let gone = verb("withdraw", &json!({ "source": "hotline" }));
    assert_eq!(members(&gone.1), ORDERED, "{gone:?}");
    assert_eq!(gone.1["consent"], "withdrawn");
    assert!(gone.1["deleted_at"].is_string(), "{gone:?}");
    assert_eq!(
        server.events("voiceprint.deleted")[0]["data"]["deleted_for"],
        "withdrawn"
    );
    let after = verb("compare", &comparison(&take(220.0, 1_450, 25.0)));
    assert!(
        after.1["detail"].as_str().unwrap().contains("withdrew"),
        "{after:?}"
    );
    server.end();
}

#[test]
fn what_is_no_take_is_refused_and_each_enrolment_has_its_end() {
    let server = turned_on();
    let verb = |verb: &str, body: &Value| server.post(&format!("{PATH}/{verb}"), body);
    verb("consent", &consented(&server));
    for (takes, status, says) in [
        (
            vec![take(220.0, 1_300, 20.0), take(220.0, 500, 20.0)],
            422,
            "1000 ms",
        ),
        (
            vec![take(220.0, 1_300, 20.0), take(220.0, 1_300, 2_500.0)],
            422,
            "dB below",
        ),
        (vec![take(220.0, 1_300, 20.0)], 422, "2 to 5"),
        (vec!["*".to_owned(), "*".to_owned()], 422, "base64"),
        (vec![STANDARD.encode("RIFF"), STANDARD.encode("RIFF")], 400, "WAV"),
        (
            vec![take(220.0, 7_000, 20.0), take(220.0, 1_300, 20.0)],
            400,
            "longer than",
        ),
    ] {
        let refused = verb("enrol", &json!({ "takes": takes, "reason": "x" }));
        assert_eq!(refused.0, status, "{refused:?}");
        assert!(refused.1.to_string().contains(says), "{says}: {refused:?}");
    }
    let without = verb("compare", &comparison(&take(220.0, 1_450, 25.0)));
    assert_eq!(without.0, 404, "{without:?}");
    assert_eq!(verb("enrol", &enrolment()).0, 200);
    let second = verb("enrol", &enrolment());
    assert!(
        second.1["detail"].as_str().unwrap().contains("delete it first"),
        "{second:?}"
    );
    let deleted = verb("delete", &json!({ "reason": "no longer needed" }));
    assert_eq!(deleted.0, 200, "{deleted:?}");
    assert_eq!(members(&deleted.1), ORDERED, "{deleted:?}");
    let again = verb("enrol", &enrolment());
    assert_eq!(again.1["enrolled"]["enrolment"], 2, "{again:?}");
    let alike = verb("compare", &comparison(&take(220.0, 1_450, 25.0)));
    assert_eq!(alike.1["enrolled"]["last"]["likeness"], "alike", "{alike:?}");
    let keys: Vec<String> = server
        .events("voiceprint.enrolled")
        .iter()
        .map(|event| {
            event["data"]["template"]["transcript"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(keys.len() == 2 && keys[0] != keys[1], "{keys:?}");
    server.end();
}

/// Two customer ids of one person.
const TWO: &str = r#"{"task_id":"T","records":[{"customer_id":"C1","phone":"13800138000"},
    {"customer_id":"C2","phone":"13800138001"}]}"#;

#[test]
fn what_ends_under_one_id_of_a_person_ends_under_the_other() {
    let server = turned_on_with(TWO);
    let verb = |of: &str, verb: &str, body: &Value| {
        let reply = server.post(&format!("/api/v1/customers/{of}/voiceprint/{verb}"), body);
        assert!(reply.0 < 300, "{of} {verb}: {reply:?}");
        reply
    };
    for of in ["C1", "C2"] {
        verb(of, "consent", &consented(&server));
        verb(of, "enrol", &enrolment());
    }
    let order = json!({ "other": "C2", "reason": "two accounts", "by": "li" });
    assert_eq!(server.post("/api/v1/customers/C1/merge", &order).0, 200);
    verb("C1", "delete", &json!({ "reason": "asked" }));
    assert_eq!(server.events("voiceprint.deleted").len(), 2);
    verb("C2", "enrol", &enrolment());
    verb("C1", "withdraw", &json!({ "source": "hotline" }));
    assert_eq!(server.events("voiceprint.withdrawn").len(), 2);
    assert_eq!(server.events("voiceprint.deleted").len(), 3);
    // Also in the other direction: a withdrawal under the merged id ends the later consent of the kept one.
    verb("C1", "consent", &consented(&server));
    verb("C1", "enrol", &enrolment());
    verb("C2", "withdraw", &json!({ "source": "hotline" }));
    assert_eq!(server.events("voiceprint.deleted").len(), 4);
    let asked = json!({ "customer": "C1", "wish": "copy", "channel": "hotline" });
    let request = server.post("/api/v1/requests", &asked);
    let number = request.1["id"].as_str().unwrap_or_default();
    let answer = json!({ "note": "copied" });
    let copied = server.post(&format!("/api/v1/requests/{number}/answer"), &answer);
    let theirs = &copied.1["copy"]["merged_voiceprints"];
    assert_eq!(theirs[0]["consent"], "withdrawn", "{copied:?}");
    server.end();
}

#[test]
fn a_withdrawal_from_before_two_ids_were_one_keeps_an_older_consent_from_counting() {
    let server = turned_on_with(TWO);
    let post = |of: &str, verb: &str, body: &Value| {
        server.post(&format!("/api/v1/customers/{of}/voiceprint/{verb}"), body)
    };
    for of in ["C1", "C2"] {
        assert_eq!(post(of, "consent", &consented(&server)).0, 200);
    }
    post("C2", "withdraw", &json!({ "source": "hotline" }));
    let order = json!({ "other": "C2", "reason": "two accounts", "by": "li" });
    assert_eq!(server.post("/api/v1/customers/C1/merge", &order).0, 200);
    let refused = post("C1", "enrol", &enrolment());
    assert_eq!(refused.0, 422, "{refused:?}");
    assert!(
        refused.1["detail"].as_str().unwrap().contains("withdrew"),
        "{refused:?}"
    );
    let shown = server.send("GET", &format!("{PATH}?reason=test"), "");
    assert_eq!(shown.1["consent"], "withdrawn", "{shown:?}");
    // A consent after the withdrawal is valid.
    assert_eq!(post("C1", "consent", &consented(&server)).1["consent"], "given");
    assert_eq!(post("C1", "enrol", &enrolment()).0, 200);
    server.end();
}

#[test]
fn nothing_is_shown_of_the_voiceprint_of_an_erased_customer() {
    let server = turned_on();
    server.post(&format!("{PATH}/consent"), &consented(&server));
    assert_eq!(server.post(&format!("{PATH}/enrol"), &enrolment()).0, 200);
    let erased = server.post("/api/v1/customers/C1/erase", &json!({ "reason": "asked" }));
    assert!(erased.0 < 300, "{erased:?}");
    let shown = server.send("GET", &format!("{PATH}?reason=test"), "");
    assert_eq!(shown.0, 200, "{shown:?}");
    assert_eq!(shown.1["consent"], "absent", "{shown:?}");
    assert_eq!(
        (&shown.1["consented"], &shown.1["enrolled"]),
        (&Value::Null, &Value::Null),
        "{shown:?}"
    );
    let ended = server.post(&format!("{PATH}/withdraw"), &json!({ "source": "hotline" }));
    assert_eq!(ended.1["consent"], "absent", "{ended:?}");
    server.end();
}
