//! Proof of privacy in what operators see: logs, metrics, traces, `doctor` and the support bundle of a server
//! show none of 200 planted names and numbers, and no secret of any kind.
//!
//! Persons are imported, called, looked up and asked for in wrong ways, at log level debug and with every
//! trace recorded. All outputs are searched, also as base64, hexadecimal digits and UTF-16. Where the set-up
//! link must be, on standard error, the search has to find it. The long form reads the traces with the
//! messages of opentelemetry-proto, follows one from a request to a turn, and measures what metrics and
//! traces cost.

mod collector;
mod cost;
mod planted_values;
mod span_chains;

use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::file_changes::FileChanges;
use crate::passing_time::HUNG_AFTER;
use crate::postgres::PostgresServer;
use crate::program::{command, fail, ledgerline};
use crate::search::search;
use crate::server::Server;
use crate::session::Session;
use collector::Collector;
use planted_values::{DATABASE_PASSWORD, MASTER_KEY, PlantedValues, USER_PASSWORD};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most findings listed in the result; all are counted.
const NAMED_MAX: usize = 20;

/// The longest time until the campaign of called persons is complete.
const SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// The persons who are called in the short and in the long form.
const CALLED_SHORT: usize = 2;
const CALLED_LONG: usize = 40;

/// What precedes the token in a set-up link.
const SET_UP: &str = "/set-up#";

/// The part of the processor time that metrics and traces may cost, in permille.
const COST_PERMILLE_MAX: i64 = 30;

pub(super) fn prove(form: Form) -> Proof {
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let traces = folder.path().join("traces");
    fs::create_dir(&traces).expect("a folder can be made");
    let collector = match form {
        Form::Short => Collector::of_bytes(&traces),
        Form::Long => match Collector::in_python(&traces) {
            Ok(collector) => collector,
            Err(why) => return super::skipped("private", &why),
        },
    };
    let mut planted = PlantedValues::new();
    let mut wrong = Vec::new();
    let shown = gather(form, folder.path(), &collector, &mut planted, &mut wrong);
    let found = search(std::slice::from_ref(&shown), &planted.as_texts(), &[]);
    wrong.extend(found.hits.iter().map(|(file, what)| {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        format!("{} shows {what}", name.unwrap_or_default())
    }));
    let kinds = span_chains::kinds(&collector);
    wrong.extend(kinds.missing(form).map(|kind| format!("no span of a {kind}")));
    let chains = span_chains::check(&collector.spans(), &mut wrong);
    if form == Form::Long && chains == 0 {
        wrong.push("no trace leads from a request to a turn".to_owned());
    }
    let cost = (form == Form::Long).then(|| cost::measure(folder.path(), &collector.url));
    if let Some(cost) = cost.as_ref().filter(|cost| cost.permille > COST_PERMILLE_MAX) {
        wrong.push(format!(
            "metrics and traces cost {} permille of a processor",
            cost.permille
        ));
    }
    Proof {
        holds: wrong.is_empty(),
        line: json!({
            "proof": "private",
            "planted": planted.personal_count(),
            "secrets": planted.secrets,
            "files": found.files,
            "bytes": found.bytes,
            "found": found.hits.len(),
            "spans": kinds.count,
            "request_to_turn": chains,
            "cost": cost.map_or_else(|| json!("in the long form"), |cost| cost.to_json()),
            "wrong": wrong.len(),
            "named": wrong.iter().take(NAMED_MAX).collect::<Vec<_>>(),
        }),
    }
}

