//! Rate limit of failed sign-ins per address, in addition to the lock of each user: trying one password on
//! many names, or many on one, is slow.
//!
//! The address is that of the connection, or the one a trusted proxy forwards. All addresses of an IPv6
//! network count as one. A successful sign-in does not reset the count: an attacker with an account of their
//! own could otherwise try others between two sign-ins.

use crate::connection_limits::network;
use crate::context::Context;
use application::access::AttemptSource;
use domain::problem::{Problem, ProblemKind};
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Failed attempts from one address before it must wait; users behind one address mistype.
const FREE_MAX: u32 = 10;
/// First wait in milliseconds; each further failed attempt doubles it.
const WAIT_MS_MIN: u64 = 1_000;
/// Longest wait in milliseconds, so that an address shared by many is not locked out permanently.
const WAIT_MS_MAX: u64 = 15 * 60_000;
/// Time in milliseconds without a failed attempt after which one of them is forgotten.
const FORGOTTEN_MS: u64 = 60_000;
/// Maximum addresses in memory. Beyond it the one with the oldest failure is dropped.
const ADDRESSES_MAX: usize = 4_096;

/// Problem code after a right password if the user has a second factor: the sign-in continues, so it is no
/// refusal yet.
const GO_ON: &str = "second-factor-needed";

/// Problem codes that are only returned after a right password, or for a user known to the identity provider.
const RIGHT_SO_FAR: [&str; 2] = [GO_ON, "second-factor-missing"];

/// Failed attempts of each address.
#[derive(Default)]
pub struct SignInLimiter(Mutex<BTreeMap<IpAddr, FailedAttempts>>);

struct FailedAttempts {
    count: u32,
    at: Timestamp,
    until: Timestamp,
}

impl Context {
    /// Runs a sign-in attempt within the limit of its address. Each refusal is recorded once for the
    /// address, with the code of the reply: an unknown name, a locked user and a wrong password look the
    /// same in the record too. A reply that asks for the second factor is not recorded. Every route of a
    /// sign-in uses this.
    pub(crate) async fn sign_in_counted<T>(
        &self,
        peer: Option<SocketAddr>,
        route: &str,
        attempt: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        let now = self.installation.now();
        let on_record = |problem: &Problem| {
            let source = AttemptSource::Address(peer.map(|peer| peer.ip()));
            let refused = &self.installation.access.refused;
            refused.count(&self.installation, &source, route, problem.code);
        };
        self.sign_ins.admit(peer, now).inspect_err(on_record)?;
        let done = attempt.await;
        if let Err(problem) = &done
            && problem.kind == ProblemKind::Unauthenticated
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

impl SignInLimiter {
    /// Fails as busy (429) while the address must wait after failed sign-ins. Called before the password is
    /// checked.
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
        Err(Problem::new(ProblemKind::Busy, "sign-ins-from-address", detail))
    }

    /// Counts a failed attempt.
    pub(crate) fn count(&self, peer: Option<SocketAddr>, now: Timestamp) {
        let mut kept = self.kept();
        let address = address_of(peer);
        if kept.len() >= ADDRESSES_MAX && !kept.contains_key(&address) {
            let oldest = kept.iter().min_by_key(|(_, wrong)| wrong.at);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                kept.remove(&oldest);
            }
        }
        let wrong = kept.entry(address).or_insert(FailedAttempts {
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

    fn kept(&self) -> MutexGuard<'_, BTreeMap<IpAddr, FailedAttempts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the address under which failed sign-ins are counted: an IPv6 address by its network. Requests
/// without a connection count as one address.
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
        let rates = SignInLimiter::default();
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
        assert!(
            rates.admit(one, later).is_ok(),
            "after an hour the address starts again"
        );
    }

    #[test]
    fn more_addresses_than_are_remembered_take_no_more_memory() {
        let rates = SignInLimiter::default();
        for index in 0..u32::try_from(ADDRESSES_MAX).unwrap() + 10 {
            let address = Ipv4Addr::from_bits(0xC000_0200 + index);
            rates.count(Some((address, 1).into()), at(u64::from(index)));
        }
        assert_eq!(rates.kept().len(), ADDRESSES_MAX);
    }
}
