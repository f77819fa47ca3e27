//! Every event of a rehearsal names its cause; the way from an import row to its last effect is one graph;
//! one call of each disposition is exported to a bundle that identifies no person and replays equal.

use std::collections::BTreeMap;
use std::path::Path;
use tests::history::{History, member};
use tests::program::{read, run, run_json, run_unread};

/// Returns one call of each disposition.
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

/// Returns every id of an event, a person or a campaign.
fn ids(history: &History) -> Vec<&str> {
    let names = |event| ["/id", "/customer", "/campaign"].map(|name| member(event, name).as_str());
    history.events.iter().flat_map(names).flatten().collect()
}

/// Checks that the call's bundle identifies no person, replays equal, and is refused when it was altered.
fn replays_elsewhere(folder: &Path, data: &str, disposition: &str, call: &str, ids: &[&str]) {
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

/// Checks that the graph reaches from the start of the list to the customer's last event of the call.
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

/// Checks that commands with many lines end successfully and without a message when their output is not read
/// (`| head`).
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

/// The demo's names of its campaign and of one of its customers.
const CAMPAIGN: &str = "DEMO";
const CUSTOMER: &str = "C00003";

/// Checks that a customer_id, or campaign and customer, work where our own ids do, and that no output
/// contains them.
fn takes_the_institutions_ids(folder: &Path, data: &str, history: &History) {
    let graph = |named: &[&str]| {
        let asked = [&["events", "graph"], named, &["--format", "json", "--data", data]].concat();
        run_json(&asked).expect("it prints JSON").1
    };
    let own = ["--campaign", CAMPAIGN, "--customer", CUSTOMER, "--attempt", "1"];
    let drawn = graph(&own);
    let subject = member(&drawn, "/nodes").as_array().expect("a list of nodes");
    let subject = subject
        .iter()
        .find(|node| member(node, "/kind") == "call.permitted");
    let stream = member(subject.expect("its call"), "/stream")
        .as_str()
        .unwrap_or_default();
    let call = stream.trim_start_matches("call-").to_owned();
    assert_eq!(drawn, graph(&[&call]));
    let permitted = history
        .of("call.permitted")
        .find(|event| member(event, "/subject") == stream);
    let customer = member(permitted.expect("its event"), "/customer")
        .as_str()
        .unwrap_or_default();
    assert_eq!(graph(&[CUSTOMER]), graph(&[customer]));

    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (ours, theirs) = (file("ours"), file("theirs"));
    let export = |named: &[&str], out: &str| {
        let args = [
            &["call", "export", "--masked", "--out", out, "--data", data],
            named,
        ]
        .concat();
        let made = run(&args);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        read(Path::new(out))
    };
    assert_eq!(export(&[&call], &ours), export(&own, &theirs));
    let bundle = file("customer.proof");
    let prove =
        |named: &[&str]| run(&[&["audit", "prove"], named, &["--out", &bundle, "--data", data]].concat());
    for named in [&["customer", CUSTOMER][..], &[&["call"], &own[..]].concat()] {
        let proved = prove(named);
        assert!(
            proved.status.success(),
            "{}",
            String::from_utf8_lossy(&proved.stderr)
        );
        let (status, checked) = run_json(&["audit", "check", &bundle, "--json"]).expect("it prints JSON");
        assert!(status.success(), "{checked}");
        let id = member(&checked, "/subject/id").as_str().unwrap_or_default();
        assert_eq!(id, if named.len() == 2 { customer } else { &call });
    }
    let unknown = prove(&["customer", "C99999"]);
    assert_eq!(unknown.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("is not found"));
}

/// Checks that a call's number is shown masked with the keys of the directory, and only with a record;
/// without the keys it stays sealed.
fn shows_the_number_masked_and_on_record(data: &str, call: &str) {
    let show = |more: &[&str]| {
        let asked = [&["call", "show", call, "--json", "--data", data], more].concat();
        run_json(&asked).expect("it prints JSON").1
    };
    let reads = || {
        History::read(data.as_ref())
            .of("inquiry.personal_data_read")
            .count()
    };
    let before = reads();
    let sealed = show(&["--keys", "nowhere"]);
    assert!(
        member(&sealed, "/callee").is_null() && reads() == before,
        "{sealed}"
    );
    let shown = show(&["--by", "wang", "--reason", "a complaint"]);
    let callee = member(&shown, "/callee").as_str().unwrap_or_default();
    assert!(callee.contains("****"), "{shown}");
    assert_eq!(reads(), before + 1);
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
        replays_elsewhere(folder.path(), &data, disposition, call, &ids);
    }
    let call = calls.values().next().unwrap();
    is_one_graph(&data, call);
    ends_with_its_reader(&data, call);
    takes_the_institutions_ids(folder.path(), &data, &history);
    shows_the_number_masked_and_on_record(&data, call);
}