/// Runs a server through everything that may show a person or a secret. Returns the folder with all that it
/// showed.
fn gather(
    form: Form,
    folder: &Path,
    collector: &Collector,
    planted: &mut PlantedValues,
    wrong: &mut Vec<String>,
) -> PathBuf {
    let shown = folder.join("shown");
    fs::create_dir(&shown).expect("a folder can be made");
    let (data, errors) = (folder.join("data"), folder.join("stderr"));
    let carrier = CarrierProcess::start(folder, 7, &[]);
    let postgres = PostgresServer::start();
    let read_db = postgres.as_ref().map(|postgres| {
        postgres
            .url()
            .replacen("ledgerline@", &format!("ledgerline:{DATABASE_PASSWORD}@"), 1)
    });
    let configuration = folder.join("ledgerline.toml");
    let text = planted_values::configuration(&data, &carrier.trunk(), read_db.as_deref(), &collector.url);
    write_private(&configuration, &text);
    let mut server = started(&configuration, &data, &errors);
    planted.add_secret(&set_up_token(&errors));
    secrets_of_a_user(&server, planted);
    planted.add_secret(server.bearer().trim_start_matches("Bearer "));
    ask(&server, form);
    let metrics = server.get("/metrics").map(|reply| reply.body.to_string());
    write(&shown.join("metrics.txt"), metrics.unwrap_or_default().as_bytes());
    write(&shown.join("doctor.json"), &doctor(&server, &data));
    for (name, log) in [("of-directory", None), ("of-journal", Some(errors.as_path()))] {
        bundle(&server, &data, &configuration, log, &shown.join(name), wrong);
    }
    if !server.drains() {
        wrong.push("the server does not drain".to_owned());
    }
    let lines = fs::read_to_string(&errors).unwrap_or_default();
    // Other lines are for the terminal of the person who starts the server.
    let log: Vec<&str> = lines.lines().filter(|line| line.starts_with('{')).collect();
    write(&shown.join("log.jsonl"), log.join("\n").as_bytes());
    for name in ["server.log", "server.log.1"] {
        if let Ok(bytes) = fs::read(data.join(name)) {
            write(&shown.join(name), &bytes);
        }
    }
    write(&shown.join("traces.bin"), &collector.bytes());
    let terminal = search(std::slice::from_ref(&errors), &planted.as_texts(), &[]);
    if terminal.hits.is_empty() {
        wrong.push("the search does not find the set-up link where it is".to_owned());
    }
    if log.is_empty() || !shown.join("server.log").exists() {
        wrong.push("the server wrote no log".to_owned());
    }
    shown
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("a file can be written");
}

/// Writes a file that others cannot read: the server refuses secrets in another one.
fn write_private(path: &Path, text: &str) {
    write(path, text.as_bytes());
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("our own file");
}

/// Starts the server with its standard error in a file.
fn started(configuration: &Path, data: &Path, errors: &Path) -> Server {
    let mut shell = command("sh");
    shell
        .args(["-c", "exec \"$@\" 2>\"$0\""])
        .arg(errors)
        .arg(ledgerline());
    shell.arg("serve").arg("--config").arg(configuration);
    shell.env("LC_ALL", "C").env("MASTER_KEY", MASTER_KEY);
    let mut server = Server::of(shell, data);
    if !server.wait_ready() {
        let said = fs::read_to_string(errors).unwrap_or_default();
        fail(&format!("the server does not become ready: {said}"));
    }
    server
}

/// Waits for the set-up link on standard error, and returns its token.
fn set_up_token(errors: &Path) -> String {
    let found = FileChanges::of(errors).until(HUNG_AFTER, || {
        let text = fs::read_to_string(errors).ok()?;
        let (_, after) = text.split_once(SET_UP)?;
        let end = after.find([' ', '\n'])?;
        after.get(..end).map(str::to_owned)
    });
    found.unwrap_or_else(|| fail("the server prints no set-up link"))
}

/// Makes a user with an API key and a session, and plants both.
fn secrets_of_a_user(server: &Server, planted: &mut PlantedValues) {
    let user = json!({ "name": "planter", "roles": ["admin"], "team": "north", "password": USER_PASSWORD });
    server.must_post("/api/v1/users", &user);
    let made = server.must_post("/api/v1/api-keys", &json!({ "user": "planter" }));
    let key = made.body.get("key").and_then(Value::as_str);
    planted.add_secret(key.unwrap_or_else(|| fail("a key is shown when it is made")));
    let session = Session::begin(&server.url, "planter", USER_PASSWORD);
    let session = session.unwrap_or_else(|why| fail(&why));
    planted.add_secret(session.cookie_value());
}

