//! SIP over UDP: one port for all trunks, kept over restarts, with one connected socket per trunk beside it.
//!
//! An ICMP "port unreachable" is a definite failure, and only a connected socket hears it without privileges
//! (`ECONNREFUSED`). So each trunk has a socket of its own, bound to the same local port and connected to the
//! trunk: Linux delivers a datagram to the socket that matches its source best, and everything else, such as
//! a BYE from behind the trunk, to the unconnected one. The port is first bound alone, so that a second
//! process is refused; sharing is switched on only while a further socket is bound, then off again.

use super::signalling::{Arrival, Origin};
use crate::sip::front_stage::DATAGRAM_BYTES_MAX;
use crate::sip::parse::parse;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

/// Receive buffer of each SIP socket: a burst of some thousand messages.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;

/// Counts of what was not taken.
#[derive(Debug, Default)]
pub(super) struct SipCounters {
    pub(super) malformed: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) foreign: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Binds the port alone.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// A socket on the port of `bound`, connected to a trunk. `sharing` are the sockets that hold it already.
pub(super) fn connect(
    local: SocketAddr,
    remote: SocketAddr,
    sharing: &[Arc<UdpSocket>],
) -> io::Result<UdpSocket> {
    let share = |on: bool| -> io::Result<()> {
        sharing
            .iter()
            .try_for_each(|held| SockRef::from(held.as_ref()).set_reuse_address(on))
    };
    let socket = open(local)?;
    share(true)?;
    socket.set_reuse_address(true)?;
    let bound = socket.bind(&local.into());
    share(false)?;
    socket.set_reuse_address(false)?;
    bound?;
    socket.connect(&remote.into())?;
    UdpSocket::from_std(socket.into())
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Reads one socket until signalling ends: parses, counts what is malformed, drops what the queue refuses.
pub(super) async fn receive(
    socket: Arc<UdpSocket>,
    origin: Origin,
    arrivals: mpsc::Sender<Arrival>,
    counters: Arc<SipCounters>,
    mut ended: watch::Receiver<()>,
) {
    let mut buffer = vec![0_u8; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            biased;
            _ = ended.changed() => return,
            received = socket.recv_from(&mut buffer) => received,
        };
        let arrival = match (received, origin) {
            (Ok((length, from)), _) => match parse(buffer.get(..length).unwrap_or(&[])) {
                Ok(message) => Arrival::Message {
                    message: Box::new(message),
                    from,
                    origin,
                },
                Err(why) => {
                    tracing::debug!(%from, %why, "a sip datagram was dropped");
                    count(&counters.malformed);
                    continue;
                }
            },
            (Err(error), Origin::Trunk(trunk)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Arrival::Refused(trunk)
            }
            (Err(_), _) => continue,
        };
        if arrivals.try_send(arrival).is_err() {
            count(&counters.dropped);
        }
    }
}
