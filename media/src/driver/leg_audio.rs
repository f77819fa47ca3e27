//! The audio of one leg, without sockets: sends a frame every 20 ms, takes packets, detects keypresses, and
//! yields both channels for the recording.

use crate::audio::dtmf::DtmfDetector;
use crate::audio::frame::{FRAME_SAMPLES, Frame, FrameCutter, SILENCE, frame_of};
use crate::codec::Codec;
use crate::rtp::jitter_buffer::{JitterBuffer, PlayoutItem};
use crate::rtp::keypress::{KeySign, KeypressReceiver};
use crate::rtp::latch::Latch;
use crate::rtp::packet::{OutgoingStream, PACKET_BYTES_MAX, Packet};
use crate::rtp::report::{ReceiveReport, ReceiveStatistics};
use crate::sip::sdp::{AudioStream, Direction};
use domain::ports::speech::Clip;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

/// Most queued clips of one leg; a further one is refused. A flow queues two or three.
pub(super) const PLAYS_MAX: usize = 64;
/// Microseconds in a millisecond.
const US_PER_MS: i64 = 1_000;
/// Most packets taken from the jitter buffer for one frame; packets of 10 ms need two.
const POPS_PER_FRAME: usize = 3;
/// Payload type of comfort noise (RFC 3389). It shows that the far end is alive, but carries no speech.
const COMFORT_NOISE: u8 = 13;

/// A clip in the playback queue.
struct QueuedClip {
    number: u32,
    clip: Arc<Clip>,
    next_frame: usize,
}

/// A clip that was interrupted, and the number of its frames that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutClip {
    pub(super) play: u32,
    pub(super) frames: u64,
}

/// What one tick of 20 ms brings: the frames of both channels, and what happened in them.
pub(super) struct TickOutput {
    pub(super) robot: Frame,
    pub(super) callee: Frame,
    /// The number of a clip that ended with this frame; `None` if none did.
    pub(super) played: Option<u32>,
    /// A key detected in the audio; only if no RTP events were negotiated.
    pub(super) key: Option<KeySign>,
}

/// The audio of one answered leg. Times are in microseconds from any fixed origin.
pub(super) struct LegAudio {
    stream: AudioStream,
    latch: Latch,
    out: OutgoingStream,
    plays: VecDeque<QueuedClip>,
    buffer: JitterBuffer,
    cutter: FrameCutter,
    incoming: Codec,
    keypresses: KeypressReceiver,
    tones: DtmfDetector,
    statistics: ReceiveStatistics,
    /// Time of the last sign of life: audio, comfort noise, RTCP, or a request of the far end within the
    /// dialog.
    alive_us: i64,
    /// The time at which the robot last spoke: a callee who listens may be silent meanwhile.
    spoke_us: i64,
    /// Longest time without a sign of life and without the robot speaking while the far end says that it
    /// sends, in microseconds; then the leg is lost.
    silence_us: i64,
    foreign_count: u64,
}

impl LegAudio {
    pub(super) fn new(stream: AudioStream, out: OutgoingStream, now_us: i64, silence_ms: u64) -> Self {
        Self {
            incoming: stream.codec,
            latch: Latch::new(stream.latch, stream.allowed.clone(), stream.address, now_us),
            stream,
            out,
            plays: VecDeque::new(),
            buffer: JitterBuffer::new(),
            cutter: FrameCutter::default(),
            keypresses: KeypressReceiver::default(),
            tones: DtmfDetector::default(),
            statistics: ReceiveStatistics::default(),
            alive_us: now_us,
            spoke_us: now_us,
            silence_us: i64::try_from(silence_ms)
                .unwrap_or(i64::MAX)
                .saturating_mul(US_PER_MS),
            foreign_count: 0,
        }
    }

    /// Applies a re-INVITE that moved or held the audio. A new address starts a new latch; a mere refresh
    /// keeps it.
    pub(super) fn move_to(&mut self, stream: AudioStream, now_us: i64) {
        self.latch.describe(stream.address, now_us);
        self.stream = stream;
        self.tones = DtmfDetector::default();
        self.alive_us = now_us;
    }

    /// Records a request of the far end within the dialog as a sign of life at `now_us`.
    pub(super) fn note_life(&mut self, now_us: i64) {
        self.alive_us = now_us;
    }

    /// Queues a clip for playback. Returns false, and does not queue it, if `PLAYS_MAX` clips are queued.
    pub(super) fn play(&mut self, number: u32, clip: Arc<Clip>) -> bool {
        let room = self.plays.len() < PLAYS_MAX;
        if room {
            self.plays.push_back(QueuedClip {
                number,
                clip,
                next_frame: 0,
            });
        }
        room
    }

