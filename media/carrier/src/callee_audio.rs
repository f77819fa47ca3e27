//! The audio half of an answered leg: what the callee hears, says and presses, a packet every 20 ms.
//!
//! Packets in, packets out, no sockets. The script's steps run one after another; the leg asks which act is
//! due. A leg that gets no packet for 4 s has lost its peer.

use super::callee::{CalleeAction, Cue, ScriptStep};
use super::conversation::PhraseAudio;
use super::seeded_draws::SeededDraws;
use super::sounds::{Payload, Sound, is_sound, payload, spoken};
use super::turns::{TurnDetails, TurnMeter};
use domain::time::Timestamp;
use media::audio::frame::{FRAME_MS, FRAME_SAMPLES};
use media::codec::Codec;
use media::rtp::keypress::KeypressSender;
use media::rtp::packet::{OutgoingStream, PACKET_BYTES_MAX, Packet};
use media::sip::sdp::{AudioStream, Direction};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Longest time without a packet from the peer, in milliseconds; then the carrier ends the call. A crash of
/// the peer thus leaves calls only for a moment.
pub const PEER_GONE_MS: u64 = 4_000;
/// Most late frames that are sent at once; further ones are skipped.
const CATCH_UP_FRAMES_MAX: u64 = 3;
/// Grid of the send times, in microseconds, so that many legs share one wake-up.
const GRID_US: i64 = 5_000;

/// The times of the robot's first and last audio.
#[derive(Debug, Clone, Copy, Default)]
struct RobotAudioTimes {
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// The audio of one answered or ringing leg, as the callee's side of it.
pub(super) struct CalleeAudio {
    codec: Codec,
    payload_type: u8,
    keypress_payload_type: Option<u8>,
    remote: SocketAddr,
    sends: bool,
    held: bool,
    stream: OutgoingStream,
    received_count: u64,
    last_packet_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    script: VecDeque<ScriptStep>,
    last_step_at: Timestamp,
    heard: RobotAudioTimes,
    voices: PhraseAudio,
    /// The measurements of the robot's turns, for a callee who speaks phrases; `None` for all others.
    turns: Option<TurnMeter>,
    sound: Sound,
    sound_until: Timestamp,
    press: Option<KeypressSender>,
    /// Index of the next packet within the current sound.
    place: u64,
    next_frame_at: Timestamp,
}

impl CalleeAudio {
    /// Makes audio that begins now with `sound`: a ringing tone before the answer, or silence.
    pub(super) fn begin(
        offered: &AudioStream,
        chance: &mut SeededDraws,
        now: Timestamp,
        sound: Sound,
    ) -> Self {
        let stream = OutgoingStream::new(chance.bits_32(), chance.bits_16(), chance.bits_32());
        Self {
            codec: codec_of(offered),
            payload_type: offered.payload_type,
            keypress_payload_type: offered.keypress_payload_type,
            remote: offered.address,
            sends: true,
            held: is_held(offered),
            stream,
            received_count: 0,
            last_packet_at: None,
            answered_at: None,
            script: VecDeque::new(),
            last_step_at: now,
            heard: RobotAudioTimes::default(),
            voices: PhraseAudio::default(),
            turns: None,
            sound,
            sound_until: Timestamp::from_micros(i64::MAX),
            press: None,
            place: 0,
            next_frame_at: on_grid(now),
        }
    }

    /// Begins the callee's script at the answer. A `mute` callee sends no packets.
    pub(super) fn answer(&mut self, script: &[ScriptStep], now: Timestamp, mute: bool) {
        self.answered_at = Some(now);
        self.script = script.iter().copied().collect();
        self.last_step_at = now;
        self.sound = Sound::Silence;
        self.sends = !mute;
    }

    /// Sets the audio of the script's phrases. If the script says any, the robot's turns are measured.
    pub(super) fn speak_with(&mut self, voices: PhraseAudio) {
        let speaks = |step: &ScriptStep| matches!(step.act, CalleeAction::Say { .. });
        self.turns = self.script.iter().any(speaks).then(TurnMeter::default);
        self.voices = voices;
    }

