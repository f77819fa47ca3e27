//! How often somebody may try to sign in from one address: beside the lock of each user, so that one who
//! tries a password on many names, or many on one, learns slowly.
//!
//! The address is that of the connection: a header that says another is nobody's proof. Of an IPv6 network
//! all addresses are one. A right sign-in forgives nothing: whoever has an account of their own would try
//! others' between two of them.

use crate::context::Context;
use crate::places::network;
use application::access::Refused;
use domain::problem::{Kind, Problem};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wrong attempts from one address before it has to wait: a team behind one address mistypes.
const FREE_MAX: u32 = 10;
/// How long the first wait is; each further wrong attempt doubles it …
const WAIT_MS_MIN: u64 = 1_000;
/// … up to this: an address that many share is not shut out for good.
const WAIT_MS_MAX: u64 = 15 * 60_000;
/// After how long without a wrong attempt one of them is forgotten.
const FORGOTTEN_MS: u64 = 60_000;
/// Addresses remembered; of more, who was wrong longest ago is forgotten.
const ADDRESSES_MAX: usize = 4_096;

/// What asks whoever gave the right password for the rest of it: nobody is refused yet.
const GO_ON: &str = "second-factor-needed";

/// What is told only to whoever gave the right password, or whom their provider knows.
const RIGHT_SO_FAR: [&str; 2] = [GO_ON, "second-factor-missing"];

/// Wrong attempts of each address.
#[derive(Default)]
pub struct SignInRates(Mutex<BTreeMap<IpAddr, Wrong>>);

struct Wrong {
    count: u32,
    at: Timestamp,
    until: Timestamp,
}

impl Context {
    /// One attempt to come in, held to what its address has left. Each that is refused is counted once for
    /// the address on record, in the words that everybody hears: a name that nobody has, one that is locked
    /// and a wrong password look alike there too. Every door of a sign-in comes through here.
    pub(crate) async fn sign_in_counted<T>(
        &self,
        peer: Option<SocketAddr>,
        route: &str,
        attempt: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let now = self.installation.now();
        let on_record = |problem: &Problem| {
            let whose = Refused::Address(peer.map(|peer| peer.ip()));
            let refused = &self.installation.access.refused;
            refused.count(&self.installation, &whose, route, problem.code);
        };
        self.sign_ins.admit(peer, now).inspect_err(on_record)?;
        let done = attempt.await;
        if let Err(problem) = &done
            && problem.kind == Kind::Unauthenticated
        {
            if !RIGHT_SO_FAR.contains(&problem.code) {
                self.sign_ins.count(peer, now);
            }
            if problem.code != GO_ON {
                on_record(problem);
            }
        }
        done
    }
}

impl SignInRates {
    /// Before a password is looked at: refused while the address has to wait.
    pub(crate) fn admit(&self, peer: Option<SocketAddr>, now: Timestamp) -> Result<(), Problem> {
        let kept = self.kept();
        let Some(wrong) = kept.get(&address_of(peer)).filter(|wrong| now < wrong.until) else {
            return Ok(());
        };
        let seconds = wrong.until.ms_since(now).div_ceil(1_000);
        let detail = format!(
            "too many failed sign-ins from this address: try again in {seconds} s / 该地址登录失败过多，请 {seconds} \
             秒后再试"
        );
        Err(Problem::new(Kind::Busy, "sign-ins-from-address", detail))
    }

    /// Counts a wrong attempt.
    pub(crate) fn count(&self, peer: Option<SocketAddr>, now: Timestamp) {
        let mut kept = self.kept();
        let address = address_of(peer);
        if kept.len() >= ADDRESSES_MAX && !kept.contains_key(&address) {
            let oldest = kept.iter().min_by_key(|(_, wrong)| wrong.at);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                kept.remove(&oldest);
            }
        }
        let wrong = kept.entry(address).or_insert(Wrong {
            count: 0,
            at: now,
            until: now,
        });
        let forgotten = now.ms_since(wrong.at.max(wrong.until)) / FORGOTTEN_MS;
        let forgotten = u32::try_from(forgotten).unwrap_or(u32::MAX);
        wrong.count = wrong.count.saturating_sub(forgotten).saturating_add(1);
        wrong.at = now;
        if let Some(doublings) = wrong.count.checked_sub(FREE_MAX) {
            let wait_ms = WAIT_MS_MIN.saturating_mul(1_u64 << doublings.min(16));
            wrong.until = now.plus_ms(wait_ms.min(WAIT_MS_MAX));
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<IpAddr, Wrong>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request without a connection has no address; all such are one.
fn address_of(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| network(peer.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_micros(0).plus_ms(ms)
    }

    fn peer(text: &str) -> Option<SocketAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_waits_ever_longer_and_others_do_not() {
        let rates = SignInRates::default();
        let (one, same, other) = (
            peer("192.0.2.1:1000"),
            peer("192.0.2.1:2000"),
            peer("192.0.2.2:1000"),
        );
        let mut now = at(0);
        for _ in 0..FREE_MAX {
            rates.admit(one, now).unwrap();
            rates.count(one, now);
        }
        let mut waits = Vec::new();
        for _ in 0..12 {
            let refused = rates.admit(same, now).unwrap_err();
            assert_eq!(refused.code, "sign-ins-from-address");
            rates.admit(other, now).unwrap();
            let until = rates.kept()[&"192.0.2.1".parse().unwrap()].until;
            waits.push(until.ms_since(now));
            now = until;
            rates.admit(one, now).unwrap();
            rates.count(one, now);
        }
        assert_eq!(waits[..3], [WAIT_MS_MIN, 2 * WAIT_MS_MIN, 4 * WAIT_MS_MIN]);
        assert_eq!(waits[11], WAIT_MS_MAX);
        let later = now.plus_ms(60 * FORGOTTEN_MS);
        rates.admit(one, later).unwrap();
        rates.count(one, later);
        assert!(rates.admit(one, later).is_ok(), "after an hour it begins anew");
    }

    #[test]
    fn more_addresses_than_are_remembered_take_no_more_memory() {
        let rates = SignInRates::default();
        for index in 0..u32::try_from(ADDRESSES_MAX).unwrap() + 10 {
            let address = Ipv4Addr::from_bits(0xC000_0200 + index);
            rates.count(Some((address, 1).into()), at(u64::from(index)));
        }
        assert_eq!(rates.kept().len(), ADDRESSES_MAX);
    }
}
