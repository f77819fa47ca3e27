//! Proof of summaries: every answered call has one summary, at most ten seconds after its end, which matches
//! its events. The calls are spoken ones that were recorded while no summaries were written, and calls of the
//! carrier, with a kill in the middle. The expected content is derived here independently from the stored
//! events.

mod answered_call;

use super::replay::{PEOPLE_OF, ReplayCalls, prepare};
use super::{Form, Proof, records};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::{fail, run_json};
use crate::server::Server;
use answered_call::{AnsweredCallFacts, read};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The spoken calls, the carrier's customers, and the calls with words that are compared with their summary
/// too.
const SHORT: (u64, u32, usize) = (30, 20, 2);
const LONG: (u64, u32, usize) = (500, 150, 20);
/// The least number of summaries that the long form checks for their time.
const LONG_SUMMARIES_MIN: usize = 500;
/// The campaign that the carrier's callees answer.
const DIALED: &str = "SUMMED";
/// The longest time until a summary is written (CAL-3), in milliseconds; judged in the long form.
const WITHIN_MS: i64 = 10_000;
/// The longest wait for the campaign's end.
const SETTLED: Duration = Duration::from_secs(240);
/// The carrier's seed.
const SEED: u64 = 7;

pub(crate) fn prove(form: Form) -> Proof {
    let (spoken, dialed, opened) = match form {
        Form::Short => SHORT,
        Form::Long => LONG,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    prepare(&data, spoken);
    let made = ReplayCalls::record(&data, spoken);
    let recorded_at = last_time(&History::read(&data));
    let carrier = CarrierProcess::start(folder.path(), SEED, &[]);
    let mut wrong = dial_and_kill(&data, &carrier, spoken, dialed);
    let history = History::read(&data);
    let found = held(form, &history, recorded_at, &mut wrong);
    let calls: Vec<&String> = made.calls.iter().take(opened).collect();
    for call in &calls {
        wrong.extend(words_agree(&data, call));
    }
    let erased = erased_says_nothing(&data, &carrier, &history, &mut wrong);
    // Some of the recorded callers say nothing; some of the dialed callees do not answer.
    let is_whole =
        found.spoken * 2 > made.calls.len() && found.answered > made.calls.len() + 1 && found.unanswered > 0;
    if matches!(form, Form::Long) && found.summaries < LONG_SUMMARIES_MIN {
        wrong.push(format!("{} summaries of {LONG_SUMMARIES_MIN}", found.summaries));
    }
    if !is_whole {
        wrong.push(format!(
            "{} answered calls, {} of them spoken, and {} that were not answered",
            found.answered, found.spoken, found.unanswered
        ));
    }
    let line = json!({
        "proof": "summary", "calls": found.answered + found.unanswered, "answered": found.answered,
        "spoken": found.spoken, "summaries": found.summaries, "unanswered_without": found.unanswered,
        "equal": found.equal, "ms_max": found.ms_max, "ms_after_a_crash_max": found.ms_past_max, "kills": 1,
        "words_compared": calls.len(), "erased_without_words": erased,
        "wrong": wrong.iter().take(20).collect::<Vec<_>>(),
    });
    Proof {
        line,
        holds: wrong.is_empty(),
    }
}

/// Calls customers, kills the server meanwhile, and starts it again. Both processes write summaries.
fn dial_and_kill(data: &Path, carrier: &CarrierProcess, spoken: u64, dialed: u32) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut server = Server::start(data, &carrier.trunk());
    server.call(DIALED, &records(dialed, 9));
    if !server.has_ended_calls(DIALED, dialed / 4, SETTLED) {
        wrong.push("no calls ended before the kill".to_owned());
    }
    server.program.kill();
    let mut server = Server::start(data, &carrier.trunk());
    if !server.is_completed(DIALED, SETTLED) {
        wrong.push("the campaign did not complete".to_owned());
    }
    let answered = History::read(data);
    let answered = answered
        .of("call.answered")
        .filter(|event| member(event, "/campaign") == DIALED);
    let wanted = u64::try_from(answered.count())
        .unwrap_or(u64::MAX)
        .saturating_add(spoken);
    let mut count = 0_u64;
    let all = server.follow_events("kind=summary.recorded", HUNG_AFTER, |_| {
        count += 1;
        (count >= wanted).then_some(())
    });
    if all.is_none() {
        wrong.push(format!("{count} of {wanted} summaries are written"));
    }
    if !server.drains() {
        wrong.push("the server does not drain".to_owned());
    }
    wrong
}

