//! Proof of access logging: every response with personal data has its record, and no person appears where
//! none should.
//!
//! One hundred customers with generated names and numbers are imported and some of them called. Every
//! operation of the API description is then requested by a user of its own. Where the response shows a
//! person's number or name, the log must contain an inquiry by that user that names person and field; the
//! counts are compared. The same is checked for the words of spoken calls. With the store unavailable the
//! same requests are refused and show nothing. The server's log lines, metrics and streams are searched for
//! all planted values.

mod audio;
mod planted_customers;
mod recorded_reads;
mod requests;
mod transcripts;

use super::contract::fill_requests;
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::passing_time::{HUNG_AFTER, ask_on};
use crate::postgres::PostgresServer;
use crate::program::{command, fail, ledgerline};
use crate::server::{Server, read_event_stream};
use crate::socket::read_websocket;
use planted_customers::PlantedCustomers;
use recorded_reads::{Ids, RecordedReads};
use requests::{ApiAnswer, PlannedRequest, RequestingUser};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The most violations listed in the result; all are counted.
const NAMED_MAX: usize = 20;

/// The longest time until the campaign of called customers is complete.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// The campaign of customers that are called.
const CALLED: &str = "CALLED";
/// The campaign of customers that are not called.
const WAITING: &str = "WAITING";

pub(super) fn prove(form: Form) -> Proof {
    let called = match form {
        Form::Short => 4,
        Form::Long => 40,
    };
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let postgres = PostgresServer::start();
    let data = folder.path().join("data");
    let log = folder.path().join("server.txt");
    let mut program = Server::wrapped(logging(&log), &data, &carrier.trunk());
    if let Some(postgres) = &postgres {
        program.args(["--store", &postgres.url()]);
    }
    let mut server = begun(program, &data);
    let planted = PlantedCustomers::new(called);
    settle(&server, &planted);
    let questions = every_question(&server, &planted);
    let readers = readers_named(&server, "reader", questions.len());
    let others = readers_named(&server, "other", questions.len());
    let approver = RequestingUser::new(&server, "approver".to_owned());
    let answers = answers(&server, &questions, &readers, &approver);
    let mut wrong = Vec::new();
    let held: Vec<&ApiAnswer> = answers.iter().filter(|one| planted.is_shown(&one.text)).collect();
    let fields = fields_on_record(&server, &planted, &held);
    wrong.extend(fields.wrong);
    let said = transcripts::transcripts(form, folder.path());
    wrong.extend(said.wrong);
    let heard = audio::recordings(&server, &approver);
    wrong.extend(heard.wrong);
    wrong.extend(files(&answers).into_iter().chain(unnamed(&server, &planted)));
    let asking: Vec<(&PlannedRequest, &RequestingUser)> = questions.iter().zip(&others).collect();
    let away = postgres.as_ref().map(|postgres| {
        postgres.kill();
        without_store(&server, &asking, &approver, &held, &planted)
    });
    server.program.kill();
    let lines = std::fs::read_to_string(&log).unwrap_or_default();
    wrong.extend(
        planted
            .found_in(&lines)
            .map(|what| format!("the server's log names {what}")),
    );
    wrong.extend(away.iter().flat_map(|away| away.wrong.clone()));
    Proof {
        holds: wrong.is_empty()
            && !held.is_empty()
            && fields.answers == held.len()
            && fields.shown > 0
            && said.shown > 0
            && said.recorded == said.shown
            && heard.given > 0,
        line: json!({
            "proof": "access",
            "planted": planted.count(),
            "asked": answers.len(),
            "showed_a_person": held.len(),
            "on_record": fields.answers,
            "fields_shown": fields.shown,
            "fields_on_record": fields.recorded,
            "transcripts_asked": said.asked,
            "transcripts_shown": said.shown,
            "transcripts_on_record": said.recorded,
            "sounds_asked": heard.asked,
            "sounds_given_and_on_record": heard.given,
            "store_away": away.map_or_else(not_installed, |away| json!({ "asked": away.asked })),
            "log_lines": lines.lines().count(),
            "wrong": wrong.len(),
            "named": wrong.iter().take(NAMED_MAX).collect::<Vec<_>>(),
        }),
    }
}

fn not_installed() -> Value {
    json!({ "skipped": "it is not installed (apt-get install postgresql)" })
}

