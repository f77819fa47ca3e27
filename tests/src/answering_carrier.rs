//! A fake carrier. All its callees ring until the test lets them answer at once. It counts, for each leg,
//! ACKs and BYE transactions (by branch). Independent of the product's own SIP stack.

use crate::program::{deadline, instant};
use crate::watched_value::WatchedValue;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The largest datagram of a UDP socket.
const DATAGRAM_BYTES: usize = 65_536;

/// The longest wait for a datagram before due repetitions are sent, in milliseconds.
const LOOK_MS: u64 = 20;

/// The first interval at which a 200 is repeated: T1, doubling up to T2, for 64 x T1 (RFC 3261, 13.3.1.4).
const T1_MS: u64 = 500;
/// The longest interval between repetitions: T2 (RFC 3261, 17.1.2.2).
const T2_MS: u64 = 4_000;
/// How long a 200 is repeated.
const REPEATS_MS: u64 = 64 * T1_MS;

/// How long a callee repeats its 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetransmitPolicy {
    UntilAcknowledged,
    /// For the full 32 s, even after an ACK.
    ToTheEnd,
}

/// The messages that the carrier received on one leg.
#[derive(Debug, Clone, Default)]
pub struct FarLeg {
    /// The user part of the Request-URI.
    pub callee: String,
    pub answered: bool,
    pub copies: u32,
    pub acks: u32,
    /// The branches of the BYEs: each is one transaction.
    pub byes: BTreeSet<String>,
    /// The number of INVITEs of other legs to the same callee that arrived after its answer.
    pub dialed_again: u32,
    invite: String,
    repeats: Option<RetransmitTimer>,
}

#[derive(Debug, Clone, Copy)]
struct RetransmitTimer {
    to: SocketAddr,
    next: Instant,
    interval_ms: u64,
    until: Instant,
}

type Legs = Arc<WatchedValue<BTreeMap<String, FarLeg>>>;

pub struct AnsweringCarrier {
    address: SocketAddr,
    legs: Legs,
    answers: Arc<AtomicBool>,
    ends: Arc<AtomicBool>,
}

impl AnsweringCarrier {
    #[expect(clippy::disallowed_methods, reason = "plays the carrier of a proof")]
    pub fn start(repeats: RetransmitPolicy) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
        socket
            .set_read_timeout(Some(Duration::from_millis(LOOK_MS)))
            .expect("a datagram socket takes a time-out");
        let carrier = Self {
            address: socket.local_addr().expect("a bound socket has an address"),
            legs: Legs::default(),
            answers: Arc::default(),
            ends: Arc::default(),
        };
        let phone = Phone {
            socket,
            legs: Arc::clone(&carrier.legs),
            answers: Arc::clone(&carrier.answers),
            repeats,
        };
        let ends = Arc::clone(&carrier.ends);
        std::thread::spawn(move || phone.ring(&ends));
        carrier
    }

    pub fn trunk(&self) -> String {
        format!("sip:{}", self.address)
    }

    /// Lets every callee answer that rings now or is called later.
    pub fn answer(&self) {
        self.answers.store(true, Ordering::Relaxed);
    }

    pub fn legs(&self) -> BTreeMap<String, FarLeg> {
        self.legs.look().clone()
    }

    /// Waits until `count` legs have answered. Returns false if that takes longer than `within`.
    pub fn has_answered(&self, count: usize, within: Duration) -> bool {
        let answered = |legs: &mut BTreeMap<String, FarLeg>| {
            (legs.values().filter(|leg| leg.answered).count() >= count).then_some(())
        };
        self.legs.until(within, answered).is_some()
    }
}

impl Drop for AnsweringCarrier {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

struct Phone {
    socket: UdpSocket,
    legs: Legs,
    answers: Arc<AtomicBool>,
    repeats: RetransmitPolicy,
}

impl Phone {
    fn ring(&self, ends: &AtomicBool) {
        let mut buffer = vec![0; DATAGRAM_BYTES];
        while !ends.load(Ordering::Relaxed) {
            if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
                let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
                self.take(&text, from);
            }
            self.repeat();
        }
    }

    fn take(&self, text: &str, from: SocketAddr) {
        let (Some(method), Some(call)) = (text.split(' ').next(), header(text, "call-id")) else {
            return;
        };
        let reply = self.legs.change(|legs| match method {
            "INVITE" => {
                invited(legs, call, text, from);
                Some("180 Ringing")
            }
            "ACK" => {
                let leg = legs.get_mut(call)?;
                leg.acks += 1;
                if self.repeats == RetransmitPolicy::UntilAcknowledged {
                    leg.repeats = None;
                }
                None
            }
            "BYE" => {
                legs.get_mut(call)?.byes.extend(branch(text).map(str::to_owned));
                Some("200 OK")
            }
            "CANCEL" => match legs.get(call)?.answered {
                true => Some("481 Call/Transaction Does Not Exist"),
                false => Some("200 OK"),
            },
            "OPTIONS" => Some("200 OK"),
            _ => None,
        });
        if let Some(reply) = reply.and_then(|status| response(text, status, "")) {
            drop(self.socket.send_to(reply.as_bytes(), from));
        }
    }

