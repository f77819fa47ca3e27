//! Attack: users try to learn what they may not see: hidden digits by comparing, sealed attributes by
//! segments, and values by messages to an address of their own; and users try to approve their own requests.
//!
//! Only in the long form: unit and end-to-end tests check each of these too.

use super::{AttackContext, Verdict};
use crate::prove::Form;
use crate::prove::segments::of_income_above;
use crate::server::{Reply, Server, send_request_as};
use crate::session::Session;
use serde_json::{Value, json};

/// The password of every user here.
const PASSWORD: &str = "correct horse battery";

/// The customers that the attackers see masked.
const PEOPLE: u32 = 12;

/// The number of list responses that would reveal four hidden digits.
const ATTEMPTS: usize = 14;

/// The server under test, and what its attackers found.
struct PrivacyAttack<'a> {
    server: &'a Server,
    broken: Vec<String>,
    tried: u64,
}

impl PrivacyAttack<'_> {
    fn holds(&mut self, is_held: bool, what: &str) {
        self.tried += 1;
        if !is_held {
            self.broken.push(what.to_owned());
        }
    }

    fn ask(&mut self, who: &str, method: &str, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.server.url);
        let body = (method == "POST").then_some(body);
        match send_request_as(method, &url, who, body) {
            Ok((reply, _)) => reply,
            Err(error) => {
                self.broken.push(format!("{method} {path}: {error}"));
                Reply {
                    status: 0,
                    position: None,
                    body: Value::Null,
                }
            }
        }
    }

    /// Adds a user with these roles. Returns the `Authorization` header of an API key of the user.
    fn user(&mut self, name: &str, roles: &[&str]) -> String {
        let user = json!({ "name": name, "roles": roles, "password": PASSWORD });
        self.server.must_post("/api/v1/users", &user);
        let made = self
            .server
            .must_post("/api/v1/api-keys", &json!({ "user": name }));
        let key = made.body.get("key").and_then(Value::as_str).unwrap_or_default();
        format!("Bearer {key}")
    }

    /// Sends a command in a session of this user. Returns status and body of the response.
    fn signed_in(&mut self, name: &str, path: &str, body: &Value) -> (u16, Value) {
        let reply =
            Session::begin(&self.server.url, name, PASSWORD).and_then(|session| session.post(path, body));
        reply.unwrap_or_else(|error| {
            self.broken.push(format!("POST {path} as {name}: {error}"));
            (0, Value::Null)
        })
    }
}

/// Runs all attempts.
pub(super) fn attempts(stage: &AttackContext<'_>) -> Verdict {
    if stage.form != Form::Long {
        return Verdict {
            broken: Vec::new(),
            measured: json!("in the long form"),
        };
    }
    let mut trial = PrivacyAttack {
        server: stage.server,
        broken: Vec::new(),
        tried: 0,
    };
    people(&trial);
    let importer = trial.user("privacy-operator", &["operator"]);
    let analyst = trial.user("privacy-analyst", &["analyst"]);
    let integrator = trial.user("privacy-crm", &["integrator"]);
    // Before the guesses, which use up the look-ups of the attackers' address.
    sent(&mut trial, &integrator);
    compared(&mut trial, &importer, &integrator);
    same_hand(&mut trial);
    segments(&mut trial, &analyst);
    Verdict {
        measured: json!({ "tried": trial.tried }),
        broken: trial.broken,
    }
}

fn people(trial: &PrivacyAttack<'_>) {
    for name in ["PRIVATE", "OTHER"] {
        let made = json!({ "task_id": name, "script_template": "您好。", "basis": "contract", "approvals": ["lists"] });
        trial.server.must_post("/api/v1/campaigns", &made);
    }
    let record = |n: u32| json!({ "customer_id": format!("PRIV{n}"), "phone": format!("138001381{n:02}"), "account": format!("62220{n:02}") });
    let records: Vec<Value> = (0..PEOPLE).map(record).collect();
    let list = json!({ "task_id": "PRIVATE", "records": records });
    trial.server.must_post("/api/v1/tasks/data", &list);
    let row = |n: u32| json!({ "customer": format!("PRIV{n}"), "set": { "monthly_income": (n * 1_000).to_string() } });
    let customers: Vec<Value> = (0..PEOPLE).map(row).collect();
    let attributes = json!({ "customers": customers });
    trial
        .server
        .must_post("/api/v1/customers/attributes", &attributes);
}

