//! The target and length of the robot's packets (issue 51, D1): SDP answers in the ACK of an offerless
//! re-INVITE, `maxptime`, and packets of 80 ms from the far end. sipp does the signaling; the audio is ours.

use super::keys::open_audio_socket;
use super::{Form, peer, trial};
use crate::history::member;
use crate::program::{free_port, instant};
use serde_json::{Value, json};
use std::net::UdpSocket;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The longest wait for one packet during a call.
const PACKET_WAIT: Duration = Duration::from_millis(200);

/// The bytes of an RTP header.
const HEADER_BYTES: usize = 12;

/// The fewest packets that show that the robot speaks: a second of 20 ms.
const PACKETS_MIN: usize = 50;

/// How long packets may still go to the old port after the first one arrived at the new one. Judged in the
/// long form; in the short form the last packet of all must arrive at the new port.
const LATE_MAX: Duration = Duration::from_millis(300);

/// The longest time of packets to the new port: 2 s until the hold, which lasts 2.5 s, and a margin. Judged
/// in the long form.
const MOVED_MAX: Duration = Duration::from_millis(3_200);

/// The audio of a packet of 10 ms, in bytes of G.711.
const SHORT_PACKET: usize = 80;
/// The audio of a packet of 80 ms, in bytes of G.711.
const LONG_PACKET: usize = 640;

/// A loud byte of A-law (G.711), and the least amplitude of a sample that came from it.
const LOUD: u8 = 0x2A;
const AMPLITUDE_MIN: u16 = 500;

/// The samples of a frame of 20 ms, and how many frames are examined after the callee is first heard: 4 s.
const FRAME_SAMPLES: usize = 160;
const FRAMES: usize = 200;

/// The least share of these frames that must be loud, in thousandths. A receiver that assumes 20 ms hears a
/// quarter.
const LOUD_PERMILLE_MIN: usize = 750;

/// A packet of the robot.
struct Arrival {
    at: Instant,
    payload_bytes: usize,
}

/// Receives every packet until the call is over.
fn collect(socket: &UdpSocket, is_over: &AtomicBool) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut packet = [0; 2_048];
    while !is_over.load(Ordering::SeqCst) {
        if let Ok((length, _)) = socket.recv_from(&mut packet) {
            arrivals.push(Arrival {
                at: instant(),
                payload_bytes: length.saturating_sub(HEADER_BYTES),
            });
        }
    }
    arrivals
}

/// The result of one scenario with our audio.
struct Call {
    peer_ok: bool,
    disposition: Value,
    /// The packets that arrived at each socket.
    arrivals: Vec<Vec<Arrival>>,
}

/// Places one call; `keys` of the scenario are set to the ports of the sockets.
fn call(file: &str, keys: &[&str], sockets: &[UdpSocket]) -> Call {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let more = ports(keys, sockets);
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut peer = peer(folder.path(), file, port, &more);
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let is_over = &AtomicBool::new(false);
    let (ended, arrivals): (_, Vec<Vec<Arrival>>) = std::thread::scope(|scope| {
        let taking: Vec<_> = sockets
            .iter()
            .map(|socket| scope.spawn(move || collect(socket, is_over)))
            .collect();
        let ended = trial(&format!("sip:127.0.0.1:{port}"), &data);
        is_over.store(true, Ordering::SeqCst);
        let taken = taking.into_iter().map(|one| one.join().unwrap_or_default());
        (ended, taken.collect())
    });
    let peer_ended = peer.wait(Duration::from_secs(15));
    Call {
        peer_ok: peer_ended.is_some_and(|status| status.success()),
        disposition: ended.map_or_else(Value::String, |ended| member(&ended, "/disposition").clone()),
        arrivals,
    }
}

/// Returns sipp's arguments with these ports.
fn ports(keys: &[&str], sockets: &[UdpSocket]) -> Vec<String> {
    let pairs = keys.iter().zip(sockets);
    let named = pairs.flat_map(|(key, socket)| {
        let port = socket.local_addr().map_or(0, |address| address.port());
        ["-key".to_owned(), (*key).to_owned(), port.to_string()]
    });
    named.collect()
}

fn listening() -> UdpSocket {
    let socket = open_audio_socket();
    socket
        .set_read_timeout(Some(PACKET_WAIT))
        .expect("a datagram socket takes a timeout");
    socket
}