    /// Sends each 200 that is due.
    fn repeat(&self) {
        let (now, answers) = (instant(), self.answers.load(Ordering::Relaxed));
        let body = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} RTP/AVP 8\r\n",
            self.socket.local_addr().map_or(9, |own| own.port())
        );
        self.legs.change(|legs| {
            for leg in legs.values_mut() {
                if let Some((to, sent)) = leg.due(now, answers, &body) {
                    drop(self.socket.send_to(sent.as_bytes(), to));
                }
            }
        });
    }
}

fn invited(legs: &mut BTreeMap<String, FarLeg>, call: &str, text: &str, from: SocketAddr) {
    let uri = text.split(' ').nth(1).unwrap_or_default();
    let callee = uri
        .trim_start_matches("sip:")
        .split('@')
        .next()
        .unwrap_or_default();
    if !legs.contains_key(call) {
        for leg in legs
            .values_mut()
            .filter(|leg| leg.callee == callee && leg.answered)
        {
            leg.dialed_again += 1;
        }
    }
    let leg = legs.entry(call.to_owned()).or_default();
    callee.clone_into(&mut leg.callee);
    text.clone_into(&mut leg.invite);
    leg.repeats.get_or_insert(RetransmitTimer {
        to: from,
        next: instant(),
        interval_ms: T1_MS,
        until: deadline(Duration::from_secs(3_600)),
    });
}

impl FarLeg {
    /// Returns the next copy of the leg's 200 and its destination, if one is due.
    fn due(&mut self, now: Instant, answers: bool, body: &str) -> Option<(SocketAddr, String)> {
        let repeating = self.repeats.as_mut()?;
        if !self.answered {
            if !answers {
                return None;
            }
            self.answered = true;
            repeating.next = now;
            repeating.until = now + Duration::from_millis(REPEATS_MS);
        }
        if now >= repeating.until {
            self.repeats = None;
            return None;
        }
        if now < repeating.next {
            return None;
        }
        repeating.next = now + Duration::from_millis(repeating.interval_ms);
        repeating.interval_ms = (repeating.interval_ms * 2).min(T2_MS);
        let to = repeating.to;
        self.copies += 1;
        Some((to, response(&self.invite, "200 OK", body)?))
    }
}

/// Returns the value of a header of a SIP message; the name is compared without case.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.lines().skip(1).take_while(|line| !line.is_empty());
    let mut pairs = lines.filter_map(|line| line.split_once(':'));
    let found = pairs.find(|(found, _)| found.trim().eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}

fn branch(text: &str) -> Option<&str> {
    let (_, rest) = header(text, "via")?.split_once("branch=")?;
    rest.split([';', ',', ' ']).next()
}

/// Builds a SIP response: the headers that RFC 3261, 8.2.6 requires to be copied, and our tag.
pub(crate) fn response(request: &str, status: &str, body: &str) -> Option<String> {
    let (from, to) = (header(request, "from")?, header(request, "to")?);
    let (call, cseq) = (header(request, "call-id")?, header(request, "cseq")?);
    let lines = request.lines().take_while(|line| !line.is_empty());
    let via: String = lines
        .filter(|line| line.to_ascii_lowercase().starts_with("via:"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    let tag = if to.contains(";tag=") { "" } else { ";tag=callee" };
    let described = if body.is_empty() {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    Some(format!(
        "SIP/2.0 {status}\r\n{via}From: {from}\r\nTo: {to}{tag}\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n\
         {described}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:13800138000@127.0.0.1 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
        Call-ID: one\r\nCSeq: 1 INVITE\r\n\r\n";

    #[test]
    fn a_200_is_repeated_as_often_as_the_rfc_says_and_a_second_dial_is_counted() {
        let from: SocketAddr = "127.0.0.1:5060".parse().unwrap();
        let mut legs = BTreeMap::new();
        invited(&mut legs, "one", INVITE, from);
        let began = instant();
        let leg = legs.get_mut("one").unwrap();
        assert_eq!(leg.due(began, false, ""), None, "it rings");
        let mut at = Vec::new();
        for ms in (0..40_000).step_by(100) {
            if leg.due(began + Duration::from_millis(ms), true, "").is_some() {
                at.push(ms);
            }
        }
        assert_eq!(at[..5], [0, 500, 1_500, 3_500, 7_500]);
        assert_eq!((at.len(), at.last()), (11, Some(&31_500)));
        invited(&mut legs, "one", INVITE, from);
        assert_eq!(legs["one"].dialed_again, 0, "the same INVITE again");
        invited(&mut legs, "two", INVITE, from);
        assert_eq!(legs["one"].dialed_again, 1);
    }
}
