//! The process is killed in the middle of live calls. Started again, it continues, and no customer is dialed
//! twice.

use tests::file_changes::in_folder_to_come;
use tests::history::History;
use tests::passing_time::HUNG_AFTER;
use tests::program::{Program, command, ledgerline, run_json};

#[test]
fn a_killed_demonstration_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let path = data.to_string_lossy().into_owned();
    let args = [
        "demo",
        "--customers",
        "30",
        "--seed",
        "5",
        "--data",
        &path,
        "--http",
        "127.0.0.1:0",
    ];
    let args = [&args[..], &["--exit-when-done", "--json"]].concat();

    let mut demo = command(ledgerline());
    demo.args(&args);
    let mut demo = Program::start(demo);
    let recordings = data.join("recordings");
    // A file that is created before the dial is not a recording yet: a ringing call may not be cut off here.
    let is_recording =
        |entry: &std::fs::DirEntry| entry.path().extension().is_some_and(|ending| ending == "wav");
    let talking = in_folder_to_come(&recordings, HUNG_AFTER, || {
        let files = std::fs::read_dir(&recordings).ok()?.flatten();
        (files.filter(is_recording).count() >= 5).then_some(())
    });
    assert!(talking.is_some(), "five conversations begin");
    demo.kill();

    let (status, summary) = run_json(&args).unwrap();
    assert!(status.success(), "{summary}");
    assert_eq!(summary["terminal"], summary["dialed"], "{summary}");
    assert_eq!(summary["reconcile"]["mismatched"], 0, "{summary}");
    let history = History::read(&data);
    let interrupted = history
        .of("call.ended")
        .filter(|event| event["data"]["disposition"] == "interrupted")
        .count();
    assert!(interrupted > 0, "the kill hit live calls");
    assert!(history.repeated_call_ids().is_empty());
    assert!(history.unfinished().is_empty());
    assert_eq!(history.unsettled(), 0);
    assert_eq!(history.gaps(), 0);
}
