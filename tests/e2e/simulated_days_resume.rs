//! The proof of many simulated days continues where it was stopped: finished worlds are not run again, and
//! the line at the end is the same. Another plan's file is refused and stays unchanged.

use serde_json::Value;
use std::path::Path;
use tests::program::{command, ledgerline};

/// Two worlds with three people each; only the days are long.
const DAYS: &str = "14";

fn prove(file: &Path, people: &str) -> std::process::Output {
    let program = ledgerline().with_file_name("prove_days");
    command(program)
        .args(["--days", DAYS, "--people", people, "--seed", "3", "--resume"])
        .arg(file)
        .output()
        .expect("prove_days is not beside ledgerline: build it with --features simulation/proofs")
}

fn line(output: &std::process::Output) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let last = said.lines().last().expect("a proof says what it found");
    serde_json::from_str(last).expect("its last line is JSON")
}

#[test]
fn many_days_go_on_where_they_were_stopped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("days.jsonl");
    let whole = line(&prove(&file, "3"));
    assert_eq!(
        (&whole["holds"], &whole["worlds_resumed"]),
        (&true.into(), &0.into())
    );
    let mut kept = std::fs::read(&file).expect("each world is kept");
    let lines_count = kept.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(lines_count, 3, "a heading and two worlds");
    // As if the proof was killed while the second world's line was written.
    kept.truncate(kept.len() - 100);
    std::fs::write(&file, kept).expect("the file is ours");
    let resumed = line(&prove(&file, "3"));
    assert_eq!(resumed["worlds_resumed"], 1);
    for what in ["log_hash", "events", "calls", "violations", "checks"] {
        assert_eq!(resumed[what], whole[what], "{what}");
    }
    let before = std::fs::read(&file).expect("the file is there");
    let other = prove(&file, "4");
    assert!(!other.status.success(), "another plan's file is not continued");
    assert_eq!(std::fs::read(&file).expect("the file is there"), before);
}
