//! Proof of erasure: customers with names and numbers of their own are called, erased, and searched for in
//! every file. Bystanders stay, sealed; counts stay; an old copy of the keys brings nothing back.

use super::erasure_copies::LogCopies;
use super::erasure_keys::CustomerKeys;
use super::erasure_speech::{self, SpeechSetup, WORDS};
use super::{Form, Proof};
use crate::carrier::CarrierProcess;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::{command, ledgerline, run};
use crate::search::search;
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CAMPAIGN: &str = "FORGET";

/// The number of customers that are called and not erased.
const BYSTANDERS: u32 = 3;

/// A customer with identity, number and name that occur nowhere else.
pub(super) struct Canary {
    pub(super) id: String,
    pub(super) phone: String,
    pub(super) name: String,
}

fn canaries(count: u32) -> Vec<Canary> {
    let canary = |index: u32| Canary {
        id: format!("CANARY-{index:04}-ID"),
        phone: format!("139{:08}", 76_540_000 + index),
        name: format!("欧阳金丝雀{index:04}号"),
    };
    (0..count).map(canary).collect()
}

/// Starts a server that logs at trace level into `log`.
fn server(data: &Path, trunk: &str, log: &Path, more: &[&str]) -> Server {
    let mut shell = command("sh");
    shell
        .arg("-c")
        .arg(format!("exec \"$0\" \"$@\" 2>>'{}'", log.display()));
    shell.arg(ledgerline()).env("LEDGERLINE_LOG", "trace");
    let mut serve = Server::wrapped(shell, data, trunk);
    serve.args(more);
    let mut server = Server::of(serve, data);
    if !server.wait_ready() {
        crate::program::fail("the server does not become ready");
    }
    server
}

fn call_them(server: &Server, people: &[Canary], wrong: &mut Vec<String>) {
    let records: Vec<Value> = people
        .iter()
        .map(|one| json!({"customer_id": one.id, "phone": one.phone, "customer_name": one.name, "days": "3"}))
        .collect();
    server.call(CAMPAIGN, &records);
    if !server.is_completed(CAMPAIGN, Duration::from_secs(150)) {
        wrong.push("the campaign did not complete".to_owned());
    }
}

/// Opens a text conversation for each customer, with name and number in the text.
fn write_with_them(server: &Server, people: &[Canary], wrong: &mut Vec<String>) {
    for one in people {
        let order = json!({"campaign": CAMPAIGN, "customer": one.id, "begun_by": "customer"});
        let opened = server.must_post("/api/v1/conversations", &order).body;
        let conversation = member(&opened, "/id").as_str().unwrap_or_default().to_owned();
        let text = format!("我叫{}，电话是{}，你们是谁？", one.name, one.phone);
        let path = format!("/api/v1/conversations/{conversation}/messages");
        match server.post(&path, &json!({"id": "m-1", "text": text})) {
            Ok(reply) if reply.status == 200 => {}
            other => wrong.push(format!("a message was not taken: {other:?}")),
        }
        // Closed, so that a summary is written too.
        server.must_post(&format!("/api/v1/conversations/{conversation}/close"), &json!({}));
    }
}

/// Erases customers: the first from the command line, the others over HTTP.
fn erase(server: &Server, erased: &[Canary], wrong: &mut Vec<String>) {
    for (index, one) in erased.iter().enumerate() {
        let refused = if index == 0 {
            let args = ["customer", "erase", &one.id, "--reason", "the person asked"];
            let more = ["--approved-by", "officer", "--json"];
            server
                .run_json(&[&args[..], &more].concat())
                .map_or_else(Some, |(status, _)| {
                    (!status.success()).then(|| format!("{status}"))
                })
        } else {
            let path = format!("/api/v1/customers/{}/erase", one.id);
            match server.post(&path, &json!({"reason": "the person asked"})) {
                Ok(reply) if reply.status < 300 => None,
                other => Some(format!("{other:?}")),
            }
        };
        if let Some(why) = refused {
            wrong.push(format!("erase {index}: {why}"));
        }
    }
    let mut count = 0;
    let certified = server.follow_events("kind=customer.erasure_certified", HUNG_AFTER, |event| {
        count += 1;
        (count >= erased.len()).then(|| member(event, "/position").as_str().map(str::to_owned))?
    });
    let is_shown = |position: String| {
        erased.iter().all(|one| {
            let shown = server.get(&format!("/api/v1/customers/{}?after_position={position}", one.id));
            shown.is_ok_and(|reply| member(&reply.body, "/standing/erasure") == "certified")
        })
    };
    if !certified.is_some_and(is_shown) {
        wrong.push("not every erasure was certified".to_owned());
    }
}

