//! Reads and writes SDP offers and answers of one G.711 stream with keypresses: a strict subset of RFC 4566
//! and RFC 3264.
//!
//! We offer PCMA, PCMU and `telephone-event` 101 at 20 ms. From the far end's description we take the first
//! audio stream that is not switched off: the address for its packets, its codec, its keypress payload type
//! and its direction.

use crate::audio::frame::{FRAME_MS, FRAME_SAMPLES};
use crate::codec::Codec;
use crate::rtp::latch::LatchRule;
use domain::call::KeyPath;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Largest session description that is read, in bytes; a larger one is an error. A carrier's is below 2 kB.
pub const SDP_BYTES_MAX: usize = 16_384;

/// The payload type of keypresses in our offers (RFC 4733 leaves it dynamic; carriers expect 101).
pub const KEYPRESS_PAYLOAD_TYPE: u8 = 101;

/// The direction in which audio flows, as seen by the side that wrote the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// The audio stream that the far end's description asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioStream {
    /// The address to which the far end wants its packets sent.
    pub address: SocketAddr,
    /// The first codec of the description that this crate supports too.
    pub codec: Codec,
    /// The payload type that the description gives this codec: 8 or 0, or a dynamic one.
    pub payload_type: u8,
    /// The payload type of keypresses if it was negotiated: the description's `m=` line lists it and a map
    /// names it as `telephone-event`.
    pub keypress_payload_type: Option<u8>,
    /// Another payload type by which keypresses may come: one that the description maps without listing it in
    /// the `m=` line, else our own (RFC 3264, 6.1, allows the far end to use that), unless the description
    /// gives that number to something else.
    pub other_keypress_type: Option<u8>,
    pub direction: Direction,
    pub ptime_ms: u32,
    /// The longest packet that the far end takes, in milliseconds (RFC 8866, 6.4).
    pub maxptime_ms: Option<u32>,
    /// The only addresses from which its packets may come, if the trunk's SPEC lists media addresses; empty
    /// for no limit.
    pub allowed: Vec<IpAddr>,
    /// The description's `m=` lines in order, each as our answer refuses it; `None` for the stream that was
    /// taken. An answer has as many lines as the offer (RFC 3264, 6).
    pub media_lines: Vec<Option<String>>,
    /// The trunk's rule for how far from `address` the far end's packets may come.
    pub latch: LatchRule,
}

impl AudioStream {
    /// Returns the number of samples in each packet that we send: 20 ms, or 10 or 5 ms if the far end
    /// accepts no longer packets. `None` if it accepts only shorter ones.
    pub fn packet_samples(&self) -> Option<usize> {
        let longest_ms = self.maxptime_ms.unwrap_or(20);
        PACKETS_PER_FRAME
            .into_iter()
            .find(|packets| u64::from(longest_ms) * packets >= FRAME_MS)
            .and_then(|packets| FRAME_SAMPLES.checked_div(usize::try_from(packets).ok()?))
    }

    /// Returns true if the description says that the far end sends audio.
    pub const fn sends(&self) -> bool {
        matches!(self.direction, Direction::SendRecv | Direction::SendOnly)
    }

    /// Returns the ways in which the far end's keypresses can arrive: by RTP only if it sends audio, by SIP
    /// INFO if `takes_info` (its `Allow` lists INFO).
    pub fn key_paths(&self, takes_info: bool) -> Vec<KeyPath> {
        let in_rtp = match self.keypress_payload_type {
            Some(_) => KeyPath::RtpEvent,
            None => KeyPath::InBand,
        };
        let by_rtp = self.sends().then_some(in_rtp);
        let by_info = takes_info.then_some(KeyPath::SipInfo);
        by_rtp.into_iter().chain(by_info).collect()
    }
}

/// The numbers of packets into which a frame of 20 ms may be cut: packets of 20, 10 or 5 ms. No gateway
/// asks for shorter packets.
const PACKETS_PER_FRAME: [u64; 3] = [1, 2, 4];
/// Longest packet time read from a description, in milliseconds: RFC 3551, 4.2, has receivers take up to 200
/// ms.
const PTIME_MAX_MS: u32 = 200;
/// Most `m=` lines of a description; one with more is an error. Audio, video, and a few more that a far end
/// offers at once.
const MEDIA_LINES_MAX: usize = 16;

