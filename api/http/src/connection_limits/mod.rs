//! Connection limits: silent connections are closed when new ones need their slots, and some slots are
//! reserved for requests that must always pass.
//!
//! A connection that waits for its peer (to send a head or more of a body, or to read what is written) may be
//! closed: always at its time limit, and earlier when slots are short, the longest silent first. A connection
//! with a request in progress is never closed. Ordinary requests have fewer slots than there are connections;
//! the rest is for health checks, pause, stop and opt-out, and for incoming heads.

mod bodies;
mod request_tracker;
mod route_list;
mod stall_tracker;
#[cfg(test)]
mod tests;

pub use bodies::{TimedRequestBody, TimedResponseBody};
pub use request_tracker::STALL_MS;
pub use route_list::{Route, RouteList};
pub use stall_tracker::StallTracker;

use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::descriptors;
use request_tracker::RequestTracker;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Notify;

/// The reserved part of all slots, which ordinary requests cannot take: one in this many (64 of 1,024). It is
/// for reserved requests and new heads.
const KEPT_SHARE: usize = 16;

/// The part of all slots that one other machine may take: one in this many. All programs of this machine
/// share one address, so this limit does not apply to them.
const PEER_SHARE: usize = 4;

/// Connections of a listener that only redirects: each request takes milliseconds, and a browser needs one.
const FEW_CONNECTIONS: usize = 32;

/// Maximum interval in milliseconds between two checks of a connection's time limit.
const LOOK_MS: u64 = 5_000;

/// Minimum interval in milliseconds between two log lines about closed connections.
const SAY_MS: u64 = 60_000;

/// Connections that are closed at once when the system has no descriptor for another one.
const ROOM: usize = 16;

/// The numbers of slots.
#[derive(Debug, Clone, Copy)]
pub struct SlotLimits {
    pub connections: usize,
    pub(crate) ordinary: usize,
    pub(crate) per_peer: usize,
}

impl SlotLimits {
    /// Returns the slots of a listener that only redirects. They come out of the descriptors reserved for
    /// files, so they take none of a leg.
    pub const fn few() -> Self {
        Self {
            connections: FEW_CONNECTIONS,
            ordinary: FEW_CONNECTIONS,
            per_peer: FEW_CONNECTIONS / PEER_SHARE,
        }
    }

    /// Returns the slots that the limit of open files leaves beside legs and files.
    pub fn within(descriptors_limit: Option<u64>) -> Self {
        let connections = descriptors::connections_within(descriptors_limit);
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        Self {
            connections,
            ordinary: connections - connections / KEPT_SHARE,
            per_peer: connections / PEER_SHARE,
        }
    }
}

/// The open connections, and the choice of the one to close when another needs its slot.
pub struct ConnectionSlots {
    limits: SlotLimits,
    clock: Arc<dyn Clock>,
    visits: Mutex<HashMap<u64, Arc<ConnectionState>>>,
    /// Notified whenever a slot is freed.
    left: Notify,
    next: AtomicU64,
    /// Number of open ordinary requests.
    ordinary: AtomicUsize,
    gave_way: Mutex<EvictionCount>,
}

/// Number of connections closed since the last log line.
#[derive(Default)]
struct EvictionCount {
    count: u64,
    said: Option<Timestamp>,
}

impl ConnectionSlots {
    pub fn new(limits: SlotLimits, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            limits,
            clock,
            visits: Mutex::default(),
            left: Notify::new(),
            next: AtomicU64::new(0),
            ordinary: AtomicUsize::new(0),
            gave_way: Mutex::default(),
        })
    }

    /// Takes a slot for a new connection. If all are taken, the longest silent connection is closed; `None`
    /// if none is silent.
    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<ConnectionSlot> {
        self.enter_within(peer, self.limits.per_peer)
    }

    /// Takes a slot for a trusted proxy, which has no limit per machine.
    pub(crate) fn enter_for_many(self: &Arc<Self>, peer: IpAddr) -> Option<ConnectionSlot> {
        self.enter_within(peer, usize::MAX)
    }

    fn enter_within(self: &Arc<Self>, peer: IpAddr, share: usize) -> Option<ConnectionSlot> {
        let mut visits = self.visits();
        let peer = network(peer);
        let of_peer = visits.values().filter(|visit| visit.peer == peer).count();
        if !peer.is_loopback() && of_peer >= share {
            self.give_way(&mut visits, |visit| visit.peer == peer)?;
        } else if visits.len() >= self.limits.connections {
            self.give_way(&mut visits, |_| true)?;
        }
        let visit = Arc::new(ConnectionState {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            peer,
            turns: Mutex::new(RequestTracker::begin(self.clock.now())),
            gives_way: Notify::new(),
        });
        visits.insert(visit.id, Arc::clone(&visit));
        Some(ConnectionSlot {
            places: Arc::clone(self),
            visit,
            upgraded: OnceLock::new(),
        })
    }

    /// Waits until no connection is left. Upgraded connections then have sent their last message too.
    pub(crate) async fn wait_until_empty(&self) {
        loop {
            let left = self.left.notified();
            if self.visits().is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Closes the longest silent connections, because the system can open no other.
    pub(crate) fn make_room(&self) {
        let mut visits = self.visits();
        for _ in 0..ROOM {
            if self.give_way(&mut visits, |_| true).is_none() {
                return;
            }
        }
    }

    /// Closes the longest silent of these connections, of the peer with the most of them first.
    fn give_way(
        &self,
        visits: &mut HashMap<u64, Arc<ConnectionState>>,
        these: impl Fn(&ConnectionState) -> bool,
    ) -> Option<()> {
        let mut of_peer: HashMap<IpAddr, usize> = HashMap::new();
        for visit in visits.values() {
            *of_peer.entry(visit.peer).or_default() += 1;
        }
        let silent = visits.values().filter(|visit| these(visit)).filter_map(|visit| {
            let since = visit.turns().find_peer_deadline()?.since;
            let places = of_peer.get(&visit.peer).copied().unwrap_or_default();
            Some((std::cmp::Reverse(places), since, visit.id))
        });
        let (_, _, id) = silent.min()?;
        let visit = visits.remove(&id)?;
        visit.gives_way.notify_one();
        self.note();
        Some(())
    }

    /// Logs at most one line per minute with the number of closed connections, so that a flood does not fill
    /// the log.
    fn note(&self) {
        let now = self.clock.now();
        let mut gave_way = lock(&self.gave_way);
        gave_way.count += 1;
        if gave_way.said.is_none_or(|said| now.ms_since(said) >= SAY_MS) {
            tracing::warn!(
                connections = gave_way.count,
                "HTTP places are short: the longest silent connections gave way to new ones"
            );
            *gave_way = EvictionCount {
                count: 0,
                said: Some(now),
            };
        }
    }

    fn visits(&self) -> MutexGuard<'_, HashMap<u64, Arc<ConnectionState>>> {
        lock(&self.visits)
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.visits().len()
    }
}

