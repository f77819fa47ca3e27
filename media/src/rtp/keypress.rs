//! Receives and sends keypresses as RTP events (RFC 4733): one digit for each press received, three end
//! packets for each press sent.
//!
//! A press is identified by its timestamp, so repeated packets, repeated ends and lost ends make no second
//! digit. A press longer than 65,535 timestamp units goes on in a segment with a new timestamp (2.5.1.3);
//! that is no second digit either. Some senders count the timestamp up in every packet of a press: packets
//! that follow at once, with the same digit and without a marker or with a growing duration, are one press.

use crate::audio::frame::FRAME_SAMPLES;

/// The digits in the order of their event codes (RFC 4733, 3.2).
const DIGITS: &[u8; 16] = b"0123456789*#ABCD";
/// Bit of the second byte: this packet ends the event (RFC 4733, 2.3.2).
const END_BIT: u8 = 0x80;
/// The volume of the events we send: -10 dBm0 (RFC 4733, 2.3.4).
const VOLUME: u8 = 10;
/// Duration of an event, in timestamp units, from which it may continue in a further segment (RFC 4733,
/// 2.5.1.3).
const LONG_DURATION: u16 = 0x8000;
/// Most sequence numbers by which a packet may lie behind and still count as reordered (RFC 3550, A.1
/// `MAX_MISORDER`). The timestamp does not decide this: a media server may restart its clock without a new
/// SSRC.
const OVERTAKEN_STEPS_MAX: u16 = 100;
/// Number of times the end packet is sent (RFC 4733, 2.5.1.4).
const END_PACKETS: u8 = 3;
/// Longest time, in microseconds, after which a packet with a new timestamp still belongs to the press
/// before it: two packets at the longest usual interval of 50 ms (RFC 4733, 2.5.1.2). A new press comes
/// later, since the pause before it alone lasts 40 ms (ITU-T Q.24).
const FOLLOWS_US: i64 = 100_000;

/// Returns the digit of an event code; `None` for flash and the other events.
fn digit_of(code: u8) -> Option<char> {
    DIGITS.get(usize::from(code)).copied().map(char::from)
}

/// Returns the event code of a digit; `None` for another character.
fn code_of(digit: char) -> Option<u8> {
    let position = DIGITS.iter().position(|one| char::from(*one) == digit)?;
    u8::try_from(position).ok()
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    ssrc: u32,
    /// Highest sequence number of the press so far.
    sequence: u16,
    code: u8,
    timestamp: u32,
    duration: u16,
    ended: bool,
    marker: bool,
    /// Arrival time of its last packet, in microseconds.
    at_us: i64,
}

/// What a packet of an event means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySign {
    /// A press of this digit begins.
    Pressed(char),
    /// The last press goes on, or its end is repeated.
    Held,
}

/// Recognizes the keypresses of one incoming stream.
#[derive(Debug, Clone, Default)]
pub struct KeypressReceiver {
    last: Option<Segment>,
}

impl KeypressReceiver {
    /// Handles a packet of the telephone-event payload type that arrived at `now_us`. Returns the key sign;
    /// `None` if the packet is too short, reordered, or of no digit.
    pub fn receive(&mut self, packet: &super::packet::Packet<'_>, now_us: i64) -> Option<KeySign> {
        let [code, flags, high, low, ..] = *packet.payload else {
            return None;
        };
        let segment = Segment {
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            code,
            timestamp: packet.timestamp,
            duration: u16::from_be_bytes([high, low]),
            ended: flags & END_BIT != 0,
            marker: packet.marker,
            at_us: now_us,
        };
        let Some(last) = self.last.filter(|last| last.ssrc == segment.ssrc) else {
            return self.begin(segment);
        };
        let ahead = segment.timestamp.wrapping_sub(last.timestamp);
        if ahead == 0 {
            if begins_at_the_same_time(last, segment) {
                return self.begin(segment);
            }
            return self.go_on(last, segment);
        }
        let overtaken = match last.sequence.wrapping_sub(segment.sequence) {
            0 => ahead > u32::MAX / 2,
            behind => behind <= OVERTAKEN_STEPS_MAX,
        };
        if overtaken {
            return None; // a packet of an earlier press
        }
        if continues(last, segment, ahead) || follows(last, segment) {
            self.last = Some(Segment {
                ended: last.ended || segment.ended,
                ..segment
            });
            return digit_of(segment.code).map(|_| KeySign::Held);
        }
        self.begin(segment)
    }

