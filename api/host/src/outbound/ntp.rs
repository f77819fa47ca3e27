//! An SNTP client that measures the offset of this process's clock (RFC 4330; packet format of RFC 5905,
//! 7.3).
//!
//! It is our own code, because the clock to be measured is the port's, which stamps the events, and not the
//! machine's. The request contains random bits instead of our time; a response that does not repeat them is
//! ignored.

use domain::installation::ClockOffset;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::time::Timestamp;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use tokio::net::{UdpSocket, lookup_host};

/// The length of an NTP packet without extensions or key, in bytes.
pub(crate) const PACKET_BYTES: usize = 48;
/// The port of NTP (RFC 5905, 7.2).
const PORT: u16 = 123;
/// The first byte of an NTP request: leap indicator 0, version 4, mode 3 (client).
pub(crate) const CLIENT: u8 = 0x23;
/// The mode of a response: 4 (server).
const SERVER: u8 = 4;
/// The leap indicator of an NTP server with a clock that was never set (RFC 5905, 7.3).
const UNSYNCHRONIZED: u8 = 3;
/// The highest stratum of an NTP server with a time. 0 is a refusal, 16 and above means unsynchronized.
const STRATUM_MAX: u8 = 15;
/// The seconds from 1900 to 1970.
pub(crate) const UNIX_IN_NTP: i64 = 2_208_988_800;
/// The seconds of one NTP era: the 32 bits of a time wrap around in 2036.
pub(crate) const ERA_SECONDS: i64 = 1 << 32;
/// The longest wait for an NTP response, in milliseconds: after it an offset would be worth little.
const ANSWER_MS: u64 = 1_000;
/// The number of NTP requests of one measurement. The response with the shortest round trip counts (RFC
/// 5905, 10).
const QUESTIONS: usize = 3;

/// An NTP server, `HOST[:PORT]`. The default port is 123.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NtpServer {
    host: String,
    port: u16,
}

impl FromStr for NtpServer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not HOST[:PORT], such as ntp.example.com or [::1]:123");
        let (host, port) = match text.parse::<SocketAddr>() {
            Ok(address) => (address.ip().to_string(), address.port()),
            Err(_) => match text.split_once(':') {
                None => (text.to_owned(), PORT),
                Some((host, port)) => (host.to_owned(), port.parse().map_err(|_not_a_port| wrong())?),
            },
        };
        let is_host = |text: &str| {
            let mut letters = text.chars();
            !text.is_empty()
                && text.len() <= HOST_BYTES_MAX
                && letters.all(|letter| letter.is_ascii_alphanumeric() || "-.:".contains(letter))
        };
        if !is_host(&host) || port == 0 {
            return Err(wrong());
        }
        Ok(Self { host, port })
    }
}

/// The longest host name, in bytes (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;

impl std::fmt::Display for NtpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ntp:{}:{}", self.host, self.port)
    }
}