    /// Returns the measurements of the robot's turns at the end of the call; `None` for a callee who does
    /// not speak phrases.
    pub(super) fn turns(self, now: Timestamp) -> Option<TurnDetails> {
        self.turns.map(|turns| turns.over(now))
    }

    /// Applies the offer of a re-INVITE, which may move the far end or put us on hold.
    pub(super) fn renegotiate(&mut self, offered: &AudioStream) {
        self.codec = codec_of(offered);
        self.payload_type = offered.payload_type;
        self.keypress_payload_type = offered.keypress_payload_type;
        self.remote = offered.address;
        self.held = is_held(offered);
    }

    pub(super) const fn received_count(&self) -> u64 {
        self.received_count
    }
    pub(super) const fn sent_count(&self) -> u64 {
        self.stream.sent_count()
    }
    pub(super) const fn next_frame_at(&self) -> Timestamp {
        self.next_frame_at
    }
    pub(super) const fn remote(&self) -> SocketAddr {
        self.remote
    }

    /// Handles a datagram of the media socket; one that is not RTP is ignored.
    pub(super) fn receive(&mut self, now: Timestamp, datagram: &[u8]) {
        let Ok(packet) = Packet::parse(datagram) else {
            return;
        };
        self.received_count += 1;
        self.last_packet_at = Some(now);
        if packet.payload_type == self.payload_type && is_sound(self.codec, packet.payload) {
            self.heard.first.get_or_insert(now);
            self.heard.last = Some(now);
            if let Some(turns) = &mut self.turns {
                turns.robot_sounds(now);
            }
        }
    }

    /// Returns true if an answered leg got no packet for `PEER_GONE_MS`. On hold none is expected: false.
    pub(super) fn is_peer_gone(&self, now: Timestamp) -> bool {
        let Some(answered_at) = self.answered_at else {
            return false;
        };
        let last = self
            .last_packet_at
            .map_or(answered_at, |last| last.max(answered_at));
        !self.held && now.ms_since(last) >= PEER_GONE_MS
    }

    /// Performs and returns the next act of the script if it is due; call it again until it returns `None`.
    pub(super) fn next_act(&mut self, now: Timestamp) -> Option<CalleeAction> {
        self.answered_at?;
        let step = *self.script.front()?;
        if !self.is_due(step.cue, now) {
            return None;
        }
        self.script.pop_front();
        self.last_step_at = now;
        self.perform(step.act, now);
        Some(step.act)
    }

    fn is_due(&self, cue: Cue, now: Timestamp) -> bool {
        match cue {
            Cue::After { ms } => now.ms_since(self.last_step_at) >= ms,
            Cue::Heard { ms } => self.heard.first.is_some_and(|first| now.ms_since(first) >= ms),
            Cue::RobotQuiet { heard_ms, quiet_ms } => match (self.heard.first, self.heard.last) {
                (Some(first), Some(last)) => {
                    last.ms_since(first) >= heard_ms && now.ms_since(last) >= quiet_ms
                }
                (Some(_) | None, Some(_) | None) => false,
            },
        }
    }

    fn perform(&mut self, act: CalleeAction, now: Timestamp) {
        match act {
            CalleeAction::Speak { ms } => self.sound_for(Sound::Speech, ms, now),
            CalleeAction::Beep { ms } => self.sound_for(Sound::Beep, ms, now),
            CalleeAction::Press { digit, frames } => {
                self.heard = RobotAudioTimes::default();
                let timestamp = self.stream.timestamp();
                self.press = self
                    .keypress_payload_type
                    .and_then(|payload_type| KeypressSender::new(digit, payload_type, timestamp, frames));
            }
            CalleeAction::Say { phrase } => self.say(phrase, now),
            CalleeAction::LetGoBy => self.heard = RobotAudioTimes::default(),
            CalleeAction::HangUp => self.sends = false,
        }
    }

    fn say(&mut self, phrase: u16, now: Timestamp) {
        self.heard = RobotAudioTimes::default();
        let frames = self.voices.samples(phrase).len().div_ceil(FRAME_SAMPLES);
        self.sound_for(Sound::Phrase(phrase), frames as u64 * FRAME_MS, now);
        if let Some(turns) = &mut self.turns {
            turns.phrase_begins(self.voices.text(phrase), now);
        }
    }

