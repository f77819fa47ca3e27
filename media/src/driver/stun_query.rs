//! Asks a STUN server for the address from which it sees us (RFC 8489, Binding over UDP).

use super::sip_sockets;
use crate::stun::{
    BindingReply, REPLY_BYTES_MAX, TRANSACTION_BYTES, TransactionId, binding_request, parse_reply,
};
use domain::ports::clock::Clock;
use domain::ports::id_source::IdSource;
use std::io;
use std::net::{IpAddr, SocketAddr};

/// The times after the first request at which it is sent again, in milliseconds: the retransmission timeout
/// of 500 ms, doubled each time (RFC 8489, 6.2.1). Fewer than its seven requests: a start does not wait 40 s.
const REPEATS_MS: [u64; 3] = [500, 1_500, 3_500];

/// Timeout of a reply, in milliseconds: the next doubling after the last request.
const REPLY_MS: u64 = 7_500;

/// Why a STUN server gave no address.
#[derive(Debug, thiserror::Error)]
pub enum StunError {
    #[error("the name has no address of this IP version")]
    NoAddress,
    #[error("{0}")]
    Unreachable(io::Error),
    #[error("it cannot be asked from {from}: {error}")]
    Local { from: SocketAddr, error: io::Error },
    #[error("no program uses this port")]
    PortClosed,
    #[error("no reply within {} s", REPLY_MS.div_ceil(1_000))]
    Silent,
    #[error("it refused the request: {code} {reason}")]
    Refused { code: u16, reason: String },
    #[error("its reply cannot be used: {0}")]
    Unusable(&'static str),
}

/// Asks the STUN server at `host` and `port` from the local address `from`. Returns the address and port
/// from which it received the request.
pub async fn ask_stun(
    host: &str,
    port: u16,
    from: SocketAddr,
    clock: &dyn Clock,
    ids: &dyn IdSource,
) -> Result<SocketAddr, StunError> {
    let mut found = tokio::net::lookup_host((host, port))
        .await
        .map_err(StunError::Unreachable)?;
    let server = found.find(|address| address.is_ipv4() == from.is_ipv4());
    let server = server.ok_or(StunError::NoAddress)?;
    let socket = sip_sockets::bind(from).map_err(|error| StunError::Local { from, error })?;
    // A connected socket learns that the port is closed, and receives only from the server.
    socket.connect(server).await.map_err(StunError::Unreachable)?;
    let mut random = [0_u8; TRANSACTION_BYTES];
    ids.random(&mut random);
    let transaction = TransactionId(random);
    let request = binding_request(transaction);
    let mut buffer = [0_u8; REPLY_BYTES_MAX];
    let began = clock.now();
    let mut repeats = REPEATS_MS.into_iter();
    socket.send(&request).await.map_err(unsent)?;
    loop {
        let next_ms = repeats.next();
        let until = began.plus_ms(next_ms.unwrap_or(REPLY_MS));
        let reply = tokio::select! {
            biased;
            () = clock.wait_until(until) => None,
            reply = first_reply(&socket, transaction, &mut buffer) => Some(reply),
        };
        match (reply, next_ms) {
            (Some(reply), _) => return mapped(reply.map_err(unsent)?),
            (None, Some(_)) => {
                socket.send(&request).await.map_err(unsent)?;
            }
            (None, None) => return Err(StunError::Silent),
        }
    }
}

fn mapped(reply: BindingReply) -> Result<SocketAddr, StunError> {
    match reply {
        BindingReply::Mapped(address) => Ok(address),
        BindingReply::Refused { code, reason } => Err(StunError::Refused { code, reason }),
        BindingReply::Unusable(why) => Err(StunError::Unusable(why)),
    }
}

fn unsent(error: io::Error) -> StunError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => StunError::PortClosed,
        _ => StunError::Unreachable(error),
    }
}

