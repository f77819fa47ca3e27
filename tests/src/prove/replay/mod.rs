//! Proof of replay: recorded calls are decided again with the same result, without external services: no
//! program on the path, and no network if this machine can remove it. A decision that was recorded
//! differently is detected, and another flow version reports where it diverges.

mod call_recorder;

use super::{Form, Proof};
use crate::history::member;
use crate::program::{command, fail, instant, ledgerline};
use crate::server::Server;
use call_recorder::{CAMPAIGN, FLOW};
pub(super) use call_recorder::{CAMPAIGN as PEOPLE_OF, ReplayCalls};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

/// The number of calls of a form, of those replayed one by one, and of those exported as a bundle.
const SHORT: (u64, usize, usize) = (60, 2, 1);
const LONG: (u64, usize, usize) = (1_000, 20, 5);
/// A trunk without a carrier: no call is dialed.
const NO_TRUNK: &str = "sip:127.0.0.1:9;name=nobody";
/// The change in the other version: where it leads once a term is named, and the node.
const CHANGED: (&str, &str) = ("/nodes/确认分期期数/ask/on_filled", "婉拒");

/// An environment without network and programs, as far as possible here.
struct IsolatedEnvironment {
    /// The program that removes the network, with its arguments.
    before: Vec<String>,
}

impl IsolatedEnvironment {
    fn found() -> Self {
        let unshare = ["/usr/bin/unshare", "/bin/unshare"];
        let unshare = unshare.into_iter().find(|path| Path::new(path).exists());
        for flags in [&["-n"][..], &["-r", "-n"][..]] {
            let Some(program) = unshare else { break };
            let mut before = vec![program.to_owned()];
            before.extend(flags.iter().map(|flag| (*flag).to_owned()));
            let works = command(program)
                .args(flags)
                .arg("/bin/true")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if works.is_ok_and(|status| status.success()) {
                return Self { before };
            }
        }
        Self { before: Vec::new() }
    }

    /// Runs the binary in this environment.
    fn run(&self, args: &[&str]) -> Output {
        let own = ledgerline();
        let mut command = match self.before.split_first() {
            Some((program, flags)) => {
                let mut command = command(program);
                command.args(flags).arg(&own);
                command
            }
            None => command(&own),
        };
        let command = command
            .args(args)
            .env_clear()
            .env("PATH", "")
            .stdin(Stdio::null());
        command.output().expect("the built binary starts")
    }

