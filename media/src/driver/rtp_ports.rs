//! RTP ports: an even port per leg from a range. A freed port rests for a while, so that late packets of one
//! call do not reach the next. If no other port is left, the one that has rested longest is used.

use crate::error::MediaError;
use domain::call::EndCause;
use domain::time::Timestamp;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// How long a freed port is not used again while others are free, in milliseconds: far ends stop sending
/// within seconds of a BYE.
const QUARANTINE_MS: u64 = 5_000;
/// Receive buffer of a leg's socket, in bytes: more than a second of packets, small enough for thousands of
/// legs.
const RECEIVE_BUFFER_BYTES: usize = 64 * 1_024;

/// Linux's error number for too many open files in this process; `ENFILE` is for the whole system.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

/// The RTP ports of one driver, free and in use.
#[derive(Debug)]
pub(super) struct RtpPorts {
    ip: IpAddr,
    /// Even ports, in the order to try them.
    free: VecDeque<u16>,
    resting: VecDeque<(Timestamp, u16)>,
    taken: BTreeSet<u16>,
    last: u16,
}

impl RtpPorts {
    pub(super) fn new(ip: IpAddr, first: u16, last: u16) -> Result<Self, MediaError> {
        let free: VecDeque<u16> = (first.max(2)..=last).filter(|port| port % 2 == 0).collect();
        if free.is_empty() {
            return Err(MediaError::RtpPorts { first, last });
        }
        Ok(Self {
            ip,
            free,
            resting: VecDeque::new(),
            taken: BTreeSet::new(),
            last,
        })
    }

    /// Binds the next free port; if none is free, the one that rested longest. Skips ports that other
    /// programs hold. Fails if no port can be bound.
    pub(super) fn bind(&mut self, now: Timestamp) -> io::Result<UdpSocket> {
        while let Some((freed_at, port)) = self.resting.front().copied() {
            // A leg without a port would count as a failure of its trunk, which is worse than a stray packet.
            if now.ms_since(freed_at) < QUARANTINE_MS && !self.free.is_empty() {
                break;
            }
            self.resting.pop_front();
            self.free.push_back(port);
        }
        for _ in 0..self.free.len() {
            let Some(port) = self.free.pop_front() else {
                break;
            };
            match open(SocketAddr::new(self.ip, port)) {
                Ok(socket) => {
                    self.taken.insert(port);
                    return Ok(socket);
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => self.free.push_back(port),
                Err(error) => {
                    self.free.push_front(port);
                    return Err(error);
                }
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no RTP port is free"))
    }

    /// Binds the port after a leg's RTP port, where its far end sends RTCP (RFC 3550, 11). `None` if it is
    /// out of the range or in use: then one sign of life is missing, which does not prevent the call.
    pub(super) fn bind_control(&self, port: u16) -> Option<UdpSocket> {
        let next = port.checked_add(1).filter(|next| *next <= self.last)?;
        open(SocketAddr::new(self.ip, next)).ok()
    }

    /// Returns which local resource is missing to open another port now; `None` if none is. Opens a port as
    /// a test and frees it again.
    pub(super) fn lack(&mut self, now: Timestamp) -> Option<EndCause> {
        match self.bind(now) {
            Ok(socket) => {
                let port = socket.local_addr().map(|address| address.port());
                drop(socket);
                if let Ok(port) = port
                    && self.taken.remove(&port)
                {
                    self.free.push_front(port);
                }
                None
            }
            Err(error) => classify_bind_error(&error),
        }
    }

    /// Frees a port after its socket was closed; it rests for `QUARANTINE_MS`.
    pub(super) fn release(&mut self, port: u16, now: Timestamp) {
        if self.taken.remove(&port) {
            self.resting.push_back((now, port));
        }
    }
}

/// Returns which local resource is missing by an error of `bind`; `None` for errors that waiting does not
/// fix.
pub(super) fn classify_bind_error(error: &io::Error) -> Option<EndCause> {
    match error.raw_os_error() {
        Some(EMFILE | ENFILE) => Some(EndCause::NoDescriptor),
        _ if error.kind() == io::ErrorKind::AddrInUse => Some(EndCause::NoRtpPort),
        _ => None,
    }
}

fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::{EndCause, RtpPorts, classify_bind_error};
    use domain::time::Timestamp;
    use std::net::{IpAddr, Ipv4Addr, UdpSocket};

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_freed_port_rests_before_it_serves_again() {
        let mut ports = RtpPorts::new(LOOPBACK, 39_990, 39_993).unwrap();
        let start = Timestamp::from_millis(10_000);
        let port_of = |socket: &UdpSocket| socket.local_addr().unwrap().port();
        let first = ports.bind(start).unwrap();
        assert_eq!(port_of(&first), 39_990);
        drop(first);
        ports.release(39_990, start);
        let other = ports.bind(start.plus_ms(4_999)).unwrap();
        let rested = ports.bind(start.plus_ms(5_000)).unwrap();
        assert_eq!((port_of(&other), port_of(&rested)), (39_992, 39_990));
        assert!(
            ports.bind(start.plus_ms(5_000)).is_err(),
            "there are two even ports"
        );
    }

    #[test]
    fn the_last_port_serves_again_at_once_rather_than_fail_a_leg() {
        let mut ports = RtpPorts::new(LOOPBACK, 39_996, 39_997).unwrap();
        let start = Timestamp::from_millis(10_000);
        drop(ports.bind(start).unwrap());
        assert!(ports.bind(start).is_err(), "it is taken");
        ports.release(39_996, start);
        assert!(ports.bind(start.plus_ms(1)).is_ok());
    }

    #[test]
    fn a_lack_is_named_while_it_lasts_and_asking_takes_no_port() {
        let mut ports = RtpPorts::new(LOOPBACK, 39_970, 39_973).unwrap();
        let start = Timestamp::from_millis(10_000);
        for _ in 0..5 {
            assert_eq!(ports.lack(start), None);
        }
        let held = (ports.bind(start).unwrap(), ports.bind(start).unwrap());
        assert_eq!(ports.lack(start), Some(EndCause::NoRtpPort));
        let port = held.0.local_addr().unwrap().port();
        drop(held.0);
        ports.release(port, start);
        assert_eq!(ports.lack(start), None);
        assert_eq!(
            classify_bind_error(&std::io::Error::from_raw_os_error(super::EMFILE)),
            Some(EndCause::NoDescriptor)
        );
        assert_eq!(
            classify_bind_error(&std::io::ErrorKind::AddrNotAvailable.into()),
            None
        );
    }

    #[test]
    fn a_port_that_another_holds_is_passed_over_and_an_odd_range_is_refused() {
        let mut ports = RtpPorts::new(LOOPBACK, 39_980, 39_983).unwrap();
        let held = super::open("127.0.0.1:39980".parse().unwrap()).unwrap();
        let socket = ports.bind(Timestamp::EPOCH).unwrap();
        assert_eq!(socket.local_addr().unwrap().port(), 39_982);
        drop(held);
        assert!(RtpPorts::new(LOOPBACK, 39_981, 39_981).is_err());
    }
}
