//! A trunk that calls in from behind a NAT gets, at its source address, the response that it cannot be
//! connected. An unknown host with the same request gets no response.

use super::{arguments, scenario};
use crate::passing_time::HUNG_AFTER;
use crate::program::{Program, command, free_port};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// How long an unknown host is watched, after a host of the trunk has its response.
const WATCHED: Duration = Duration::from_secs(5);

/// Starts a caller that ends with success when it got the response that its scenario expects.
fn caller(folder: &Path, host: &str, port: u16, sip: u16) -> Program {
    let mut sipp = command("sipp");
    sipp.current_dir(folder).arg("-sf").arg(scenario("calls_in.xml"));
    sipp.args(arguments(host, port)).arg(format!("127.0.0.1:{sip}"));
    Program::start(sipp)
}

pub(super) fn check_inbound_responses() -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (port, sip) = (free_port(), free_port());
    let data = folder.path().join("data");
    let mut serve = Server::command(&data, &format!("sip:127.0.0.1:{port};probe=off"));
    serve.args(["--sip", &format!("127.0.0.1:{sip}")]);
    let mut server = Server::of(serve, &data);
    let ready = server.wait_ready();
    // The unknown host calls first: it would have its response before the trunk.
    let mut stranger = caller(folder.path(), "127.0.0.9", free_port(), sip);
    let mut trunk = caller(folder.path(), "127.0.0.1", port, sip);
    let trunk = trunk.wait(HUNG_AFTER).is_some_and(|status| status.success());
    let stranger = stranger.wait(WATCHED).is_some_and(|status| status.success());
    let holds = ready && trunk && !stranger;
    let line = json!({"scenario": "a call in, with rport", "trunk_told": trunk, "stranger_told": stranger,
        "holds": holds});
    (line, holds)
}