    fn json(&self, args: &[&str]) -> (bool, Value) {
        let output = self.run(args);
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().next_back().unwrap_or_default();
        match serde_json::from_str(last) {
            Ok(value) => (output.status.success(), value),
            Err(_) => fail(&format!("{args:?}: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }
}

pub(crate) fn prove(form: Form) -> Proof {
    let (calls, single, bundled) = match form {
        Form::Short => SHORT,
        Form::Long => LONG,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    prepare(&data, calls);
    let made = ReplayCalls::record(&data, calls);
    let alone = IsolatedEnvironment::found();
    let mut wrong = Vec::new();
    let began = instant();
    let (_, same) = what_if(&alone, &data, 1);
    let took_ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
    let (_, other) = what_if(&alone, &data, 2);
    let count = |of: &Value, name: &str| member(of, name).as_u64().unwrap_or_default();
    for (what, found, wanted) in [
        ("calls", count(&same, "/calls"), calls),
        ("unexplained", count(&same, "/unexplained"), 1),
        ("same", count(&same, "/same"), calls - 1),
        ("calls of the other version", count(&other, "/calls"), calls),
    ] {
        if found != wanted {
            wrong.push(format!("{what}: {found}, not {wanted}: {same}"));
        }
    }
    wrong.extend(altered_is_found(&alone, &data, &made));
    wrong.extend(parting_is_explained(&alone, &data, &other));
    wrong.extend(
        made.calls
            .iter()
            .take(single)
            .filter_map(|call| replays(&alone, &data, call)),
    );
    let files = made.calls.iter().take(bundled);
    wrong.extend(files.filter_map(|call| leaves_as_bundle(&alone, &data, folder.path(), call)));
    let covered = alone.json(&[
        "flow",
        "coverage",
        &format!("{FLOW}@1"),
        "--data",
        text(&data),
        "--json",
    ]);
    if count(&covered.1, "/calls") != calls || count(&covered.1, "/nodes/seen") == 0 {
        wrong.push(format!("coverage counts {}", covered.1));
    }
    let challenged = challenged(&alone, &data, folder.path(), calls);
    let challenger = match challenged {
        Ok(trained) => trained,
        Err(why) => {
            wrong.push(why);
            Value::Null
        }
    };
    let network = match alone.before.is_empty() {
        true => json!({ "skipped": "unshare may not take the network away here" }),
        false => json!({ "taken_away": true }),
    };
    let line = json!({
        "proof": "replay", "calls": calls, "facts": made.facts, "same": member(&same, "/same"),
        "altered_found": member(&same, "/unexplained"), "parted_of_other_version": member(&other, "/parted"),
        "replayed_singly": single, "bundles": bundled,
        "node_coverage_ratio": member(&covered.1, "/nodes/coverage_ratio"),
        "challenger": challenger, "ms_a_call": took_ms.checked_div(calls), "network": network, "wrong": wrong.iter().take(20).collect::<Vec<_>>(),
    });
    Proof {
        line,
        holds: wrong.is_empty() && count(&other, "/parted") > 0,
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

/// Publishes two versions of a flow, and creates a campaign with the first one and its customers.
pub(super) fn prepare(data: &Path, calls: u64) {
    let mut server = Server::start(data, NO_TRUNK);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/flows")
        .join(format!("{FLOW}.yaml"));
    let path = text(&path).to_owned();
    let published = server.run(&["flow", "publish", &path]);
    if !published.status.success() {
        fail(&String::from_utf8_lossy(&published.stderr));
    }
    let first = server
        .get(&format!("/api/v1/flows/{FLOW}"))
        .unwrap_or_else(|why| fail(&why));
    let mut definition = member(&first.body, "/definition").clone();
    let (member_of, node) = CHANGED;
    match definition.pointer_mut(member_of) {
        Some(target) => *target = json!(node),
        None => fail("the flow has no such member"),
    }
    server.must_post("/api/v1/flows", &json!({ "definition": definition }));
    let campaign = json!({ "task_id": CAMPAIGN, "flow_version": format!("{FLOW}@1"),
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    server.must_post("/api/v1/campaigns", &campaign);
    let people: Vec<Value> = (0..calls).map(call_recorder::person).collect();
    server.must_post(
        "/api/v1/tasks/data",
        &json!({ "task_id": CAMPAIGN, "records": people }),
    );
    if !server.drains() {
        fail("the server does not drain");
    }
}

fn what_if(alone: &IsolatedEnvironment, data: &Path, version: u32) -> (bool, Value) {
    let flow = format!("{FLOW}@{version}");
    alone.json(&[
        "what-if",
        "--campaign",
        CAMPAIGN,
        "--flow",
        &flow,
        "--data",
        text(data),
        "--json",
    ])
}

/// Reads what was heard with another model: trained here, published with its training lines, and evaluated on
/// the calls both as a file and by its name. Counts refusals over the same calls.
fn challenged(alone: &IsolatedEnvironment, data: &Path, folder: &Path, calls: u64) -> Result<Value, String> {
    let lines = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/nlu/zh_outbound_labelled.jsonl");
    let (lines, file) = (text(&lines).to_owned(), folder.join("challenger.model"));
    let (file, data) = (text(&file), text(data));
    let asked = |args: &[&str]| match alone.json(args) {
        (true, reply) => Ok(reply),
        (false, reply) => Err(format!("{args:?}: {reply}")),
    };
    let trained = asked(&["nlu", "train", &lines, "--out", file, "--json"])?;
    let published = asked(&[
        "nlu",
        "publish",
        file,
        "--name",
        "challenger",
        "--rows",
        &lines,
        "--data",
        data,
        "--json",
    ])?;
    if member(&published, "/digest") != member(&trained, "/model") {
        return Err(format!(
            "another model was published than was learned: {published}"
        ));
    }
    let read_by = |model| {
        asked(&[
            "what-if",
            "--campaign",
            CAMPAIGN,
            "--model",
            model,
            "--data",
            data,
            "--json",
        ])
    };
    let (by_file, by_name) = (read_by(file)?, read_by("challenger@1")?);
    if by_file != by_name || member(&by_file, "/calls").as_u64() != Some(calls) {
        return Err(format!("the same model gives two results: {by_file}, {by_name}"));
    }
    let mined = asked(&[
        "mine",
        "refusals",
        "--campaign",
        CAMPAIGN,
        "--data",
        data,
        "--json",
    ])?;
    let (refused, talked) = (
        member(&mined, "/refused").as_u64(),
        member(&mined, "/talked").as_u64(),
    );
    if member(&mined, "/calls").as_u64() != Some(calls) || refused > talked || refused == Some(0) {
        return Err(format!("refusals are not counted: {mined}"));
    }
    Ok(json!({
        "same": member(&by_file, "/same"), "worded": member(&by_file, "/worded"),
        "parted": member(&by_file, "/parted"),
        "first_permille": member(&published, "/training/first_permille"),
        "refused": refused, "first_reason": member(&mined, "/reasons/0"),
    }))
}

/// Replays one call step by step: what was heard, understood, decided and said must be the same.
fn replays(alone: &IsolatedEnvironment, data: &Path, call: &str) -> Option<String> {
    let (ok, reply) = alone.json(&["call", "replay", call, "--data", text(data), "--json"]);
    let steps = member(&reply, "/steps").as_array().map_or(0, Vec::len);
    let differences = member(&reply, "/differences").as_array().map_or(1, Vec::len);
    let is_same = ok && steps > 0 && differences == 0;
    (!is_same).then(|| format!("{call} is replayed differently: {reply}"))
}

/// Checks that the one altered decision is found at its place.
fn altered_is_found(alone: &IsolatedEnvironment, data: &Path, made: &ReplayCalls) -> Option<String> {
    let (ok, reply) = alone.json(&["call", "replay", &made.altered, "--data", text(data), "--json"]);
    let rule = member(&reply, "/differences/0/recorded/decided/0/rule")
        .as_str()
        .unwrap_or_default();
    let is_found = !ok && rule == made.altered_rule;
    (!is_found).then(|| format!("an altered decision {} is not found: {reply}", made.altered_rule))
}

/// Checks that the first divergence of another version is reported with both explanations.
fn parting_is_explained(alone: &IsolatedEnvironment, data: &Path, other: &Value) -> Option<String> {
    if !member(other, "/partings/0").is_object() {
        return Some(format!("no call diverges in the other version: {other}"));
    }
    let example = member(other, "/partings/0/example")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let against = format!("{FLOW}@2");
    let args = [
        "call",
        "replay",
        &example,
        "--against",
        &against,
        "--data",
        text(data),
        "--json",
    ];
    let (ok, reply) = alone.json(&args);
    let explained = |side: &str| {
        let pointer = format!("/differences/0/{side}/decided/0/explanation");
        member(&reply, &pointer).is_object()
    };
    let is_explained = ok && explained("recorded") && explained("other");
    (!is_explained).then(|| format!("{example} diverges, but the replay does not say how: {reply}"))
}

/// Checks that a bundle replays with the same result, and contains no word of what was heard.
fn leaves_as_bundle(alone: &IsolatedEnvironment, data: &Path, folder: &Path, call: &str) -> Option<String> {
    let file = folder.join(format!("{call}.json"));
    let out = text(&file).to_owned();
    let exported = alone.run(&[
        "call",
        "export",
        call,
        "--masked",
        "--out",
        &out,
        "--data",
        text(data),
    ]);
    if !exported.status.success() {
        return Some(String::from_utf8_lossy(&exported.stderr).into_owned());
    }
    let (ok, reply) = alone.json(&["call", "replay", &out, "--json"]);
    let differences = member(&reply, "/differences").as_array().map_or(1, Vec::len);
    let heard = member(&reply, "/steps").as_array().into_iter().flatten();
    let words = heard
        .filter(|step| member(step, "/heard/text").is_string())
        .count();
    let is_same = ok && differences == 0 && words == 0;
    (!is_same).then(|| format!("the bundle of {call} is replayed differently: {reply}"))
}