/// No data is left half-written under these locks, so a poisoned lock can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the address by which slots are counted: a machine's address, or its network in IPv6 (a host has a
/// whole /64).
pub fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from(u128::from(address) >> 64 << 64).into()
        }
        other => other,
    }
}

/// One connection, as the others see it.
struct ConnectionState {
    id: u64,
    peer: IpAddr,
    turns: Mutex<RequestTracker>,
    gives_way: Notify,
}

impl ConnectionState {
    fn turns(&self) -> MutexGuard<'_, RequestTracker> {
        lock(&self.turns)
    }
}

/// A connection's slot; freed when dropped.
pub struct ConnectionSlot {
    places: Arc<ConnectionSlots>,
    visit: Arc<ConnectionState>,
    /// The upgraded request; it holds its slot as long as the connection.
    upgraded: OnceLock<Arc<Request>>,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.places.visits().remove(&self.visit.id);
        self.places.left.notify_waiters();
    }
}

impl ConnectionSlot {
    /// Waits until this connection must end: past its time limit, or because another one needs the slot.
    pub async fn is_over(&self) {
        tokio::select! {
            () = self.visit.gives_way.notified() => {}
            () = self.is_overdue() => {}
        }
    }

    async fn is_overdue(&self) {
        let clock = &self.places.clock;
        loop {
            let now = clock.now();
            let due = self.visit.turns().due();
            match due {
                Some(due) if due <= now => return,
                Some(due) => clock.wait_until(due.min(now.plus_ms(LOOK_MS))).await,
                None => clock.wait_until(now.plus_ms(LOOK_MS)).await,
            }
        }
    }

    /// Records that the peer read bytes. Without an open request, the wait for the next one starts now.
    pub fn took(&self) {
        self.visit.turns().took(self.places.clock.now());
    }

    /// Sets since when the peer reads nothing; `None` while it reads.
    pub(crate) fn set_stuck_since(&self, since: Option<Timestamp>) {
        self.visit.turns().stuck = since;
    }

    /// Marks the connection as upgraded to another protocol, which has limits of its own.
    pub(crate) fn mark_upgraded(&self) {
        self.visit.turns().upgraded = true;
    }

    /// Begins a request after its head is complete. An ordinary one takes an ordinary slot, if necessary from
    /// the longest silent connection; `None` if none is silent.
    pub fn begin(&self, kept: bool) -> Option<Arc<Request>> {
        if !kept {
            self.take_ordinary()?;
        }
        Some(self.open(!kept))
    }

    /// Begins a request that is only refused; it takes no slot.
    pub(crate) fn begin_refused(&self) -> Arc<Request> {
        self.open(false)
    }

    /// Keeps the request that upgrades the connection.
    pub fn keep(&self, request: Arc<Request>) {
        // A connection is upgraded once.
        drop(self.upgraded.set(request));
    }

    fn open(&self, holds: bool) -> Arc<Request> {
        Arc::new(Request {
            places: Arc::clone(&self.places),
            visit: Arc::clone(&self.visit),
            id: self.visit.turns().open(holds),
            holds,
        })
    }

    fn take_ordinary(&self) -> Option<()> {
        if self.places.ordinary.fetch_add(1, Ordering::SeqCst) < self.places.limits.ordinary {
            return Some(());
        }
        let mut visits = self.places.visits();
        let other = |visit: &ConnectionState| visit.id != self.visit.id && visit.turns().holds_ordinary();
        let gave_way = self.places.give_way(&mut visits, other);
        if gave_way.is_none() {
            self.places.ordinary.fetch_sub(1, Ordering::SeqCst);
        }
        gave_way
    }
}

/// A request from its complete head to the end of its response.
pub struct Request {
    places: Arc<ConnectionSlots>,
    visit: Arc<ConnectionState>,
    id: u64,
    holds: bool,
}

impl Request {
    fn clock(&self) -> &Arc<dyn Clock> {
        &self.places.clock
    }

    /// Sets that the peer has to act since `since`, for at most `limit_ms`.
    fn theirs(&self, since: Timestamp, limit_ms: u64) {
        self.visit.turns().theirs(self.id, since, limit_ms);
    }

    fn ours(&self) {
        self.visit.turns().ours(self.id);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let now = self.places.clock.now();
        self.visit.turns().close(self.id, now);
        if self.holds {
            self.places.ordinary.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