    /// Removes all clips. Returns the interrupted clip and how many of its frames were sent; `None` if none
    /// had begun.
    pub(super) fn stop_playing(&mut self) -> Option<CutClip> {
        let playing = self.plays.front().filter(|play| play.next_frame > 0);
        let cut = playing.map(|play| CutClip {
            play: play.number,
            frames: play.next_frame as u64,
        });
        self.plays.clear();
        cut
    }

    /// Handles a datagram of the RTP port. Returns the key sign of a keypress packet (RTP event). Datagrams
    /// of another source are only counted.
    pub(super) fn receive(&mut self, datagram: &[u8], from: SocketAddr, now_us: i64) -> Option<KeySign> {
        if is_control(datagram) {
            self.receive_control(datagram, from, now_us);
            return None;
        }
        let packet = Packet::parse(datagram).ok()?;
        if !self.latch.admits(from, now_us) {
            self.foreign_count += 1;
            return None;
        }
        self.alive_us = now_us;
        self.statistics.packet(&packet, now_us);
        if self.is_keypress(packet.payload_type) {
            self.buffer.push_other(packet.ssrc, packet.sequence);
            return self.keypresses.receive(&packet, now_us);
        }
        if packet.payload_type == COMFORT_NOISE && self.stream.payload_type != COMFORT_NOISE {
            self.buffer.push_other(packet.ssrc, packet.sequence);
            return None;
        }
        let codec = if packet.payload_type == self.stream.payload_type {
            Some(self.stream.codec)
        } else {
            // Both laws were offered; the far end may use the other one too.
            Codec::from_payload_type(packet.payload_type)
        };
        if let Some(codec) = codec {
            self.incoming = codec;
            self.buffer.push(packet.ssrc, packet.sequence, packet.payload);
        }
        None
    }

    /// Handles a datagram of the RTCP port: a muted far end sends reports and no audio. A report from a
    /// host of the audio counts as a sign of life; other datagrams are only counted.
    pub(super) fn receive_control(&mut self, datagram: &[u8], from: SocketAddr, now_us: i64) {
        if self.latch.admits_control(from) && is_control(datagram) {
            self.alive_us = now_us;
        } else {
            self.foreign_count += 1;
        }
    }

    fn is_keypress(&self, payload_type: u8) -> bool {
        let types = [self.stream.keypress_payload_type, self.stream.other_keypress_type];
        types.contains(&Some(payload_type))
    }

    /// Advances the leg by 20 ms: sends the next packets through `send` and returns the frames of both
    /// channels.
    pub(super) fn tick(&mut self, now_us: i64, send: &mut dyn FnMut(&[u8], SocketAddr)) -> TickOutput {
        if !self.plays.is_empty() {
            self.spoke_us = now_us;
        }
        let (robot, played) = self.next_robot_frame();
        let (callee, key) = self.next_callee_frame();
        match self.stream.direction {
            Direction::SendRecv | Direction::RecvOnly => self.send_frame(&robot, send),
            Direction::SendOnly | Direction::Inactive => self.skip(1),
        }
        TickOutput {
            robot,
            callee,
            played,
            key,
        }
    }

    /// Sends a frame in one packet, or in shorter ones if the far end accepts only these.
    fn send_frame(&mut self, frame: &Frame, send: &mut dyn FnMut(&[u8], SocketAddr)) {
        let samples = self.stream.packet_samples().unwrap_or(FRAME_SAMPLES);
        for samples in frame.chunks(samples) {
            let mut payload = [0_u8; FRAME_SAMPLES];
            let length = self.stream.codec.encode(samples, &mut payload);
            let mut buffer = [0_u8; PACKET_BYTES_MAX];
            let payload = payload.get(..length).unwrap_or(&[]);
            let built = self
                .out
                .audio_into(self.stream.payload_type, payload, &mut buffer);
            if let Some(packet) = built.ok().and_then(|length| buffer.get(..length)) {
                send(packet, self.latch.target());
            }
        }
    }

    /// Advances the stream's timestamp over frames that were not sent, because the pace was late or the leg
    /// is on hold.
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

