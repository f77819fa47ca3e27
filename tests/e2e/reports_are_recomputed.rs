//! A small rehearsal is reported, sampled and reconciled; everything is computed again from its log, and what
//! was altered is detected.

use serde_json::Value;
use std::path::Path;
use tests::history::{History, member, text_of};
use tests::passing_time::HUNG_AFTER;
use tests::program::{is_installed, read, run, run_json};
use tests::server::Server;

fn said(args: &[&str]) -> (Option<i32>, String) {
    let output = run(args);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

fn done(args: &[&str]) {
    let (code, text) = said(args);
    assert_eq!(code, Some(0), "{args:?}: {text}");
}

/// Checks that a report is issued, holds by its note and by the log, is made again at the same position, and
/// is refused when altered.
fn compliance_is_redone(folder: &Path, data: &str) {
    let page = folder.join("compliance.html").to_string_lossy().into_owned();
    let report = ["report", "compliance", "--period", "day", "--data", data];
    let issued = run_json(&[&report[..], &["--out", &page, "--json"]].concat());
    let (status, issued) = issued.expect("it prints JSON");
    assert!(
        status.success() && member(&issued, "/violations") == 0,
        "{issued}"
    );
    done(&["report", "check", &page, "--data", data]);
    let shown = read(Path::new(&page));
    let link = shown
        .split("href=\"./")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let linked = link.expect("the page links to its figures");
    let figures = folder.join(linked).to_string_lossy().into_owned();
    done(&["report", "check", &figures, "--data", data]);
    the_note_holds_in_python(&page, data);
    let position = member(&issued, "/position").to_string();
    let again = folder.join("again.html").to_string_lossy().into_owned();
    done(&[&report[..], &["--position", &position, "--out", &again]].concat());
    assert_eq!(read(Path::new(&page)), read(Path::new(&again)));
    std::fs::write(&again, read(Path::new(&page)).replace("<h2>", "<h2> ")).expect("a file");
    assert_eq!(
        said(&["report", "check", &again, "--data", data]).0,
        Some(1),
        "altered"
    );
}

/// Runs the Python of the reference, word for word except for the names of files.
fn the_note_holds_in_python(page: &str, data: &str) {
    let has_it = is_installed("python3")
        && tests::program::command("python3")
            .args(["-c", "import cryptography"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !has_it {
        tests::say_skipped("the note in Python", "python3 has no cryptography");
        return;
    }
    let reference = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/reports.md"));
    let (_, rest) = reference.split_once("```python\n").expect("the reference has it");
    let (check, _) = rest.split_once("```").expect("it ends");
    let key = Path::new(data).join("proof/log.vkey");
    let check = check
        .replace("\"log.vkey\"", &format!("{:?}", key.to_string_lossy()))
        .replace("\"FILE.note\"", &format!("\"{page}.note\""))
        .replace("\"FILE\"", &format!("{page:?}"));
    let holds = || {
        let python = tests::program::command("python3").args(["-c", &check]).output();
        let python = python.expect("python3 runs");
        (
            python.status.success(),
            String::from_utf8_lossy(&python.stderr).into_owned(),
        )
    };
    let (is_held, said) = holds();
    assert!(is_held, "{said}");
    let note = format!("{page}.note");
    let signed = read(Path::new(&note));
    std::fs::write(&note, signed.replacen("position ", "position 1", 1)).expect("a file");
    let (is_held, said) = holds();
    assert!(!is_held && said.contains("InvalidSignature"), "{said}");
    std::fs::write(&note, signed).expect("a file");
}

/// Starts a server on a day of a rehearsal's calendar that reports each day.
fn reporting_server(data: &str) -> Server {
    let mut command = tests::program::command(tests::program::ledgerline());
    command.args(["serve", "--data", data, "--http", "127.0.0.1:0", "--drain", "1s"]);
    command.args(["--trunk", "sip:127.0.0.1:9", "--compliance-report", "day"]);
    command.args(["--rehearse-at", "2027-03-10T09:00:00+08:00"]);
    let mut server = Server::of(command, data.as_ref());
    assert!(server.wait_ready(), "the server becomes ready");
    server
}

fn issued(server: &Server, period: &str) -> usize {
    let listed = server.get("/api/v1/compliance-reports").expect("it answers").body;
    let items = member(&listed, "/items").as_array().expect("a list");
    let of = |item: &&Value| text_of(item, "/issue/period") == period;
    items.iter().filter(of).count()
}

/// Checks that a server that was down at a day's end reports the day at its start, once, and issues others on
/// request.
fn a_server_issues_what_it_missed(data: &str) {
    let kept = Path::new(data).join("reports");
    let mut server = reporting_server(data);
    let missed = server.look_after_events("kind=report.issued", HUNG_AFTER, |_| {
        (issued(&server, "2027-03-09") == 1).then_some(())
    });
    assert!(missed.is_some(), "the day it missed");
    let asked = serde_json::json!({ "period": "month", "at": "2026-03-02" });
    let answer = server.must_post("/api/v1/compliance-reports", &asked).body;
    assert_eq!(text_of(&answer, "/issue/period"), "2026-03");
    let (page, note) = (text_of(&answer, "/kept/page"), text_of(&answer, "/kept/note"));
    assert_eq!(read(Path::new(page)), text_of(&answer, "/page"));
    done(&["report", "check", page, "--note", note, "--data", data]);
    stop(&mut server);
    let mut server = reporting_server(data);
    server.must_post("/api/v1/compliance-reports", &asked);
    assert_eq!(issued(&server, "2027-03-09"), 1, "a restart issues none twice");
    stop(&mut server);
    let pages = std::fs::read_dir(kept).expect("reports are kept").flatten();
    let of_day = pages.filter(|file| {
        file.file_name()
            .to_string_lossy()
            .starts_with("compliance-2027-03-09-p")
    });
    assert_eq!(of_day.count(), 3, "page, figures, note");
}

fn stop(server: &mut Server) {
    server.program.signal("TERM");
    let ended = server.program.wait(HUNG_AFTER);
    assert!(ended.is_some_and(|status| status.success()), "the server drains");
}

/// Checks a report as of the middle of the log: it contains fewer calls.
fn a_past_page_knows_less(folder: &Path, data: &str, campaign: &str) {
    let page = |name: &str, more: &[&str]| {
        let out = folder.join(name).to_string_lossy().into_owned();
        let args = [
            "report",
            "pdca",
            "--period",
            "day",
            "--data",
            data,
            "--campaign",
            campaign,
            "--out",
            &out,
        ];
        done(&[&args[..], more].concat());
        read(Path::new(&out))
    };
    let dialed = |page: &str| {
        let (_, rest) = page.split_once("dialed_calls v1</td>").expect("it is shown");
        rest.split("</td>").nth(1).map(ToOwned::to_owned)
    };
    let positions = History::read(data.as_ref());
    let ended: Vec<u64> = positions
        .of("call.ended")
        .filter_map(|event| text_of(event, "/position").parse().ok())
        .collect();
    let to_text = |position: Option<&u64>| position.map(ToString::to_string).expect("a call has ended");
    let (first, last) = (to_text(ended.first()), to_text(ended.last()));
    let (now, early, late) = (
        page("now.html", &[]),
        page("early.html", &["--as-of", &first]),
        page("late.html", &["--as-of", &last]),
    );
    assert_eq!(dialed(&now), dialed(&late), "every call had ended");
    assert_ne!(dialed(&now), dialed(&early));
    let (code, text) = said(&[
        "report", "pdca", "--period", "day", "--data", data, "--as-of", "9", "--out", "x",
    ]);
    assert_eq!(code, Some(2), "{text}");
}

/// Draws a sample, which the program and another program draw again; then findings are entered and signed
/// off.
fn a_sample_is_redone(folder: &Path, data: &str) {
    let file = folder.join("sample.json").to_string_lossy().into_owned();
    let draw = [
        "sample", "calls", "--seed", "7", "--size", "3", "--data", data, "--out", &file,
    ];
    done(&[&draw[..], &["--stratify", "disposition"]].concat());
    done(&["sample", "check", &file, "--data", data]);
    let sample: Value = serde_json::from_str(&read(Path::new(&file))).expect("it is JSON");
    redone_by_python(folder, data);
    let id = text_of(&sample, "/sample");
    let sign_off = ["sample", "sign-off", id, "--by", "li", "--data", data];
    assert_eq!(said(&sign_off).0, Some(3), "findings are lacking");
    for call in member(&sample, "/calls").as_array().expect("a list") {
        let call = text_of(call, "/call");
        done(&[
            "sample", "finding", id, call, "--answer", "all=yes", "--by", "wang", "--data", data,
        ]);
    }
    done(&sign_off);
    let altered = read(Path::new(&file)).replace("\"population\": ", "\"population\": 1");
    std::fs::write(&file, altered).expect("a file");
    assert_eq!(
        said(&["sample", "check", &file, "--data", data]).0,
        Some(1),
        "altered"
    );
}

/// The five lines of the reference, for a draw that is not stratified.
const REDO: &str = r#"
import hashlib, json, sys
sample = json.load(open(sys.argv[1]))["drawn"]
ids = [e["subject"][5:] for e in map(json.loads, open(sys.argv[2]))
       if e["type"] == "call.ended" and int(e["position"]) <= sample["position"]]
rank = lambda call: hashlib.sha256((sample["seed"] + call).encode()).digest()
assert sorted(ids, key=rank)[:sample["size"]] == sample["calls"]
assert hashlib.sha256("".join(i + "\n" for i in ids).encode()).hexdigest() == sample["population_sha256"]
"#;

fn redone_by_python(folder: &Path, data: &str) {
    if !is_installed("python3") {
        tests::say_skipped("the draw in Python", "python3 is not installed");
        return;
    }
    let file = folder.join("plain.json").to_string_lossy().into_owned();
    done(&[
        "sample", "calls", "--seed", "月末", "--size", "4", "--data", data, "--out", &file,
    ]);
    let events = folder.join("events.jsonl");
    let log = run(&["events", "read", "--json", "--data", data]);
    std::fs::write(&events, log.stdout).expect("a file");
    let python = tests::program::command("python3")
        .args(["-c", REDO, &file])
        .arg(&events)
        .output()
        .expect("python3 runs");
    assert!(
        python.status.success(),
        "{}",
        String::from_utf8_lossy(&python.stderr)
    );
}

/// Checks that a bill made from the log itself agrees, and that one with a row more, one less and one longer
/// does not.
fn a_bill_is_reconciled(folder: &Path, data: &str) {
    let history = History::read(data.as_ref());
    let mut rows: Vec<String> = Vec::new();
    for (_, events) in history.calls() {
        let of = |kind: &str| events.iter().find(|event| text_of(event, "/type") == kind);
        let (Some(dialing), Some(ended)) = (of("call.dialing"), of("call.ended")) else {
            continue;
        };
        let talk_ms = member(ended, "/data/talk_ms").as_u64().unwrap_or(0);
        let id = text_of(dialing, "/data/sip_call_id");
        let at = text_of(dialing, "/time");
        rows.push(format!("{id},13800138000,{at},{}", talk_ms.div_ceil(1_000)));
    }
    let bill = folder.join("bill.csv");
    let reconcile = |rows: &[String]| {
        let text = format!("呼叫标识,被叫号码,开始时间,通话时长\n{}\n", rows.join("\n"));
        std::fs::write(&bill, text).expect("a file");
        let file = bill.to_string_lossy();
        run_json(&["reconcile", &file, "--format", "csv", "--json", "--data", data]).expect("it prints JSON")
    };
    let (status, outcome) = reconcile(&rows);
    assert!(status.success(), "{outcome}");
    let last = rows.pop().expect("calls were dialed");
    let first = rows.first_mut().expect("calls were dialed");
    *first = format!("{first}99");
    rows.push(last.replace(|digit: char| digit.is_ascii_hexdigit() && digit == 'a', "b"));
    rows.push("x,nobody,soon,1".to_owned());
    let (status, outcome) = reconcile(&rows);
    assert_eq!(status.code(), Some(1));
    for (name, count) in [("disputed", 1), ("bad_rows", 1)] {
        assert_eq!(member(&outcome, &format!("/outcome/{name}")), count, "{outcome}");
    }
}

#[test]
fn reports_samples_and_bills_of_a_rehearsal_are_redone_from_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let demo = ["demo", "--customers", "8", "--seed", "7", "--data", &data];
    let ending = ["--http", "127.0.0.1:0", "--exit-when-done", "--json"];
    let (status, summary) = run_json(&[&demo[..], &ending].concat()).unwrap();
    assert!(status.success(), "{summary}");
    let page = folder.path().join("pdca.html").to_string_lossy().into_owned();
    for period in ["week", "year"] {
        done(&[
            "report", "pdca", "--period", period, "--data", &data, "--out", &page,
        ]);
        let text = read(Path::new(&page));
        assert!(
            text.contains("计划 P") && text.contains("answer_ratio_per_call"),
            "{period}"
        );
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{period}"
        );
    }
    compliance_is_redone(folder.path(), &data);
    a_sample_is_redone(folder.path(), &data);
    a_bill_is_reconciled(folder.path(), &data);
    let history = History::read(data.as_ref());
    let planned = history
        .of("campaign.created")
        .next()
        .expect("there is a campaign");
    let campaign = text_of(planned, "/subject")
        .trim_start_matches("campaign-")
        .to_owned();
    a_past_page_knows_less(folder.path(), &data, &campaign);
    a_server_issues_what_it_missed(&data);
}
