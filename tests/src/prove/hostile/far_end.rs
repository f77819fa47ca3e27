//! A far end that answers one call after another, with its audio sockets, for attacks on RTP.

use crate::answering_carrier::{header, response};
use crate::passing_time::time_left;
use crate::program::deadline;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// The largest datagram of a UDP socket.
const DATAGRAM_BYTES: usize = 65_536;

/// The longest wait for a packet of the robot, which sends one every 20 ms.
const PACKET_WAIT: Duration = Duration::from_secs(1);

/// The payload type of keypresses in the SDP, and the code of key 9 (RFC 4733, 3.2).
const KEYPRESS_PAYLOAD_TYPE: u8 = 101;
const KEY_9: u8 = 9;

/// A loud byte of A-law (G.711).
const LOUD: u8 = 0x2A;
/// The number of bytes in a packet of 20 ms.
const PACKET_BYTES: usize = 160;

/// Opens a socket on this loopback address.
#[expect(clippy::disallowed_methods, reason = "plays a far end and its neighbours")]
pub(super) fn socket(host: &str) -> UdpSocket {
    UdpSocket::bind((host, 0)).expect("loopback has a free port")
}

pub(super) struct FarEnd {
    sip: UdpSocket,
    /// The socket of the address in its SDP.
    pub(super) sound: UdpSocket,
}

/// A call that was answered and acknowledged.
pub(super) struct AnsweredCall<'a> {
    far_end: &'a FarEnd,
    invite: String,
    /// The address from which its signaling comes.
    signals_from: SocketAddr,
    /// The address at which the robot receives audio.
    pub(super) robot: SocketAddr,
}

impl FarEnd {
    pub(super) fn start() -> Self {
        let sound = socket("127.0.0.1");
        sound
            .set_read_timeout(Some(PACKET_WAIT))
            .expect("a datagram socket takes a timeout");
        Self {
            sip: socket("127.0.0.1"),
            sound,
        }
    }

    /// Returns the trunk SPEC.
    pub(super) fn trunk(&self) -> String {
        let own = self.sip.local_addr().expect("a bound socket has an address");
        format!("sip:{own}")
    }

    /// Receives the next SIP message before this instant.
    fn next(&self, until: Instant) -> Option<(String, SocketAddr)> {
        let wait = time_left(until);
        if wait.is_zero() {
            return None;
        }
        self.sip.set_read_timeout(Some(wait)).ok()?;
        let mut buffer = vec![0; DATAGRAM_BYTES];
        let (length, from) = self.sip.recv_from(&mut buffer).ok()?;
        let text = String::from_utf8_lossy(buffer.get(..length)?).into_owned();
        Some((text, from))
    }

    fn reply(&self, request: &str, status: &str, to: SocketAddr) {
        let described = if status == "200 OK" && request.starts_with("INVITE ") {
            self.description()
        } else {
            String::new()
        };
        if let Some(text) = response(request, status, &described) {
            drop(self.sip.send_to(text.as_bytes(), to));
        }
    }

    fn description(&self) -> String {
        let port = self.sound.local_addr().map_or(9, |own| own.port());
        format!(
            "v=0\r\no=far 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8 {KEYPRESS_PAYLOAD_TYPE}\r\na=rtpmap:8 PCMA/8000\r\n\
             a=rtpmap:{KEYPRESS_PAYLOAD_TYPE} telephone-event/8000\r\na=fmtp:{KEYPRESS_PAYLOAD_TYPE} 0-15\r\n"
        )
    }

    /// Answers the next call. Returns it after the ACK.
    pub(super) fn answer(&self, within: Duration) -> Option<AnsweredCall<'_>> {
        let until = deadline(within);
        let mut invite: Option<(String, SocketAddr)> = None;
        loop {
            let (text, from) = self.next(until)?;
            match text.split(' ').next().unwrap_or_default() {
                "INVITE" => {
                    self.reply(&text, "180 Ringing", from);
                    self.reply(&text, "200 OK", from);
                    invite = Some((text, from));
                }
                "ACK" => {
                    if let Some((invite, signals_from)) = invite.take() {
                        let robot = offered(&invite)?;
                        return Some(AnsweredCall {
                            far_end: self,
                            invite,
                            signals_from,
                            robot,
                        });
                    }
                }
                "OPTIONS" | "BYE" => self.reply(&text, "200 OK", from),
                _ => {}
            }
        }
    }
}

