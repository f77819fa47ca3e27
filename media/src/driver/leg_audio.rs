//! One leg's sound, without sockets: a frame out every 20 ms, packets in, keypresses, both channels recorded.

use crate::audio::frame::{FRAME_SAMPLES, Frame, FrameCutter, SILENCE, frame_of};
use crate::codec::Codec;
use crate::rtp::jitter_buffer::{Due, JitterBuffer};
use crate::rtp::keypress::KeypressReceiver;
use crate::rtp::packet::{OutgoingStream, PACKET_BYTES_MAX, Packet};
use crate::rtp::report::{ReceiveReport, ReceiveStatistics};
use crate::sip::sdp::{AudioStream, Direction, KEYPRESS_PAYLOAD_TYPE};
use domain::ports::speech::Clip;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Clips that may wait behind one another; a flow queues two or three.
pub(super) const PLAYS_MAX: usize = 64;
/// An address other than the one described may take over only this early (RTP bleed), in microseconds.
const LATCH_US: i64 = 5_000_000;
/// Microseconds in a millisecond.
const US_PER_MS: i64 = 1_000;
/// Packets taken out of the playout buffer for one frame, at most: 10 ms packets need two.
const POPS_PER_FRAME: usize = 3;

/// A clip being played.
struct Play {
    number: u32,
    clip: Arc<Clip>,
    next_frame: usize,
}

/// A clip that was cut, and how many of its frames were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) play: u32,
    pub(super) frames: u64,
}

/// What one tick did.
pub(super) struct Tick {
    /// Bytes of the packet in the buffer, and where it goes; `None` while the far end wants none.
    pub(super) packet: Option<(usize, SocketAddr)>,
    pub(super) robot: Frame,
    pub(super) callee: Frame,
    /// A clip whose last frame this was.
    pub(super) played: Option<u32>,
}

/// Sound of one answered leg. Times are microseconds of any fixed origin.
pub(super) struct LegAudio {
    stream: AudioStream,
    /// The address its description named; `stream.address` is where its packets come from.
    described: SocketAddr,
    latched: bool,
    out: OutgoingStream,
    plays: VecDeque<Play>,
    buffer: JitterBuffer,
    cutter: FrameCutter,
    incoming: Codec,
    keypresses: KeypressReceiver,
    statistics: ReceiveStatistics,
    began_us: i64,
    /// The last sign of life: sound, RTCP, or a request of the far end within the dialog.
    alive_us: i64,
    /// Longest time without one while the far end says that it sends.
    silence_us: i64,
    foreign_count: u64,
}

impl LegAudio {
    pub(super) fn new(stream: AudioStream, out: OutgoingStream, now_us: i64, silence_ms: u64) -> Self {
        Self {
            incoming: stream.codec,
            described: stream.address,
            stream,
            latched: false,
            out,
            plays: VecDeque::new(),
            buffer: JitterBuffer::new(),
            cutter: FrameCutter::default(),
            keypresses: KeypressReceiver::default(),
            statistics: ReceiveStatistics::default(),
            began_us: now_us,
            alive_us: now_us,
            silence_us: i64::try_from(silence_ms)
                .unwrap_or(i64::MAX)
                .saturating_mul(US_PER_MS),
            foreign_count: 0,
        }
    }

    /// A re-INVITE moved or held the audio; a new address is latched anew, a mere refresh keeps the latch.
    pub(super) fn move_to(&mut self, stream: AudioStream, now_us: i64) {
        let latched_to = self.stream.address;
        self.stream = stream;
        if self.stream.address == self.described {
            self.stream.address = latched_to;
        } else {
            self.described = self.stream.address;
            self.latched = false;
            self.began_us = now_us;
        }
        self.alive_us = now_us;
    }

    /// The far end asked something within the dialog: it is there, whatever it sends.
    pub(super) fn note_life(&mut self, now_us: i64) {
        self.alive_us = now_us;
    }

    /// False when too many clips wait.
    pub(super) fn play(&mut self, number: u32, clip: Arc<Clip>) -> bool {
        let room = self.plays.len() < PLAYS_MAX;
        if room {
            self.plays.push_back(Play {
                number,
                clip,
                next_frame: 0,
            });
        }
        room
    }