/// The reason why a description cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    #[error("the description is too large or not text")]
    Unreadable,
    #[error("no audio stream is offered")]
    NoAudio,
    #[error("no codec in common")]
    NoCodec,
    #[error("no usable address")]
    NoAddress,
    #[error("it takes only packets shorter than 5 ms")]
    ShortPackets,
}

/// Returns our offer with `media` as the address for RTP: PCMA, PCMU and keypresses. `version` increases
/// with each new description of the same dialog.
pub fn offer(media: SocketAddr, version: u32) -> Vec<u8> {
    describe(
        media,
        version,
        &[(Codec::Pcma, 8), (Codec::Pcmu, 0)],
        Some(KEYPRESS_PAYLOAD_TYPE),
    )
}

/// Returns our answer to an offer, with `media` as the address for RTP: the codec and keypress payload type
/// of `offered`, and the direction as seen from our side.
pub fn answer(media: SocketAddr, version: u32, offered: &AudioStream) -> Vec<u8> {
    let codecs = [(offered.codec, offered.payload_type)];
    let mut text = describe(media, version, &codecs, offered.keypress_payload_type);
    let direction: Option<&[u8]> = match offered.direction {
        Direction::SendRecv => None,
        Direction::SendOnly => Some(b"a=recvonly\r\n"),
        Direction::RecvOnly => Some(b"a=sendonly\r\n"),
        Direction::Inactive => Some(b"a=inactive\r\n"),
    };
    if let Some(direction) = direction {
        let standing = b"a=sendrecv\r\n";
        text.truncate(text.len().saturating_sub(standing.len()));
        text.extend_from_slice(direction);
    }
    with_refused(text, &offered.media_lines)
}

/// Replaces the `m=` section of our answer by one section per offered line, in the offer's order: ours for
/// the accepted stream, a line with port 0 for each other.
fn with_refused(text: Vec<u8>, lines: &[Option<String>]) -> Vec<u8> {
    let own = b"m=audio ";
    let Some(at) = text.windows(own.len()).position(|part| part == own) else {
        return text;
    };
    let (session, audio) = text.split_at(at);
    let mut answer = session.to_vec();
    if lines.is_empty() {
        answer.extend_from_slice(audio);
    }
    for line in lines {
        match line {
            None => answer.extend_from_slice(audio),
            Some(refused) => answer.extend_from_slice(refused.as_bytes()),
        }
    }
    answer
}

/// Returns the `m=` line that refuses an offered one: its kind, port 0, its protocol and first format (RFC
/// 3264, 6).
fn refused_line(value: &str) -> String {
    let is_plain = |word: &&str| word.bytes().all(|byte| byte.is_ascii_graphic());
    let mut words = value.split_ascii_whitespace().filter(is_plain);
    let kind = words.next().unwrap_or("audio");
    let protocol = words.nth(1).unwrap_or("RTP/AVP");
    let format = words.next().unwrap_or("0");
    format!("m={kind} 0 {protocol} {format}\r\n")
}

fn describe(media: SocketAddr, version: u32, codecs: &[(Codec, u8)], keypress: Option<u8>) -> Vec<u8> {
    let family = if media.is_ipv4() { "IP4" } else { "IP6" };
    let host = media.ip();
    let mut formats: Vec<String> = codecs.iter().map(|(_, payload)| payload.to_string()).collect();
    formats.extend(keypress.map(|payload| payload.to_string()));
    let mut text = format!(
        "v=0\r\no=- {port} {version} IN {family} {host}\r\ns=-\r\nc=IN {family} {host}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {formats}\r\n",
        port = media.port(),
        formats = formats.join(" "),
    );
    for (codec, payload) in codecs {
        text.push_str(&format!("a=rtpmap:{payload} {}/8000\r\n", codec.name()));
    }
    if let Some(payload) = keypress {
        text.push_str(&format!(
            "a=rtpmap:{payload} telephone-event/8000\r\na=fmtp:{payload} 0-15\r\n"
        ));
    }
    text.push_str("a=ptime:20\r\na=sendrecv\r\n");
    text.into_bytes()
}

/// One `m=` section of a description while it is parsed, or the session part before the first one.
#[derive(Default)]
struct Section<'a> {
    audio: bool,
    port: u16,
    formats: Vec<u8>,
    maps: Vec<(u8, &'a str)>,
    address: Option<IpAddr>,
    direction: Option<Direction>,
    ptime_ms: Option<u32>,
    maxptime_ms: Option<u32>,
}