/// Checks that a hold refuses an erasure. The bystander is not erased.
fn hold(server: &Server, one: &Canary, wrong: &mut Vec<String>) {
    let path = format!("/api/v1/customers/{}", one.id);
    server.must_post(&format!("{path}/hold"), &json!({"reason": "court order"}));
    let refused = server.post(&format!("{path}/erase"), &json!({"reason": "asked"}));
    if !refused.is_ok_and(|reply| reply.status == 422) {
        wrong.push("an erasure under a hold was not refused".to_owned());
    }
}

/// Returns the figures that an erasure must not change.
fn counts(server: &Server) -> Value {
    let reply = server.get(&format!("/api/v1/campaigns/{CAMPAIGN}"));
    let body = reply.map(|reply| reply.body).unwrap_or_default();
    let names = [
        "/enrolled",
        "/settled",
        "/calls_ended",
        "/calls_answered",
        "/dispositions",
    ];
    names.iter().map(|name| member(&body, name).clone()).collect()
}

fn stop(mut server: Server) {
    server.program.signal("TERM");
    if server.program.wait(HUNG_AFTER).is_none() {
        crate::program::fail("the server does not stop");
    }
}

/// Restores the keys from before the erasures. Returns how many of them the next start destroyed again.
fn restore_old_keys(data: &Path, old: &Path, trunk: &str, log: &Path) -> usize {
    let keys = data.join("keys");
    for name in ["keys.db", "keys.db-wal", "keys.db-shm", "destroyed.list"] {
        drop(std::fs::remove_file(keys.join(name)));
    }
    std::fs::copy(old, keys.join("keys.db")).expect("the kept keys can be put back");
    stop(server(data, trunk, log, &[]));
    let list = std::fs::read_to_string(keys.join("destroyed.list")).unwrap_or_default();
    list.lines().count()
}

/// Erases some customers, and checks that counts stay and that the others can be read.
fn erase_beside(server: &Server, erased: &[Canary], bystanders: &[Canary], wrong: &mut Vec<String>) {
    let before = counts(server);
    erase(server, erased, wrong);
    if counts(server) != before {
        wrong.push(format!("counts were {before} and are {}", counts(server)));
    }
    for one in bystanders {
        let shown = server.get(&format!("/api/v1/customers/{}", one.id));
        let shown = shown.map(|reply| reply.body).unwrap_or_default();
        if !member(&shown, "/numbers/0/phone").is_string() {
            wrong.push(format!("a bystander cannot be read any more: {shown}"));
        }
    }
}

/// Calls some customers, who also write, and others from a server that has a recognizer. Returns the number
/// of recognized sentences.
fn talk_and_write(
    begin: impl Fn(&[&str]) -> Server,
    talk: Option<&SpeechSetup>,
    talkers: &[Canary],
    people: &[Canary],
    wrong: &mut Vec<String>,
) -> usize {
    let first = begin(&[]);
    call_them(&first, people, wrong);
    write_with_them(&first, people, wrong);
    stop(first);
    talk.map_or(0, |talk| {
        let hearing = begin(&talk.recognizer());
        erasure_speech::hear(&hearing, talkers, wrong);
        stop(hearing);
        WORDS.len()
    })
}

