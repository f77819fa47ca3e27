//! The target and length of the robot's packets (issue 51, D1): SDP answers in the ACK of an offerless
//! re-INVITE, `maxptime`, and packets of 80 ms from the far end. sipp does the signaling; the audio is ours.

use super::keys::open_audio_socket;
use super::{Form, peer, trial};
use crate::history::member;
use crate::passing_time::HUNG_AFTER;
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

/// The fewest packets that show that the robot speaks: a second of 20 ms. Judged in the long form.
const PACKETS_MIN: usize = 50;

/// The longest time of packets to the new port: 2 s until the hold, and a margin. Judged in the long form.
const MOVED_MAX: Duration = Duration::from_millis(3_200);

/// The least pause of a hold of 2.5 s in the robot's timestamps, in samples: half of it. Without a hold the
/// timestamps go on from packet to packet, however slow the machine is.
const HELD_SAMPLES_MIN: u32 = 10_000;

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

/// A packet of the robot (RFC 3550, 5.1).
struct Arrival {
    at: Instant,
    /// True for the first packet after a pause.
    has_marker: bool,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload_bytes: usize,
}

impl Arrival {
    /// Reads the header of a packet; `None` if it is too short to have one.
    fn read(packet: &[u8]) -> Option<Self> {
        let (header, payload) = packet.split_at_checked(HEADER_BYTES)?;
        let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
        Some(Self {
            at: instant(),
            has_marker: header.get(1)? & 0x80 != 0,
            sequence: u16::from_be_bytes(header.get(2..4)?.try_into().ok()?),
            timestamp: number(4)?,
            ssrc: number(8)?,
            payload_bytes: payload.len(),
        })
    }
}

/// Receives every packet until the call is over and none is left.
fn collect(socket: &UdpSocket, is_over: &AtomicBool) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    let mut packet = [0; 2_048];
    loop {
        let was_over = is_over.load(Ordering::SeqCst);
        match socket.recv_from(&mut packet) {
            Ok((length, _)) => arrivals.extend(packet.get(..length).and_then(Arrival::read)),
            Err(_) if was_over => return arrivals,
            Err(_) => {}
        }
    }
}

/// The packets of a call that was moved to the second port, put on hold, and moved back: how many went where,
/// the pause in their timestamps, and the time from the first to the last at the second port.
struct Moves {
    packets: [usize; 3],
    held_samples: u32,
    moved: Duration,
}