    /// Drops every clip; answers how far the one that was playing came, where one had begun.
    pub(super) fn stop_playing(&mut self) -> Option<Cut> {
        let playing = self.plays.front().filter(|play| play.next_frame > 0);
        let cut = playing.map(|play| Cut {
            play: play.number,
            frames: play.next_frame as u64,
        });
        self.plays.clear();
        cut
    }

    /// Takes a datagram; answers a digit at the first packet of a press.
    pub(super) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now_us: i64) -> Option<char> {
        if is_control(datagram) {
            self.receive_control(datagram, from, now_us);
            return None;
        }
        let packet = Packet::parse(datagram).ok()?;
        if !self.is_from_far_end(from, now_us) {
            self.foreign_count += 1;
            return None;
        }
        self.alive_us = now_us;
        self.statistics.packet(&packet, now_us);
        if self.is_keypress(packet.payload_type) {
            self.buffer.push_other(packet.ssrc, packet.sequence);
            return self.keypresses.receive(&packet);
        }
        let codec = if packet.payload_type == self.stream.payload_type {
            Some(self.stream.codec)
        } else {
            // We offered both laws; a far end may use the other one, too.
            Codec::from_payload_type(packet.payload_type)
        };
        if let Some(codec) = codec {
            self.incoming = codec;
            self.buffer.push(packet.ssrc, packet.sequence, packet.payload);
        }
        None
    }

    /// Takes a datagram of the control port: who is muted sends reports and no sound. It is believed from the
    /// hosts of the sound, and says nothing else.
    pub(super) fn receive_control(&mut self, datagram: &[u8], from: SocketAddr, now_us: i64) {
        let known = [self.stream.address.ip(), self.described.ip()].contains(&from.ip());
        if known && is_control(datagram) {
            self.alive_us = now_us;
        } else {
            self.foreign_count += 1;
        }
    }

    /// The type the far end named, and the one that we offered: RFC 3264 (6.1) lets it use either.
    fn is_keypress(&self, payload_type: u8) -> bool {
        self.stream.keypress_payload_type.is_some_and(|named| {
            payload_type == named
                || (payload_type == KEYPRESS_PAYLOAD_TYPE && payload_type != self.stream.payload_type)
        })
    }

    /// Latches once: the described address, or, in the first seconds, its neighbour behind the same NAT. The
    /// described address itself takes the latch back, so that a neighbour's old stream never keeps it.
    fn is_from_far_end(&mut self, from: SocketAddr, now_us: i64) -> bool {
        if from == self.stream.address || from == self.described {
            self.latched = true;
            self.stream.address = from;
            return true;
        }
        let early = now_us - self.began_us <= LATCH_US;
        let allowed = &self.stream.allowed;
        if !allowed.is_empty() && !allowed.contains(&from.ip()) {
            return false;
        }
        if self.latched || !early || !are_neighbours(from.ip(), self.stream.address.ip()) {
            return false;
        }
        self.latched = true;
        self.stream.address = from;
        true
    }

    /// 20 ms pass: builds the next packet into `buffer` and takes what is due to be heard.
    pub(super) fn tick(&mut self, buffer: &mut [u8; PACKET_BYTES_MAX]) -> Tick {
        let (robot, played) = self.next_robot_frame();
        let callee = self.next_callee_frame();
        let packet = match self.stream.direction {
            Direction::SendRecv | Direction::RecvOnly => {
                let mut payload = [0_u8; FRAME_SAMPLES];
                self.stream.codec.encode(&robot, &mut payload);
                let built = self.out.audio_into(self.stream.payload_type, &payload, buffer);
                built.ok().map(|length| (length, self.stream.address))
            }
            Direction::SendOnly | Direction::Inactive => {
                self.skip(1);
                None
            }
        };
        Tick {
            packet,
            robot,
            callee,
            played,
        }
    }

    /// Frames that the pace could not keep: media time goes on without them.
    pub(super) fn skip(&mut self, frames: u32) {
        let samples = u32::try_from(FRAME_SAMPLES).unwrap_or(0);
        self.out.skip(samples.saturating_mul(frames));
    }

    fn next_robot_frame(&mut self) -> (Frame, Option<u32>) {
        let Some(play) = self.plays.front_mut() else {
            return (SILENCE, None);
        };
        let frame = frame_of(&play.clip.samples, play.next_frame).unwrap_or(SILENCE);
        play.next_frame += 1;
        let number = play.number;
        let over = frame_of(&play.clip.samples, play.next_frame).is_none();
        if over {
            self.plays.pop_front();
        }
        (frame, over.then_some(number))
    }

    fn next_callee_frame(&mut self) -> Frame {
        for _ in 0..POPS_PER_FRAME {
            if let Some(frame) = self.cutter.pop() {
                return frame;
            }
            match self.buffer.pop() {
                Due::Payload(bytes) => {
                    let mut samples = [0_i16; crate::rtp::jitter_buffer::PAYLOAD_BYTES_MAX];
                    let count = self.incoming.decode(bytes, &mut samples);
                    self.cutter.push(samples.get(..count).unwrap_or(&[]));
                }
                Due::Lost | Due::Nothing => return SILENCE,
            }
        }
        self.cutter.pop().unwrap_or(SILENCE)
    }

    /// The far end has given no sign of life for too long. While it says that it sends nothing (hold), its
    /// silence means nothing: the longest call and the session timer bound it.
    pub(super) fn is_lost(&self, now_us: i64) -> bool {
        match self.stream.direction {
            Direction::SendRecv | Direction::SendOnly => now_us - self.alive_us >= self.silence_us,
            Direction::RecvOnly | Direction::Inactive => false,
        }
    }

    pub(super) fn report(&self) -> ReceiveReport {
        self.statistics.report()
    }
    pub(super) const fn sent_count(&self) -> u64 {
        self.out.sent_count()
    }
    pub(super) const fn foreign_count(&self) -> u64 {
        self.foreign_count
    }
}

