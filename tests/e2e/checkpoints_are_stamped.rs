//! Checkpoints carry the time of an authority, and a public tool (openssl) verifies it.

use std::fs;
use std::path::{Path, PathBuf};
use tests::history::member;
use tests::passing_time::HUNG_AFTER;
use tests::program::{command, is_installed, run, run_json};
use tests::say_skipped;
use tests::server::{REHEARSAL, Server};
use tests::timestamp_authority::TimestampAuthority;

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ASCII")
}

/// Returns the stored time stamps of a data directory.
fn kept(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.join("proof/stamps")).into_iter().flatten();
    let mut stamps: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    stamps.retain(|path| path.extension().is_some_and(|ending| ending == "tsr"));
    stamps.sort();
    stamps
}

/// Checks that the bundle with the proof of an event contains the time stamp, and that openssl verifies it
/// from the bundle's files.
fn the_stamp_goes_along_in_a_bundle(folder: &Path, authority: &TimestampAuthority) {
    let (data, bundle) = (folder.join("data"), folder.join("bundle.tar"));
    let events = run(&["events", "read", "--json", "--data", text(&data)]);
    let all = String::from_utf8_lossy(&events.stdout).into_owned();
    let first = all.lines().next().unwrap_or_default();
    let first: serde_json::Value = serde_json::from_str(first).expect("each line is one event");
    let id = member(&first, "/id").as_str().expect("an event has an id");
    let on = ["--data", text(&data), "--out", text(&bundle)];
    let proved = run(&[&["audit", "prove", "event", id], &on[..]].concat());
    assert!(
        proved.status.success(),
        "{}",
        String::from_utf8_lossy(&proved.stderr)
    );
    let (status, report) = run_json(&["audit", "check", text(&bundle), "--json"]).expect("it answers JSON");
    assert!(status.success(), "{report}");
    assert!(member(&report, "/stamped_at").is_string(), "{report}");
    let checked_by = member(&report, "/stamp_checked_by").as_str().unwrap_or_default();
    assert!(checked_by.contains("-in checkpoint.tsr"), "{report}");
    let files = folder.join("files");
    fs::create_dir(&files).expect("a folder can be made");
    let unpacked = command("tar").arg("xf").arg(&bundle).current_dir(&files).status();
    assert!(unpacked.is_ok_and(|status| status.success()));
    assert!(authority.verifies(&files.join("checkpoint"), &files.join("checkpoint.tsr")));
}

#[test]
fn a_checkpoint_is_stamped_by_command_and_by_the_server_and_openssl_agrees() {
    if !is_installed("openssl") {
        say_skipped("time stamps", "openssl is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("kept"));
    let authority = TimestampAuthority::start(&folder.path().join("tsa"));
    let mut command = Server::command(&data, "sip:127.0.0.1:9");
    command.args(["--tsa", &authority.url]);
    let mut server = Server::of(command, &data);
    assert!(server.wait_ready(), "{REHEARSAL}");
    let opt_out = serde_json::json!({"reason": "asked"});
    server.must_post("/api/v1/numbers/13800138000/opt-out", &opt_out);
    let asked = [
        "audit",
        "checkpoint",
        "--data",
        text(&data),
        "--tsa",
        &authority.url,
    ];
    let made = run(&[asked.as_slice(), &["--out", text(&out)]].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let stamp = folder.path().join("kept.tsr");
    assert!(authority.verifies(&out, &stamp), "openssl agrees");
    server.program.signal("TERM");
    let ended = server.program.wait(HUNG_AFTER);
    assert!(ended.is_some_and(|status| status.success()));

    let stamps = kept(&data);
    assert!(!stamps.is_empty());
    for stamp in &stamps {
        assert!(
            authority.verifies(&stamp.with_extension(""), stamp),
            "{}",
            stamp.display()
        );
    }
    let verify = ["audit", "verify", "--data", text(&data), "--json"];
    let (status, report) = run_json(&verify).unwrap();
    assert!(status.success(), "{report}");
    assert_eq!(report["time_stamps"], stamps.len());

    the_stamp_goes_along_in_a_bundle(folder.path(), &authority);

    // A time stamp of something else: openssl and our command both refuse it.
    let (first, note) = (&stamps[0], stamps[0].with_extension(""));
    let sound = fs::read(first).unwrap();
    fs::write(folder.path().join("other"), "something else\n").unwrap();
    assert!(!authority.verifies(&folder.path().join("other"), first));
    let imprint = fs::read(&note).unwrap();
    let mut altered = imprint.clone();
    *altered.last_mut().unwrap() = b' ';
    fs::write(&note, &altered).unwrap();
    assert_eq!(run(&verify).status.code(), Some(1));
    fs::write(&note, &imprint).unwrap();
    fs::write(first, &sound[..sound.len() / 2]).unwrap();
    assert_eq!(run(&verify).status.code(), Some(1));
}

#[test]
fn an_authority_that_is_away_stops_no_server_and_fails_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = Server::command(&data, "sip:127.0.0.1:9");
    command.args(["--tsa", "http://127.0.0.1:9/tsr"]);
    let mut server = Server::of(command, &data);
    assert!(server.wait_ready());
    let away = [
        "audit",
        "checkpoint",
        "--data",
        text(&data),
        "--tsa",
        "http://127.0.0.1:9/tsr",
    ];
    let opt_out = serde_json::json!({"reason": "asked"});
    server.must_post("/api/v1/numbers/13800138000/opt-out", &opt_out);
    let refused = run(&away);
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("127.0.0.1:9"));
    let without = run(&["audit", "checkpoint", "--data", text(&data)]);
    assert!(without.status.success(), "checkpoints are signed all the same");
    assert!(kept(&data).is_empty());
    server.program.kill();
}