/// Parses an offer or answer and returns its first usable audio stream. Fails if it has none, or no address
/// or supported codec.
pub fn read(body: &[u8]) -> Result<AudioStream, SdpError> {
    if body.len() > SDP_BYTES_MAX {
        return Err(SdpError::Unreadable);
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(SdpError::Unreadable);
    };
    let mut whole = Section::default();
    let mut streams: Vec<Section<'_>> = Vec::new();
    let mut offered: Vec<&str> = Vec::new();
    for line in text.lines() {
        let Some((kind, value)) = line.trim_end().split_once('=') else {
            continue;
        };
        if kind == "m" {
            offered.push(value);
            streams.push(media_line(value));
            continue;
        }
        let section = streams.last_mut().unwrap_or(&mut whole);
        match kind {
            "c" => section.address = connection(value),
            "a" => attribute(value, section),
            _ => {}
        }
    }
    if offered.len() > MEDIA_LINES_MAX {
        return Err(SdpError::Unreadable);
    }
    let usable = |stream: &Section<'_>| stream.audio && stream.port != 0;
    let at = streams.iter().position(usable).ok_or(SdpError::NoAudio)?;
    let stream = streams.get(at).ok_or(SdpError::NoAudio)?;
    let lines = offered.iter().enumerate();
    let media_lines = lines.map(|(index, line)| (index != at).then(|| refused_line(line)));
    Ok(AudioStream {
        media_lines: media_lines.collect(),
        ..settle(stream, &whole)?
    })
}

fn settle(stream: &Section<'_>, whole: &Section<'_>) -> Result<AudioStream, SdpError> {
    let (codec, payload_type) = stream
        .formats
        .iter()
        .find_map(|payload| Some((codec_of(*payload, &stream.maps)?, *payload)))
        .ok_or(SdpError::NoCodec)?;
    let address = stream.address.or(whole.address).filter(|ip| !is_many(*ip));
    let address = address.ok_or(SdpError::NoAddress)?;
    let direction = stream
        .direction
        .or(whole.direction)
        .unwrap_or(Direction::SendRecv);
    // 0.0.0.0 is the old way to put a call on hold (RFC 3264, 8.4): nothing may be sent there.
    let direction = if address.is_unspecified() {
        Direction::Inactive
    } else {
        direction
    };
    let negotiated = keypress_types(stream).find(|payload| stream.formats.contains(payload));
    let unlisted = keypress_types(stream).find(|payload| !stream.formats.contains(payload));
    let is_taken = |payload: u8| {
        let mapped = stream.maps.iter().find(|(mapped, _)| *mapped == payload);
        payload == payload_type || mapped.is_some_and(|(_, map)| !is_keypress(map))
    };
    let other = unlisted.or((negotiated != Some(KEYPRESS_PAYLOAD_TYPE)).then_some(KEYPRESS_PAYLOAD_TYPE));
    let read = AudioStream {
        address: SocketAddr::new(address, stream.port),
        codec,
        payload_type,
        keypress_payload_type: negotiated,
        other_keypress_type: other.filter(|payload| !is_taken(*payload)),
        direction,
        ptime_ms: stream.ptime_ms.unwrap_or(20),
        maxptime_ms: stream.maxptime_ms.or(whole.maxptime_ms),
        allowed: Vec::new(),
        media_lines: Vec::new(),
        latch: LatchRule::default(),
    };
    read.packet_samples().ok_or(SdpError::ShortPackets)?;
    Ok(read)
}

/// Returns the payload types that are mapped to keypresses, in the order of their maps.
fn keypress_types<'a>(stream: &'a Section<'_>) -> impl Iterator<Item = u8> + 'a {
    let mapped = stream.maps.iter().filter(|(_, map)| is_keypress(map));
    mapped.map(|(payload, _)| *payload)
}

/// Returns true if an rtpmap names `telephone-event`, at any clock rate: the rate changes only the duration
/// of a key, not which key it is.
fn is_keypress(map: &str) -> bool {
    let name = map.split('/').next().unwrap_or_default();
    name.trim().eq_ignore_ascii_case("telephone-event")
}

