//! Places for connections: who is silent gives way to who comes, and some places are for what must always
//! pass.
//!
//! A connection that owes something (a request's head, a body's next bytes, taking what is written) may be
//! ended: at its limit always, and before it when places are short, the longest silent first. One whose
//! request is being answered is never ended. Requests hold ordinary places, of which there are fewer than
//! connections: what is left is for health, pause, stop and opt-out, and for heads on their way.

mod bodies;
mod patience;
mod route_list;
#[cfg(test)]
mod tests;
mod turns;

pub use bodies::{OurBody, TheirBody};
pub use patience::Patience;
pub use route_list::{Route, RouteList};
pub use turns::STALL_MS;

use domain::ports::clock::Clock;
use domain::time::Timestamp;
use host::descriptors;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Notify;
use turns::Turns;

/// Of all places, the part that ordinary requests cannot take: kept requests and new heads have it. One of so
/// many: 64 of 1,024.
const KEPT_SHARE: usize = 16;

/// Of all places, the part that one other machine may have: four such together do not shut out a fifth. All
/// programs of this machine come from one address, so no such limit can be theirs.
const PEER_SHARE: usize = 4;

/// Longest time between two looks at whether a connection is past its limit.
const LOOK_MS: u64 = 5_000;

/// Least time between two log lines about connections that gave way.
const SAY_MS: u64 = 60_000;

/// Connections that give way at once when the system has no descriptor for another.
const ROOM: usize = 16;

/// How many places there are.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    pub(crate) ordinary: usize,
    pub(crate) per_peer: usize,
}

impl Limits {
    /// As many as the limit of open files leaves beside legs and files.
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

/// The connections there are, and who must go when another comes.
pub struct Places {
    limits: Limits,
    clock: Arc<dyn Clock>,
    visits: Mutex<HashMap<u64, Arc<Visit>>>,
    /// Told whenever a place was given back.
    left: Notify,
    next: AtomicU64,
    /// Ordinary requests that are open.
    ordinary: AtomicUsize,
    gave_way: Mutex<GaveWay>,
}

/// How many gave way since it was last said.
#[derive(Default)]
struct GaveWay {
    count: u64,
    said: Option<Timestamp>,
}

impl Places {
    pub fn new(limits: Limits, clock: Arc<dyn Clock>) -> Arc<Self> {
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

    /// A place for a new connection. Where all are taken, the longest silent one gives way; `None` when
    /// none is silent.
    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        self.enter_within(peer, self.limits.per_peer)
    }

    /// The same for one who asks for many: no share of one machine is theirs.
    pub(crate) fn enter_for_many(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        self.enter_within(peer, usize::MAX)
    }

    fn enter_within(self: &Arc<Self>, peer: IpAddr, share: usize) -> Option<Place> {
        let mut visits = self.visits();
        let peer = network(peer);
        let of_peer = visits.values().filter(|visit| visit.peer == peer).count();
        if !peer.is_loopback() && of_peer >= share {
            self.give_way(&mut visits, |visit| visit.peer == peer)?;
        } else if visits.len() >= self.limits.connections {
            self.give_way(&mut visits, |_| true)?;
        }
        let visit = Arc::new(Visit {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            peer,
            turns: Mutex::new(Turns::begin(self.clock.now())),
            gives_way: Notify::new(),
        });
        visits.insert(visit.id, Arc::clone(&visit));
        Some(Place {
            places: Arc::clone(self),
            visit,
            upgraded: OnceLock::new(),
        })
    }

    /// Returns when nobody has a place: what became another protocol has said its last, too.
    pub(crate) async fn all_left(&self) {
        loop {
            let left = self.left.notified();
            if self.visits().is_empty() {
                return;
            }
            left.await;
        }
    }

    /// Ends the longest silent connections, because the system can open no other.
    pub(crate) fn make_room(&self) {
        let mut visits = self.visits();
        for _ in 0..ROOM {
            if self.give_way(&mut visits, |_| true).is_none() {
                return;
            }
        }
    }