/// Sends a few requests and returns the offset from the response with the shortest round trip. Fails with a
/// text if there was no usable response.
pub async fn measure(
    server: &NtpServer,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> Result<ClockOffset, String> {
    let socket = within(clock, connect(server)).await?;
    let mut best: Option<ClockOffset> = None;
    for _ in 0..QUESTIONS {
        let mut cookie = [0; 8];
        ids.random(&mut cookie);
        let offset = match within(clock, ask(&socket, cookie, clock)).await {
            Ok(answer) => answer.offset(server.to_string()),
            // Earlier responses count; the server is not asked again now.
            Err(why) => return best.ok_or(why),
        };
        if best
            .as_ref()
            .is_none_or(|best| offset.round_trip_ms < best.round_trip_ms)
        {
            best = Some(offset);
        }
    }
    best.ok_or_else(|| "no request was sent".to_owned())
}

async fn within<T>(clock: &dyn Clock, work: impl Future<Output = io::Result<T>>) -> Result<T, String> {
    tokio::select! {
        biased;
        () = clock.wait_until(clock.now().plus_ms(ANSWER_MS)) => Err("it does not answer".to_owned()),
        done = work => done.map_err(|error| error.to_string()),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one datagram socket of the clock's evidence"
)]
async fn connect(server: &NtpServer) -> io::Result<UdpSocket> {
    let found = lookup_host((server.host.as_str(), server.port)).await?.next();
    let address = found.ok_or_else(|| io::Error::other("its name has no address"))?;
    let any: SocketAddr = if address.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(any).await?;
    // The socket now receives only datagrams from this server.
    socket.connect(address).await?;
    Ok(socket)
}

async fn ask(socket: &UdpSocket, cookie: [u8; 8], clock: &dyn Clock) -> io::Result<Answer> {
    let mut question = [0; PACKET_BYTES];
    question[0] = CLIENT;
    question[40..].copy_from_slice(&cookie);
    let asked = clock.now();
    socket.send(&question).await?;
    loop {
        let mut packet = [0; PACKET_BYTES];
        let length = socket.recv(&mut packet).await?;
        let answered = clock.now();
        if length < PACKET_BYTES || packet[24..32] != cookie {
            continue;
        }
        return Answer::read(&packet, asked, answered);
    }
}

/// A server's response, with our times of request and response.
struct Answer {
    asked: Timestamp,
    received: Timestamp,
    sent: Timestamp,
    answered: Timestamp,
    /// The uncertainty of the server's own time, in milliseconds.
    root_ms: u64,
}

impl Answer {
    fn read(packet: &[u8; PACKET_BYTES], asked: Timestamp, answered: Timestamp) -> io::Result<Self> {
        let (leap, mode, stratum) = (packet[0] >> 6, packet[0] & 7, packet[1]);
        if mode != SERVER || leap == UNSYNCHRONIZED || stratum == 0 || stratum > STRATUM_MAX {
            return Err(io::Error::other("it reports that its clock is not set"));
        }
        // 16 bits of seconds and 16 bits of fractions.
        let short_ms = |at: usize| (u64::from(word(packet, at)) * 1_000).div_ceil(1 << 16);
        let (Some(received), Some(sent)) = (instant(packet, 32, asked), instant(packet, 40, asked)) else {
            return Err(io::Error::other("it sends no time"));
        };
        Ok(Self {
            asked,
            received,
            sent,
            answered,
            root_ms: short_ms(4) / 2 + short_ms(8),
        })
    }

    /// Computes the offset (RFC 5905, 8): half of the difference on the way there plus half of that on the
    /// way back.
    fn offset(&self, source: String) -> ClockOffset {
        let us = |from: Timestamp, to: Timestamp| to.micros().saturating_sub(from.micros());
        let there = us(self.asked, self.received);
        let back = us(self.answered, self.sent);
        let way = us(self.asked, self.answered).saturating_sub(us(self.received, self.sent));
        let way_us = u64::try_from(way).unwrap_or(0);
        ClockOffset {
            offset_ms: (there / 2 + back / 2) / 1_000,
            round_trip_ms: way_us.div_ceil(1_000),
            source,
            uncertainty_ms: self.root_ms + way_us.div_ceil(2_000),
        }
    }
}

/// Returns the 32 bits at this byte offset of the packet.
fn word(packet: &[u8; PACKET_BYTES], at: usize) -> u32 {
    let bytes = packet.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    u32::from_be_bytes(bytes.unwrap_or_default())
}

/// Returns the 64-bit time at this byte offset, in the era nearest to `near`. `None` for zero, which means no
/// time.
fn instant(packet: &[u8; PACKET_BYTES], at: usize, near: Timestamp) -> Option<Timestamp> {
    let (seconds, parts) = (i64::from(word(packet, at)), i64::from(word(packet, at + 4)));
    if (seconds, parts) == (0, 0) {
        return None;
    }
    let since_1970 = seconds - UNIX_IN_NTP;
    let here = near.micros().div_euclid(1_000_000);
    let eras = (here - since_1970 + ERA_SECONDS / 2).div_euclid(ERA_SECONDS);
    let micros = (parts * 1_000_000) >> 32;
    Some(Timestamp::from_micros(
        (since_1970 + eras * ERA_SECONDS).saturating_mul(1_000_000) + micros,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SystemClock, SystemIds};
    use crate::outbound::testing::{PacketEdit, fake_server, put};
    use std::sync::Arc;

    async fn measured(offset_ms: i64, answers: usize, bend: PacketEdit) -> Result<ClockOffset, String> {
        let (server, thread) = fake_server(offset_ms, answers, bend);
        let (clock, ids) = (Arc::new(SystemClock::default()), SystemIds::checked().unwrap());
        let measured = measure(&server, clock.as_ref(), &ids).await;
        thread.join().unwrap();
        measured
    }

    #[tokio::test]
    async fn an_offset_is_measured_with_its_sign_and_its_uncertainty() {
        for offset_ms in [0, 2_500, -2_500, 90_000_000] {
            let found = measured(offset_ms, QUESTIONS, |_| {}).await.unwrap();
            let within = i64::try_from(found.uncertainty_ms).unwrap();
            assert!(
                (found.offset_ms - offset_ms).abs() <= within,
                "{offset_ms}: {found:?}"
            );
            assert!(within >= 9, "root delay and dispersion are in it: {found:?}");
            assert!(found.source.starts_with("ntp:127.0.0.1:"));
        }
    }

    #[tokio::test]
    async fn who_has_no_time_refuses_or_answers_another_question_is_not_believed() {
        let cases: [(usize, PacketEdit); 5] = [
            (1, |packet| packet[0] = 0xE4),
            (1, |packet| packet[1] = 0),
            (1, |packet| packet[1] = 16),
            (1, |packet| packet[40..48].fill(0)),
            (1, |packet| packet[24] ^= 1),
        ];
        for (answers, bend) in cases {
            assert!(measured(0, answers, bend).await.is_err());
        }
    }

    #[tokio::test]
    async fn a_server_that_falls_silent_leaves_what_it_said_before() {
        assert!(measured(0, 1, |_| {}).await.is_ok());
    }

    #[test]
    fn a_time_is_read_in_the_era_it_is_near() {
        for text in [
            "2026-11-20T15:00:00.250000Z",
            "2036-02-07T06:28:17.500000Z",
            "2059-01-01T00:00:00.000000Z",
        ] {
            let time: Timestamp = text.parse().unwrap();
            let mut packet = [0; PACKET_BYTES];
            put(&mut packet, 32, time);
            let read = instant(&packet, 32, time.plus_ms(3_600_000)).unwrap();
            assert!((read.micros() - time.micros()).abs() <= 1, "{text}: {read}");
        }
    }

    #[test]
    fn a_server_is_a_host_with_or_without_a_port() {
        for (text, shown) in [
            ("ntp.example.com", "ntp:ntp.example.com:123"),
            ("127.0.0.1:1123", "ntp:127.0.0.1:1123"),
            ("[::1]:123", "ntp:::1:123"),
        ] {
            assert_eq!(text.parse::<NtpServer>().unwrap().to_string(), shown);
        }
        for text in ["", ":123", "host:0", "host:65536", "host:x", "a b"] {
            assert!(text.parse::<NtpServer>().is_err(), "{text}");
        }
    }
}