    /// Returns the callee's next 20 ms, and the key sign detected in them if keys come as tones.
    fn next_callee_frame(&mut self) -> (Frame, Option<KeySign>) {
        let (heard, lost) = self.next_heard_frame();
        if self.stream.keypress_payload_type.is_some() {
            return (heard, None);
        }
        let pressed = match lost {
            true => {
                self.tones.receive_lost();
                None
            }
            false => self.tones.receive(&heard).map(KeySign::Pressed),
        };
        let held = self.tones.is_pressed().then_some(KeySign::Held);
        (heard, pressed.or(held))
    }

    /// Returns the next received frame, or silence; and whether its packet was lost.
    fn next_heard_frame(&mut self) -> (Frame, bool) {
        for _ in 0..POPS_PER_FRAME {
            if let Some(frame) = self.cutter.pop() {
                return (frame, false);
            }
            match self.buffer.pop() {
                PlayoutItem::Payload(bytes) => {
                    let mut samples = [0_i16; crate::rtp::jitter_buffer::PAYLOAD_BYTES_MAX];
                    let count = self.incoming.decode(bytes, &mut samples);
                    self.cutter.push(samples.get(..count).unwrap_or(&[]));
                }
                PlayoutItem::Lost => return (SILENCE, true),
                PlayoutItem::Nothing => return (SILENCE, false),
            }
        }
        (self.cutter.pop().unwrap_or(SILENCE), false)
    }

