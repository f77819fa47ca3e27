//! Decides which source of packets is the far end: the described address, or one near it that answers for it.
//!
//! The trunk's `latch` setting says how far a source may be from the described address. The first admitted
//! source is latched; from then on only packets from it and from the described address are accepted, and the
//! described address takes the latch back, so that late packets of an earlier call never keep it. All other
//! packets are ignored: they press no key and play no audio.

use std::net::{IpAddr, SocketAddr};

/// Time after the description in which a neighboring address may become the source, in microseconds
/// (against RTP bleed).
const NEIGHBOUR_US: i64 = 5_000_000;

/// How far the source of packets may be from the described address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LatchRule {
    /// Only the described address and port.
    Exact,
    /// The described address and those that the trunk lists, at any port: a NAT changes the port.
    #[default]
    Port,
    /// Also any address of the same /24 (IPv4) or /64 (IPv6), in the first seconds.
    Subnet,
}

/// The accepted source of one leg's packets, and the address that ours go to.
#[derive(Debug, Clone)]
pub struct Latch {
    rule: LatchRule,
    /// The only addresses that packets may come from, if the trunk lists addresses; empty for no list.
    listed: Vec<IpAddr>,
    described: SocketAddr,
    source: Option<SocketAddr>,
    began_us: i64,
}

impl Latch {
    /// Makes the latch of one leg, without a source yet. `described` is the address in the callee's SDP,
    /// `listed` the only addresses from which packets may come, or empty.
    pub const fn new(rule: LatchRule, listed: Vec<IpAddr>, described: SocketAddr, now_us: i64) -> Self {
        Self {
            rule,
            listed,
            described,
            source: None,
            began_us: now_us,
        }
    }

    /// Sets the address that the far end describes. A new address removes the accepted source; the same one
    /// keeps it.
    pub fn describe(&mut self, described: SocketAddr, now_us: i64) {
        if described != self.described {
            self.described = described;
            self.source = None;
            self.began_us = now_us;
        }
    }

    /// Returns the address to send to: the accepted source if it is behind the described host's NAT or a
    /// neighbor that answers for it. For a listed host, which only sends for the described one, it stays
    /// the described address.
    pub fn target(&self) -> SocketAddr {
        let symmetric =
            |source: &SocketAddr| source.ip() == self.described.ip() || !self.listed.contains(&source.ip());
        self.source.filter(symmetric).unwrap_or(self.described)
    }

    /// Returns true if packets from this source are accepted as the far end's. The first accepted source
    /// becomes the only one, besides the described address.
    pub fn admits(&mut self, from: SocketAddr, now_us: i64) -> bool {
        if from == self.described || self.source == Some(from) {
            self.source = Some(from);
            return true;
        }
        let admitted = self.source.is_none() && self.may_latch(from, now_us);
        if admitted {
            self.source = Some(from);
        }
        admitted
    }

    fn may_latch(&self, from: SocketAddr, now_us: i64) -> bool {
        let ip = from.ip();
        let listed = self.listed.contains(&ip);
        if !self.listed.is_empty() && !listed {
            return false;
        }
        let same = ip == self.described.ip();
        match self.rule {
            LatchRule::Exact => false,
            LatchRule::Port => same || listed,
            LatchRule::Subnet => {
                let early = now_us.saturating_sub(self.began_us) <= NEIGHBOUR_US;
                same || listed || (early && are_neighbours(ip, self.described.ip()))
            }
        }
    }

    /// Returns true if an RTCP packet from this address is the far end's: its host is that of the audio,
    /// its port may differ.
    pub fn admits_control(&self, from: SocketAddr) -> bool {
        let sends_audio = self.source.is_some_and(|source| source.ip() == from.ip());
        from.ip() == self.described.ip() || sends_audio
    }
}