/// RTCP of version 2, by its packet type (RFC 5761, 4: 192 to 223 is never sound).
fn is_control(datagram: &[u8]) -> bool {
    matches!(datagram, [first, packet_type, _, _, ..] if first >> 6 == 2 && (192..=223).contains(packet_type))
}

/// The same address, or the same /24 (IPv4) or /64 (IPv6).
fn are_neighbours(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => one.octets().get(..3) == other.octets().get(..3),
        (IpAddr::V6(one), IpAddr::V6(other)) => one.segments().get(..4) == other.segments().get(..4),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, LegAudio, PLAYS_MAX};
    use crate::codec::Codec;
    use crate::rtp::packet::{OutgoingStream, PACKET_BYTES_MAX, Packet};
    use crate::sip::sdp::{AudioStream, Direction};
    use domain::ports::speech::Clip;
    use std::net::SocketAddr;
    use std::sync::Arc;

    fn far_end() -> SocketAddr {
        "192.0.2.1:6000".parse().unwrap()
    }

    fn stream(direction: Direction) -> AudioStream {
        AudioStream {
            address: far_end(),
            codec: Codec::Pcma,
            payload_type: 8,
            keypress_payload_type: Some(96),
            direction,
            ptime_ms: 20,
            allowed: Vec::new(),
            media_lines: Vec::new(),
        }
    }

    fn audio() -> LegAudio {
        LegAudio::new(
            stream(Direction::SendRecv),
            OutgoingStream::new(1, 1, 1),
            0,
            20_000,
        )
    }

    fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
        let mut buffer = [0; PACKET_BYTES_MAX];
        let built = Packet {
            payload_type: 8,
            marker: false,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 9,
            payload,
        }
        .build_into(&mut buffer);
        buffer[..built.unwrap()].to_vec()
    }

    fn clip(samples: usize) -> Arc<Clip> {
        Arc::new(Clip {
            samples: vec![2_000; samples],
        })
    }

    #[test]
    fn clips_play_one_after_another_and_are_told_at_their_last_frame() {
        let mut audio = audio();
        assert!(audio.play(1, clip(161)));
        assert!(audio.play(2, clip(160)));
        let mut buffer = [0; PACKET_BYTES_MAX];
        let told: Vec<Option<u32>> = (0..4).map(|_| audio.tick(&mut buffer).played).collect();
        assert_eq!(told, [None, Some(1), Some(2), None]);
        assert_eq!(audio.sent_count(), 4, "silence is sent too");
        for number in 0..PLAYS_MAX {
            assert!(audio.play(u32::try_from(number).unwrap(), clip(160)));
        }
        assert!(!audio.play(99, clip(160)), "the queue has a bound");
        assert_eq!(audio.stop_playing(), None, "none of them had begun");
        assert_eq!(audio.tick(&mut buffer).played, None);
        assert!(audio.play(7, clip(480)));
        audio.tick(&mut buffer);
        audio.tick(&mut buffer);
        assert_eq!(audio.stop_playing(), Some(Cut { play: 7, frames: 2 }));
    }

    #[test]
    fn an_empty_clip_is_over_at_once() {
        let mut audio = audio();
        assert!(audio.play(1, clip(0)));
        assert_eq!(audio.tick(&mut [0; PACKET_BYTES_MAX]).played, Some(1));
    }

    #[test]
    fn what_arrives_is_heard_in_order_whatever_its_packet_time() {
        for bytes in [80, 160, 240] {
            let mut audio = audio();
            let loud = vec![0x2A_u8; bytes];
            let mut heard = 0;
            let mut sent_ms = 0;
            let mut sequence = 0;
            for tick in 0..50 {
                while sent_ms <= tick * 20 {
                    audio.receive(&packet(sequence, &loud), far_end(), tick * 20_000);
                    sequence += 1;
                    sent_ms += i64::try_from(bytes / 8).unwrap();
                }
                let callee = audio.tick(&mut [0; PACKET_BYTES_MAX]).callee;
                heard += callee.iter().filter(|sample| **sample != 0).count();
            }
            assert!(heard >= 160 * 44, "{bytes} bytes a packet: {heard} samples heard");
        }
    }

    #[test]
    fn the_address_is_latched_once_and_strangers_are_not_heard() {
        let mut audio = audio();
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        let stranger: SocketAddr = "203.0.113.9:6000".parse().unwrap();
        audio.receive(&packet(1, &[1; 160]), stranger, 0);
        assert_eq!((audio.report().received_count, audio.foreign_count()), (0, 1));
        audio.receive(&packet(1, &[1; 160]), neighbour, 5_000_000);
        assert_eq!(audio.report().received_count, 1);
        let (_, to) = audio.tick(&mut [0; PACKET_BYTES_MAX]).packet.unwrap();
        assert_eq!(to, neighbour, "sound goes where it comes from");
        let another: SocketAddr = "192.0.2.78:9000".parse().unwrap();
        audio.receive(&packet(2, &[1; 160]), another, 5_000_000);
        assert_eq!((audio.report().received_count, audio.foreign_count()), (1, 2));
    }

    #[test]
    fn a_neighbour_that_the_trunks_list_does_not_name_is_not_heard() {
        let mut listed = stream(Direction::SendRecv);
        listed.allowed = vec![far_end().ip()];
        let mut audio = LegAudio::new(listed, OutgoingStream::new(1, 1, 1), 0, 20_000);
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        audio.receive(&packet(1, &[1; 160]), neighbour, 0);
        assert_eq!((audio.report().received_count, audio.foreign_count()), (0, 1));
        let other_port = SocketAddr::new(far_end().ip(), 9_000);
        audio.receive(&packet(1, &[1; 160]), other_port, 0);
        assert_eq!(audio.report().received_count, 1);
    }

    #[test]
    fn the_described_address_takes_the_latch_back_and_a_refresh_keeps_it() {
        let mut audio = audio();
        let old_call: SocketAddr = "192.0.2.1:5998".parse().unwrap();
        audio.receive(&packet(7, &[1; 160]), old_call, 0);
        audio.receive(&packet(1, &[1; 160]), far_end(), 20_000);
        let (_, to) = audio.tick(&mut [0; PACKET_BYTES_MAX]).packet.unwrap();
        assert_eq!(to, far_end(), "late sound of an earlier call is not answered");
        audio.receive(&packet(8, &[1; 160]), old_call, 40_000);
        assert_eq!(audio.foreign_count(), 1);

        let mut audio = self::audio();
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        audio.receive(&packet(1, &[1; 160]), neighbour, 0);
        audio.move_to(stream(Direction::SendRecv), 60_000_000);
        let another: SocketAddr = "192.0.2.78:9000".parse().unwrap();
        audio.receive(&packet(2, &[1; 160]), another, 60_000_001);
        assert_eq!(audio.foreign_count(), 1, "a refresh opens no window");
        audio.receive(&packet(2, &[1; 160]), neighbour, 60_000_001);
        assert_eq!(audio.report().received_count, 2);
    }

    #[test]
    fn a_digit_is_heard_by_the_named_payload_type_and_by_the_one_we_offered() {
        for (named, sent, heard) in [
            (Some(96), 96, Some('5')),
            (Some(96), 101, Some('5')),
            (Some(96), 97, None),
            (None, 101, None),
        ] {
            let mut described = stream(Direction::SendRecv);
            described.keypress_payload_type = named;
            let mut audio = LegAudio::new(described, OutgoingStream::new(1, 1, 1), 0, 20_000);
            let mut buffer = [0; PACKET_BYTES_MAX];
            let length = Packet {
                payload_type: sent,
                marker: true,
                sequence: 1,
                timestamp: 160,
                ssrc: 9,
                payload: &[5, 10, 0, 160],
            }
            .build_into(&mut buffer)
            .unwrap();
            assert_eq!(
                audio.receive(&buffer[..length], far_end(), 0),
                heard,
                "{named:?} {sent}"
            );
        }
    }

    #[test]
    fn a_neighbour_that_comes_too_late_is_a_stranger() {
        let mut audio = audio();
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        audio.receive(&packet(1, &[1; 160]), neighbour, 5_000_001);
        assert_eq!((audio.report().received_count, audio.foreign_count()), (0, 1));
    }

    /// A receiver report of nothing (RFC 3550, 6.4.2).
    const REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 9];

    #[test]
    fn silence_of_a_far_end_that_sends_loses_the_media_after_its_time_and_on_hold_never() {
        let mut audio = audio();
        assert!(!audio.is_lost(19_999_999));
        assert!(audio.is_lost(20_000_000));
        for held in [Direction::Inactive, Direction::RecvOnly] {
            audio.move_to(stream(held), 20_000_000);
            assert!(!audio.is_lost(3_600_000_000), "{held:?}");
        }
        audio.move_to(stream(Direction::Inactive), 20_000_000);
        let tick = audio.tick(&mut [0; PACKET_BYTES_MAX]);
        assert!(tick.packet.is_none(), "nothing is sent on hold");
        audio.move_to(stream(Direction::SendRecv), 60_000_000);
        assert!(!audio.is_lost(79_999_999), "taken back from hold");
        assert!(audio.is_lost(80_000_000));
    }

    #[test]
    fn the_time_is_the_trunks() {
        let stream = stream(Direction::SendRecv);
        let audio = LegAudio::new(stream, OutgoingStream::new(1, 1, 1), 1_000, 3_000);
        assert!(!audio.is_lost(3_000_999));
        assert!(audio.is_lost(3_001_000));
    }

    #[test]
    fn who_is_muted_is_alive_by_its_reports_and_its_requests() {
        let mut audio = audio();
        audio.receive_control(&REPORT, SocketAddr::new(far_end().ip(), 6_001), 15_000_000);
        assert!(!audio.is_lost(34_999_999), "RTCP at its own port");
        assert_eq!(audio.receive(&REPORT, far_end(), 30_000_000), None);
        assert!(!audio.is_lost(49_999_999), "RTCP beside the sound (RFC 5761)");
        assert_eq!(audio.report().received_count, 0, "no packet of sound");
        audio.note_life(45_000_000);
        assert!(!audio.is_lost(64_999_999), "a request of the far end");
        assert!(audio.is_lost(65_000_000));
    }

    #[test]
    fn a_stranger_or_what_is_no_rtcp_keeps_nobody_alive() {
        let mut audio = audio();
        audio.receive_control(&REPORT, "203.0.113.9:6001".parse().unwrap(), 15_000_000);
        audio.receive_control(b"hello there", far_end(), 15_000_000);
        audio.receive_control(&[0x80, 8, 0, 1], far_end(), 15_000_000);
        assert!(audio.is_lost(20_000_000));
        assert_eq!(audio.foreign_count(), 3);
    }
}
