//! Fake servers on loopback, for tests of this crate and of those that use it: NTP with a wrong clock, and
//! STUN with an address of the test's choice.

use super::ntp::{CLIENT, ERA_SECONDS, NtpServer, PACKET_BYTES, UNIX_IN_NTP};
use crate::clock::SystemClock;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use std::net::Ipv4Addr;
use std::thread::JoinHandle;

/// Changes the packet that the fake server is about to send.
pub type PacketEdit = fn(&mut [u8; PACKET_BYTES]);

#[expect(clippy::disallowed_methods, reason = "a clock of the test's own, on loopback")]
/// Starts a server on loopback with a clock that is wrong by `offset_ms`. It responds to `answers` requests
/// and then ends.
pub fn fake_server(offset_ms: i64, answers: usize, bend: PacketEdit) -> (NtpServer, JoinHandle<()>) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let clock = SystemClock::default();
    let thread = std::thread::spawn(move || {
        for _ in 0..answers {
            let mut question = [0; 64];
            let (length, from) = socket.recv_from(&mut question).unwrap();
            assert_eq!((length, question[0]), (PACKET_BYTES, CLIENT));
            let mut answer = [0; PACKET_BYTES];
            answer[0] = 0x24;
            answer[1] = 2;
            // Root delay 10 ms, root dispersion 5 ms, in units of 2^-16 s.
            answer[4..8].copy_from_slice(&655_u32.to_be_bytes());
            answer[8..12].copy_from_slice(&327_u32.to_be_bytes());
            answer[24..32].copy_from_slice(&question[40..48]);
            let now = Timestamp::from_micros(clock.now().micros() + offset_ms * 1_000);
            for at in [32, 40] {
                put(&mut answer, at, now);
            }
            bend(&mut answer);
            socket.send_to(&answer, from).unwrap();
        }
    });
    (address.parse().unwrap(), thread)
}

pub(crate) fn put(packet: &mut [u8; PACKET_BYTES], at: usize, time: Timestamp) {
    let seconds = time.micros().div_euclid(1_000_000) + UNIX_IN_NTP;
    let parts = (time.micros().rem_euclid(1_000_000) << 32) / 1_000_000;
    let low = |number: i64| {
        u32::try_from(number.rem_euclid(ERA_SECONDS))
            .unwrap()
            .to_be_bytes()
    };
    packet[at..at + 4].copy_from_slice(&low(seconds));
    packet[at + 4..at + 8].copy_from_slice(&low(parts));
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server of the test's own, on loopback"
)]
/// Starts a STUN server on loopback that reports this address and port 40,000 to one client, and then ends.
/// Returns its `HOST:PORT`.
pub fn fake_stun_server(reported: Ipv4Addr) -> (String, JoinHandle<()>) {
    const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let thread = std::thread::spawn(move || {
        let mut request = [0; 64];
        let (length, from) = socket.recv_from(&mut request).unwrap();
        assert_eq!((length, &request[..2]), (20, &[0, 1][..]));
        // A success with XOR-MAPPED-ADDRESS (RFC 8489, 14.2).
        let mut reply = vec![0x01, 0x01, 0, 12];
        reply.extend_from_slice(&request[4..20]);
        let [high, low] = 40_000_u16.to_be_bytes();
        reply.extend([0, 0x20, 0, 8, 0, 1, high ^ COOKIE[0], low ^ COOKIE[1]]);
        reply.extend(
            reported
                .octets()
                .iter()
                .zip(COOKIE)
                .map(|(byte, mask)| byte ^ mask),
        );
        socket.send_to(&reply, from).unwrap();
    });
    (address, thread)
}