/// Two offerless re-INVITEs: the first ACK moves the audio to another port, the second one puts it on hold.
pub(super) fn answers_in_acks(form: Form) -> (Value, bool) {
    let sockets = [listening(), listening()];
    let call = call("offerless.xml", &["audio_port", "moved_port"], &sockets);
    let of = |index: usize| call.arrivals.get(index).map(Vec::as_slice).unwrap_or_default();
    let (before, after) = (of(0), of(1));
    let at = |arrival: Option<&Arrival>| arrival.map(|arrival| arrival.at);
    let late = at(before.last())
        .zip(at(after.first()))
        .map(|(last, first)| last.saturating_duration_since(first));
    let moved = at(after.first())
        .zip(at(after.last()))
        .map(|(first, last)| last.saturating_duration_since(first));
    let is_moved = match form {
        Form::Long => late.is_some_and(|late| late <= LATE_MAX),
        Form::Short => at(before.last()) < at(after.last()),
    };
    let is_held = moved.is_some_and(|moved| moved <= MOVED_MAX);
    let speaks = before.len() >= PACKETS_MIN && after.len() >= PACKETS_MIN;
    let is_in_time = is_held || !form.judges_time();
    let holds = speaks && is_moved && is_in_time && call.peer_ok && call.disposition == "answered";
    let line = json!({"scenario": "offerless re-INVITEs, answered in the ACK", "packets_before": before.len(),
        "packets_after": after.len(), "moved": is_moved, "held": is_held, "disposition": call.disposition,
        "peer_ok": call.peer_ok, "holds": holds});
    (line, holds)
}

/// Checks that a far end with a `maxptime` of 10 ms gets no longer packets.
pub(super) fn short_packets() -> (Value, bool) {
    let call = call("maxptime.xml", &["audio_port"], &[listening()]);
    let arrivals = call.arrivals.first().map(Vec::as_slice).unwrap_or_default();
    let too_long = arrivals
        .iter()
        .filter(|arrival| arrival.payload_bytes > SHORT_PACKET);
    let too_long = too_long.count();
    let holds =
        arrivals.len() >= PACKETS_MIN && too_long == 0 && call.peer_ok && call.disposition == "answered";
    let line = json!({"scenario": "maxptime of 10 ms", "packets": arrivals.len(), "too_long": too_long,
        "disposition": call.disposition, "peer_ok": call.peer_ok, "holds": holds});
    (line, holds)
}

/// Checks that packets of 80 ms are received completely.
pub(super) fn long_packets() -> (Value, bool) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (port, socket) = (free_port(), listening());
    let more = ports(&["audio_port"], std::slice::from_ref(&socket));
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let mut peer = peer(folder.path(), "packets_of_80_ms.xml", port, &more);
    let data = folder.path().join("data");
    let is_over = AtomicBool::new(false);
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| speak(&socket, &is_over));
        let ended = trial(&format!("sip:127.0.0.1:{port}"), &data.to_string_lossy());
        is_over.store(true, Ordering::SeqCst);
        ended
    });
    let peer_ok = peer
        .wait(Duration::from_secs(15))
        .is_some_and(|status| status.success());
    let call = ended.as_ref().ok().map(|ended| member(ended, "/call").clone());
    let call = call.as_ref().and_then(Value::as_str).unwrap_or_default();
    let loud = loud_permille(&data.join("recordings").join(format!("{call}.wav")));
    let holds = loud.is_some_and(|loud| loud >= LOUD_PERMILLE_MIN) && peer_ok;
    let line = json!({"scenario": "packets of 80 ms", "loud_permille": loud, "error": ended.err(),
        "peer_ok": peer_ok, "holds": holds});
    (line, holds)
}

/// Sends a loud packet of 80 ms for every four packets of the robot, which sends one each 20 ms.
fn speak(socket: &UdpSocket, is_over: &AtomicBool) {
    let mut packet = [0; 2_048];
    let (mut heard, mut sequence) = (0_u32, 0_u16);
    while !is_over.load(Ordering::SeqCst) {
        let Ok((_, robot)) = socket.recv_from(&mut packet) else {
            continue;
        };
        heard += 1;
        if heard.is_multiple_of(4) {
            let (number, stamp) = (sequence.to_be_bytes(), u32::from(sequence) * 640);
            let stamp = stamp.to_be_bytes();
            let head = [&[0x80, 8][..], &number[..], &stamp[..], &[0, 0, 0, 9][..]].concat();
            drop(socket.send_to(&[&head[..], &[LOUD; LONG_PACKET][..]].concat(), robot));
            sequence = sequence.wrapping_add(1);
        }
    }
}

/// Returns how many frames in a thousand are loud after the callee is first heard; `None` if the recording is
/// missing or too short.
fn loud_permille(recording: &Path) -> Option<usize> {
    let mut reader = hound::WavReader::open(recording).ok()?;
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>().ok()?;
    // The samples of the robot and of the callee alternate.
    let callee: Vec<i16> = samples.into_iter().skip(1).step_by(2).collect();
    let first = callee.iter().position(|sample| *sample != 0)?;
    let heard = callee.get(first..first + FRAMES * FRAME_SAMPLES)?;
    let is_loud = |frame: &&[i16]| frame.iter().any(|sample| sample.unsigned_abs() >= AMPLITUDE_MIN);
    Some(heard.chunks(FRAME_SAMPLES).filter(is_loud).count() * 1_000 / FRAMES)
}
