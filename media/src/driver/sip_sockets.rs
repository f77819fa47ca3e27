//! SIP over UDP: one port for all trunks, kept over restarts, and one connected socket per trunk on the same
//! port.
//!
//! An ICMP "port unreachable" is a definite failure, and only a connected socket receives it without
//! privileges (`ECONNREFUSED`). So each trunk has a socket of its own, bound to the same local port and
//! connected to the trunk. Linux delivers a datagram to the socket that matches its source best, and
//! everything else, for example a BYE from behind the trunk, to the unconnected one. The port is first bound
//! exclusively, so that a second process is refused; sharing is switched on only while a further socket is
//! bound, then off again.

use super::signaling::{DatagramSource, SocketEvent};
use crate::sip::normalizer::DATAGRAM_BYTES_MAX;
use crate::sip::parse::parse;
use crate::sip::via;
use domain::ports::id_source::IdSource;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

/// Receive buffer of each SIP socket, in bytes: enough for a burst of some thousand messages.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;

/// The ports from which a SIP port is chosen at random: above the well-known SIP ports, below the default
/// RTP ports and those that Linux gives to outgoing sockets (`net.ipv4.ip_local_port_range`, 32,768 to
/// 60,999).
const FIRST_PORT: u16 = 5_070;
const PORTS_END: u16 = 16_384;

/// Numbers of received datagrams that were dropped or ignored since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SipCounts {
    /// Datagrams that are no SIP message.
    pub malformed: u64,
    /// Messages that were dropped because the queue to signaling was full.
    pub dropped: u64,
    /// Messages that belong to no leg, or to a leg but from an address that may not send for it.
    pub foreign: u64,
}

/// The counters behind `SipCounts`.
#[derive(Debug, Default)]
pub(super) struct SipCounters {
    pub(super) malformed: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) foreign: AtomicU64,
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Binds a UDP socket to this address, exclusively.
pub(super) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Binds the address. If its port is 0, takes a random port that the system gives to no outgoing socket, so
/// that it is still free after a restart. If 64 of them are in use, the system chooses.
pub(super) fn bind_kept(address: SocketAddr, ids: &dyn IdSource) -> io::Result<UdpSocket> {
    if address.port() != 0 {
        return bind(address);
    }
    for _ in 0..64 {
        let mut random = [0_u8; 2];
        ids.random(&mut random);
        let port = FIRST_PORT + u16::from_le_bytes(random) % (PORTS_END - FIRST_PORT);
        match bind(SocketAddr::new(address.ip(), port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return bound,
        }
    }
    bind(address)
}

/// Returns a socket on the port of `local`, connected to a trunk. `sharing`: the sockets that already hold
/// the port; they allow its reuse only meanwhile.
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

/// Reads one socket until signaling ends, and passes SIP messages on. Counts malformed datagrams, and
/// messages dropped because the queue is full.
pub(super) async fn receive(
    socket: Arc<UdpSocket>,
    origin: DatagramSource,
    arrivals: mpsc::Sender<SocketEvent>,
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
                Ok(mut message) => {
                    via::note_source(&mut message, from);
                    SocketEvent::Message {
                        message: Box::new(message),
                        from,
                        origin,
                    }
                }
                Err(why) => {
                    tracing::debug!(%from, %why, "a sip datagram was dropped");
                    count(&counters.malformed);
                    continue;
                }
            },
            (Err(error), DatagramSource::Trunk(trunk))
                if error.kind() == io::ErrorKind::ConnectionRefused =>
            {
                SocketEvent::Refused(trunk)
            }
            (Err(_), _) => continue,
        };
        // Half of the queue is reserved for the trunks, so that a flood from unknown addresses cannot silence
        // them.
        let crowded =
            matches!(origin, DatagramSource::Anyone) && arrivals.capacity() <= arrivals.max_capacity() / 2;
        if crowded || arrivals.try_send(arrival).is_err() {
            count(&counters.dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DatagramSource, PORTS_END, SipCounters, SocketEvent, bind, bind_kept, receive};
    use domain::ports::id_source::IdSource;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use tokio::sync::{mpsc, watch};

    const OPTIONS: &str = "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx\r\n\
        Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=a\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: c\r\n\
        CSeq: 1 OPTIONS\r\n\r\n";

    /// How many of six messages a queue of four accepts, and how many were dropped.
    async fn taken(origin: DatagramSource) -> (usize, u64) {
        let socket = Arc::new(bind("127.0.0.1:0".parse().unwrap()).unwrap());
        let stranger = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (arrivals, mut queue) = mpsc::channel::<SocketEvent>(4);
        let counters = Arc::new(SipCounters::default());
        let (ending, ended) = watch::channel(());
        let to = socket.local_addr().unwrap();
        for _ in 0..6 {
            stranger.send_to(OPTIONS.as_bytes(), to).await.unwrap();
        }
        stranger.send_to(b"the last", to).await.unwrap();
        let reading = receive(socket, origin, arrivals, Arc::clone(&counters), ended);
        let until_last = async {
            while counters.malformed.load(Ordering::Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
            ending.send_replace(());
        };
        tokio::join!(reading, until_last);
        let mut count = 0;
        while queue.try_recv().is_ok() {
            count += 1;
        }
        (count, counters.dropped.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn a_flood_of_strangers_leaves_half_of_the_queue_to_the_trunks() {
        assert_eq!(taken(DatagramSource::Anyone).await, (2, 4));
        assert_eq!(taken(DatagramSource::Trunk(0)).await, (4, 2));
    }
    /// Draws these numbers one after the other.
    struct ScriptedIds(std::sync::Mutex<Vec<u16>>);

    impl IdSource for ScriptedIds {
        fn random(&self, buffer: &mut [u8]) {
            let next = self.0.lock().unwrap().pop().unwrap();
            buffer.copy_from_slice(&next.to_le_bytes());
        }
    }

    #[tokio::test]
    async fn a_port_that_another_process_has_is_passed_over() {
        let loopback = SocketAddr::from((Ipv4Addr::new(127, 9, 8, 7), 0));
        let drawn = |numbers: &[u16]| ScriptedIds(std::sync::Mutex::new(numbers.to_vec()));
        let first = bind_kept(loopback, &drawn(&[700])).unwrap().local_addr().unwrap();
        let held = bind(first).unwrap();
        let second = bind_kept(loopback, &drawn(&[701, 700])).unwrap();
        assert_eq!(second.local_addr().unwrap().port(), first.port() + 1);
        assert!(first.port() < PORTS_END);
        drop(held);
    }
}
