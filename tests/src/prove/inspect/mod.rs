//! Proof of inspections: an inspection returns what the log contains. Numbers and times are queried with the
//! real program, each answer is compared with a count from the log's own bytes, and each bundle is checked
//! without the log.
//!
//! Who was called on which number is taken from the carrier: its call detail records contain the SIP Call-ID,
//! which the log's bytes contain beside the call.

mod independent_count;

use super::{Form, Proof, records};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::program::{command, fail, instant, ledgerline, read};
use crate::server::Server;
use independent_count::{InspectionCounts, LogRows};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

/// The carrier's seed, which determines how the callee of each number behaves.
const SEED: u64 = 11;
/// The number of customers of a form, and of inspections.
const SHORT: (u32, usize) = (9, 8);
const LONG: (u32, usize) = (60, 50);
/// The two campaigns: a queried time is in one of them or in both.
const CAMPAIGNS: [&str; 2] = ["INSPECT_1", "INSPECT_2"];
/// The longest time until a campaign of a few customers is complete.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// One inspection.
struct InspectionQuery {
    /// The phone number, or the person's external id.
    value: String,
    by_number: bool,
    at: Option<String>,
}

/// An answer with its bundle file.
struct InspectionAnswer {
    question: InspectionQuery,
    file: PathBuf,
    answer: Value,
    ms: u64,
}

pub(crate) fn prove(form: Form) -> Proof {
    let (people, questions) = match form {
        Form::Short => SHORT,
        Form::Long => LONG,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let carrier = brief_people(form, folder.path());
    let data = folder.path().join("data");
    let mut server = Server::start(&data, &carrier.trunk());
    let everybody = records(people, 7);
    prepare(&server, &everybody);
    server.call_to_the_end(CAMPAIGNS[0], &everybody, SETTLED_WITHIN);
    let between = LogRows::last_at(&data);
    server.call_to_the_end(CAMPAIGNS[1], &everybody, SETTLED_WITHIN);
    read_some(&server, &everybody);
    let asked = questions_of(&everybody, questions, &between);
    let mut wrong = Vec::new();
    let mut answered = Vec::new();
    for (index, question) in asked.into_iter().enumerate() {
        let file = folder.path().join(format!("{index}.tar"));
        match inspect(&data, question, file) {
            Ok(one) => answered.push(one),
            Err(why) => wrong.push(why),
        }
    }
    if !server.drains() {
        wrong.push("the server does not drain".to_owned());
    }
    let raw = LogRows::read(&data);
    let details = carrier.lines();
    let key = read(&data.join("proof/log.vkey")).trim().to_owned();
    let mut sums = InspectionCounts::default();
    for one in &answered {
        let counted = raw.count(&one.question.value, one.question.by_number, &one.answer, &details);
        wrong.extend(counted.differs(&one.answer, &one.question.value));
        wrong.extend(checked(&one.file, &key, &one.question.value));
        sums.add(&counted);
    }
    wrong.extend(raw.unrecorded(answered.len()));
    wrong.extend(answered.first().and_then(|one| tampered(&one.file, &key)));
    wrong.extend(without_server(&data, folder.path(), &everybody, &key));
    let all = answered.len() == questions;
    // Without events of all kinds the proof would check nothing.
    let rich = sums.calls > 0 && sums.recordings > 0 && sums.refusals > 0 && sums.operations > 0;
    let mut took: Vec<u64> = answered.iter().map(|one| one.ms).collect();
    took.sort_unstable();
    let line = json!({
        "proof": "inspect",
        "questions": answered.len(),
        "calls": sums.calls,
        "verdicts": sums.verdicts,
        "refusals": sums.refusals,
        "consents": sums.consents,
        "objections": sums.objections,
        "recordings": sums.recordings,
        "operations": sums.operations,
        "log_events": raw.events(),
        "ms_median": took.get(took.len() / 2),
        "ms_max": took.last(),
        "wrong": wrong.iter().take(20).collect::<Vec<_>>(),
    });
    Proof {
        line,
        holds: all && rich && wrong.is_empty(),
    }
}

/// Starts a carrier: most of its callees answer and hang up soon, some are busy, and in the long form some
/// press a key, which takes long.
fn brief_people(form: Form, folder: &Path) -> CarrierProcess {
    let profile = folder.join("people.json");
    let presses_key = if form == Form::Short { 0 } else { 20 };
    let text = json!({
        "weights": {"hangs_up_midway": 60, "presses_key": presses_key, "busy": 20},
        "ring_ms": {"min": 100, "max": 400},
        "patience_ms": {"min": 1_500, "max": 3_000},
    });
    std::fs::write(&profile, text.to_string()).expect("a profile can be written");
    CarrierProcess::start(folder, SEED, &["--profile", &profile.to_string_lossy()])
}

fn text<'a>(record: &'a Value, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Suppresses the last numbers before the first campaign, so that their dials are refused.
fn prepare(server: &Server, everybody: &[Value]) {
    for person in everybody.iter().rev().take(2) {
        let path = format!("/api/v1/numbers/{}/suppress", text(person, "phone"));
        server.must_post(&path, &json!({"reason": "a proof"}));
    }
}

/// Adds records about the first customers: consents, reads, reveals.
fn read_some(server: &Server, everybody: &[Value]) {
    for person in everybody.iter().take(3) {
        let path = format!("/api/v1/customers/{}", text(person, "customer_id"));
        let consent = json!({"scope": "marketing", "source": "form", "evidence": "form 12"});
        server.must_post(&format!("{path}/consents"), &consent);
        let withdrawn = json!({"scope": "marketing", "source": "phone"});
        server.must_post(&format!("{path}/consents/withdraw"), &withdrawn);
        let shown = server.get(&format!("{path}?reason=a+proof"));
        assert!(shown.is_ok_and(|reply| reply.status == 200), "a person is shown");
        let reveal = json!({"fields": ["name", "phones"], "reason": "a proof"});
        server.must_post(&format!("{path}/reveal"), &reveal);
        server.must_post(&format!("{path}/hold"), &json!({"reason": "a proof"}));
    }
}

/// Returns inspections by number and time: everything, only what came after the first campaign, only what
/// came before its end.
fn questions_of(everybody: &[Value], count: usize, between: &str) -> Vec<InspectionQuery> {
    let times = [None, Some(hour_from(between, 1)), Some(hour_from(between, -1))];
    let people = everybody.iter().cycle().zip(0..count);
    let questions = people.map(|(person, index)| {
        // Every seventh inspection is about a person.
        let by_number = index % 7 != 6;
        let name = if by_number { "phone" } else { "customer_id" };
        InspectionQuery {
            value: text(person, name).to_owned(),
            by_number,
            at: times.get(index % times.len()).cloned().flatten(),
        }
    });
    questions.collect()
}

/// Returns an hour later or earlier: an inspection with an hour to both sides then covers only what came
/// after, or before.
fn hour_from(at: &str, hours: i64) -> String {
    let at: domain::time::Timestamp = at.parse().expect("an instant of the log");
    let ms = 3_600_000;
    let moved = if hours > 0 {
        at.plus_ms(ms)
    } else {
        at.minus_ms(ms)
    };
    moved.to_string()
}

fn inspect(data: &Path, question: InspectionQuery, file: PathBuf) -> Result<InspectionAnswer, String> {
    let what = if question.by_number { "number" } else { "customer" };
    let (place, out) = (data.to_string_lossy(), file.to_string_lossy());
    let mut args = vec!["inspect", what, &question.value, "--data", &place, "--out", &out];
    if let Some(at) = &question.at {
        args.extend(["--at", at, "--within-hours", "1"]);
    }
    let began = instant();
    let output = command(ledgerline()).args(&args).output();
    let output = output.unwrap_or_else(|error| fail(&error.to_string()));
    let ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{what} {} cannot be inspected: {said}", question.value));
    }
    let answer = of_bundle(&file, "attached/inspection.json");
    let answer = serde_json::from_slice(&answer).map_err(|error| format!("{}: {error}", file.display()))?;
    let page = String::from_utf8_lossy(&of_bundle(&file, "attached/inspection.html")).into_owned();
    let ids = member(&answer, "/calls").as_array().into_iter().flatten();
    let missing: Vec<&str> = ids
        .filter_map(|call| member(call, "/call").as_str())
        .filter(|id| !page.contains(*id))
        .collect();
    if !missing.is_empty() || !page.contains("lang=\"zh-CN\"") {
        return Err(format!(
            "the page of {} does not show {missing:?}",
            question.value
        ));
    }
    Ok(InspectionAnswer {
        question,
        file,
        answer,
        ms,
    })
}