/// The results over all calls.
#[derive(Default)]
struct SummaryResults {
    answered: usize,
    spoken: usize,
    unanswered: usize,
    summaries: usize,
    equal: usize,
    ms_max: i64,
    /// The longest time of summaries of calls recorded before the server ran: since the next start.
    ms_past_max: i64,
}

/// Checks that each answered call that has ended has one summary that equals its events, in the long form in
/// time, and that no other call has one.
fn held(form: Form, history: &History, recorded_at: Timestamp, wrong: &mut Vec<String>) -> SummaryResults {
    let mut summaries: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for event in history.of("summary.recorded") {
        let call = member(event, "/subject").as_str().unwrap_or_default();
        let call = call.strip_prefix("summary-").unwrap_or_default();
        summaries.entry(call).or_default().push(event);
    }
    let mut found = SummaryResults {
        summaries: summaries.values().map(Vec::len).sum(),
        ..SummaryResults::default()
    };
    for (stream, events) in history.calls() {
        let call = stream.strip_prefix("call-").unwrap_or_default().to_owned();
        let written = summaries.remove(call.as_str()).unwrap_or_default();
        let Some(facts) = read(&events) else {
            found.unanswered += 1;
            if !written.is_empty() {
                wrong.push(format!("{call} was not answered, and has a summary"));
            }
            continue;
        };
        found.answered += 1;
        found.spoken += usize::from(facts.is_spoken());
        let [summary] = written.as_slice() else {
            wrong.push(format!("{call} has {} summaries", written.len()));
            continue;
        };
        match late(&facts, summary, recorded_at, &mut found) {
            Some(late) if form.judges_time() => wrong.push(format!("{call}: {late}")),
            Some(_) | None => found.equal += usize::from(is_equal(&call, &facts, summary, wrong)),
        }
    }
    wrong.extend(
        summaries
            .keys()
            .map(|call| format!("a summary of {call}, which is no call")),
    );
    found
}

/// Takes the time of a summary into the longest ones. Returns a text if it is late.
fn late(
    facts: &AnsweredCallFacts,
    summary: &Value,
    recorded_at: Timestamp,
    found: &mut SummaryResults,
) -> Option<String> {
    let ended_at = instant(&facts.ended_at);
    let written_at = instant(member(summary, "/time").as_str().unwrap_or_default());
    let is_past = ended_at <= recorded_at;
    // Calls recorded before the server ran: a rehearsal's clock continues where the log ends.
    let since = if is_past { recorded_at } else { ended_at };
    let took_ms = (written_at.micros() - since.micros()) / 1_000;
    let slowest = if is_past {
        &mut found.ms_past_max
    } else {
        &mut found.ms_max
    };
    *slowest = (*slowest).max(took_ms);
    (took_ms > WITHIN_MS).then(|| format!("written {took_ms} ms after its end"))
}

fn is_equal(call: &str, facts: &AnsweredCallFacts, summary: &Value, wrong: &mut Vec<String>) -> bool {
    let data = member(summary, "/data");
    let before = wrong.len();
    for (name, wanted) in facts.members() {
        let said = member(data, &format!("/{name}"));
        if *said != wanted {
            wrong.push(format!("{call}: {name} is {said}, its events say {wanted}"));
        }
    }
    let is_sealed = member(data, "/text/sealed").is_string();
    if !is_sealed {
        wrong.push(format!("{call}: its text is not sealed"));
    }
    if *member(summary, "/causationid") != facts.ended_id {
        wrong.push(format!("{call}: it is not caused by the call's end"));
    }
    wrong.len() == before
}

