//! Proof of the generated clients: in Python, TypeScript and Java, each creates a campaign with a webhook,
//! follows its events to the end, and the example receiver accepts the signed messages once.
//!
//! Each has a sandbox key. Beside them are a real trunk and a real webhook: the trunk gets no call, the
//! webhook no request, and the real realm no event of a campaign, customer, number or call.
//!
//! The clients are made from the description of the running server, as `make clients` makes them.

use super::external_programs::{build_folder, python_with, run_step};
use super::{Form, Proof, skipped};
use crate::carrier::CarrierProcess;
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, fail, is_installed};
use crate::server::Server;
use serde_json::{Map, Value, json};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The languages, with the phone of the customer of each: caps count by number.
const LANGUAGES: [(&str, &str); 3] = [
    ("python", "13800138000"),
    ("typescript", "13800138001"),
    ("java", "13800138002"),
];

/// The user of the sandbox keys.
const USER: &str = "integrator";

/// The kinds that each client subscribes its webhook to, in the campaign's order.
const KINDS: [&str; 3] = ["campaign.started", "call.ended", "campaign.completed"];

/// The longest time until a campaign of one customer is complete, including the start of a client.
const COMPLETED_WITHIN: Duration = Duration::from_secs(300);

/// The generated clients, and the archive that the Java client needs.
struct GeneratedClients {
    folder: PathBuf,
    jar: PathBuf,
}

pub(super) fn prove(_: Form) -> Proof {
    let needed = ["python3", "java", "javac", "node", "npm"];
    if let Some(missing) = needed.into_iter().find(|program| !is_installed(program)) {
        return skipped("clients", &format!("{missing} is missing"));
    }
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let carrier = CarrierProcess::start(folder.path(), 7, &[]);
    let mut server = Server::start(&folder.path().join("data"), &carrier.trunk());
    let beside = RealRealm::begin(&server);
    let document = folder.path().join("openapi.json");
    let written = std::fs::write(&document, server.description().document.to_string());
    written.unwrap_or_else(|error| fail(&error.to_string()));
    let (clients, generated) = generate(&document);
    let mut violations = Vec::new();
    let mut said = Map::new();
    for (language, phone) in LANGUAGES {
        let run = run_language((language, phone), &clients, &server, folder.path());
        let run = run.unwrap_or_else(|why| {
            violations.push(format!("{language}: {why}"));
            Value::Null
        });
        said.insert(language.to_owned(), run);
    }
    violations.extend(beside.reached(&server, &carrier));
    if !server.drains() {
        violations.push("the server ended".to_owned());
    }
    Proof {
        holds: violations.is_empty(),
        line: json!({"proof": "clients", "missing_methods": member(&generated, "/missing"), "clients": said,
            "sandbox": true, "violations": violations}),
    }
}

/// The real realm beside the sandbox: its webhook goes to a listener that must not be connected to.
struct RealRealm(TcpListener);

impl RealRealm {
    #[expect(clippy::disallowed_methods, reason = "the proof's own receiver, on loopback")]
    fn begin(server: &Server) -> Self {
        let user = json!({"name": USER, "roles": ["admin"], "password": "correct horse battery"});
        server.must_post("/api/v1/users", &user);
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        let (address, listener) = listener.unwrap_or_else(|error| fail(&error.to_string()));
        let url = format!("http://{address}/");
        let hook = json!({"url": url, "allow_private": true, "events": KINDS});
        server.must_post("/api/v1/webhooks", &hook);
        Self(listener)
    }

    /// Returns what of the sandbox reached the real realm.
    fn reached(&self, server: &Server, carrier: &CarrierProcess) -> Vec<String> {
        let mut found = Vec::new();
        if self.0.accept().is_ok() {
            found.push("the real webhook got a request".to_owned());
        }
        let calls = carrier.lines().len();
        if calls > 0 {
            found.push(format!("the real trunk got {calls} calls"));
        }
        for kind in ["campaign.", "customer.", "number.", "call.", "message."] {
            match server.get(&format!("/api/v1/events?kind={kind}")) {
                Ok(reply)
                    if member(&reply.body, "/items")
                        .as_array()
                        .is_some_and(Vec::is_empty) => {}
                Ok(reply) => found.push(format!("real events of {kind}: {}", reply.body)),
                Err(why) => found.push(why),
            }
        }
        found
    }
}

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// Makes the clients. Fails the proof if one cannot be made or lacks a method of the golden list.
fn generate(document: &Path) -> (GeneratedClients, Value) {
    let folder = build_folder("clients", "generated");
    let target = folder.parent().and_then(Path::parent).unwrap_or(&folder);
    let mut generating = command("python3");
    generating.arg(root().join("clients/generate.py"));
    generating
        .arg("--openapi")
        .arg(document)
        .arg("--out")
        .arg(&folder);
    let output = generating.env("CARGO_TARGET_DIR", target).output();
    let output = output.unwrap_or_else(|error| fail(&error.to_string()));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        fail(&format!("{printed}{}", String::from_utf8_lossy(&output.stderr)));
    }
    let line = printed.lines().next_back().unwrap_or_default();
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| fail(&format!("{error}: {printed}")));
    let jar = PathBuf::from(member(&line, "/jar").as_str().unwrap_or_default());
    (GeneratedClients { folder, jar }, line)
}