    /// Returns true if the far end has shown no sign of life for too long and the robot has not spoken
    /// either. On hold its silence does not count, because it says that it sends nothing; the longest call
    /// and the session timer bound a call on hold.
    pub(super) fn is_lost(&self, now_us: i64) -> bool {
        let since_us = self.alive_us.max(self.spoke_us);
        self.plays.is_empty() && self.stream.sends() && now_us - since_us >= self.silence_us
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

/// Returns true for an RTCP packet of version 2, recognized by its packet type (RFC 5761, 4: 192 to 223 is
/// never audio).
fn is_control(datagram: &[u8]) -> bool {
    matches!(datagram, [first, packet_type, _, _, ..] if first >> 6 == 2 && (192..=223).contains(packet_type))
}

#[cfg(test)]
mod tests {
    use super::{CutClip, KeySign, LegAudio, PLAYS_MAX, TickOutput};
    use crate::audio::frame::sample_from;
    use crate::codec::Codec;
    use crate::rtp::latch::LatchRule;
    use crate::rtp::packet::{HEADER_BYTES, OutgoingStream, PACKET_BYTES_MAX, Packet};
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
            other_keypress_type: Some(101),
            direction,
            ptime_ms: 20,
            maxptime_ms: None,
            allowed: Vec::new(),
            media_lines: Vec::new(),
            latch: LatchRule::default(),
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

    /// Ticks at this instant. Returns the tick and the sent packets, each as length and target.
    fn ticked(audio: &mut LegAudio, now_us: i64) -> (TickOutput, Vec<(usize, SocketAddr)>) {
        let mut sent = Vec::new();
        let tick = audio.tick(now_us, &mut |packet, to| sent.push((packet.len(), to)));
        (tick, sent)
    }

    /// The address to which audio is sent now.
    fn target(audio: &mut LegAudio) -> SocketAddr {
        ticked(audio, 0).1[0].1
    }

    fn packet(sequence: u16, payload: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; HEADER_BYTES + payload.len()];
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
    fn clips_play_one_after_another_and_are_reported_at_their_last_frame() {
        let mut audio = audio();
        assert!(audio.play(1, clip(161)));
        assert!(audio.play(2, clip(160)));
        let played: Vec<Option<u32>> = (0..4).map(|_| ticked(&mut audio, 0).0.played).collect();
        assert_eq!(played, [None, Some(1), Some(2), None]);
        assert_eq!(audio.sent_count(), 4, "silence is sent too");
        for number in 0..PLAYS_MAX {
            assert!(audio.play(u32::try_from(number).unwrap(), clip(160)));
        }
        assert!(!audio.play(99, clip(160)), "the queue has a bound");
        assert_eq!(audio.stop_playing(), None, "none of them had begun");
        assert_eq!(ticked(&mut audio, 0).0.played, None);
        assert!(audio.play(7, clip(480)));
        ticked(&mut audio, 0);
        ticked(&mut audio, 0);
        assert_eq!(audio.stop_playing(), Some(CutClip { play: 7, frames: 2 }));
    }

    #[test]
    fn an_empty_clip_is_over_at_once() {
        let mut audio = audio();
        assert!(audio.play(1, clip(0)));
        assert_eq!(ticked(&mut audio, 0).0.played, Some(1));
    }

    #[test]
    fn what_arrives_is_heard_in_order_whatever_its_packet_time() {
        for bytes in [80, 160, 240, 480, 640, 800, 1_600] {
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
                let callee = ticked(&mut audio, 0).0.callee;
                heard += callee.iter().filter(|sample| **sample != 0).count();
            }
            // The first packet comes at once, and the last may still be missing.
            let expected = (160 * 44).min(160 * 50 - 2 * bytes);
            assert!(heard >= expected, "{bytes} bytes a packet: {heard} samples heard");
        }
    }

    #[test]
    fn a_source_that_is_not_latched_presses_no_key_and_is_not_heard() {
        let mut audio = audio();
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        assert_eq!(audio.receive(&key(96, 1, 5), neighbour, 0), None);
        audio.receive(&packet(2, &[1; 160]), neighbour, 0);
        assert_eq!((audio.report().received_count, audio.foreign_count()), (0, 2));
        assert!(audio.is_lost(20_000_000), "it does not keep the call either");
        let other_port = SocketAddr::new(far_end().ip(), 9_000);
        assert_eq!(
            audio.receive(&key(96, 1, 5), other_port, 0),
            Some(KeySign::Pressed('5'))
        );
        assert_eq!(target(&mut audio), other_port, "audio goes where it comes from");
        audio.receive(&packet(7, &[1; 160]), far_end(), 20_000);
        assert_eq!(target(&mut audio), far_end());
        assert_eq!(audio.receive(&key(96, 20, 6), other_port, 40_000), None);
        assert_eq!(audio.foreign_count(), 3);
    }

    #[test]
    fn a_listed_host_is_heard_outside_the_described_network() {
        let mut listed = stream(Direction::SendRecv);
        let other: SocketAddr = "203.0.113.9:6000".parse().unwrap();
        listed.allowed = vec![far_end().ip(), other.ip()];
        let mut audio = LegAudio::new(listed, OutgoingStream::new(1, 1, 1), 0, 20_000);
        audio.receive(&packet(1, &[1; 160]), other, 0);
        assert_eq!(
            audio.receive(&key(96, 2, 9), other, 0),
            Some(KeySign::Pressed('9'))
        );
        assert_eq!(target(&mut audio), far_end(), "it sends for the described host");
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        audio.receive(&packet(1, &[1; 160]), neighbour, 0);
        assert_eq!(audio.foreign_count(), 1);
    }

    #[test]
    fn the_trunk_says_how_far_a_source_may_be() {
        let neighbour: SocketAddr = "192.0.2.77:9000".parse().unwrap();
        for (latch, heard) in [
            (LatchRule::Exact, 0),
            (LatchRule::Port, 0),
            (LatchRule::Subnet, 1),
        ] {
            let mut of_trunk = stream(Direction::SendRecv);
            of_trunk.latch = latch;
            let mut audio = LegAudio::new(of_trunk, OutgoingStream::new(1, 1, 1), 0, 20_000);
            audio.receive(&packet(1, &[1; 160]), neighbour, 0);
            assert_eq!(audio.report().received_count, heard, "{latch:?}");
        }
    }

    #[test]
    fn packets_are_no_longer_than_the_far_end_takes() {
        for (maxptime_ms, lengths) in [
            (None, vec![172]),
            (Some(20), vec![172]),
            (Some(10), vec![92; 2]),
            (Some(5), vec![52; 4]),
        ] {
            let mut short = stream(Direction::SendRecv);
            short.maxptime_ms = maxptime_ms;
            let mut audio = LegAudio::new(short, OutgoingStream::new(1, 1, 1), 0, 20_000);
            let (_, sent) = ticked(&mut audio, 0);
            let sent: Vec<usize> = sent.iter().map(|(length, _)| *length).collect();
            assert_eq!(sent, lengths, "{maxptime_ms:?}");
            assert_eq!(audio.sent_count(), lengths.len() as u64);
        }
    }

    /// The first packet of a keypress.
    fn key(payload_type: u8, sequence: u16, code: u8) -> Vec<u8> {
        let mut buffer = [0; PACKET_BYTES_MAX];
        let built = Packet {
            payload_type,
            marker: true,
            sequence,
            timestamp: u32::from(sequence) * 160,
            ssrc: 9,
            payload: &[code, 10, 0, 160],
        }
        .build_into(&mut buffer);
        buffer[..built.unwrap()].to_vec()
    }

    #[test]
    fn a_digit_is_heard_by_the_negotiated_type_and_by_the_other_that_may_bring_it() {
        for (negotiated, other, sent, heard) in [
            (Some(96), Some(101), 96, true),
            (Some(96), Some(101), 101, true),
            (Some(96), Some(101), 97, false),
            (None, Some(101), 101, true),
            (None, None, 101, false),
        ] {
            let mut described = stream(Direction::SendRecv);
            described.keypress_payload_type = negotiated;
            described.other_keypress_type = other;
            let mut audio = LegAudio::new(described, OutgoingStream::new(1, 1, 1), 0, 20_000);
            assert_eq!(
                audio.receive(&key(sent, 1, 5), far_end(), 0).is_some(),
                heard,
                "{negotiated:?} {other:?} {sent}"
            );
        }
    }

    /// Sends the tone pair of key 9 and returns all signs that are detected.
    fn keys_in_tones(negotiated: Option<u8>) -> Vec<KeySign> {
        let mut described = stream(Direction::SendRecv);
        described.keypress_payload_type = negotiated;
        let mut audio = LegAudio::new(described, OutgoingStream::new(1, 1, 1), 0, 20_000);
        let mut signs = Vec::new();
        for tick in 0..30_u16 {
            let mut frame = [0_i16; 160];
            for (at, sample) in frame.iter_mut().enumerate().filter(|_| (5..15).contains(&tick)) {
                let seconds = (usize::from(tick) * 160 + at) as f64 / 8_000.0;
                let tone = |hertz: f64| 4_000.0 * (2.0 * std::f64::consts::PI * hertz * seconds).sin();
                *sample = sample_from(tone(852.0) + tone(1_477.0));
            }
            let mut payload = [0; 160];
            Codec::Pcma.encode(&frame, &mut payload);
            audio.receive(&packet(tick, &payload), far_end(), i64::from(tick) * 20_000);
            signs.extend(ticked(&mut audio, i64::from(tick) * 20_000).0.key);
        }
        signs
    }

    #[test]
    fn a_key_is_found_in_the_audio_where_no_events_were_negotiated() {
        let signs = keys_in_tones(None);
        let pressed: Vec<_> = signs.iter().filter(|sign| **sign != KeySign::Held).collect();
        assert_eq!(pressed, [&KeySign::Pressed('9')]);
        assert!(signs.len() > 5, "it is held: {signs:?}");
        assert_eq!(keys_in_tones(Some(101)), []);
    }

    /// An empty receiver report (RFC 3550, 6.4.2).
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
        assert!(
            ticked(&mut audio, 20_000_000).1.is_empty(),
            "nothing is sent on hold"
        );
        audio.move_to(stream(Direction::SendRecv), 60_000_000);
        assert!(!audio.is_lost(79_999_999), "taken back from hold");
        assert!(audio.is_lost(80_000_000));
    }

