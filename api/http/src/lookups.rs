//! Look-ups of people by a phone number are limited in rate, for each peer: whoever tries numbers one after
//! another learns slowly, and of each miss a log line tells, without the number.
//!
//! A look-up that finds nobody costs more, since that is what trying costs. Commands that keep people from
//! being called (opt-out, suppression, withdrawal of a consent) are never refused here.

use crate::places::network;
use domain::ids::NumberId;
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Look-ups of one peer that come back each second: a program that asks before each of its calls.
const PER_SECOND: u64 = 10;

/// Look-ups of one peer at once, after a pause of ten seconds.
const AT_ONCE_MAX: u64 = 100;

/// What a look-up costs that found nobody: one a second goes on, as a person at a desk may ask.
const MISS_COSTS: u64 = 10;

/// Peers remembered; of more, who asked longest ago is forgotten, and begins anew.
const PEERS_MAX: usize = 1_024;

/// Thousandths of a look-up, so that part of one comes back.
const MILLI: u64 = 1_000;

/// What each peer has left, and how many look-ups found nobody.
#[derive(Default)]
pub struct Lookups(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    peers: BTreeMap<IpAddr, Left>,
    misses: u64,
}

struct Left {
    millis: u64,
    at: Timestamp,
}

impl Left {
    fn refill(&mut self, now: Timestamp) {
        let came_back = now.ms_since(self.at).saturating_mul(PER_SECOND);
        self.millis = self.millis.saturating_add(came_back).min(AT_ONCE_MAX * MILLI);
        self.at = now;
    }
}

impl Lookups {
    /// Before a look-up: refused where the peer has none left.
    pub fn take(&self, peer: Option<SocketAddr>, now: Timestamp) -> Result<(), Problem> {
        let mut kept = self.kept();
        let left = kept.of(network_of(peer), now);
        let Some(millis) = left.millis.checked_sub(MILLI) else {
            drop(kept);
            tracing::warn!(?peer, "look-ups by number come too fast: refused for a moment");
            let detail = format!(
                "{PER_SECOND} look-ups by number a second are answered, and {MISS_COSTS} times fewer that find \
                 nobody: come again in a second"
            );
            return Err(Problem::new(Kind::Busy, "lookups-too-fast", detail));
        };
        left.millis = millis;
        Ok(())
    }

    /// After a look-up that found nobody; answers how many did since the process began.
    pub fn missed(&self, peer: Option<SocketAddr>, now: Timestamp) -> u64 {
        let mut kept = self.kept();
        let left = kept.of(network_of(peer), now);
        left.millis = left.millis.saturating_sub((MISS_COSTS - 1) * MILLI);
        kept.misses += 1;
        let misses = kept.misses;
        drop(kept);
        tracing::warn!(?peer, misses, "a look-up by number found nobody");
        misses
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a text is our id of a number, which tells nothing to who tries.
pub(crate) fn is_number_id(text: &str) -> bool {
    text.parse::<NumberId>().is_ok()
}

impl Lookups {
    /// Counts a look-up by number that found nobody.
    pub(crate) fn count_miss<T>(
        &self,
        peer: Option<SocketAddr>,
        now: Timestamp,
        found: Result<T, Problem>,
    ) -> Result<T, Problem> {
        if matches!(&found, Err(problem) if problem.kind == Kind::Missing) {
            self.missed(peer, now);
        }
        found
    }
}

impl Kept {
    fn of(&mut self, peer: IpAddr, now: Timestamp) -> &mut Left {
        if self.peers.len() >= PEERS_MAX && !self.peers.contains_key(&peer) {
            let oldest = self.peers.iter().min_by_key(|(_, left)| left.at);
            if let Some(oldest) = oldest.map(|(peer, _)| *peer) {
                self.peers.remove(&oldest);
            }
        }
        let left = self.peers.entry(peer).or_insert(Left {
            millis: AT_ONCE_MAX * MILLI,
            at: now,
        });
        left.refill(now);
        left
    }
}

/// A request without a connection has no peer; all such are one.
fn network_of(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| network(peer.ip()))
}

/// A phone number in a body, so that no address holds it.
#[derive(JsonSchema)]
pub(crate) struct NumberOnly {
    /// In any usual form.
    #[schemars(example = &"13800138000")]
    pub number: String,
}

impl Order for NumberOnly {
    fn read(body: &mut Members) -> Self {
        Self {
            number: body.needed_text("number").unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_micros(0).plus_ms(ms)
    }

    fn answered(lookups: &Lookups, peer: Option<SocketAddr>, now: Timestamp) -> u64 {
        (0..1_000)
            .map(|_| u64::from(lookups.take(peer, now).is_ok()))
            .sum()
    }

    #[test]
    fn each_peer_has_its_own_look_ups_and_a_miss_costs_ten() {
        let lookups = Lookups::default();
        let peer = |text: &str| Some(text.parse::<SocketAddr>().unwrap());
        let (one, same, other) = (
            peer("192.0.2.1:1000"),
            peer("192.0.2.1:2000"),
            peer("192.0.2.2:1000"),
        );
        assert_eq!(answered(&lookups, one, at(0)), AT_ONCE_MAX);
        assert_eq!(
            answered(&lookups, same, at(0)),
            0,
            "another connection of the same peer"
        );
        assert_eq!(lookups.take(one, at(0)).unwrap_err().code, "lookups-too-fast");
        assert_eq!(answered(&lookups, one, at(2_000)), 2 * PER_SECOND);
        let mut hits = 0;
        while lookups.take(other, at(0)).is_ok() {
            hits += 1;
            assert_eq!(lookups.missed(other, at(0)), hits);
        }
        assert_eq!(hits, AT_ONCE_MAX / MISS_COSTS);
        // Of one network of IPv6 all addresses are one peer.
        assert_eq!(answered(&lookups, peer("[2001:db8::1]:1"), at(0)), AT_ONCE_MAX);
        assert_eq!(answered(&lookups, peer("[2001:db8::2]:1"), at(0)), 0);
    }

    #[test]
    fn more_peers_than_are_remembered_take_no_more_memory() {
        let lookups = Lookups::default();
        for index in 0..u32::try_from(PEERS_MAX).unwrap() + 10 {
            let address = Ipv4Addr::from_bits(0xC000_0200 + index);
            lookups
                .take(Some((address, 1).into()), at(u64::from(index)))
                .unwrap();
        }
        assert_eq!(lookups.kept().peers.len(), PEERS_MAX);
    }
}