/// Returns the audio address in the SDP of an INVITE.
fn offered(invite: &str) -> Option<SocketAddr> {
    let value = |start: &str| invite.lines().find_map(|line| line.strip_prefix(start));
    let host = value("c=IN IP4 ")?.trim();
    let port = value("m=audio ")?.split(' ').next()?;
    format!("{host}:{port}").parse().ok()
}

impl AnsweredCall<'_> {
    /// Waits for so many packets of the robot, 20 ms each; fewer if it becomes silent.
    pub(super) fn hear(&self, packets: usize) {
        let mut buffer = [0; 2_048];
        for _ in 0..packets {
            if self.far_end.sound.recv_from(&mut buffer).is_err() {
                return;
            }
        }
    }

    /// Sends a keypress 9 from this socket (RFC 4733): its begin, its middle, and its end three times.
    pub(super) fn press(&self, from: &UdpSocket, sequence: u8) {
        for (index, duration, ends) in [
            (0_u8, 1_u8, false),
            (1, 2, false),
            (2, 3, true),
            (3, 3, true),
            (4, 3, true),
        ] {
            let marker = if index == 0 { 0x80 } else { 0 };
            let end = if ends { 0x80 } else { 0 };
            let payload = [KEY_9, end | 10, duration, 0];
            let number = sequence.wrapping_add(index);
            // All packets of one keypress have the timestamp of its begin.
            let packet = rtp(KEYPRESS_PAYLOAD_TYPE | marker, number, sequence, &payload);
            drop(from.send_to(&packet, self.robot));
        }
    }

    /// Sends 20 ms of loud audio from this socket.
    pub(super) fn sound_from(&self, from: &UdpSocket, sequence: u8) {
        let packet = rtp(8, sequence, sequence, &[LOUD; PACKET_BYTES]);
        drop(from.send_to(&packet, self.robot));
    }

    /// Ends the call from this side.
    pub(super) fn hang_up(&self) {
        let invite = &self.invite;
        let of = |name: &str| header(invite, name).unwrap_or_default();
        let contact = of("contact");
        let target = contact.split(['<', '>']).nth(1).unwrap_or(contact);
        let own = self.far_end.sip.local_addr();
        let own = own.map_or_else(|_| String::new(), |own| own.to_string());
        let bye = format!(
            "BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bKbye{call}\r\nMax-Forwards: 70\r\n\
             From: {to};tag=callee\r\nTo: {from}\r\nCall-ID: {call}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            to = of("to"),
            from = of("from"),
            call = of("call-id"),
        );
        drop(self.far_end.sip.send_to(bye.as_bytes(), self.signals_from));
    }

    /// Waits until the robot ends the call. Returns false after `within`.
    pub(super) fn is_ended(&self, within: Duration) -> bool {
        let until = deadline(within);
        while let Some((text, from)) = self.far_end.next(until) {
            let is_bye = text.starts_with("BYE ");
            if is_bye || text.starts_with("OPTIONS ") {
                self.far_end.reply(&text, "200 OK", from);
            }
            if is_bye {
                return true;
            }
        }
        false
    }
}

/// Builds an RTP packet with a timestamp of so many frames of 20 ms.
fn rtp(payload_type: u8, sequence: u8, frames: u8, payload: &[u8]) -> Vec<u8> {
    let stamp = (u32::from(frames) * 160).to_be_bytes();
    let head = [0x80, payload_type, 0, sequence];
    [&head[..], &stamp[..], &[0, 0, 0, 66][..], payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_its_header_and_an_invite_says_where_sound_is_taken() {
        let packet = rtp(8, 2, 2, &[7]);
        assert_eq!(packet, [0x80, 8, 0, 2, 0, 0, 1, 64, 0, 0, 0, 66, 7]);
        let invite = "INVITE sip:a@b SIP/2.0\r\n\r\nv=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 40000 RTP/AVP 8\r\n";
        assert_eq!(offered(invite), "127.0.0.1:40000".parse().ok());
        assert_eq!(offered("INVITE sip:a@b SIP/2.0\r\n\r\n"), None);
    }
}
