//! The process dies while a phone rings behind a trunk with digest authentication: the restarted process
//! cancels that INVITE, and becomes ready without waiting for it.

use super::peer;
use crate::file_changes::FileChanges;
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::{free_port, instant};
use crate::prove::{Form, records};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

/// The campaign of the one call.
const CAMPAIGN: &str = "RINGS";

/// The longest time until a restarted server is ready: half of that of an unanswered CANCEL (RFC 3261, timer
/// F). Judged in the long form.
const READY_MS: u128 = 16_000;

/// Returns the messages that sipp traced, in order.
fn traced(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

pub(super) fn check_crash_on_digest_trunk(form: Form) -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let trace = folder.path().join("messages.log");
    let trace_name = trace.to_string_lossy().into_owned();
    let more = ["-trace_msg", "-message_file", &trace_name];
    let mut phone = peer(folder.path(), "challenge_ringing_crash.xml", port, &more);
    let data = folder.path().join("data");
    let trunk = format!("sip:127.0.0.1:{port};user=robot;password=s3cret;probe=off");
    let mut server = Server::start(&data, &trunk);
    server.call(CAMPAIGN, &records(1, 5));
    // The trace is written into the watched folder, by a program that is already running.
    let rang = FileChanges::of(folder.path()).until(HUNG_AFTER, || {
        traced(&trace).contains("SIP/2.0 180 Ringing").then_some(())
    });
    server.program.kill();
    let began = instant();
    let mut server = Server::of(Server::command(&data, &trunk), &data);
    let ready = server.wait_ready();
    let ready_ms = (instant() - began).as_millis();
    let peer_ok = phone.wait(HUNG_AFTER).is_some_and(|status| status.success());
    let interrupted = server.follow_events("kind=call.ended", HUNG_AFTER, |event| {
        (member(event, "/data/disposition") == "interrupted").then_some(())
    });
    let is_late = form.judges_time() && ready_ms > READY_MS;
    let holds = rang.is_some() && ready && !is_late && peer_ok && interrupted.is_some();
    let line = json!({"scenario": "a crash while a digest trunk rings", "rang": rang.is_some(),
        "ready_ms": u64::try_from(ready_ms).unwrap_or(u64::MAX), "canceled_as_it_rang": peer_ok,
        "interrupted": interrupted.is_some(), "holds": holds});
    (line, holds)
}
