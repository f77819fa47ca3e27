//! Checks with one OPTIONS (RFC 3261, 11) if a far end answers, from a socket of its own, before calls are
//! placed. It creates no leg, no dialog and no event, and no phone rings.

use super::sip_sockets;
use crate::sip::message::SipMessage;
use crate::sip::normalizer::DATAGRAM_BYTES_MAX;
use crate::sip::parse::parse;
use domain::hex;
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use domain::ports::line::ProbeAnswer;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The times after the first OPTIONS at which it is sent again, in milliseconds: after T1 and after another
/// twice T1 (RFC 3261, 17.1.2.1).
const REPEATS_MS: [u64; 2] = [500, 1_500];
/// Timeout of the answer to an OPTIONS, in milliseconds: one round trip around the world, with two losses.
const ANSWER_MS: u64 = 2_500;

/// The result of an OPTIONS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptionsAnswer {
    /// A response of any status: the far end speaks SIP.
    Answered {
        code: u16,
        reason: String,
        round_trip_ms: u64,
    },
    /// The machine responds, but no program uses the port (ICMP "port unreachable").
    PortClosed,
    /// No response came in time.
    Silent,
}

/// Resolves the host name, sends an OPTIONS to its first address and waits for the answer. Fails if the
/// name has no address or no datagram can be sent. `shown` is the address in its Via and Contact; `None`: the
/// local one. The answer returns to the socket in any case (rport, RFC 3581).
pub async fn ask_options(
    host: &str,
    port: u16,
    shown: Option<IpAddr>,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> io::Result<OptionsAnswer> {
    let mut found = tokio::net::lookup_host((host, port)).await?;
    let remote = found
        .next()
        .ok_or_else(|| io::Error::other("its name has no address"))?;
    let any = match remote {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = sip_sockets::bind(SocketAddr::new(any, 0))?;
    // A connected socket learns that the port is closed, and receives only from the trunk.
    socket.connect(remote).await?;
    let mut local = socket.local_addr()?;
    if let Some(shown) = shown {
        local.set_ip(shown);
    }
    let question = question(local, remote, ids);
    let bytes = question.to_bytes();
    let mut buffer = vec![0_u8; DATAGRAM_BYTES_MAX];
    let began = clock.now();
    let mut repeats = REPEATS_MS.into_iter();
    let mut is_sent = refused_or(socket.send(&bytes).await)?;
    while is_sent.is_some() {
        let next_ms = repeats.next();
        let until = began.plus_ms(next_ms.unwrap_or(ANSWER_MS));
        let answer = tokio::select! {
            biased;
            () = clock.wait_until(until) => None,
            answer = answered(&socket, &question, &mut buffer) => Some(answer),
        };
        match (answer, next_ms) {
            (Some(answer), _) => {
                let Some((code, reason)) = refused_or(answer)? else {
                    break;
                };
                return Ok(OptionsAnswer::Answered {
                    code,
                    reason,
                    round_trip_ms: clock.now().ms_since(began),
                });
            }
            (None, Some(_)) => is_sent = refused_or(socket.send(&bytes).await)?,
            (None, None) => return Ok(OptionsAnswer::Silent),
        }
    }
    Ok(OptionsAnswer::PortClosed)
}

/// The status with which a trunk says that it accepts no calls now (RFC 3261, 21.5.4).
const UNAVAILABLE: u16 = 503;

/// Sends an OPTIONS to this address and returns whether the trunk is alive. A 503, a closed port, silence
/// and an error count as dead.
pub(super) async fn probe(
    remote: SocketAddr,
    shown: IpAddr,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> ProbeAnswer {
    let host = remote.ip().to_string();
    match ask_options(&host, remote.port(), Some(shown), clock, ids).await {
        Ok(OptionsAnswer::Answered { code, .. }) if code != UNAVAILABLE => ProbeAnswer::Alive,
        Ok(OptionsAnswer::Answered { .. } | OptionsAnswer::PortClosed | OptionsAnswer::Silent) => {
            ProbeAnswer::Dead
        }
        Err(error) => {
            tracing::debug!(%remote, %error, "a trunk could not be probed");
            ProbeAnswer::Dead
        }
    }
}

/// Returns `None` in place of the error of a closed port, which a connected socket reports at its next use.
fn refused_or<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(None),
        Err(error) => Err(error),
    }
}

fn question(local: SocketAddr, remote: SocketAddr, ids: &dyn IdSource) -> SipMessage {
    let mut random = [0_u8; 16];
    ids.random(&mut random);
    let name = hex::encode(&random);
    SipMessage::request("OPTIONS", &format!("sip:{remote}"))
        .with("Via", format!("SIP/2.0/UDP {local};rport;branch=z9hG4bK{name}"))
        .with("Max-Forwards", "70")
        .with("From", format!("<sip:ledgerline@{local}>;tag={name}"))
        .with("To", format!("<sip:{remote}>"))
        .with("Call-ID", &name)
        .with("CSeq", "1 OPTIONS")
        .with("Contact", format!("<sip:ledgerline@{local}>"))
        .with("Accept", "application/sdp")
}

/// Waits for the first response to this OPTIONS and returns its status and reason. Other datagrams are
/// ignored. Has no timeout of its own.
async fn answered(
    socket: &tokio::net::UdpSocket,
    question: &SipMessage,
    buffer: &mut [u8],
) -> io::Result<(u16, String)> {
    loop {
        let length = socket.recv(buffer).await?;
        let Ok(message) = parse(buffer.get(..length).unwrap_or(&[])) else {
            continue;
        };
        let is_ours = message.branch() == question.branch() && message.call_id() == question.call_id();
        if let (true, crate::sip::message::SipStartLine::Response { code, reason }) = (is_ours, message.start)
        {
            return Ok((code, reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::reason_phrase;
    use crate::sip::stray_requests;
    use crate::testing::{JumpingClock, StoppedClock};

    struct ConstantIds;

    impl IdSource for ConstantIds {
        fn random(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    fn far_end() -> (tokio::net::UdpSocket, SocketAddr) {
        let socket = sip_sockets::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    async fn take(socket: &tokio::net::UdpSocket) -> (SipMessage, SocketAddr) {
        let mut buffer = [0_u8; 2_048];
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        (parse(&buffer[..length]).unwrap(), from)
    }

    #[tokio::test]
    async fn a_sip_peer_answers_and_answers_to_other_questions_are_passed_over() {
        let (peer, address) = far_end();
        let answering = async {
            let (question, from) = take(&peer).await;
            assert_eq!(question.method(), "OPTIONS");
            let mut other = stray_requests::answer(&question).unwrap();
            other.headers.retain(|(name, _)| name != "Call-ID");
            let other = other.with("Call-ID", "another");
            peer.send_to(&other.to_bytes(), from).await.unwrap();
            peer.send_to(b"no sip", from).await.unwrap();
            let refusal = SipMessage::response(&question, 403, reason_phrase(403), Some("t"));
            peer.send_to(&refusal.to_bytes(), from).await.unwrap();
        };
        let clock = StoppedClock::default();
        let asking = ask_options("127.0.0.1", address.port(), None, &clock, &ConstantIds);
        let (answer, ()) = tokio::join!(asking, answering);
        let OptionsAnswer::Answered { code, reason, .. } = answer.unwrap() else {
            panic!("no answer");
        };
        assert_eq!((code, reason.as_str()), (403, "Forbidden"));
    }

    #[tokio::test]
    async fn any_answer_but_503_is_a_sign_of_life() {
        for (code, expected) in [
            (200, ProbeAnswer::Alive),
            (404, ProbeAnswer::Alive),
            (405, ProbeAnswer::Alive),
            (503, ProbeAnswer::Dead),
        ] {
            let (peer, address) = far_end();
            let answering = async {
                let (question, from) = take(&peer).await;
                let answer = SipMessage::response(&question, code, reason_phrase(code), Some("t"));
                peer.send_to(&answer.to_bytes(), from).await.unwrap();
            };
            let clock = StoppedClock::default();
            let (found, ()) = tokio::join!(probe(address, address.ip(), &clock, &ConstantIds), answering);
            assert_eq!(found, expected, "{code}");
        }
        let (peer, address) = far_end();
        assert_eq!(
            probe(address, address.ip(), &JumpingClock::default(), &ConstantIds).await,
            ProbeAnswer::Dead,
            "silent"
        );
        drop(peer);
        assert_eq!(
            probe(address, address.ip(), &StoppedClock::default(), &ConstantIds).await,
            ProbeAnswer::Dead,
            "closed"
        );
    }

    #[tokio::test]
    async fn who_does_not_answer_is_asked_three_times_and_is_silent() {
        let (peer, address) = far_end();
        let answer = ask_options(
            "127.0.0.1",
            address.port(),
            None,
            &JumpingClock::default(),
            &ConstantIds,
        )
        .await;
        assert_eq!(answer.unwrap(), OptionsAnswer::Silent);
        let (first, _) = take(&peer).await;
        for _ in REPEATS_MS {
            assert_eq!(take(&peer).await.0, first);
        }
        assert!(peer.try_recv_from(&mut [0; 16]).is_err());
    }

    #[tokio::test]
    async fn a_closed_port_and_a_name_without_an_address_are_distinguished() {
        let (peer, address) = far_end();
        drop(peer);
        let answer = ask_options(
            "127.0.0.1",
            address.port(),
            None,
            &StoppedClock::default(),
            &ConstantIds,
        )
        .await;
        assert_eq!(answer.unwrap(), OptionsAnswer::PortClosed);
        let unresolved = ask_options(
            "trunk.invalid",
            5_060,
            None,
            &StoppedClock::default(),
            &ConstantIds,
        )
        .await;
        assert!(unresolved.is_err());
    }
}