    fn sound_for(&mut self, sound: Sound, ms: u64, now: Timestamp) {
        self.sound = sound;
        self.sound_until = now.plus_ms(ms);
        self.place = 0;
    }

    /// Returns the RTP packets that are due by now, oldest first, at most three.
    pub(super) fn packets(&mut self, now: Timestamp) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for _ in 0..CATCH_UP_FRAMES_MAX {
            if self.next_frame_at > now {
                return packets;
            }
            self.next_frame_at = self.next_frame_at.plus_ms(FRAME_MS);
            packets.extend(self.packet(now));
        }
        self.skip_to(now);
        packets
    }

    /// Skips frames that are too late to be sent: the listener hears a gap.
    fn skip_to(&mut self, now: Timestamp) {
        let late_frames = now.ms_since(self.next_frame_at) / FRAME_MS;
        if late_frames > 0 {
            self.next_frame_at = self.next_frame_at.plus_ms(late_frames * FRAME_MS);
            let samples = late_frames.saturating_mul(FRAME_SAMPLES as u64);
            self.stream.skip(u32::try_from(samples).unwrap_or(0));
        }
    }

    fn packet(&mut self, now: Timestamp) -> Option<Vec<u8>> {
        if !self.sends || self.held {
            return None;
        }
        self.place += 1;
        if now >= self.sound_until {
            self.end_sound(now);
        }
        let mut buffer = vec![0; PACKET_BYTES_MAX];
        let event = self.press.as_mut().and_then(KeypressSender::next_packet);
        let length = match event {
            Some(event) => {
                let samples = u32::try_from(FRAME_SAMPLES).unwrap_or(0);
                self.stream.event_into(&event, samples, &mut buffer)
            }
            None => {
                self.press = None;
                let payload = self.payload(now);
                self.stream.audio_into(self.payload_type, &payload, &mut buffer)
            }
        };
        buffer.truncate(length.ok()?);
        Some(buffer)
    }

    fn end_sound(&mut self, now: Timestamp) {
        let ended = std::mem::replace(&mut self.sound, Sound::Silence);
        if let (Sound::Phrase(_), Some(turns)) = (ended, &mut self.turns) {
            turns.phrase_ends(now);
            // The robot's words meanwhile are no answer.
            self.heard = RobotAudioTimes::default();
        }
    }

    fn payload(&mut self, now: Timestamp) -> Payload {
        let Sound::Phrase(phrase) = self.sound else {
            return payload(self.codec, self.sound_now(), self.place);
        };
        let spoken = spoken(self.codec, self.voices.samples(phrase), self.place - 1);
        let made = spoken.unwrap_or_else(|| payload(self.codec, Sound::Silence, self.place));
        if let Some(turns) = self.turns.as_mut().filter(|_| is_sound(self.codec, &made)) {
            turns.we_sound(now);
        }
        made
    }

    /// Returns the sound to send now: a ringing tone has pauses, 1 s on and 4 s off.
    fn sound_now(&self) -> Sound {
        let ringing_frames = 1_000 / FRAME_MS;
        if self.sound == Sound::Ringing && self.place % (5 * ringing_frames) >= ringing_frames {
            return Sound::Silence;
        }
        self.sound
    }
}

/// Returns the next instant of the send grid, `now` included.
fn on_grid(now: Timestamp) -> Timestamp {
    let rest = now.micros().rem_euclid(GRID_US);
    Timestamp::from_micros(now.micros() + (GRID_US - rest) % GRID_US)
}

fn codec_of(offered: &AudioStream) -> Codec {
    Codec::from_payload_type(offered.codec.payload_type()).unwrap_or(Codec::Pcma)
}