    /// Ends the longest silent of these connections, of the peer with the most of them first.
    fn give_way(&self, visits: &mut HashMap<u64, Arc<Visit>>, these: impl Fn(&Visit) -> bool) -> Option<()> {
        let mut of_peer: HashMap<IpAddr, usize> = HashMap::new();
        for visit in visits.values() {
            *of_peer.entry(visit.peer).or_default() += 1;
        }
        let silent = visits.values().filter(|visit| these(visit)).filter_map(|visit| {
            let since = visit.turns().owes()?.since;
            let places = of_peer.get(&visit.peer).copied().unwrap_or_default();
            Some((std::cmp::Reverse(places), since, visit.id))
        });
        let (_, _, id) = silent.min()?;
        let visit = visits.remove(&id)?;
        visit.gives_way.notify_one();
        self.note();
        Some(())
    }

    /// One line a minute says how many gave way: whoever floods us does not also fill the log.
    fn note(&self) {
        let now = self.clock.now();
        let mut gave_way = lock(&self.gave_way);
        gave_way.count += 1;
        if gave_way.said.is_none_or(|said| now.ms_since(said) >= SAY_MS) {
            tracing::warn!(
                connections = gave_way.count,
                "HTTP places are short: the longest silent connections gave way to new ones"
            );
            *gave_way = GaveWay {
                count: 0,
                said: Some(now),
            };
        }
    }

    fn visits(&self) -> MutexGuard<'_, HashMap<u64, Arc<Visit>>> {
        lock(&self.visits)
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.visits().len()
    }
}

/// Nothing is left half-written under these locks, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whose places are counted together: a machine's address, of IPv6 its network (a host has a whole /64).
pub fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from(u128::from(address) >> 64 << 64).into()
        }
        other => other,
    }
}

/// One connection as the others see it.
struct Visit {
    id: u64,
    peer: IpAddr,
    turns: Mutex<Turns>,
    gives_way: Notify,
}

impl Visit {
    fn turns(&self) -> MutexGuard<'_, Turns> {
        lock(&self.turns)
    }
}

/// A connection's place; given back when dropped.
pub struct Place {
    places: Arc<Places>,
    visit: Arc<Visit>,
    /// The request that became another protocol: it holds its place as long as the connection.
    upgraded: OnceLock<Arc<Request>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.visits().remove(&self.visit.id);
        self.places.left.notify_waiters();
    }
}

impl Place {
    /// Returns when this connection must end: past its limit, or because another needs the place.
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

    /// Bytes were taken; with none of its requests open, the wait for the next one begins after them.
    pub fn took(&self) {
        self.visit.turns().took(self.places.clock.now());
    }

    /// Since when the peer takes nothing; `None` when it takes.
    pub(crate) fn is_stuck(&self, since: Option<Timestamp>) {
        self.visit.turns().stuck = since;
    }

    /// The connection speaks another protocol from now on, which has limits of its own.
    pub(crate) fn is_upgraded(&self) {
        self.visit.turns().upgraded = true;
    }

    /// Begins a request whose head is complete. An ordinary one needs a place of its kind: the longest
    /// silent gives its own, and `None` says that none is silent.
    pub fn begin(&self, kept: bool) -> Option<Arc<Request>> {
        if !kept {
            self.take_ordinary()?;
        }
        Some(self.open(!kept))
    }

    /// Begins a request that is only refused.
    pub(crate) fn begin_refused(&self) -> Arc<Request> {
        self.open(false)
    }

    /// The connection becomes another protocol by this request.
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
        let other = |visit: &Visit| visit.id != self.visit.id && visit.turns().holds_ordinary();
        let gave_way = self.places.give_way(&mut visits, other);
        if gave_way.is_none() {
            self.places.ordinary.fetch_sub(1, Ordering::SeqCst);
        }
        gave_way
    }
}

/// A request whose head is complete, until its answer has been handed over.
pub struct Request {
    places: Arc<Places>,
    visit: Arc<Visit>,
    id: u64,
    holds: bool,
}

impl Request {
    fn clock(&self) -> &Arc<dyn Clock> {
        &self.places.clock
    }

    /// From now on the peer owes something, since then, for at most so long.
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