    fn begin(&mut self, segment: Segment) -> Option<KeySign> {
        self.last = Some(segment);
        digit_of(segment.code).map(KeySign::Pressed)
    }

    fn go_on(&mut self, last: Segment, segment: Segment) -> Option<KeySign> {
        let newer = is_newer(last, segment);
        self.last = Some(Segment {
            sequence: if newer { segment.sequence } else { last.sequence },
            duration: last.duration.max(segment.duration),
            ended: last.ended || segment.ended,
            at_us: segment.at_us,
            ..last
        });
        digit_of(last.code).map(|_| KeySign::Held)
    }
}

/// Returns true if `segment` was sent after the last packet of the press so far, by its sequence number.
fn is_newer(last: Segment, segment: Segment) -> bool {
    last.sequence.wrapping_sub(segment.sequence) > OVERTAKEN_STEPS_MAX
}

/// Returns true if a packet with the timestamp of the ended press is a new press, from a sender that does
/// not advance its clock between two presses: it has another digit, or a marker and a duration that starts
/// again.
fn begins_at_the_same_time(last: Segment, segment: Segment) -> bool {
    let starts_again = segment.marker && !segment.ended && segment.duration < last.duration;
    last.ended && is_newer(last, segment) && (last.code != segment.code || starts_again)
}

/// Returns true if a packet with a new timestamp is the next segment of the same long press.
fn continues(last: Segment, segment: Segment, ahead: u32) -> bool {
    let longest = u32::from(u16::MAX) + u32::try_from(FRAME_SAMPLES).unwrap_or(0);
    !last.ended
        && last.code == segment.code
        && last.duration >= LONG_DURATION
        && ahead >= u32::from(last.duration)
        && ahead <= longest
}

/// Returns true if a packet with a new timestamp belongs to the press before it, from a sender that
/// increases the timestamp in every packet. An end after an end is a repetition; anything else after an end
/// is a new press.
fn follows(last: Segment, segment: Segment) -> bool {
    let soon = segment.at_us.saturating_sub(last.at_us) <= FOLLOWS_US;
    let grows = segment.duration > last.duration;
    let goes_on = match last.ended {
        true => segment.ended && !segment.marker && segment.duration == last.duration,
        false => grows || (!segment.marker && segment.duration == last.duration),
    };
    soon && last.code == segment.code && goes_on
}

/// A packet of a press that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPacket {
    pub payload_type: u8,
    pub marker: bool,
    pub timestamp: u32,
    pub payload: [u8; 4],
}

/// The sender of one press: a packet every 20 ms with growing duration, then three end packets.
#[derive(Debug, Clone)]
pub struct KeypressSender {
    code: u8,
    payload_type: u8,
    timestamp: u32,
    duration: u16,
    duration_max: u16,
    ends_left: u8,
    first: bool,
}

/// Longest press that we send, in frames of 20 ms: 4 s fit into one segment. Longer ones are cut.
const PRESS_FRAMES_MAX: u16 = 200;

impl KeypressSender {
    /// Makes a press of `frames` × 20 ms (limited to 1 to 200) that begins at `timestamp`. `None` if
    /// `digit` is no digit of a keypad.
    pub fn new(digit: char, payload_type: u8, timestamp: u32, frames: u16) -> Option<Self> {
        let samples = u16::try_from(FRAME_SAMPLES).ok()?;
        Some(Self {
            code: code_of(digit)?,
            payload_type,
            timestamp,
            duration: 0,
            duration_max: samples.saturating_mul(frames.clamp(1, PRESS_FRAMES_MAX)),
            ends_left: END_PACKETS,
            first: true,
        })
    }

