//! The demonstration ends with every call recorded, and with a playable recording of every conversation.

use serde_json::Value;
use std::path::Path;
use tests::day_report::DayReport;
use tests::history::{History, member};
use tests::program::{is_installed, read, run_json};
use tests::say_skipped;

/// Returns channels, rate and length of a WAV file, from its own header.
fn wav(path: &Path) -> (u16, u32, u32) {
    let reader = hound::WavReader::open(path).expect("an answered call has a readable recording");
    (
        reader.spec().channels,
        reader.spec().sample_rate,
        reader.duration(),
    )
}

/// Checks the signed report of the day: it counts every recorded call, and none is a violation.
fn check_no_violation(folder: &Path, data: &str, summary: &Value) {
    let report = DayReport::issue(folder, data).expect("the report of the day is issued");
    let DayReport {
        file,
        issued,
        compliance,
    } = report;
    assert_eq!(member(&issued, "/violations"), 0, "{issued}");
    let notices = member(&compliance, "/notices");
    let counted = |name: &str| member(notices, name).as_u64();
    assert_eq!(
        counted("/recorded_calls"),
        member(summary, "/recordings").as_u64(),
        "{notices}"
    );
    assert_eq!(counted("/ended_during_notice_unknown"), Some(0), "{notices}");
    let accounted = counted("/recorded_with_notice").zip(counted("/ended_during_notice"));
    let accounted = accounted.map(|(with_notice, during_notice)| with_notice + during_notice);
    assert_eq!(accounted, counted("/recorded_calls"), "{notices}");
    let check = ["report", "check", &file, "--data", data, "--json"];
    let (status, checked) = run_json(&check).expect("the report is checked");
    assert!(
        status.success() && member(&checked, "/rebuilt_from_log") == true,
        "{checked}"
    );
}

/// Where espeak-ng provides the voices, checks that some of the callees spoke: they were understood, the call
/// of one who swore was ended, and the report shows a conversation.
fn some_spoke(history: &History, report: &str) {
    if !is_installed("espeak-ng") {
        say_skipped("people who speak", "espeak-ng is not installed");
        return;
    }
    let spoken: Vec<Vec<&Value>> = history
        .calls()
        .into_values()
        .filter(|events| {
            events
                .iter()
                .any(|event| member(event, "/data/customer_grant/campaign") == "DEMO-SPOKEN")
        })
        .collect();
    assert!(spoken.len() >= 7, "every kind of person: {}", spoken.len());
    let of = |kind: &str| history.of(kind).count();
    let failed: Vec<&Value> = history
        .of("call.engine_failed")
        .map(|event| member(event, "/data"))
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(of("call.understood") >= 10, "{}", of("call.understood"));
    assert_eq!(of("call.sensitive_word_matched"), 1, "one swears");
    assert!(of("call.barged_in") >= 1, "one interrupts");
    let outcomes: Vec<&str> = spoken
        .iter()
        .flatten()
        .filter_map(|event| member(event, "/data/outcome").as_str())
        .collect();
    assert!(
        outcomes.iter().filter(|outcome| **outcome == "success").count() >= 2,
        "{outcomes:?}"
    );
    assert!(report.contains("一通对话") && report.contains("nodes.确认分期期数.on_filled"));
}

#[test]
fn a_demonstration_ends_with_every_call_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let path = data.to_string_lossy().into_owned();
    let args = [
        "demo",
        "--customers",
        "40",
        "--seed",
        "7",
        "--data",
        &path,
        "--http",
        "127.0.0.1:0",
    ];
    let args = [&args[..], &["--exit-when-done", "--json"]].concat();
    let (status, summary) = run_json(&args).unwrap();
    assert!(status.success(), "{summary}");
    assert!(summary["dialed"].as_u64().unwrap() >= 40, "{summary}");
    assert_eq!(summary["terminal"], summary["dialed"], "{summary}");
    assert_eq!(summary["reconcile"]["mismatched"], 0, "{summary}");
    assert_eq!(summary["recordings"], summary["answered"], "{summary}");

    let history = History::read(&data);
    assert_eq!(history.gaps(), 0);
    assert_eq!(history.unsettled(), 0);
    assert!(history.unfinished().is_empty());
    let answered: Vec<&str> = history
        .of("call.answered")
        .filter_map(|event| event["subject"].as_str()?.strip_prefix("call-"))
        .collect();
    assert_eq!(answered.len() as u64, summary["answered"].as_u64().unwrap());
    for call in answered {
        let (channels, rate, _) = wav(&data.join("recordings").join(format!("{call}.wav")));
        assert_eq!((channels, rate), (2, 8_000), "{call}");
    }
    // Every metric in every version: the figure in the rows equals the one computed from the events.
    let (status, figures) = run_json(&["metrics", "--check", "--data", &path, "--json"]).unwrap();
    assert!(status.success(), "{figures}");
    assert!(figures["metrics"].as_array().unwrap().len() > 30, "{figures}");
    assert_eq!(figures["metrics"][0]["events"][0], summary["dialed"], "{figures}");

    check_no_violation(folder.path(), &path, &summary);

    let report = read(&data.join("report.html"));
    assert!(report.contains("<svg") && !report.contains("http://") && !report.contains("https://"));
    some_spoke(&history, &report);

    // The same directory and seed print the same summary; another seed is refused.
    let (_, again) = run_json(&args).unwrap();
    assert_eq!(again, summary);
    let other: Vec<&str> = args
        .iter()
        .map(|arg| if *arg == "7" { "8" } else { arg })
        .collect();
    assert!(!tests::program::run(&other).status.success());
}