/// B1: tries to learn numbers by dry runs, by lists, by ids, and by customers who share one.
fn compared(trial: &mut PrivacyAttack<'_>, importer: &str, integrator: &str) {
    let file = |trial: &mut PrivacyAttack<'_>, phone: &str| {
        let list = json!({ "task_id": "OTHER", "records": [{ "customer_id": "PROBE", "phone": phone }] });
        let reply = trial.ask(importer, "POST", "/api/v1/tasks/data?dry_run=true", &list);
        let mut body = reply.body;
        if let Some(members) = body.as_object_mut() {
            members.remove("list");
        }
        (reply.status, body)
    };
    let (known, unknown) = (file(trial, "13800138101"), file(trial, "13800139999"));
    trial.holds(
        known == unknown,
        "a dry run tells a known number from an unknown one",
    );
    let is_unchecked = known.1.get("duplicates_elsewhere") == Some(&json!("not_checked"));
    trial.holds(
        is_unchecked,
        "a dry run does not say that it compared with nothing elsewhere",
    );
    let duplicates = trial.ask(
        importer,
        "GET",
        "/api/v1/customers/PRIV1/duplicates",
        &Value::Null,
    );
    trial.holds(
        duplicates.status == 403,
        "customers who share a number are shown without the reveal right",
    );
    let viewer = trial.user("privacy-viewer", &["viewer"]);
    let number = json!({ "number": "13800138101" });
    let shown = trial.ask(&viewer, "POST", "/api/v1/consents/show", &number);
    trial.holds(
        shown.status == 403,
        "consents are shown by number without numbers:read",
    );
    let path = "/api/v1/events?kind=customer.number_added&limit=100";
    let events = trial.ask(integrator, "GET", path, &Value::Null);
    trial.holds(events.status == 200, "events cannot be read");
    trial.holds(
        !events.body.to_string().contains("\"hash\""),
        "an event shows a lookup hash",
    );
    let mut refused = false;
    for attempt in 0..ATTEMPTS * 10 {
        let guess = json!({ "number": format!("1380000{attempt:04}") });
        let reply = trial.ask(importer, "POST", "/api/v1/numbers/lookup", &guess);
        refused |= reply.status == 429;
    }
    trial.holds(refused, "numbers can be tried without a rate limit");
    let audit = "/api/v1/events?kind=inquiry.compared&limit=100";
    let audit = trial.ask(&trial.server.bearer(), "GET", audit, &Value::Null);
    let recorded = audit
        .body
        .get("items")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    trial.holds(recorded >= 3, "comparisons are not on record");
}

/// B2: tries to get values of a customer by mail to the attacker's address, by a flow, and as a channel host.
fn sent(trial: &mut PrivacyAttack<'_>, integrator: &str) {
    let mail = json!({ "campaign": "PRIVATE", "customer": "PRIV1", "way": "mail", "to": "me@example.com",
        "subject": "x", "text": "{{account}}", "variables": {} });
    let reply = trial.ask(integrator, "POST", "/api/v1/messages", &mail);
    trial.holds(reply.status == 403, "values leave by mail to any address");
    let key = json!({ "user": "privacy-crm", "scopes": ["calls:write", "calls:read"] });
    let made = trial.server.must_post("/api/v1/api-keys", &key);
    let key = made.body.get("key").and_then(Value::as_str).unwrap_or_default();
    let narrow = format!("Bearer {key}");
    let begun = json!({ "campaign": "PRIVATE", "customer": "PRIV1", "channel": "web", "begun_by": "us" });
    let reply = trial.ask(&narrow, "POST", "/api/v1/conversations", &begun);
    trial.holds(
        reply.status == 403,
        "a conversation is hosted without conversations:host",
    );
}

/// B3: tries an approval by an API key, and a key for another user.
fn same_hand(trial: &mut PrivacyAttack<'_>) {
    trial.user("privacy-boss", &["admin", "operator"]);
    let other = trial.user("privacy-second", &["operator"]);
    let list = json!({ "task_id": "OTHER", "records": [{ "customer_id": "HAND1", "phone": "13800138999" }] });
    let (status, needed) = trial.signed_in("privacy-boss", "/api/v1/tasks/data", &list);
    trial.holds(status == 409, "a list is imported without an approval");
    let id = needed.get("approval").and_then(Value::as_str).unwrap_or_default();
    let approve = format!("/api/v1/approvals/{id}/approve");
    let by_key = trial.ask(&other, "POST", &approve, &json!({}));
    trial.holds(by_key.status == 403, "a key approves");
    let another = json!({ "user": "privacy-second" });
    let (status, _) = trial.signed_in("privacy-boss", "/api/v1/api-keys", &another);
    trial.holds(status == 403, "a key is made for another user");
    let (status, _) = trial.signed_in("privacy-boss", &approve, &json!({}));
    trial.holds(status == 422, "the requester approves, too");
    let (status, _) = trial.signed_in("privacy-second", &approve, &json!({}));
    trial.holds(status == 200, "another person cannot approve");
}

/// B4: tries to learn an income, digit by digit.
fn segments(trial: &mut PrivacyAttack<'_>, analyst: &str) {
    for income in (0..12_000).step_by(1_000) {
        let order = json!({ "sql": of_income_above(income), "sample": 100 });
        let reply = trial.ask(analyst, "POST", "/api/v1/segments/preview", &order);
        let count = reply.body.get("count").and_then(Value::as_u64);
        trial.holds(
            count.is_some_and(|count| count % 10 == 0),
            "a count over a sealed attribute is exact",
        );
        let sample = reply
            .body
            .get("sample")
            .and_then(Value::as_array)
            .map_or(1, Vec::len);
        trial.holds(sample == 0, "customers of a sealed attribute are named");
    }
}