    /// Returns the packet to send in this tick of 20 ms; `None` after the last end packet.
    pub fn next_packet(&mut self) -> Option<EventPacket> {
        let samples = u16::try_from(FRAME_SAMPLES).ok()?;
        let ending = self.duration >= self.duration_max;
        if ending {
            self.ends_left = self.ends_left.checked_sub(1)?;
        } else {
            self.duration = self.duration.saturating_add(samples).min(self.duration_max);
        }
        let end = if ending { END_BIT } else { 0 };
        let [high, low] = self.duration.to_be_bytes();
        let marker = std::mem::take(&mut self.first);
        Some(EventPacket {
            payload_type: self.payload_type,
            marker,
            timestamp: self.timestamp,
            payload: [self.code, end | VOLUME, high, low],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::packet::Packet;

    fn event(code: u8, timestamp: u32, duration: u16, end: bool) -> (u32, [u8; 4]) {
        let [high, low] = duration.to_be_bytes();
        (timestamp, [code, if end { 0x8A } else { 0x0A }, high, low])
    }

    /// Returns the digits received from these packets, one every 20 ms. Their sequence numbers do not count.
    fn heard(packets: &[(u32, [u8; 4])]) -> String {
        let mut receiver = KeypressReceiver::default();
        let mut at_us = 0;
        let packets = packets.iter().filter_map(|(timestamp, payload)| {
            at_us += 20_000;
            let packet = Packet {
                payload_type: 101,
                marker: false,
                sequence: 0,
                timestamp: *timestamp,
                ssrc: 1,
                payload,
            };
            digit(receiver.receive(&packet, at_us))
        });
        packets.collect()
    }

    fn digit(sign: Option<KeySign>) -> Option<char> {
        match sign {
            Some(KeySign::Pressed(digit)) => Some(digit),
            Some(KeySign::Held) | None => None,
        }
    }

    /// Marker, sequence number, timestamp and payload of a packet, and its arrival time in microseconds.
    type Arrived = (bool, u16, (u32, [u8; 4]), i64);

    /// Returns the digits received from these packets of one sender.
    fn heard_of(packets: &[Arrived]) -> String {
        let mut receiver = KeypressReceiver::default();
        let packets = packets
            .iter()
            .filter_map(|(marker, sequence, (timestamp, payload), at_us)| {
                let packet = Packet {
                    payload_type: 101,
                    marker: *marker,
                    sequence: *sequence,
                    timestamp: *timestamp,
                    ssrc: 1,
                    payload,
                };
                digit(receiver.receive(&packet, *at_us))
            });
        packets.collect()
    }

    /// Returns a press with another timestamp in each packet, from `sequence` on, beginning at `at_ms`.
    fn counting_up(code: u8, sequence: u16, at_ms: u16, grows: bool) -> Vec<Arrived> {
        let packet = |step: u16| {
            let duration = if grows { 160 * (step + 1).min(10) } else { 160 };
            let stamp = (u32::from(at_ms) + 20 * u32::from(step)) * 8;
            let at_us = i64::from(at_ms + 20 * step) * 1_000;
            (
                step == 0,
                sequence + step,
                event(code, stamp, duration, step >= 10),
                at_us,
            )
        };
        (0..13).map(packet).collect()
    }

    #[test]
    fn a_press_with_a_timestamp_that_counts_up_in_every_packet_is_one_digit() {
        for grows in [true, false] {
            assert_eq!(heard_of(&counting_up(9, 1, 0, grows)), "9", "{grows}");
            let mut all_marked = counting_up(9, 1, 0, true);
            all_marked.iter_mut().for_each(|packet| packet.0 = packet.1 <= 10);
            assert_eq!(heard_of(&all_marked), "9", "a marker in every packet");
        }
    }

    #[test]
    fn two_quick_presses_stay_two_although_timestamps_count_up() {
        for (ends_lost, grows) in [(false, true), (true, true), (false, false)] {
            let mut packets = counting_up(9, 1, 0, grows);
            packets.truncate(if ends_lost { 9 } else { 13 });
            packets.extend(counting_up(9, 30, 300, grows));
            assert_eq!(heard_of(&packets), "99", "{ends_lost} {grows}");
        }
        let other = [counting_up(9, 1, 0, true), counting_up(1, 14, 260, true)].concat();
        assert_eq!(heard_of(&other), "91");
    }

    #[test]
    fn a_stopped_clock_between_two_presses_loses_none() {
        let again = [
            (true, 1, event(5, 1_000, 160, false), 0),
            (false, 2, event(5, 1_000, 320, true), 20_000),
            (false, 3, event(5, 1_000, 320, true), 40_000),
            (true, 9, event(5, 1_000, 160, false), 160_000),
            (false, 10, event(5, 1_000, 320, true), 180_000),
            (false, 11, event(6, 1_000, 160, false), 300_000),
        ];
        assert_eq!(heard_of(&again), "556");
    }

    #[test]
    fn one_press_is_one_digit_however_often_it_is_repeated() {
        let press = [
            event(5, 1_000, 160, false),
            event(5, 1_000, 320, false),
            event(5, 1_000, 480, true),
            event(5, 1_000, 480, true),
            event(5, 1_000, 480, true),
        ];
        assert_eq!(heard(&press), "5");
    }

    #[test]
    fn a_second_press_of_the_same_digit_counts_although_every_end_was_lost() {
        let presses = [
            event(1, 1_000, 160, false),
            event(1, 1_000, 320, false),
            event(1, 3_000, 160, false),
        ];
        assert_eq!(heard(&presses), "11");
    }

    #[test]
    fn a_clock_that_begins_again_under_the_same_source_loses_no_press() {
        let mut receiver = KeypressReceiver::default();
        let mut press = |sequence: u16, (timestamp, payload): (u32, [u8; 4])| {
            let packet = Packet {
                payload_type: 101,
                marker: true,
                sequence,
                timestamp,
                ssrc: 1,
                payload: &payload,
            };
            digit(receiver.receive(&packet, 0))
        };
        assert_eq!(press(65_535, event(1, 900_000, 160, false)), Some('1'));
        assert_eq!(press(0, event(1, 900_000, 320, true)), None);
        assert_eq!(press(40, event(2, 1_000, 160, false)), Some('2'));
        assert_eq!(press(39, event(1, 900_000, 320, true)), None, "overtaken");
    }

    #[test]
    fn a_press_of_which_only_the_end_arrived_counts() {
        assert_eq!(heard(&[event(9, 1_000, 800, true)]), "9");
    }

    #[test]
    fn a_press_longer_than_one_segment_is_one_digit() {
        let press = [
            event(2, 1_000, 0xFFA0, false),
            event(2, 1_000 + 0xFFFF, 160, false),
            event(2, 1_000 + 0xFFFF, 320, true),
        ];
        assert_eq!(heard(&press), "2");
        let ended = [
            event(2, 1_000, 0xFFFF, true),
            event(2, 1_000 + 0xFFFF, 160, false),
        ];
        assert_eq!(heard(&ended), "22");
    }

    #[test]
    fn an_overtaken_packet_of_an_earlier_press_is_ignored() {
        let presses = [
            event(1, 1_000, 160, false),
            event(2, 5_000, 160, false),
            event(1, 1_000, 480, true),
            event(2, 5_000, 480, true),
        ];
        assert_eq!(heard(&presses), "12");
    }

    #[test]
    fn all_sixteen_digits_are_known_and_flash_is_not_one() {
        let presses: Vec<_> = (0..=16_u8)
            .map(|code| event(code, u32::from(code) * 2_000, 160, true))
            .collect();
        assert_eq!(heard(&presses), "0123456789*#ABCD");
        assert_eq!(heard(&[(0, [1, 0, 0, 160])]), "1");
    }

    #[test]
    fn a_short_payload_is_no_press() {
        let mut receiver = KeypressReceiver::default();
        let packet = Packet {
            payload_type: 101,
            marker: true,
            sequence: 0,
            timestamp: 0,
            ssrc: 1,
            payload: &[1, 0, 0],
        };
        assert_eq!(receiver.receive(&packet, 0), None);
    }

    #[test]
    fn what_we_send_has_three_ends_and_is_heard_once() {
        let mut sender = KeypressSender::new('#', 101, 4_000, 3).unwrap();
        let packets: Vec<EventPacket> = std::iter::from_fn(|| sender.next_packet()).collect();
        assert_eq!(packets.len(), 6);
        assert!(packets[0].marker && packets[1..].iter().all(|packet| !packet.marker));
        let ends: Vec<_> = packets
            .iter()
            .map(|packet| packet.payload[1] & END_BIT != 0)
            .collect();
        assert_eq!(ends, [false, false, false, true, true, true]);
        assert_eq!(packets[5].payload, [11, 0x8A, 0x01, 0xE0]);
        let wire: Vec<_> = packets.iter().map(|one| (one.timestamp, one.payload)).collect();
        assert_eq!(heard(&wire), "#");
        assert!(KeypressSender::new('x', 101, 0, 3).is_none());
    }
}