/// Returns true if the far end sends no audio: its description says `recvonly` or `inactive`.
fn is_held(offered: &AudioStream) -> bool {
    match offered.direction {
        Direction::SendRecv | Direction::SendOnly => false,
        Direction::RecvOnly | Direction::Inactive => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::rtp::keypress::{KeySign, KeypressReceiver};
    use media::sip::sdp;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn talk(script: &[ScriptStep]) -> CalleeAudio {
        let offer = sdp::read(&sdp::offer("127.0.0.1:40000".parse().unwrap(), 1)).unwrap();
        let mut talk = CalleeAudio::begin(&offer, &mut SeededDraws::about(1, &[]), at(0), Sound::Silence);
        talk.answer(script, at(0), false);
        talk
    }

    /// Returns one packet of the robot: audible or silent.
    fn robot(sound: Sound) -> Vec<u8> {
        let payload = payload(Codec::Pcma, sound, 3);
        let mut buffer = vec![0; 172];
        OutgoingStream::new(1, 1, 1)
            .audio_into(8, &payload, &mut buffer)
            .unwrap();
        buffer
    }

    /// Lets the robot be audible for `sound_ms`, then silent; returns the first act and its time.
    fn first_act_ms(talk: &mut CalleeAudio, sound_ms: i64, until_ms: i64) -> Option<(i64, CalleeAction)> {
        for ms in (0..until_ms).step_by(20) {
            let sound = if ms < sound_ms {
                Sound::Beep
            } else {
                Sound::Silence
            };
            talk.receive(at(ms), &robot(sound));
            if let Some(act) = talk.next_act(at(ms)) {
                return Some((ms, act));
            }
        }
        None
    }

    const QUIET: Cue = Cue::RobotQuiet {
        heard_ms: 2_000,
        quiet_ms: 900,
    };

    #[test]
    fn a_callee_acts_when_the_robot_has_finished_and_not_before() {
        let step = ScriptStep {
            cue: QUIET,
            act: CalleeAction::HangUp,
        };
        assert_eq!(
            first_act_ms(&mut talk(&[step]), 3_000, 9_000),
            Some((3_880, CalleeAction::HangUp))
        );
        assert_eq!(first_act_ms(&mut talk(&[step]), 1_980, 9_000), None);
        assert_eq!(first_act_ms(&mut talk(&[step]), 9_000, 9_000), None);
    }

    #[test]
    fn a_press_is_heard_once_by_a_reader_of_its_packets() {
        let press = CalleeAction::Press {
            digit: '9',
            frames: 5,
        };
        let mut talk = talk(&[ScriptStep {
            cue: Cue::After { ms: 100 },
            act: press,
        }]);
        let mut receiver = KeypressReceiver::default();
        let mut heard = String::new();
        for ms in (0..1_000).step_by(20) {
            talk.next_act(at(ms));
            for packet in talk.packets(at(ms)) {
                let packet = Packet::parse(&packet).unwrap();
                let is_key = packet.payload_type == 101;
                let sign = is_key.then(|| receiver.receive(&packet, ms * 1_000));
                if let Some(Some(KeySign::Pressed(digit))) = sign {
                    heard.push(digit);
                }
            }
        }
        assert_eq!((heard.as_str(), talk.sent_count()), ("9", 50));
    }

    #[test]
    fn a_peer_is_gone_after_four_seconds_without_a_packet() {
        let mut talk = talk(&[]);
        talk.receive(at(500), &robot(Sound::Silence));
        assert!(!talk.is_peer_gone(at(4_499)));
        assert!(talk.is_peer_gone(at(4_500)));
        talk.receive(at(4_500), b"not RTP");
        assert!(talk.is_peer_gone(at(4_500)));
        assert_eq!(talk.received_count(), 1);
    }

    #[test]
    fn a_late_sender_catches_up_a_little_and_skips_the_rest() {
        let mut talk = talk(&[]);
        assert_eq!(talk.packets(at(0)).len(), 1);
        assert_eq!(talk.packets(at(60)).len(), 3);
        let before = talk.stream.timestamp();
        assert_eq!(talk.packets(at(1_060)).len(), 3);
        assert_eq!(talk.next_frame_at(), at(1_080 - 20));
        assert_eq!(talk.stream.timestamp().wrapping_sub(before), 160 * 49);
    }

    #[test]
    fn the_send_times_lie_on_a_grid() {
        assert_eq!(on_grid(at(10)), at(10));
        assert_eq!(on_grid(Timestamp::from_micros(10_001)), at(15));
    }
}