pub(crate) fn prove(form: Form) -> Proof {
    let count = match form {
        Form::Short => 20,
        Form::Long => 200,
    };
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (data, log) = (folder.path().join("data"), folder.path().join("server.log"));
    let talking = erasure_speech::count_talkers();
    let everybody = canaries(talking + count + BYSTANDERS);
    let (erased, bystanders) = everybody.split_at((talking + count) as usize);
    let (talkers, people) = everybody.split_at(talking as usize);
    let talk = SpeechSetup::prepare(folder.path(), talkers);
    let profile = talk.as_ref().map(|talk| talk.profile.to_string_lossy());
    let speak: Vec<&str> = profile.iter().flat_map(|file| ["--profile", file]).collect();
    let carrier = CarrierProcess::start(folder.path(), 7, &speak);
    let trunk = format!("{};dials-per-second=20", carrier.trunk());
    let mut wrong = Vec::new();

    let begin = |more: &[&str]| server(&data, &trunk, &log, more);
    let said = talk_and_write(begin, talk.as_ref(), talkers, people, &mut wrong);
    let mut copies = LogCopies::default();
    copies.back_up(&data, folder.path(), "before.backup");
    let old_keys = folder.path().join("old-keys.db");
    std::fs::copy(data.join("keys/keys.db"), &old_keys).expect("the keys are there");
    let keys = before_the_erasure(&data, &everybody, said, &mut wrong);
    let second = server(&data, &trunk, &log, &[]);
    if let Some(one) = bystanders.first() {
        hold(&second, one, &mut wrong);
    }
    erase_beside(&second, erased, bystanders, &mut wrong);
    stop(second);
    let verified = run(&["projections", "verify", "--data", &data.to_string_lossy()]);
    if !verified.status.success() {
        wrong.push("projections verify fails".to_owned());
    }
    copies.back_up(&data, folder.path(), "after.backup");
    copies.fill_database(&data, folder.path());
    copies.hold(&data);
    wrong.append(&mut copies.wrong);
    let places = [copies.paths.clone(), vec![data.clone(), log.clone()]].concat();
    let found = look_for(&everybody, &places);
    wrong.extend(
        found
            .hits
            .iter()
            .map(|(file, what)| format!("{} holds {what}", file.display())),
    );
    let history = History::read(&data);
    let now = CustomerKeys::of(&data.join("keys"));
    let gone = keys.gone_from(&now);
    let keys_found = after_the_erasure(&now, &gone, &history, erased, bystanders, &places, &mut wrong);
    erasure_speech::check_keys(&now, &keys, &history, said, &mut wrong);
    let recordings = left_recordings(&history, &data, &mut wrong);
    let destroyed_again = restore_old_keys(&data, &old_keys, &trunk, &log);
    if destroyed_again != erased.len() {
        wrong.push("an old copy of the keys was served".to_owned());
    }
    let certified = history.of("customer.erasure_certified").count();
    let written = history.of("conversation.heard").count();
    if written != people.len() {
        wrong.push(format!("{written} messages of {} are in the log", people.len()));
    }
    let holds = wrong.is_empty() && certified == erased.len();
    let line = json!({"proof": "forgetting", "persons": erased.len(), "sentences": sentences(said),
        "bystanders": BYSTANDERS, "certificates": certified, "messages": written,
        "recordings_deleted": recordings, "files_searched": found.files, "bytes_searched": found.bytes,
        "copies_searched": copies.paths.len(), "database": {"skipped": copies.skipped},
        "keys_searched": gone.count(), "key_hits": keys_found,
        "hits": found.hits.len(), "keys_destroyed_again": destroyed_again, "violations": wrong});
    Proof { line, holds }
}

/// Returns the number of sentences that were recognized and searched for, or that speech was skipped.
fn sentences(said: usize) -> Value {
    match said {
        0 => json!({"skipped": "espeak-ng is not installed: apt-get install espeak-ng"}),
        _ => json!({ "heard": said }),
    }
}