    #[test]
    fn who_listens_to_the_robot_may_be_silent() {
        let mut audio = audio();
        assert!(audio.play(1, clip(160 * 3)));
        for (tick, now_us) in [(1, 19_000_000), (2, 40_000_000)] {
            ticked(&mut audio, now_us);
            assert!(!audio.is_lost(now_us + 25_000_000), "{tick}: the text goes on");
        }
        assert_eq!(ticked(&mut audio, 41_000_000).0.played, Some(1));
        assert!(!audio.is_lost(60_999_999));
        assert!(audio.is_lost(61_000_000), "from the end of the text on");
    }

    #[test]
    fn comfort_noise_is_a_sign_of_life_and_no_lost_packet() {
        let mut audio = audio();
        let mut buffer = [0; PACKET_BYTES_MAX];
        let length = Packet {
            payload_type: 13,
            marker: false,
            sequence: 1,
            timestamp: 160,
            ssrc: 9,
            payload: &[64],
        }
        .build_into(&mut buffer)
        .unwrap();
        assert_eq!(audio.receive(&buffer[..length], far_end(), 15_000_000), None);
        assert!(!audio.is_lost(34_999_999));
        assert!(audio.is_lost(35_000_000));
        assert_eq!(ticked(&mut audio, 0).0.callee, [0; 160]);
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
    fn a_stranger_or_what_is_no_rtcp_keeps_no_leg_alive() {
        let mut audio = audio();
        audio.receive_control(&REPORT, "203.0.113.9:6001".parse().unwrap(), 15_000_000);
        audio.receive_control(b"hello there", far_end(), 15_000_000);
        audio.receive_control(&[0x80, 8, 0, 1], far_end(), 15_000_000);
        assert!(audio.is_lost(20_000_000));
        assert_eq!(audio.foreign_count(), 3);
    }
}
