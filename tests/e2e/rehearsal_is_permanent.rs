//! A rehearsal uses loopback trunks only, and a directory is permanently a rehearsal or a real one.

use std::path::Path;
use tests::passing_time::HUNG_AFTER;
use tests::program::{Program, command, ledgerline};
use tests::server::{REHEARSAL, Server};

fn serve(data: &Path, trunk: &str, rehearse: bool) -> Option<bool> {
    let mut serve = command(ledgerline());
    serve
        .arg("serve")
        .arg("--data")
        .arg(data)
        .args(["--trunk", trunk]);
    serve.args(["--http", "127.0.0.1:0"]);
    if rehearse {
        serve.args(["--rehearse-at", REHEARSAL]);
    }
    Program::start(serve)
        .wait(HUNG_AFTER)
        .map(|status| status.success())
}

#[test]
fn a_rehearsal_is_refused_off_loopback_and_never_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let outside = "sip:198.51.100.7:5060;from=13800138000";
    assert_eq!(
        serve(&data, outside, true),
        Some(false),
        "a rehearsal off loopback"
    );
    let mut server = Server::start(&data, "sip:127.0.0.1:9");
    server.program.signal("TERM");
    server.program.wait(HUNG_AFTER);
    assert_eq!(
        serve(&data, "sip:127.0.0.1:9", false),
        Some(false),
        "a rehearsal directory in earnest"
    );
}
