//! Wrong passwords by source address, and the locks that follow.
//!
//! A lock applies to one user name and one address, so that a stranger who knows a name cannot lock its user
//! out elsewhere. All addresses of an IPv6 network count as one.

use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

/// Most addresses with wrong passwords stored per user; beyond it the one with the oldest wrong password is
/// removed. Each address also has a limit over all user names.
const ADDRESSES_MAX: usize = 64;

/// The bits of an IPv6 address that identify its network: locks apply to a /64 (RFC 6177 gives a site at
/// least one).
const NETWORK_MASK: u128 = !0 << 64;

/// Wrong passwords and locks of one address, for one user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attempts {
    /// Wrong passwords in a row.
    pub(super) wrong_count: u32,
    /// Locks since the last correct password.
    pub(super) locked_count: u32,
    until: Option<Timestamp>,
    last: Timestamp,
}

/// Wrong passwords for one user name, by address. Attempts without an address, and locks from before locks
/// had an address, apply to all addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AttemptsByAddress(BTreeMap<Option<String>, Attempts>);

impl AttemptsByAddress {
    pub(super) fn of(&self, from: Option<&str>) -> Attempts {
        self.0.get(&address_of(from)).copied().unwrap_or_default()
    }

    /// Returns the end of the lock for sign-ins from this address; `None` if it is not locked at `now`.
    pub(super) fn locked_at(&self, from: Option<&str>, now: Timestamp) -> Option<Timestamp> {
        let until = |address: &Option<String>| self.0.get(address).and_then(|attempts| attempts.until);
        let until = until(&address_of(from)).max(until(&None));
        until.filter(|until| now < *until)
    }

    pub(super) fn note_wrong(&mut self, from: Option<&str>, wrong_count: u32, at: Timestamp) {
        let attempts = self.entry(from, at);
        attempts.wrong_count = wrong_count;
    }

    pub(super) fn note_lock(
        &mut self,
        from: Option<&str>,
        until: Timestamp,
        locked_count: u32,
        at: Timestamp,
    ) {
        let attempts = self.entry(from, at);
        attempts.until = Some(until);
        attempts.locked_count = locked_count;
        attempts.wrong_count = 0;
    }

    /// Clears the wrong passwords and locks of this address, after a correct password. Other addresses keep
    /// theirs.
    pub(super) fn forgive(&mut self, from: Option<&str>) {
        self.0.remove(&address_of(from));
    }

    fn entry(&mut self, from: Option<&str>, at: Timestamp) -> &mut Attempts {
        let address = address_of(from);
        if self.0.len() >= ADDRESSES_MAX && !self.0.contains_key(&address) {
            let oldest = self.0.iter().min_by_key(|(_, attempts)| attempts.last);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                self.0.remove(&oldest);
            }
        }
        let attempts = self.0.entry(address).or_default();
        attempts.last = at;
        attempts
    }
}

/// Returns the address to which a lock applies: an IPv4 address as it is, of an IPv6 address its /64
/// network.
pub(super) fn address_of(from: Option<&str>) -> Option<String> {
    let from = from?;
    Some(match from.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => Ipv6Addr::from(u128::from(address) & NETWORK_MASK).to_string(),
        },
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => from.to_owned(),
    })
}