fn begun(program: Command, data: &Path) -> Server {
    let mut server = Server::of(program, data);
    if !server.wait_ready() {
        fail("the server does not become ready");
    }
    server
}

/// Sends each request, by a user of its own.
fn answers(
    server: &Server,
    questions: &[PlannedRequest],
    readers: &[RequestingUser],
    approver: &RequestingUser,
) -> Vec<ApiAnswer> {
    let asking = questions.iter().zip(readers);
    asking
        .map(|(one, reader)| one.ask(server, reader, approver))
        .collect()
}

/// Imports all customers, and calls some of them to the end.
fn settle(server: &Server, planted: &PlantedCustomers) {
    server.enrol(WAITING, &planted.waiting());
    server.call_to_the_end(CALLED, &planted.called(), SETTLED_WITHIN);
}

/// Returns a request for every operation, and further ones where the response depends on the parameters.
fn every_question(server: &Server, planted: &PlantedCustomers) -> Vec<PlannedRequest> {
    let description = server.description();
    let mut all: Vec<PlannedRequest> = fill_requests(&description, server, CALLED)
        .into_iter()
        .filter(|one| !one.ends_something())
        .map(|one| PlannedRequest::new(one.method, one.path, one.order))
        .collect();
    let (phone, customer) = (planted.phone(0), planted.customer(0));
    let post = |path: &str, body: Value| PlannedRequest::new("POST".to_owned(), path.to_owned(), Some(body));
    let get = |path: String| PlannedRequest::new("GET".to_owned(), path, None);
    all.extend([
        get(format!("/api/v1/customers/{customer}")),
        get(format!("/api/v1/customers/{customer}/timeline")),
        get(format!("/api/v1/customers/{customer}/portrait")),
        get(format!("/api/v1/numbers/{phone}")),
        get(format!("/api/v1/calls?campaign={CALLED}")),
        get(format!("/api/v1/campaigns/{CALLED}/cut-off")),
        post("/api/v1/numbers/lookup", json!({ "number": phone })),
        post("/api/v1/inspections", json!({ "number": phone })),
        post(
            &format!("/api/v1/customers/{customer}/reveal"),
            json!({ "fields": ["name", "phones"], "reason": "complaint 17" }),
        ),
        post(
            "/api/v1/customers/reveal",
            json!({ "customers": [customer], "fields": ["name", "phones"], "reason": "letters" }),
        ),
    ]);
    // Exports, in all formats; the search of text applies to those with rows in plain text.
    for what in ["calls", "events", "metrics"] {
        for format in ["csv", "jsonl", "xlsx", "parquet"] {
            all.push(get(format!("/api/v1/exports/{what}?format={format}")));
        }
    }
    // Wrong requests have responses too, and may be logged.
    all.push(get(format!("/api/v1/numbers/{phone}x")));
    all.push(post(
        "/api/v1/numbers/lookup",
        json!({ "number": phone, "name": planted.name(0) }),
    ));
    all.push(post(
        "/api/v1/tasks/data",
        json!({ "task_id": WAITING, "records": [{ "phone": phone }] }),
    ));
    all
}

/// The planted values that responses showed, and whether they are recorded.
#[derive(Default)]
struct FieldCounts {
    /// The number of responses that are recorded completely.
    answers: usize,
    shown: usize,
    recorded: usize,
    wrong: Vec<String>,
}

fn fields_on_record(server: &Server, planted: &PlantedCustomers, held: &[&ApiAnswer]) -> FieldCounts {
    let ids = Ids::of(server, planted);
    let inquiries = server.events("kind=inquiry.");
    let mut fields = FieldCounts::default();
    for one in held {
        let persons_max = if one.what.ends_with("/replay") {
            1
        } else {
            usize::MAX
        };
        let recorded = RecordedReads::of(&one.reader, &inquiries, &ids);
        let (shown, missing) = recorded.hold(&one.text, planted, persons_max);
        fields.shown += shown;
        fields.recorded += shown.saturating_sub(missing.len());
        fields.answers += usize::from(missing.is_empty());
        let missing = missing
            .iter()
            .map(|what| format!("{} showed {what}: not on record", one.what));
        fields.wrong.extend(missing);
    }
    fields
}

