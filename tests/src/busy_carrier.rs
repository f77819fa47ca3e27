//! A fake carrier that is always busy and records the arrival of each INVITE by a clock that is not faked: a
//! proof about clocks must not use the clock of the process under test.

use crate::answering_carrier::header;
use crate::watched_value::WatchedValue;
use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::clock::SystemClock;
use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The largest datagram of a UDP socket.
const DATAGRAM_BYTES: usize = 65_536;

/// The longest wait for a datagram before the carrier checks whether to stop, in milliseconds.
const LOOK_MS: u64 = 100;

/// The first arrival by Call-ID: a repeated INVITE is not another dial.
type Arrivals = Arc<WatchedValue<BTreeMap<String, Timestamp>>>;

pub struct BusyCarrier {
    address: SocketAddr,
    arrivals: Arrivals,
    ends: Arc<AtomicBool>,
}

impl BusyCarrier {
    #[expect(clippy::disallowed_methods, reason = "plays the carrier of a proof")]
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
        socket
            .set_read_timeout(Some(Duration::from_millis(LOOK_MS)))
            .expect("a datagram socket takes a time-out");
        let carrier = Self {
            address: socket.local_addr().expect("a bound socket has an address"),
            arrivals: Arrivals::default(),
            ends: Arc::default(),
        };
        let (arrivals, ends) = (Arc::clone(&carrier.arrivals), Arc::clone(&carrier.ends));
        std::thread::spawn(move || answer(&socket, &arrivals, &ends));
        carrier
    }

    pub fn trunk(&self) -> String {
        format!("sip:{}", self.address)
    }

    /// Returns the arrival times of all INVITEs, in order.
    pub fn invites(&self) -> Vec<Timestamp> {
        let mut times: Vec<Timestamp> = self.arrivals.look().values().copied().collect();
        times.sort_unstable();
        times
    }

    /// Waits until an INVITE has arrived at a time that `wanted` accepts. Returns false if that takes longer
    /// than `within`.
    pub fn is_invited(&self, within: Duration, wanted: impl Fn(Timestamp) -> bool) -> bool {
        let came = |times: &mut BTreeMap<String, Timestamp>| {
            let mut times = times.values().copied();
            times.any(&wanted).then_some(())
        };
        self.arrivals.until(within, came).is_some()
    }
}

impl Drop for BusyCarrier {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

fn answer(socket: &UdpSocket, arrivals: &Arrivals, ends: &AtomicBool) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    while !ends.load(Ordering::Relaxed) {
        // A timeout, or a port that is closed: the loop condition decides whether to continue.
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
        let Some(reply) = reply(&text) else { continue };
        if let (true, Some(call)) = (text.starts_with("INVITE "), header(&text, "call-id")) {
            arrivals.change(|arrivals| {
                arrivals
                    .entry(call.to_owned())
                    .or_insert_with(|| SystemClock::default().now());
            });
        }
        // A lost response does not matter: the sender repeats its request.
        drop(socket.send_to(reply.as_bytes(), from));
    }
}

/// Builds the response to a request: 486 to an INVITE, 200 to others, none to ACK and responses (RFC 3261,
/// 8.2.6: which headers are copied).
fn reply(text: &str) -> Option<String> {
    let method = text.split(' ').next()?;
    let status = match method {
        "INVITE" => "486 Busy Here",
        "OPTIONS" | "CANCEL" | "BYE" | "REGISTER" => "200 OK",
        _ => return None,
    };
    let (from, to) = (header(text, "from")?, header(text, "to")?);
    let (call, cseq) = (header(text, "call-id")?, header(text, "cseq")?);
    let lines = text.lines().take_while(|line| !line.is_empty());
    let via: String = lines
        .filter(|line| line.to_ascii_lowercase().starts_with("via:"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let tag = if to.contains(";tag=") { "" } else { ";tag=busy" };
    Some(format!(
        "SIP/2.0 {status}\r\n{via}From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n\
         Content-Length: 0\r\n\r\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:13800138000@127.0.0.1 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
        Call-ID: one\r\nCSeq: 1 INVITE\r\n\r\nVia: body";

    #[test]
    fn an_invite_is_busy_and_an_ack_is_not_answered() {
        let said = reply(INVITE).unwrap();
        assert!(said.starts_with("SIP/2.0 486 "));
        assert!(said.contains("To: <sip:c@d>;tag=busy\r\n") && said.contains("CSeq: 1 INVITE\r\n"));
        assert_eq!(said.matches("Via:").count(), 1);
        assert_eq!(reply(&INVITE.replace("INVITE", "ACK")), None);
        assert_eq!(reply("SIP/2.0 200 OK\r\n\r\n"), None);
    }
}
