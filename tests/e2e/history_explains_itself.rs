//! Every event of a rehearsal names its cause; an import row's way to its last effect is one graph; a call
//! of each ending goes into a bundle that names nobody and replays equal.

use std::collections::BTreeMap;
use std::path::Path;
use tests::history::{History, member};
use tests::program::{read, run, run_json, run_unread};

/// One call of each disposition.
fn calls_by_disposition(history: &History) -> BTreeMap<String, String> {
    let mut calls: BTreeMap<String, String> = BTreeMap::new();
    for ended in history.of("call.ended") {
        let disposition = member(ended, "/data/disposition").as_str().unwrap_or_default();
        let subject = member(ended, "/subject").as_str().unwrap_or_default();
        let call = subject.trim_start_matches("call-").to_owned();
        calls.entry(disposition.to_owned()).or_insert(call);
    }
    calls
}

/// Everything that names an event, a person or a campaign here.
fn ids(history: &History) -> Vec<&str> {
    let names = |event| ["/id", "/customer", "/campaign"].map(|name| member(event, name).as_str());
    history.events.iter().flat_map(names).flatten().collect()
}

/// The call's bundle names nobody, replays equal, and is told when it was altered.
fn replays_elsewhere(folder: &Path, data: &str, (disposition, call): (&str, &str), ids: &[&str]) {
    let file = folder.join(format!("{disposition}.json"));
    let file = file.to_string_lossy();
    let plain = run(&["call", "export", call, "--out", &file, "--data", data]);
    assert_eq!(plain.status.code(), Some(2), "only masked");
    let made = run(&["call", "export", call, "--masked", "--out", &file, "--data", data]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (status, replayed) = run_json(&["call", "replay", &file, "--json"]).expect("it prints JSON");
    assert!(status.success(), "{disposition}: {replayed}");
    let text = read(Path::new(file.as_ref()));
    assert!(!text.contains("sealed") && !text.contains(call), "{disposition}");
    assert!(!ids.iter().any(|id| text.contains(id)), "{disposition}");
    let altered = text.replace("\"call.dialing\"", "\"call.ringing\"");
    std::fs::write(file.as_ref(), altered).expect("the folder can be written");
    assert_eq!(run(&["call", "replay", &file]).status.code(), Some(1), "altered");
}

/// From the list's opening to the customer's last event of the call.
fn is_one_graph(data: &str, call: &str) {
    let graph = run_json(&["events", "graph", call, "--format", "json", "--data", data]);
    let (_, graph) = graph.expect("it prints JSON");
    let nodes = member(&graph, "/nodes").as_array().expect("a list of nodes");
    let kinds: Vec<&str> = nodes
        .iter()
        .filter_map(|node| member(node, "/kind").as_str())
        .collect();
    for kind in [
        "campaign.list_opened",
        "customer.enrolled",
        "campaign.dials_granted",
        "customer.dial_granted",
        "number.dial_granted",
        "call.permitted",
        "call.ended",
        "customer.call_closed",
    ] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
}

/// Whatever shows many lines ends well and without a word when nobody reads them (`| head`).
fn ends_with_its_reader(data: &str, call: &str) {
    let commands: [&[&str]; 6] = [
        &["audit", "trail"],
        &["events", "read"],
        &["events", "graph", call],
        &["events", "graph", "--check"],
        &["call", "show", call],
        &["metrics", "--check"],
    ];
    for shown in commands {
        let (status, said) = run_unread(&[shown, &["--data", data]].concat());
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{shown:?}");
    }
    for shown in [["completions", "bash"], ["query", "--views"]] {
        let (status, said) = run_unread(&shown);
        assert_eq!((status.code(), said.as_str()), (Some(0), ""), "{shown:?}");
    }
}

#[test]
fn a_rehearsal_explains_itself_and_its_calls_replay_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let demo = ["demo", "--customers", "16", "--seed", "7", "--data", &data];
    let ending = ["--http", "127.0.0.1:0", "--exit-when-done", "--json"];
    let (status, summary) = run_json(&[&demo[..], &ending].concat()).unwrap();
    assert!(status.success(), "{summary}");

    let checked = run(&["events", "graph", "--check", "--data", &data]);
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}");

    let history = History::read(data.as_ref());
    let calls = calls_by_disposition(&history);
    assert!(calls.len() >= 3, "{calls:?}");
    let ids = ids(&history);
    for (disposition, call) in &calls {
        replays_elsewhere(folder.path(), &data, (disposition, call), &ids);
    }
    let call = calls.values().next().unwrap();
    is_one_graph(&data, call);
    ends_with_its_reader(&data, call);
}