/// Returns true for a multicast or broadcast address, which is refused: a call has one far end.
fn is_many(ip: IpAddr) -> bool {
    ip.is_multicast() || ip == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// Returns the codec of a payload type. PCMA (8) and PCMU (0) need no rtpmap (RFC 3551), but a map may give
/// the number to another codec. `None` for a codec that we do not support.
fn codec_of(payload: u8, maps: &[(u8, &str)]) -> Option<Codec> {
    match maps.iter().find(|(mapped, _)| *mapped == payload) {
        Some((_, map)) if is_map(map, "PCMA") => Some(Codec::Pcma),
        Some((_, map)) if is_map(map, "PCMU") => Some(Codec::Pcmu),
        Some(_) => None,
        None if payload == 8 => Some(Codec::Pcma),
        None if payload == 0 => Some(Codec::Pcmu),
        None => None,
    }
}

/// Returns true if an rtpmap names this codec at 8,000 Hz, in any case: `PCMA/8000`, `pcma/8000/1`.
fn is_map(map: &str, name: &str) -> bool {
    let mut parts = map.split('/');
    parts.next().is_some_and(|part| part.eq_ignore_ascii_case(name)) && parts.next() == Some("8000")
}

fn media_line(value: &str) -> Section<'_> {
    let mut words = value.split_ascii_whitespace();
    let kind = words.next().unwrap_or_default();
    let port = words.next().unwrap_or_default();
    let port = port.split('/').next().unwrap_or_default();
    let profile = words.next().unwrap_or_default();
    Section {
        audio: kind == "audio" && matches!(profile, "RTP/AVP" | "RTP/AVPF"),
        port: port.parse().unwrap_or(0),
        formats: words.filter_map(|word| word.parse().ok()).collect(),
        ..Section::default()
    }
}

/// Returns the address of a `c=` line, for example `IN IP4 192.0.2.1`, with an optional TTL after a slash.
/// `None` for a host name: names are not looked up.
fn connection(value: &str) -> Option<IpAddr> {
    let mut words = value.split_ascii_whitespace();
    if words.next() != Some("IN") || !matches!(words.next(), Some("IP4" | "IP6")) {
        return None;
    }
    words.next()?.split('/').next()?.parse().ok()
}

fn attribute<'a>(value: &'a str, section: &mut Section<'a>) {
    match value {
        "sendrecv" => section.direction = Some(Direction::SendRecv),
        "sendonly" => section.direction = Some(Direction::SendOnly),
        "recvonly" => section.direction = Some(Direction::RecvOnly),
        "inactive" => section.direction = Some(Direction::Inactive),
        _ => {
            if let Some(ptime) = value.strip_prefix("ptime:") {
                section.ptime_ms = packet_time(ptime);
            }
            if let Some(maxptime) = value.strip_prefix("maxptime:") {
                section.maxptime_ms = packet_time(maxptime);
            }
            let map = value.strip_prefix("rtpmap:").and_then(|map| map.split_once(' '));
            if let Some((payload, map)) = map
                && let Ok(payload) = payload.parse()
            {
                section.maps.push((payload, map.trim()));
            }
        }
    }
}