/// Checks before the erasure that the keys open the values of every customer, and that the search finds every
/// key in the keys folder. A search that finds neither later has then looked in the right place.
fn before_the_erasure(data: &Path, people: &[Canary], said: usize, wrong: &mut Vec<String>) -> CustomerKeys {
    let folder = data.join("keys");
    let keys = CustomerKeys::of(&folder);
    let opened = keys.opened(&History::read(data));
    let unread = people.iter().filter(|one| !is_readable(one, &opened)).count();
    if unread > 0 {
        wrong.push(format!(
            "with their keys {unread} persons cannot be read before the erasure"
        ));
    }
    if erasure_speech::read(&opened) != said {
        wrong.push(
            "with their keys not every sentence that was said can be read before the erasure".to_owned(),
        );
    }
    let found = keys.search(&[folder]).hits.len();
    if keys.count() < people.len() || found < keys.count() {
        wrong.push(format!(
            "{found} of {} wrapped keys are found before the erasure",
            keys.count()
        ));
    }
    keys
}

/// Checks after the erasure that the present keys open no value of erased customers, and that the destroyed
/// keys occur nowhere. With the destroyed keys the log still opens, so that they were the right ones. Returns
/// the number of hits.
fn after_the_erasure(
    now: &CustomerKeys,
    gone: &CustomerKeys,
    history: &History,
    erased: &[Canary],
    bystanders: &[Canary],
    places: &[PathBuf],
    wrong: &mut Vec<String>,
) -> usize {
    let opened = now.opened(history);
    let still = erased.iter().filter(|one| is_readable(one, &opened)).count();
    if still > 0 {
        wrong.push(format!("{still} erased persons can still be read"));
    }
    if !bystanders.iter().all(|one| is_readable(one, &opened)) {
        wrong.push("a bystander's key opens nothing any more".to_owned());
    }
    let taken = gone.opened(history);
    if !erased.iter().all(|one| is_readable(one, &taken)) {
        wrong.push("the keys that are gone open nothing: this searched for the wrong ones".to_owned());
    }
    let found = gone.search(places);
    let hits = found.hits.iter();
    wrong.extend(hits.map(|(file, what)| format!("{} holds {what}", file.display())));
    found.hits.len()
}

fn is_readable(one: &Canary, opened: &BTreeSet<String>) -> bool {
    opened.contains(&one.name)
        && opened.contains(&one.id)
        && opened.iter().any(|value| value.ends_with(&one.phone))
}

/// Searches for names, numbers and ids of all customers, including bystanders, and for the recognized words:
/// they must not occur in clear.
fn look_for(people: &[Canary], paths: &[PathBuf]) -> crate::search::SearchResult {
    let texts: Vec<&str> = people
        .iter()
        .flat_map(|one| [one.id.as_str(), one.phone.as_str(), one.name.as_str()])
        .chain(WORDS)
        .collect();
    search(paths, &texts, &["rehearsal"])
}

/// Checks the recordings that certificates name: their files are deleted, and those of bystanders exist.
/// Returns their number.
fn left_recordings(history: &History, data: &Path, wrong: &mut Vec<String>) -> usize {
    let mut deleted = Vec::new();
    for certificate in history.of("customer.erasure_certified") {
        let named = member(certificate, "/data/recordings").as_array();
        let calls = named
            .into_iter()
            .flatten()
            .filter_map(|one| member(one, "/call").as_str());
        deleted.extend(calls.map(str::to_owned));
    }
    let there = |call: &str| data.join("recordings").join(format!("{call}.wav")).exists();
    let left = deleted.iter().filter(|call| there(call)).count();
    if left > 0 {
        wrong.push(format!("{left} recordings of erased persons are there"));
    }
    if deleted.is_empty() {
        wrong.push("no call was recorded, so nothing was proved of recordings".to_owned());
    }
    deleted.len()
}