/// Extracts a file of a bundle with another program.
fn of_bundle(file: &Path, name: &str) -> Vec<u8> {
    let output = command("tar").arg("xOf").arg(file).arg(name).output();
    output.map(|output| output.stdout).unwrap_or_default()
}

fn check(file: &Path, key: &str) -> Output {
    let output = command(ledgerline())
        .args(["audit", "check", "--json", "--key", key])
        .arg(file)
        .output();
    output.unwrap_or_else(|error| fail(&error.to_string()))
}

/// Checks a bundle without the log or a server. Returns what is wrong.
fn checked(file: &Path, key: &str, value: &str) -> Option<String> {
    let output = check(file, key);
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let holds = output.status.success() && member(&said, "/holds") == true;
    (!holds).then(|| format!("the bundle of {value} does not hold: {said}"))
}

/// Alters one byte of a page or recording, which must be detected.
fn tampered(file: &Path, key: &str) -> Option<String> {
    let mut bytes = std::fs::read(file).expect("the bundle is there");
    // The archive begins with the attached files.
    let byte = bytes.get_mut(2_000)?;
    *byte ^= 1;
    let altered = file.with_extension("altered");
    std::fs::write(&altered, bytes).expect("a copy can be written");
    let found = !check(&altered, key).status.success();
    (!found).then(|| "an altered byte of a bundle was not found".to_owned())
}

/// Runs an inspection on a directory without a server, which signs by itself.
fn without_server(data: &Path, folder: &Path, everybody: &[Value], key: &str) -> Option<String> {
    let value = text(everybody.first()?, "customer_id").to_owned();
    let question = InspectionQuery {
        value: value.clone(),
        by_number: false,
        at: None,
    };
    match inspect(data, question, folder.join("alone.tar")) {
        Ok(one) => checked(&one.file, key, &value),
        Err(why) => Some(why),
    }
}

/// Returns the ids of a list in an answer, as a set.
fn ids(answer: &Value, list: &str, name: &str) -> BTreeSet<String> {
    let items = member(answer, list).as_array().into_iter().flatten();
    items
        .filter_map(|item| item.get(name)?.as_str())
        .map(str::to_owned)
        .collect()
}