/// Returns the milliseconds of a packet time; a fraction, which some far ends write, is cut off. `None`
/// outside 1 to 200 ms.
fn packet_time(text: &str) -> Option<u32> {
    let whole = text.trim().split('.').next()?;
    let ms = whole.parse().ok()?;
    (1..=PTIME_MAX_MS).contains(&ms).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::{Codec, Direction, SdpError, answer, offer, read};

    fn sdp(lines: &str) -> Vec<u8> {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n{lines}").into_bytes()
    }

    #[test]
    fn our_offer_reads_back_and_is_answered_in_kind() {
        for media in ["127.0.0.1:40000", "[::1]:40002"] {
            let media = media.parse().unwrap();
            let offered = read(&offer(media, 1)).unwrap();
            assert_eq!(offered.address, media);
            assert_eq!(offered.codec, Codec::Pcma);
            assert_eq!(offered.keypress_payload_type, Some(101));
            assert_eq!(read(&answer(media, 2, &offered)).unwrap(), offered);
        }
    }

    /// RFC 3264, 6: an answer has as many `m=` lines as the offer, in its order; a refused line has port 0.
    #[test]
    fn an_answer_has_as_many_media_lines_as_the_offer() {
        let media = "127.0.0.1:40000".parse().unwrap();
        let video = "m=video 21998 RTP/AVP 99 100\r\na=rtpmap:99 H264/90000\r\n";
        let audio = "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n";
        let fax = "m=image 4002 udptl t38\r\n";
        for (sections, expected) in [
            (vec![audio], vec!["audio 40000"]),
            (vec![audio, video], vec!["audio 40000", "video 0"]),
            (vec![video, audio], vec!["video 0", "audio 40000"]),
            (
                vec!["m=audio 0 RTP/AVP 8\r\n", video, audio, fax],
                vec!["audio 0", "video 0", "audio 40000", "image 0"],
            ),
        ] {
            let offered = read(&sdp(&format!(
                "c=IN IP4 192.0.2.7\r\nt=0 0\r\n{}",
                sections.concat()
            )))
            .unwrap();
            let text = String::from_utf8(answer(media, 2, &offered)).unwrap();
            let lines = text.lines().filter_map(|line| line.strip_prefix("m="));
            let lines: Vec<String> = lines
                .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
                .collect();
            assert_eq!(lines, expected);
            assert_eq!(read(text.as_bytes()).unwrap().direction, Direction::RecvOnly);
        }
        let many = "m=video 1 RTP/AVP 99\r\n".repeat(16);
        let offered = format!("c=IN IP4 192.0.2.7\r\n{audio}{many}");
        assert_eq!(read(&sdp(&offered)).err(), Some(SdpError::Unreadable));
    }

    #[test]
    fn hold_is_answered_from_the_other_side() {
        let media = "127.0.0.1:40000".parse().unwrap();
        let held = read(&sdp(
            "c=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=sendonly\r\n",
        ))
        .unwrap();
        assert_eq!(
            read(&answer(media, 2, &held)).unwrap().direction,
            Direction::RecvOnly
        );
    }

    #[test]
    fn answers_of_many_shapes_are_read() {
        let rows = [
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n",
                "192.0.2.9:4000",
                Codec::Pcma,
                None,
            ),
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 18 0 96\r\na=rtpmap:96 telephone-event/8000\r\nc=IN IP4 192.0.2.10\r\n",
                "192.0.2.10:4000",
                Codec::Pcmu,
                Some(96),
            ),
            (
                "m=video 5000 RTP/AVP 31\r\nc=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 8\r\nm=audio 6000/2 RTP/AVP 8\r\nc=IN IP6 2001:db8::1\r\n",
                "[2001:db8::1]:6000",
                Codec::Pcma,
                None,
            ),
            (
                "c=IN IP4 192.0.2.9/127\r\nm=audio 4000 RTP/AVP 110 101\r\na=rtpmap:110 pcma/8000/1\r\na=rtpmap:101 telephone-event/8000\r\n",
                "192.0.2.9:4000",
                Codec::Pcma,
                Some(101),
            ),
        ];
        for (lines, address, codec, keypress) in rows {
            let stream = read(&sdp(lines)).unwrap();
            assert_eq!(stream.address, address.parse().unwrap(), "{lines}");
            assert_eq!(
                (stream.codec, stream.keypress_payload_type),
                (codec, keypress),
                "{lines}"
            );
        }
    }

    #[test]
    fn packet_times_directions_and_bandwidths_are_read_or_passed_over() {
        let rows = [
            ("a=ptime:10\r\n", 10, Direction::SendRecv),
            ("a=ptime:30\r\na=recvonly\r\n", 30, Direction::RecvOnly),
            ("a=ptime:60\r\na=inactive\r\n", 60, Direction::Inactive),
            (
                "a=ptime:201\r\nb=TIAS:64000\r\nb=AS:80\r\n",
                20,
                Direction::SendRecv,
            ),
            ("a=ptime:80\r\n", 80, Direction::SendRecv),
            (
                "a=ptime:0\r\na=maxptime:40\r\na=rtcp:4001\r\n",
                20,
                Direction::SendRecv,
            ),
            ("a=\r\na\r\n=\r\n", 20, Direction::SendRecv),
        ];
        for (lines, ptime_ms, direction) in rows {
            let text = format!("c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n{lines}");
            let stream = read(&sdp(&text)).unwrap();
            assert_eq!(
                (stream.ptime_ms, stream.direction),
                (ptime_ms, direction),
                "{lines}"
            );
        }
        let whole = "a=inactive\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n";
        assert_eq!(read(&sdp(whole)).unwrap().direction, Direction::Inactive);
    }

    #[test]
    fn packets_are_no_longer_than_the_far_end_takes() {
        let rows = [
            ("", 160),
            ("a=maxptime:20\r\n", 160),
            ("a=maxptime:200\r\n", 160),
            ("a=maxptime:19\r\n", 80),
            ("a=ptime:10\r\na=maxptime:10\r\n", 80),
            ("a=maxptime:9.5\r\n", 40),
            ("a=maxptime:5\r\n", 40),
            ("a=maxptime:0\r\n", 160),
            ("a=maxptime:long\r\n", 160),
        ];
        for (lines, samples) in rows {
            let text = format!("c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n{lines}");
            assert_eq!(
                read(&sdp(&text)).unwrap().packet_samples(),
                Some(samples),
                "{lines}"
            );
        }
        let whole = "a=maxptime:10\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n";
        assert_eq!(read(&sdp(whole)).unwrap().packet_samples(), Some(80));
        let short = "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\na=maxptime:4\r\n";
        assert_eq!(read(&sdp(short)).unwrap_err(), SdpError::ShortPackets);
    }

    #[test]
    fn keypresses_are_expected_by_every_type_that_could_bring_them() {
        let rows = [
            ("8 101", "a=rtpmap:101 telephone-event/8000\r\n", Some(101), None),
            (
                "8 96",
                "a=rtpmap:96 telephone-event/8000\r\n",
                Some(96),
                Some(101),
            ),
            // The type is missing from the m= line, from the maps, or from both.
            ("8", "a=rtpmap:101 telephone-event/8000\r\n", None, Some(101)),
            ("8", "a=rtpmap:96 telephone-event/8000\r\n", None, Some(96)),
            ("8 101", "", None, Some(101)),
            ("8", "", None, Some(101)),
            // The number 101 is given to another codec.
            ("8", "a=rtpmap:101 opus/48000/2\r\n", None, None),
            ("101", "a=rtpmap:101 PCMA/8000\r\n", None, None),
            // Other spellings.
            (
                "8 101",
                "a=rtpmap:101 TELEPHONE-EVENT/8000/1\r\n",
                Some(101),
                None,
            ),
            ("8 101", "a=rtpmap:101 telephone-event\r\n", Some(101), None),
            (
                "8 100",
                "a=rtpmap:100 telephone-event/16000\r\n",
                Some(100),
                Some(101),
            ),
        ];
        for (formats, maps, negotiated, other) in rows {
            let text = format!("c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP {formats}\r\n{maps}");
            let stream = read(&sdp(&text)).unwrap();
            let types = (stream.keypress_payload_type, stream.other_keypress_type);
            assert_eq!(types, (negotiated, other), "{formats} {maps}");
        }
    }

    #[test]
    fn what_cannot_be_used_says_why() {
        let rows = [
            ("", SdpError::NoAudio),
            ("c=IN IP4 192.0.2.9\r\nm=audio 0 RTP/AVP 8\r\n", SdpError::NoAudio),
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 70000 RTP/AVP 8\r\n",
                SdpError::NoAudio,
            ),
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/SAVP 8\r\n",
                SdpError::NoAudio,
            ),
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 18\r\n",
                SdpError::NoCodec,
            ),
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 G729/8000\r\n",
                SdpError::NoCodec,
            ),
            ("m=audio 4000 RTP/AVP 8\r\n", SdpError::NoAddress),
            (
                "c=IN IP4 224.2.1.1/127\r\nm=audio 4000 RTP/AVP 8\r\n",
                SdpError::NoAddress,
            ),
            (
                "c=IN IP4 255.255.255.255\r\nm=audio 4000 RTP/AVP 8\r\n",
                SdpError::NoAddress,
            ),
            (
                "c=IN IP6 ff02::1\r\nm=audio 4000 RTP/AVP 8\r\n",
                SdpError::NoAddress,
            ),
            (
                "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/SAVP 8\r\n\
                 a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d29ybGQ|2^20|1:4\r\n",
                SdpError::NoAudio,
            ),
            (
                "c=IN IP4 host.example.com\r\nm=audio 4000 RTP/AVP 8\r\n",
                SdpError::NoAddress,
            ),
        ];
        for (lines, why) in rows {
            assert_eq!(read(&sdp(lines)).unwrap_err(), why, "{lines}");
        }
        assert_eq!(read(&[0xff, 0xfe]).unwrap_err(), SdpError::Unreadable);
        assert_eq!(read(&vec![b'a'; 16_385]).unwrap_err(), SdpError::Unreadable);
        let held = read(&sdp("c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 8\r\n")).unwrap();
        assert_eq!(held.direction, Direction::Inactive);
    }
}