/// Waits for the first reply to this transaction; other datagrams are ignored. Has no timeout of its own.
async fn first_reply(
    socket: &tokio::net::UdpSocket,
    transaction: TransactionId,
    buffer: &mut [u8],
) -> io::Result<BindingReply> {
    loop {
        let length = socket.recv(buffer).await?;
        if let Some(reply) = parse_reply(buffer.get(..length).unwrap_or(&[]), transaction) {
            return Ok(reply);
        }
    }
}

/// Returns the local address from which packets to `remote` leave. Sends nothing.
pub fn local_address_towards(remote: SocketAddr) -> io::Result<IpAddr> {
    let any: SocketAddr = match remote {
        SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = sip_sockets::connect(any, remote, &[])?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{JumpingClock, StoppedClock, SuiteIds};

    fn loopback() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    /// A success of this transaction with the address 192.0.2.1:32853, in the mask of the magic cookie.
    fn success(transaction: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x01, 0x01, 0, 12, 0x21, 0x12, 0xA4, 0x42];
        bytes.extend(transaction);
        bytes.extend([0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        bytes
    }

    async fn taken(server: &tokio::net::UdpSocket) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0_u8; 64];
        let (length, from) = server.recv_from(&mut buffer).await.unwrap();
        (buffer[..length].to_vec(), from)
    }

    #[tokio::test]
    async fn the_server_says_from_where_it_is_asked_and_forged_replies_do_not_count() {
        let server = sip_sockets::bind(loopback()).unwrap();
        let address = server.local_addr().unwrap();
        let stranger = sip_sockets::bind(loopback()).unwrap();
        let replying = async {
            let (request, from) = taken(&server).await;
            let right = &request[8..];
            // From another address, of another transaction, and no STUN at all.
            stranger.send_to(&success(right), from).await.unwrap();
            server.send_to(&success(&[9; 12]), from).await.unwrap();
            server.send_to(b"SIP/2.0 200 OK\r\n\r\n", from).await.unwrap();
            server.send_to(&success(right), from).await.unwrap();
            from
        };
        let clock = StoppedClock::default();
        let ids = SuiteIds::default();
        let asking = ask_stun("127.0.0.1", address.port(), loopback(), &clock, &ids);
        let (mapped, _) = tokio::join!(asking, replying);
        assert_eq!(mapped.unwrap(), "192.0.2.1:32853".parse().unwrap());
    }

    #[tokio::test]
    async fn a_silent_server_is_asked_four_times_and_a_closed_port_is_noticed() {
        let server = sip_sockets::bind(loopback()).unwrap();
        let address = server.local_addr().unwrap();
        let ids = SuiteIds::default();
        let clock = JumpingClock::default();
        let asked = ask_stun("127.0.0.1", address.port(), loopback(), &clock, &ids).await;
        assert!(matches!(asked, Err(StunError::Silent)), "{asked:?}");
        let (first, _) = taken(&server).await;
        for _ in REPEATS_MS {
            assert_eq!(taken(&server).await.0, first);
        }
        assert!(server.try_recv_from(&mut [0; 16]).is_err());
        drop(server);
        let clock = StoppedClock::default();
        let asked = ask_stun("127.0.0.1", address.port(), loopback(), &clock, &ids).await;
        assert!(matches!(asked, Err(StunError::PortClosed)), "{asked:?}");
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_error() {
        let (clock, ids) = (StoppedClock::default(), SuiteIds::default());
        let asked = ask_stun("stun.invalid", 3_478, loopback(), &clock, &ids).await;
        assert!(matches!(asked, Err(StunError::Unreachable(_))), "{asked:?}");
        let other: SocketAddr = "[::1]:0".parse().unwrap();
        let asked = ask_stun("127.0.0.1", 3_478, other, &clock, &ids).await;
        assert!(matches!(asked, Err(StunError::NoAddress)), "{asked:?}");
    }

    #[tokio::test]
    async fn the_address_towards_loopback_is_loopback() {
        let found = local_address_towards("127.0.0.1:5060".parse().unwrap());
        assert_eq!(found.unwrap(), "127.0.0.1".parse::<IpAddr>().unwrap());
    }
}