/// Checks that the slots in the replay of a call are those of the summary, and that the summary's text says
/// how the call ended.
fn words_agree(data: &Path, call: &str) -> Option<String> {
    let data = data.to_string_lossy();
    let rest = ["--clear", "--reason", "a proof", "--data", &data, "--json"];
    let asked = |command: &str| match run_json(&[&["call", command, call][..], &rest].concat()) {
        Ok((status, body)) if status.success() => body,
        other => fail(&format!("call {command} {call}: {other:?}")),
    };
    let (replayed, summary) = (asked("replay"), asked("summary"));
    let mut slots: BTreeMap<String, Value> = BTreeMap::new();
    for step in member(&replayed, "/steps").as_array().into_iter().flatten() {
        let said = member(step, "/understood/slots").as_object();
        slots.extend(
            said.into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
    }
    let stated = member(&summary, "/slots");
    if *stated != json!(slots) {
        return Some(format!("{call}: slots are {stated}, the replay says {slots:?}"));
    }
    let text = member(&summary, "/text").as_str().unwrap_or_default();
    let label = member(&summary, "/disposition_zh").as_str().unwrap_or("?");
    let follow_up = member(&summary, "/follow_up/action_zh").as_str().unwrap_or("?");
    let says = text.contains(label) && text.contains(follow_up);
    (!says).then(|| format!("{call}: its text says neither {label} nor {follow_up}: {text}"))
}

/// Checks an erasure: a call is found by its words, its customer is erased, and the call is not found any
/// more; counts stay.
fn erased_says_nothing(
    data: &Path,
    carrier: &CarrierProcess,
    history: &History,
    wrong: &mut Vec<String>,
) -> usize {
    let heard = history.of("call.heard").next();
    let Some(heard) = heard else {
        wrong.push("no words were recognized".to_owned());
        return 0;
    };
    let call = member(heard, "/subject").as_str().unwrap_or_default();
    let call = call.strip_prefix("call-").unwrap_or_default().to_owned();
    let customer = member(heard, "/customer").as_str().unwrap_or_default().to_owned();
    let mut server = Server::start(data, &carrier.trunk());
    let replayed = server.run_json(&["call", "replay", &call, "--json"]);
    let (_, replayed) = replayed.unwrap_or_else(|why| fail(&why));
    let steps = member(&replayed, "/steps").as_array().into_iter().flatten();
    let said = steps
        .filter_map(|step| member(step, "/heard/text").as_str())
        .next();
    let Some(said) = said.map(str::to_owned) else {
        wrong.push("what was heard cannot be read".to_owned());
        return 0;
    };
    let finds = |server: &Server| {
        let args = [
            "call",
            "search",
            &said,
            "--campaign",
            PEOPLE_OF,
            "--reason",
            "a proof",
            "--json",
        ];
        let (_, found) = server.run_json(&args).unwrap_or_else(|why| fail(&why));
        let items = member(&found, "/items").as_array().cloned().unwrap_or_default();
        items.iter().any(|item| *member(item, "/call") == call)
    };
    if !finds(&server) {
        wrong.push(format!("{call} is not found by what was said in it"));
    }
    server.must_post(
        &format!("/api/v1/customers/{customer}/erase"),
        &json!({ "reason": "a proof" }),
    );
    if server
        .follow_events("kind=customer.erasure_certified", HUNG_AFTER, |_| Some(()))
        .is_none()
    {
        wrong.push("the erasure is not certified".to_owned());
    }
    if finds(&server) {
        wrong.push(format!("{call} of an erased person is found by its words"));
    }
    let shown = server.run_json(&["call", "summary", &call, "--json"]);
    let (_, shown) = shown.unwrap_or_else(|why| fail(&why));
    let slots = member(&shown, "/slots").as_object();
    let is_silent = member(&shown, "/text").is_null()
        && slots.is_none_or(|slots| slots.values().all(Value::is_null))
        && member(&shown, "/disposition").is_string();
    if !is_silent {
        wrong.push(format!("the summary of an erased person says {shown}"));
    }
    if !server.drains() {
        wrong.push("the last server does not drain".to_owned());
    }
    usize::from(is_silent)
}

fn last_time(history: &History) -> Timestamp {
    let times = history
        .events
        .iter()
        .filter_map(|event| member(event, "/time").as_str());
    times.map(instant).max().unwrap_or(Timestamp::EPOCH)
}

fn instant(text: &str) -> Timestamp {
    text.parse()
        .unwrap_or_else(|_| fail(&format!("{text:?} is no instant")))
}