impl Moves {
    /// Reads the packets of both ports in the order in which the robot sent them. Fails if one is missing, is
    /// of another stream or length, or went to another port than the ones before and after it.
    fn read(arrivals: &[Vec<Arrival>]) -> Result<Self, String> {
        let first = arrivals.first().and_then(|first| first.first());
        let first = first.ok_or("no packet arrived at the first port")?;
        let mut sent: Vec<(u16, usize, &Arrival)> = Vec::new();
        for (port, arrivals) in arrivals.iter().enumerate() {
            let of_port = arrivals.iter();
            sent.extend(of_port.map(|one| (one.sequence.wrapping_sub(first.sequence), port, one)));
        }
        sent.sort_unstable_by_key(|(number, port, _)| (*number, *port));
        let counted = (0_u16..).zip(&sent).find(|(index, (number, ..))| index != number);
        if let Some((index, _)) = counted {
            return Err(format!(
                "packet {index} is missing, or the one before it came twice"
            ));
        }
        let is_odd = |one: &Arrival| one.ssrc != first.ssrc || one.payload_bytes != FRAME_SAMPLES;
        if let Some((number, ..)) = sent.iter().find(|(_, _, one)| is_odd(one)) {
            return Err(format!("packet {number} is of another stream, or not of 20 ms"));
        }
        let runs: Vec<_> = sent.chunk_by(|one, next| one.1 == next.1).collect();
        let ports: Vec<usize> = runs.iter().filter_map(|run| Some(run.first()?.1)).collect();
        let ([before, moved, back], [0, 1, 0]) = (runs.as_slice(), ports.as_slice()) else {
            return Err(format!("packets went to the ports {ports:?}, in this order"));
        };
        let (Some((.., begin)), Some((.., last)), Some((.., again))) =
            (moved.first(), moved.last(), back.first())
        else {
            return Err("a run of packets is never empty".to_owned());
        };
        let frame = u32::try_from(FRAME_SAMPLES).unwrap_or_default();
        let held_samples = again.timestamp.wrapping_sub(last.timestamp).wrapping_sub(frame);
        if !again.has_marker || held_samples < HELD_SAMPLES_MIN {
            return Err(format!("the hold is a pause of {held_samples} samples"));
        }
        Ok(Self {
            packets: [before.len(), moved.len(), back.len()],
            held_samples,
            moved: last.at.saturating_duration_since(begin.at),
        })
    }
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
    let peer_ended = peer.wait(HUNG_AFTER);
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

/// Three offerless re-INVITEs: the first ACK moves the audio to another port, the second one puts it on hold,
/// the third one moves it back.
pub(super) fn answers_in_acks(form: Form) -> (Value, bool) {
    let sockets = [listening(), listening()];
    let call = call("offerless.xml", &["audio_port", "moved_port"], &sockets);
    let moves = Moves::read(&call.arrivals);
    let is_in_time = |moves: &Moves| {
        let speaks = moves.packets.iter().all(|count| *count >= PACKETS_MIN);
        !form.judges_time() || (speaks && moves.moved <= MOVED_MAX)
    };
    let holds = moves.as_ref().is_ok_and(is_in_time) && call.peer_ok && call.disposition == "answered";
    let line = json!({"scenario": "offerless re-INVITEs, answered in the ACK",
        "packets": moves.as_ref().ok().map(|moves| moves.packets),
        "held_ms": moves.as_ref().ok().map(|moves| moves.held_samples / 8),
        "wrong": moves.err(), "disposition": call.disposition, "peer_ok": call.peer_ok, "holds": holds});
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
    let peer_ok = peer.wait(HUNG_AFTER).is_some_and(|status| status.success());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns packets with these numbers, with the timestamps of a stream that was held before number 4.
    fn packets(numbers: &[u16]) -> Vec<Arrival> {
        let packet = |number: &u16| Arrival {
            at: instant(),
            has_marker: matches!(number, 0 | 4),
            sequence: number.wrapping_add(65_534),
            timestamp: u32::from(*number) * 160 + if *number < 4 { 0 } else { 20_000 },
            ssrc: 7,
            payload_bytes: FRAME_SAMPLES,
        };
        numbers.iter().map(packet).collect()
    }

    fn wrong(first: Vec<Arrival>, second: Vec<Arrival>) -> String {
        Moves::read(&[first, second]).err().unwrap_or_default()
    }

    #[test]
    fn packets_that_moved_and_paused_are_right() {
        let moves = Moves::read(&[packets(&[0, 1, 4, 5]), packets(&[2, 3])]);
        let moves = moves.unwrap_or_else(|why| crate::program::fail(&why));
        assert_eq!((moves.packets, moves.held_samples), ([2, 2, 2], 20_000));
    }

    #[test]
    fn every_packet_that_went_astray_is_noticed() {
        let missing = wrong(packets(&[0, 1, 4, 6]), packets(&[2, 3]));
        assert!(missing.starts_with("packet 5 is missing"), "{missing}");
        let twice = wrong(packets(&[0, 1, 4, 5]), packets(&[1, 2, 3]));
        assert!(twice.starts_with("packet 2 is missing"), "{twice}");
        let late = wrong(packets(&[0, 1, 3, 5]), packets(&[2, 4]));
        assert_eq!(late, "packets went to the ports [0, 1, 0, 1, 0], in this order");
        let never_back = wrong(packets(&[0, 1]), packets(&[2, 3, 4, 5]));
        assert_eq!(never_back, "packets went to the ports [0, 1], in this order");
        let not_held = wrong(packets(&[0, 1, 3]), packets(&[2]));
        assert_eq!(not_held, "the hold is a pause of 0 samples");
        let mut long = packets(&[2, 3]);
        long.iter_mut().for_each(|packet| packet.payload_bytes = 320);
        let long = wrong(packets(&[0, 1, 4, 5]), long);
        assert!(long.starts_with("packet 2 is of another stream"), "{long}");
    }
}
