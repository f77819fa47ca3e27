//! Retransmission over UDP (RFC 3261, 17): the same bytes again at growing intervals, until a limit.

use super::dialog::Hop;
use domain::time::Timestamp;

/// T1, the estimate of a round trip (RFC 3261, 17.1.1.1).
pub const T1_MS: u64 = 500;
/// T2, the longest interval of a non-INVITE retransmission and of a 2xx (RFC 3261, 17.1.2.1, 13.3.1.4).
pub const T2_MS: u64 = 4_000;
/// 64 × T1: timers B, F and H; how long a 2xx may repeat, and how long an ACK is kept.
pub const TRANSACTION_MS: u64 = 64 * T1_MS;
/// Timer D over UDP: how long the ACK of a non-2xx answers its retransmissions (RFC 3261, 17.1.1.2).
pub const TIMER_D_MS: u64 = 32_000;

/// One message under retransmission.
#[derive(Debug, Clone)]
pub struct Retransmission {
    pub bytes: Vec<u8>,
    pub hop: Hop,
    next_at: Timestamp,
    interval_ms: u64,
    interval_ms_max: u64,
    pub ends_at: Timestamp,
}

/// What a passed deadline asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elapsed {
    NotYet,
    SendAgain,
    TimedOut,
}

impl Retransmission {
    /// An INVITE just sent: timer A doubles without a cap; the caller holds timer B.
    pub fn invite(bytes: Vec<u8>, hop: Hop, now: Timestamp) -> Self {
        Self::capped(bytes, hop, now, TRANSACTION_MS)
    }

    /// A non-INVITE request, or a 2xx waiting for its ACK, just sent: timers E and F, or their like.
    pub fn request(bytes: Vec<u8>, hop: Hop, now: Timestamp) -> Self {
        Self::capped(bytes, hop, now, T2_MS)
    }

    fn capped(bytes: Vec<u8>, hop: Hop, now: Timestamp, interval_ms_max: u64) -> Self {
        Self {
            bytes,
            hop,
            next_at: now.plus_ms(T1_MS),
            interval_ms: T1_MS,
            interval_ms_max,
            ends_at: now.plus_ms(TRANSACTION_MS),
        }
    }

    pub fn deadline(&self) -> Timestamp {
        self.next_at.min(self.ends_at)
    }

    /// A provisional response came to a non-INVITE request: only every T2 from now on (17.1.2.2).
    pub fn slow_down(&mut self) {
        self.interval_ms = T2_MS;
    }

    /// Moves the timer on. Missed retransmissions are not made up for.
    pub fn elapse(&mut self, now: Timestamp) -> Elapsed {
        if now >= self.ends_at {
            return Elapsed::TimedOut;
        }
        if now < self.next_at {
            return Elapsed::NotYet;
        }
        self.interval_ms = self.interval_ms.saturating_mul(2).min(self.interval_ms_max);
        self.next_at = now.plus_ms(self.interval_ms);
        Elapsed::SendAgain
    }
}

/// Moves one retransmission on: what is to be sent again goes to `again`; true when it timed out.
pub(in crate::sip) fn step(
    timer: &mut Option<Retransmission>,
    now: Timestamp,
    again: &mut Vec<(Vec<u8>, Hop)>,
) -> bool {
    let Some(running) = timer else {
        return false;
    };
    match running.elapse(now) {
        Elapsed::NotYet => false,
        Elapsed::SendAgain => {
            again.push((running.bytes.clone(), running.hop));
            false
        }
        Elapsed::TimedOut => {
            *timer = None;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Elapsed, Retransmission};
    use crate::sip::dialog::Hop;
    use domain::time::Timestamp;

    fn times(mut timer: Retransmission) -> Vec<i64> {
        let mut sent = Vec::new();
        loop {
            let now = timer.deadline();
            match timer.elapse(now) {
                Elapsed::SendAgain => sent.push(now.micros() / 1_000),
                Elapsed::TimedOut => {
                    sent.push(now.micros() / 1_000);
                    return sent;
                }
                Elapsed::NotYet => panic!("a deadline that is none"),
            }
        }
    }

    #[test]
    fn an_invite_doubles_and_a_request_stops_doubling_at_t2() {
        let start = Timestamp::EPOCH;
        assert_eq!(
            times(Retransmission::invite(Vec::new(), Hop::Trunk, start)),
            [500, 1_500, 3_500, 7_500, 15_500, 31_500, 32_000]
        );
        assert_eq!(
            times(Retransmission::request(Vec::new(), Hop::Trunk, start)),
            [
                500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500, 32_000
            ]
        );
    }
}