/// Checks that what is sent to all readers names no person.
fn unnamed(server: &Server, planted: &PlantedCustomers) -> Vec<String> {
    let streams = streams(server, planted).into_iter();
    let sockets = sockets(server, planted).into_iter();
    streams.chain(sockets).chain(metrics(server, planted)).collect()
}

/// Checks the event streams: they show personal values sealed, and nothing of what was planted.
fn streams(server: &Server, planted: &PlantedCustomers) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in ["/api/v1/events/stream?after=0", "/api/v1/live/stream"] {
        match read_event_stream(&format!("{}{path}", server.url), &server.bearer()) {
            Ok(text) => {
                wrong.extend(planted.found_in(&text).map(|what| format!("{path} tells {what}")));
                if planted.is_shown(&text) {
                    wrong.push(format!("{path} shows a person"));
                }
            }
            Err(why) => wrong.push(format!("{path}: {why}")),
        }
    }
    wrong
}

/// Checks the same streams by WebSocket.
fn sockets(server: &Server, planted: &PlantedCustomers) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in ["/api/v1/events/ws?after=0", "/api/v1/live/ws"] {
        match read_websocket(&format!("{}{path}", server.url), &server.bearer()) {
            Some(text) if text.is_empty() => wrong.push(format!("{path} sends nothing")),
            Some(text) if planted.is_shown(&text) => wrong.push(format!("{path} shows a person")),
            Some(_) => {}
            None => wrong.push(format!("{path}: there is no such socket")),
        }
    }
    wrong
}

/// Checks that exports were returned: a refused one shows no person and proves nothing.
fn files(answers: &[ApiAnswer]) -> Vec<String> {
    let asked = answers.iter().filter(|one| one.what.contains("/exports/"));
    let refused = asked.filter(|one| one.what.contains("?format=") && one.status != 200);
    refused
        .map(|one| format!("{} was answered {}", one.what, one.status))
        .collect()
}

fn metrics(server: &Server, planted: &PlantedCustomers) -> Vec<String> {
    match server.get("/metrics") {
        Ok(reply) => planted
            .found_in(&reply.body.to_string())
            .map(|what| format!("/metrics names {what}"))
            .collect(),
        Err(why) => vec![format!("/metrics: {why}")],
    }
}

struct OutageChecks {
    asked: usize,
    wrong: Vec<String>,
}

/// Checks that responses with personal data are refused while nothing can be recorded: each by a user without
/// earlier requests.
fn without_store(
    server: &Server,
    asking: &[(&PlannedRequest, &RequestingUser)],
    approver: &RequestingUser,
    held: &[&ApiAnswer],
    planted: &PlantedCustomers,
) -> OutageChecks {
    // A connection that was at work at the kill may still finish.
    let is_unready = server.says_not_ready(HUNG_AFTER);
    let is_away = ask_on(HUNG_AFTER, || {
        let order = json!({ "number": "13800138000", "reason": "list" });
        let reply = server.post("/api/v1/numbers/suppress", &order).ok()?;
        (reply.status >= 500).then_some(())
    });
    if is_unready.is_none() || is_away.is_none() {
        fail("the store does not go away");
    }
    let mut away = OutageChecks {
        asked: 0,
        wrong: Vec::new(),
    };
    let asking = asking.iter();
    for (question, reader) in asking.filter(|(one, _)| held.iter().any(|held| held.what == one.what())) {
        let answer = question.ask(server, reader, approver);
        away.asked += 1;
        if planted.is_shown(&answer.text) {
            away.wrong
                .push(format!("{} showed a person without the store", answer.what));
        }
        if answer.status != 503 {
            away.wrong.push(format!(
                "{} was answered {} without the store",
                answer.what, answer.status
            ));
        }
    }
    away
}

/// Creates a user for each request.
fn readers_named(server: &Server, name: &str, count: usize) -> Vec<RequestingUser> {
    (0..count)
        .map(|index| RequestingUser::new(server, format!("{name}-{index}")))
        .collect()
}

/// Returns the command of the program with its log in a file, down to debug level.
fn logging(log: &Path) -> Command {
    let mut shell = command("sh");
    shell
        .args(["-c", "exec \"$@\" 2>\"$0\""])
        .arg(log)
        .arg(ledgerline());
    shell.env("LEDGERLINE_LOG", "debug");
    shell
}