/// Returns true for two addresses in the same /24 (IPv4) or /64 (IPv6).
fn are_neighbours(one: IpAddr, other: IpAddr) -> bool {
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => one.octets().get(..3) == other.octets().get(..3),
        (IpAddr::V6(one), IpAddr::V6(other)) => one.segments().get(..4) == other.segments().get(..4),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Latch, LatchRule};
    use LatchRule::{Exact, Port, Subnet};
    use std::net::SocketAddr;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn latch(rule: LatchRule, listed: &[&str]) -> Latch {
        let listed = listed.iter().map(|ip| ip.parse().unwrap()).collect();
        Latch::new(rule, listed, at("192.0.2.1:6000"), 0)
    }

    #[test]
    fn how_far_a_source_may_be_is_the_trunks_to_say() {
        let rows = [
            ("192.0.2.1:6000", [true, true, true]),
            ("192.0.2.1:9000", [false, true, true]),
            ("192.0.2.77:6000", [false, false, true]),
            ("203.0.113.9:6000", [false, false, false]),
        ];
        for (from, heard) in rows {
            for (rule, heard) in [Exact, Port, Subnet].into_iter().zip(heard) {
                assert_eq!(latch(rule, &[]).admits(at(from), 0), heard, "{rule:?} {from}");
            }
        }
        let v6 = |rule| Latch::new(rule, Vec::new(), at("[2001:db8::1]:6000"), 0);
        assert!(v6(Subnet).admits(at("[2001:db8::2]:6000"), 0));
        assert!(!v6(Port).admits(at("[2001:db8::2]:6000"), 0));
        assert!(!v6(Subnet).admits(at("192.0.2.1:6000"), 0));
    }

    #[test]
    fn a_listed_host_is_heard_outside_the_described_network_and_we_send_to_the_described_address() {
        let listed = ["192.0.2.1", "203.0.113.9"];
        for (rule, heard) in [(Exact, false), (Port, true), (Subnet, true)] {
            let mut latch = latch(rule, &listed);
            assert_eq!(
                latch.admits(at("203.0.113.9:7000"), 60_000_000),
                heard,
                "{rule:?}"
            );
            assert_eq!(latch.target(), at("192.0.2.1:6000"));
        }
        let mut latch = latch(Subnet, &listed);
        assert!(
            !latch.admits(at("192.0.2.77:6000"), 0),
            "a neighbour the list does not name"
        );
        assert!(!latch.admits(at("198.51.100.1:6000"), 0));
    }

    #[test]
    fn one_source_is_latched_and_the_described_address_takes_it_back() {
        let mut latch = latch(Subnet, &[]);
        assert_eq!(latch.target(), at("192.0.2.1:6000"));
        assert!(latch.admits(at("192.0.2.77:9000"), 5_000_000));
        assert_eq!(
            latch.target(),
            at("192.0.2.77:9000"),
            "audio goes where it comes from"
        );
        for other in ["192.0.2.78:9000", "192.0.2.77:9002", "192.0.2.1:6002"] {
            assert!(!latch.admits(at(other), 5_000_000), "{other}");
        }
        assert!(latch.admits(at("192.0.2.1:6000"), 60_000_000));
        assert_eq!(latch.target(), at("192.0.2.1:6000"));
        assert!(!latch.admits(at("192.0.2.77:9000"), 60_000_000));
    }

    #[test]
    fn a_neighbour_comes_within_five_seconds_and_the_host_itself_whenever_it_begins_to_speak() {
        assert!(!latch(Subnet, &[]).admits(at("192.0.2.77:9000"), 5_000_001));
        assert!(latch(Port, &[]).admits(at("192.0.2.1:9000"), 60_000_000));
    }

    #[test]
    fn a_new_description_latches_again_and_a_refresh_does_not() {
        let mut latch = latch(Port, &[]);
        assert!(latch.admits(at("192.0.2.1:9000"), 0));
        latch.describe(at("192.0.2.1:6000"), 1);
        assert!(!latch.admits(at("192.0.2.1:9002"), 1));
        assert_eq!(latch.target(), at("192.0.2.1:9000"));
        latch.describe(at("203.0.113.9:6000"), 2);
        assert_eq!(latch.target(), at("203.0.113.9:6000"));
        assert!(!latch.admits(at("192.0.2.1:9000"), 2));
        assert!(latch.admits(at("203.0.113.9:6010"), 2));
    }

    #[test]
    fn control_packets_come_from_the_hosts_of_the_audio() {
        let mut latch = latch(Port, &["192.0.2.1", "203.0.113.9"]);
        assert!(latch.admits_control(at("192.0.2.1:6001")));
        assert!(!latch.admits_control(at("203.0.113.9:7001")));
        assert!(latch.admits(at("203.0.113.9:7000"), 0));
        assert!(latch.admits_control(at("203.0.113.9:7001")));
        assert!(!latch.admits_control(at("198.51.100.1:7001")));
    }
}
