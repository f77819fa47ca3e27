//! Retransmission over UDP (RFC 3261, 17): the same bytes are sent again at growing intervals, up to a time
//! limit.

use super::dialog::Hop;
use domain::time::Timestamp;

/// T1 in milliseconds, the estimate of a round trip (RFC 3261, 17.1.1.1).
pub const T1_MS: u64 = 500;
/// T2 in milliseconds, the longest interval between retransmissions of a non-INVITE request and of a 2xx (RFC
/// 3261, 17.1.2.1, 13.3.1.4).
pub const T2_MS: u64 = 4_000;
/// 64 × T1, in milliseconds: the length of timers B, F and H, the time in which a 2xx may repeat, and the
/// time for which an ACK is kept.
pub const TRANSACTION_MS: u64 = 64 * T1_MS;
/// Timer D over UDP, in milliseconds: the time in which the ACK of a non-2xx response answers its
/// retransmissions (RFC 3261, 17.1.1.2).
pub const TIMER_D_MS: u64 = 32_000;

/// One message that is retransmitted, with its intervals and its end.
#[derive(Debug, Clone)]
pub struct Retransmission {
    pub bytes: Vec<u8>,
    pub hop: Hop,
    next_at: Timestamp,
    interval_ms: u64,
    interval_ms_max: u64,
    pub ends_at: Timestamp,
}

/// What is due for a retransmission at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetransmissionStep {
    NotYet,
    SendAgain,
    TimedOut,
}

impl Retransmission {
    /// Returns the retransmission of an INVITE that was just sent: its interval (timer A) doubles without a
    /// cap. The caller watches timer B.
    pub fn invite(bytes: Vec<u8>, hop: Hop, now: Timestamp) -> Self {
        Self::capped(bytes, hop, now, TRANSACTION_MS)
    }

    /// Starts the retransmission of a non-INVITE request, or of a 2xx that waits for its ACK, that was just
    /// sent: its interval doubles up to T2 (timers E and F).
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

    /// Returns when to call `elapse` next: at the next retransmission, or at the timeout if that is
    /// earlier.
    pub fn deadline(&self) -> Timestamp {
        self.next_at.min(self.ends_at)
    }

    /// Sets the interval to T2 after a provisional response to a non-INVITE request (17.1.2.2).
    pub fn slow_down(&mut self) {
        self.interval_ms = T2_MS;
    }

    /// Returns what is due at `now`, and moves the timer to its next interval. Missed retransmissions are
    /// not made up for.
    pub fn elapse(&mut self, now: Timestamp) -> RetransmissionStep {
        if now >= self.ends_at {
            return RetransmissionStep::TimedOut;
        }
        if now < self.next_at {
            return RetransmissionStep::NotYet;
        }
        self.interval_ms = self.interval_ms.saturating_mul(2).min(self.interval_ms_max);
        self.next_at = now.plus_ms(self.interval_ms);
        RetransmissionStep::SendAgain
    }
}

/// Advances a retransmission to `now`: adds its message to `again` if it is due. Returns true if it timed
/// out; the timer is then removed.
pub(in crate::sip) fn step(
    timer: &mut Option<Retransmission>,
    now: Timestamp,
    again: &mut Vec<(Vec<u8>, Hop)>,
) -> bool {
    let Some(running) = timer else {
        return false;
    };
    match running.elapse(now) {
        RetransmissionStep::NotYet => false,
        RetransmissionStep::SendAgain => {
            again.push((running.bytes.clone(), running.hop));
            false
        }
        RetransmissionStep::TimedOut => {
            *timer = None;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Retransmission, RetransmissionStep};
    use crate::sip::dialog::Hop;
    use domain::time::Timestamp;

    fn times(mut timer: Retransmission) -> Vec<i64> {
        let mut sent = Vec::new();
        loop {
            let now = timer.deadline();
            match timer.elapse(now) {
                RetransmissionStep::SendAgain => sent.push(now.micros() / 1_000),
                RetransmissionStep::TimedOut => {
                    sent.push(now.micros() / 1_000);
                    return sent;
                }
                RetransmissionStep::NotYet => panic!("a deadline that is none"),
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
