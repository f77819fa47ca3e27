//! Every event of a rehearsal names its cause; an import row's way to its last effect is one graph; a call
//! of each ending goes into a bundle that names nobody and replays equal.

use std::collections::BTreeMap;
use tests::history::{History, member};
use tests::program::{read, run, run_json};

#[test]
fn a_rehearsal_explains_itself_and_its_calls_replay_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let args = [
        "demo",
        "--customers",
        "16",
        "--seed",
        "7",
        "--data",
        &data,
        "--http",
        "127.0.0.1:0",
    ];
    let (status, summary) = run_json(&[&args[..], &["--exit-when-done", "--json"]].concat()).unwrap();
    assert!(status.success(), "{summary}");

    let checked = run(&["events", "graph", "--check", "--data", &data]);
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );

    let history = History::read(data.as_ref());
    let mut calls: BTreeMap<String, String> = BTreeMap::new();
    for ended in history.of("call.ended") {
        let disposition = member(ended, "/data/disposition").as_str().unwrap();
        let call = member(ended, "/subject")
            .as_str()
            .unwrap()
            .trim_start_matches("call-");
        calls
            .entry(disposition.to_owned())
            .or_insert_with(|| call.to_owned());
    }
    assert!(calls.len() >= 3, "{calls:?}");
    let ids: Vec<&str> = history
        .events
        .iter()
        .flat_map(|event| ["/id", "/customer", "/campaign"].map(|name| member(event, name).as_str()))
        .flatten()
        .collect();
    for (disposition, call) in &calls {
        let file = folder
            .path()
            .join(format!("{disposition}.json"))
            .to_string_lossy()
            .into_owned();
        let plain = run(&["call", "export", call, "--out", &file, "--data", &data]);
        assert_eq!(plain.status.code(), Some(2), "only masked");
        let made = run(&[
            "call", "export", call, "--masked", "--out", &file, "--data", &data,
        ]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let replayed = run_json(&["call", "replay", &file, "--json"]);
        let (status, replayed) = replayed.unwrap();
        assert!(status.success(), "{disposition}: {replayed}");
        let text = read(file.as_ref());
        assert!(
            !text.contains("sealed") && !text.contains(call.as_str()),
            "{disposition}"
        );
        assert!(!ids.iter().any(|id| text.contains(id)), "{disposition}");
        std::fs::write(&file, text.replace("\"call.dialing\"", "\"call.ringing\"")).unwrap();
        assert_eq!(run(&["call", "replay", &file]).status.code(), Some(1), "altered");
    }

    let call = calls.values().next().unwrap();
    let (_, graph) = run_json(&["events", "graph", call, "--format", "json", "--data", &data]).unwrap();
    let kinds: Vec<&str> = member(&graph, "/nodes")
        .as_array()
        .unwrap()
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
