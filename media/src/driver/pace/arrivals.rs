//! Reads the packets that arrived at a leg's ports since the last tick, every 20 ms, with a limit per tick.

use super::{DATAGRAM_BYTES_MAX, PacedLeg};
use domain::call::KeyPath;

/// Most RTP packets read per leg and tick of 20 ms; further ones wait. A far end sends one or two.
const PACKETS_PER_TICK_MAX: usize = 32;

/// Most RTCP packets read per leg and tick of 20 ms. A far end sends one in some seconds.
const CONTROLS_PER_TICK_MAX: usize = 4;

/// Reads the packets that arrived for a leg and handles them. Before the answer they are discarded.
pub(super) fn drain(leg: &mut PacedLeg, now_us: i64) {
    let mut buffer = [0_u8; DATAGRAM_BYTES_MAX];
    drain_control(leg, &mut buffer, now_us);
    for _ in 0..PACKETS_PER_TICK_MAX {
        let Some(Ok((length, from))) = leg.socket.as_ref().map(|socket| socket.recv_from(&mut buffer)) else {
            return;
        };
        let Some(audio) = &mut leg.audio else {
            continue;
        };
        let datagram = buffer.get(..length).unwrap_or(&[]);
        if let Some(sign) = audio.receive(datagram, from, now_us) {
            leg.mailbox.push_key(KeyPath::RtpEvent, sign, now_us);
        }
        if audio.report().received_count > 0 {
            leg.mailbox.note_rtp();
        }
    }
}

/// Reads the RTCP packets of a leg: they show that a far end without audio is alive.
fn drain_control(leg: &mut PacedLeg, buffer: &mut [u8], now_us: i64) {
    for _ in 0..CONTROLS_PER_TICK_MAX {
        let Some(Ok((length, from))) = leg.control.as_ref().map(|socket| socket.recv_from(buffer)) else {
            return;
        };
        if let Some(audio) = &mut leg.audio {
            audio.receive_control(buffer.get(..length).unwrap_or(&[]), from, now_us);
        }
    }
}