/// Runs the program of a language to its end. Returns what it and the receiver saw, or what is wrong.
fn run_language(
    customer: (&str, &str),
    clients: &GeneratedClients,
    server: &Server,
    folder: &Path,
) -> Result<Value, String> {
    let (language, phone) = customer;
    let secrets = folder.join(format!("{language}.secrets"));
    std::fs::write(&secrets, "").map_err(|error| error.to_string())?;
    let mut receiving = command("python3");
    receiving
        .arg("-u")
        .arg(root().join("examples/receiver/receiver.py"));
    receiving.arg("--secrets").arg(&secrets).args(["--port", "0"]);
    receiving
        .arg("--store")
        .arg(folder.join(format!("{language}.db")));
    let mut receiver = Program::start(receiving);
    let listens = receiver.line(HUNG_AFTER, |line| line.starts_with("listening on "));
    let receiver_url = listens.ok_or("the receiver does not listen")?;
    let campaign = format!("{}-1", language.to_uppercase());
    let mut following = program_of(language, clients)?;
    following.args([
        server.url.as_str(),
        receiver_url.trim_start_matches("listening on "),
    ]);
    following.arg(&secrets).args([campaign.as_str(), phone]);
    let order = json!({"user": USER, "sandbox": true, "label": language});
    let key = server.must_post("/api/v1/api-keys", &order).body;
    let key = member(&key, "/key").as_str().unwrap_or_default().to_owned();
    let mut client = Program::start({
        following.env("LEDGERLINE_KEY", key);
        following
    });
    let line = client.line(COMPLETED_WITHIN, |line| line.starts_with('{'));
    let line = line.ok_or("the client did not follow the campaign to its end")?;
    let line: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    check_client(&line, &campaign)?;
    let mut received = Vec::new();
    for _ in KINDS {
        let event = receiver.line(HUNG_AFTER, |line| line.starts_with('{'));
        let event = event.ok_or_else(|| format!("the receiver accepted only {received:?}"))?;
        let event: Value = serde_json::from_str(&event).map_err(|error| error.to_string())?;
        let kind = member(&event, "/event/type").as_str().unwrap_or_default();
        if member(&event, "/event/sandbox") != true {
            return Err(format!(
                "a message does not say that it is of the sandbox: {event}"
            ));
        }
        received.push(kind.to_owned());
    }
    let mut sorted = received.clone();
    sorted.sort();
    let mut expected = KINDS.map(str::to_owned);
    expected.sort();
    if sorted != expected {
        return Err(format!("the receiver accepted {received:?}"));
    }
    let events = member(&line, "/kinds").as_array().map_or(0, Vec::len);
    Ok(json!({"events": events, "received": received}))
}

/// Checks the line of a client: its campaign and customer, the order of kinds, and the code of a refusal.
fn check_client(line: &Value, campaign: &str) -> Result<(), String> {
    let kinds = member(line, "/kinds").as_array().cloned().unwrap_or_default();
    let places: Vec<_> = KINDS.map(|kind| kinds.iter().position(|one| one == kind)).into();
    let is_right = member(line, "/campaign") == campaign
        && member(line, "/enrolled") == 1
        && member(line, "/missing") == "missing"
        && places.iter().all(Option::is_some)
        && places.is_sorted();
    is_right
        .then_some(())
        .ok_or_else(|| format!("the client saw {line}"))
}

/// Returns the command that runs the program of a language with its client.
fn program_of(language: &str, clients: &GeneratedClients) -> Result<Command, String> {
    let sources = root().join("tests/clients/openapi");
    let (made, place) = (clients.folder.join(language), build_folder("clients", "programs"));
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    match language {
        "python" => {
            let pinned = root().join("clients/python/requirements.txt");
            let python = python_with(&pinned, &build_folder("clients", "python"))?;
            let mut program = command(python);
            program
                .arg(sources.join("follow_campaign.py"))
                .env("PYTHONPATH", made);
            Ok(program)
        }
        "typescript" => typescript_program(&sources, &made, &place),
        _ => {
            let classes = format!("{}:{}", clients.jar.display(), made.join("classes").display());
            let mut compile = command("javac");
            compile
                .args(["-encoding", "UTF-8", "-cp", &classes, "-d"])
                .arg(&place);
            compile.arg(sources.join("FollowCampaign.java"));
            run_step(compile)?;
            let mut program = command("java");
            program.args(["-cp", &format!("{classes}:{}", place.display()), "FollowCampaign"]);
            Ok(program)
        }
    }
}

/// Compiles the TypeScript program beside the client, as an integrator's project has it in `node_modules`.
fn typescript_program(sources: &Path, made: &Path, place: &Path) -> Result<Command, String> {
    let own = place.join("typescript");
    let modules = own.join("node_modules");
    let compiler = build_folder("clients", "node").join("node_modules");
    drop(std::fs::remove_dir_all(&own));
    let name = "follow_campaign.ts";
    std::fs::create_dir_all(&modules)
        .and_then(|()| std::fs::copy(sources.join(name), own.join(name)))
        .and_then(|_| symlink(made, modules.join("ledgerline-client")))
        .and_then(|()| symlink(compiler.join("@types"), modules.join("@types")))
        .map_err(|error| error.to_string())?;
    let mut compile = command("node");
    compile.arg(compiler.join("typescript/bin/tsc")).current_dir(&own);
    compile.args([
        "--module",
        "commonjs",
        "--moduleResolution",
        "node10",
        "--target",
        "es2022",
    ]);
    compile.args(["--strict", "--skipLibCheck", "--types", "node", name]);
    run_step(compile)?;
    let mut program = command("node");
    program.arg(own.join("follow_campaign.js"));
    Ok(program)
}
