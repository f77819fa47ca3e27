//! An opt-out (谢绝来电) by key during the notice, from a far end with sipp's signaling and our audio: the call
//! ends, the number is not called again, and the signed report lists no violation.

use super::{peer, trial};
use crate::day_report::DayReport;
use crate::history::{History, member};
use crate::passing_time::HUNG_AFTER;
use crate::program::free_port;
use serde_json::{Value, json};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

/// The payload type of keypresses in the scenario's SDP.
const KEYPRESS_PAYLOAD_TYPE: u8 = 101;

/// A-law silence (G.711), which is received until the notice begins.
const SILENCE: u8 = 0xD5;

/// The loud bytes that make a packet of the notice: a clip may begin in the middle of one.
const LOUD_BYTES_MIN: usize = 40;

pub(super) fn open_audio_socket() -> UdpSocket {
    open_audio_socket_at("127.0.0.1")
}

/// Opens a socket on this loopback address.
#[expect(clippy::disallowed_methods, reason = "plays the far end's sound")]
pub(super) fn open_audio_socket_at(host: &str) -> UdpSocket {
    UdpSocket::bind((host, 0)).expect("loopback has a free port")
}

/// Waits for the notice. Returns the address from which it comes.
pub(super) fn hear_notice(sound: &UdpSocket) -> Option<SocketAddr> {
    sound.set_read_timeout(Some(HUNG_AFTER)).ok()?;
    let mut packet = [0_u8; 2_048];
    loop {
        let (length, from) = sound.recv_from(&mut packet).ok()?;
        let payload = packet.get(12..length).unwrap_or(&[]);
        let loud = payload.iter().filter(|byte| **byte != SILENCE);
        if loud.count() >= LOUD_BYTES_MIN {
            return Some(from);
        }
    }
}

/// Sends one keypress (RFC 4733): its begin, its middle, and its end three times.
pub(super) fn press(sound: &UdpSocket, to: SocketAddr, key: u8) {
    for (sequence, duration, ends) in [
        (1_u8, 1_u8, false),
        (2, 2, false),
        (3, 3, true),
        (4, 3, true),
        (5, 3, true),
    ] {
        let marker = if sequence == 1 { 0x80 } else { 0 };
        let end = if ends { 0x80 } else { 0 };
        let header = [
            0x80,
            KEYPRESS_PAYLOAD_TYPE | marker,
            0,
            sequence,
            0,
            0,
            0,
            160,
            0,
            0,
            0,
            7,
        ];
        let event = [key, end | 10, duration, 0];
        // A packet that loopback loses is one of five.
        drop(sound.send_to(&[&header[..], &event[..]].concat(), to));
    }
}

/// Returns what the day's report says of the one call: violations, and whether it ended during the notice.
fn reported(folder: &Path, data: &str) -> Result<(u64, u64), String> {
    let report = DayReport::issue(folder, data)?;
    let during = member(&report.compliance, "/notices/ended_during_notice").as_u64();
    let violations = member(&report.issued, "/violations").as_u64();
    violations
        .zip(during)
        .ok_or_else(|| report.compliance.to_string())
}

pub(super) fn early_opt_out() -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (port, sound) = (free_port(), open_audio_socket());
    let audio_port = sound.local_addr().map_or(0, |address| address.port()).to_string();
    let more = ["-key", "audio_port", &audio_port];
    let mut peer = peer(folder.path(), "answer_keys.xml", port, &more);
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let trunk = format!("sip:127.0.0.1:{port}");
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            if let Some(from) = hear_notice(&sound) {
                press(&sound, from, 9);
            }
        });
        trial(&trunk, &data)
    });
    let peer_ok = peer.wait(HUNG_AFTER).is_some_and(|status| status.success());
    let history = History::read(Path::new(&data));
    let opted_out = history.of("number.opted_out").count();
    let noticed = history.of("call.notice_played").count();
    let again = trial(&trunk, &data);
    let refused = matches!(&again, Err(error) if error.contains("not permitted"));
    let reported = reported(folder.path(), &data);
    let outcome = ended.as_ref().map(|ended| member(ended, "/outcome").clone());
    let unheard = ended.as_ref().is_ok_and(|ended| {
        member(ended, "/callee_audio_from_ms").is_null() && member(ended, "/recording_ms").is_u64()
    });
    let holds = outcome == Ok(json!("opted_out"))
        && (opted_out, noticed, refused, unheard, peer_ok) == (1, 0, true, true, true)
        && reported == Ok((0, 1));
    let line = json!({"scenario": "9 during the notice", "outcome": outcome.ok(), "opted_out": opted_out,
        "notices_over": noticed, "called_again": !refused, "callee_unheard": unheard, "peer_ok": peer_ok,
        "violations_and_ended_during_notice": reported, "holds": holds});
    (line, holds)
}
