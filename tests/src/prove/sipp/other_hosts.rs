//! Carriers with several hosts (issue 51, D1): audio from an address that the trunk's `media` lists, outside
//! the network of the SDP, and an outbound proxy before the trunk.

use super::keys::{hear_notice, open_audio_socket, open_audio_socket_at, press};
use super::{peer, trial};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
use crate::program::free_port;
use serde_json::{Value, json};

/// A host of the carrier that its SDP does not name.
const LISTED: &str = "127.9.9.9";

/// Checks that a 9 from a listed host counts.
pub(super) fn check_listed_audio_host() -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (port, described, listed) = (free_port(), open_audio_socket(), open_audio_socket_at(LISTED));
    let audio_port = described.local_addr().map_or(0, |address| address.port());
    let audio_port = audio_port.to_string();
    let more = ["-key", "audio_port", &audio_port];
    let mut peer = peer(folder.path(), "answer_keys.xml", port, &more);
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let trunk = format!("sip:127.0.0.1:{port};media=127.0.0.1,{LISTED}");
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(robot) = hear_notice(&described) {
                press(&listed, robot, 9);
            }
        });
        trial(&trunk, &data)
    });
    let peer_ok = peer.wait(HUNG_AFTER).is_some_and(|status| status.success());
    let outcome = ended.as_ref().map(|ended| member(ended, "/outcome").clone());
    let holds = outcome == Ok(json!("opted_out")) && peer_ok;
    let line = json!({"scenario": "9 from a listed media address", "outcome": outcome.ok(), "peer_ok": peer_ok,
        "holds": holds});
    (line, holds)
}

/// Checks that the INVITE is sent to the outbound proxy with a Route, and nothing to the trunk itself.
pub(super) fn check_outbound_proxy() -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (port, direct) = (free_port(), open_audio_socket());
    let mut peer = peer(folder.path(), "proxied.xml", port, &[]);
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let trunk_port = direct.local_addr().map_or(0, |address| address.port());
    let trunk = format!("sip:127.0.0.1:{trunk_port};outbound-proxy=127.0.0.1:{port}");
    let ended = trial(&trunk, &data);
    let peer_ok = peer.wait(HUNG_AFTER).is_some_and(|status| status.success());
    let past_proxy = direct.set_nonblocking(true).is_ok() && direct.recv_from(&mut [0; 2_048]).is_ok();
    let disposition = ended.as_ref().map(|ended| member(ended, "/disposition").clone());
    let holds = disposition == Ok(json!("busy")) && peer_ok && !past_proxy;
    let line = json!({"scenario": "outbound proxy", "disposition": disposition.ok(), "peer_ok": peer_ok,
        "past_the_proxy": past_proxy, "holds": holds});
    (line, holds)
}