/// Imports everybody, calls some, and asks for persons in right and in wrong ways.
fn ask(server: &Server, form: Form) {
    let called = match form {
        Form::Short => CALLED_SHORT,
        Form::Long => CALLED_LONG,
    };
    server.enrol("WAITING", &planted_values::rest_from(called));
    server.call("CALLED", &planted_values::records(0..called));
    let is_over = match form {
        // One call has spans of every kind but a turn; the other ends with the server.
        Form::Short => server.has_ended_calls("CALLED", 1, SETTLED_WITHIN),
        Form::Long => server.is_completed("CALLED", SETTLED_WITHIN),
    };
    if !is_over {
        fail("the calls do not come to their end");
    }
    for index in 0..called {
        let (phone, name) = (planted_values::phone(index), planted_values::name_of(index));
        for path in [
            format!("/api/v1/numbers/{phone}"),
            format!("/api/v1/numbers/{phone}x"),
            format!("/api/v1/customers/PLANTED-{index:03}"),
            format!("/api/v1/customers/{phone}/timeline?name={phone}"),
            "/api/v1/calls?campaign=CALLED".to_owned(),
        ] {
            drop(server.get(&path));
        }
        for (path, body) in [
            ("/api/v1/numbers/lookup", json!({ "number": phone })),
            ("/api/v1/numbers/lookup", json!({ "number": phone, "name": name })),
            (
                "/api/v1/numbers/suppress",
                json!({ "number": phone, "reason": "list" }),
            ),
            ("/api/v1/inspections", json!({ "number": phone })),
            (
                "/api/v1/tasks/data",
                json!({ "task_id": "WAITING", "records": [{ "phone": phone, "name": name }] }),
            ),
            (
                "/api/v1/sign-in",
                json!({ "name": name, "password": USER_PASSWORD }),
            ),
        ] {
            drop(server.post(path, &body));
        }
    }
}

/// Returns what `doctor` says about the directory and about the server.
fn doctor(server: &Server, data: &Path) -> Vec<u8> {
    let directory = command(ledgerline())
        .args(["doctor", "--json", "--data"])
        .arg(data)
        .env("MASTER_KEY", MASTER_KEY)
        .output();
    let directory = directory.unwrap_or_else(|error| fail(&error.to_string()));
    let running = server.run(&["doctor", "--json"]);
    [directory.stdout, directory.stderr, running.stdout, running.stderr].concat()
}

/// Makes a support bundle and unpacks it. `log`: a log file in place of the one in the directory.
fn bundle(
    server: &Server,
    data: &Path,
    configuration: &Path,
    log: Option<&Path>,
    to: &Path,
    wrong: &mut Vec<String>,
) {
    fs::create_dir(to).expect("a folder can be made");
    let archive = to.with_extension("tar.gz");
    let mut make = command(ledgerline());
    make.args(["support-bundle", "--out"]).arg(&archive);
    make.arg("--data").arg(data).arg("--config").arg(configuration);
    if let Some(log) = log {
        make.arg("--log").arg(log);
    }
    make.env("MASTER_KEY", MASTER_KEY).env("LC_ALL", "C");
    let made = make.output().unwrap_or_else(|error| fail(&error.to_string()));
    if !made.status.success() {
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        wrong.push(format!("no support bundle: {said}"));
        return;
    }
    let mode = fs::metadata(&archive).map_or(0, |file| file.permissions().mode());
    if mode & 0o077 != 0 {
        wrong.push(format!("others may read the support bundle: {mode:o}"));
    }
    let unpacked = command("tar")
        .arg("-xzf")
        .arg(&archive)
        .arg("-C")
        .arg(to)
        .status();
    let text = |name: &str| fs::read_to_string(to.join("ledgerline-support").join(name)).unwrap_or_default();
    let expected = [
        ("configuration.toml", "password = \"***\""),
        ("versions.json", "\"ledgerline\""),
        ("doctor.json", "\"checks\""),
        ("metrics.txt", "ledgerline_ready 1"),
        ("server.log", "\"level\":"),
    ];
    for (name, part) in expected {
        if !text(name).contains(part) {
            wrong.push(format!(
                "{name} of the support bundle of {} lacks {part}",
                server.url
            ));
        }
    }
    if log.is_some() && !text("server.log").contains(&format!("{SET_UP}***")) {
        wrong.push("the log in the support bundle is not the one that was given".to_owned());
    }
    if !unpacked.is_ok_and(|status| status.success()) {
        wrong.push("the support bundle cannot be unpacked".to_owned());
    }
}
