//! The installation's own encoder as calls use it: a limited number of requests at once, none while it keeps
//! failing, and never longer than the turn has time.

use domain::ports::clock::Clock;
use domain::ports::encoder::{Encoder, EncoderFailure, EncoderRanking};
use domain::ports::masking::Masking;
use domain::time::Timestamp;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Least time that a request must have, in milliseconds; otherwise it is not sent.
const ANSWER_MS_MIN: u64 = 50;
/// Longest time from the end of the callee's words to our next words, in milliseconds. The same as for an
/// assistant, which is asked after the encoder.
const TURN_MS_MAX: u64 = 2_600;
/// Most requests to the encoder at once; a further one is not sent. A machine with few cores ranks one
/// after the other, and a queued request would be late anyway.
const AT_ONCE_MAX: u32 = 4;
/// Consecutive failures after which the encoder is not asked for `REST_MS`.
const FAILURES_MAX: u32 = 5;
/// How long the encoder is not asked after `FAILURES_MAX` failures, in milliseconds.
const REST_MS: u64 = 30_000;

/// The encoder as calls use it, with the count of its requests and failures.
#[derive(Clone)]
pub struct CallEncoder {
    encoder: Arc<dyn Encoder>,
    masking: Arc<dyn Masking>,
    counted: Arc<Mutex<EncoderCounts>>,
}

#[derive(Default)]
struct EncoderCounts {
    at_once: u32,
    failures: u32,
    rests_until: Option<Timestamp>,
}

/// A ranking, or the reason why there is none, and how long the request took.
pub(crate) struct TimedRanking {
    pub(crate) ranked: Result<EncoderRanking, EncoderFailure>,
    pub(crate) took_ms: u64,
}

/// One of the `AT_ONCE_MAX` slots. Dropping it frees the slot, also when the call ends during the request.
struct EncoderSlot(Arc<Mutex<EncoderCounts>>);

impl Drop for EncoderSlot {
    fn drop(&mut self) {
        let mut counted = locked(&self.0);
        counted.at_once = counted.at_once.saturating_sub(1);
    }
}

fn locked(counted: &Mutex<EncoderCounts>) -> MutexGuard<'_, EncoderCounts> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CallEncoder {
    /// Timeout of a ranking, in milliseconds: an encoder on a CPU takes tens of milliseconds, and a callee
    /// notices half a second.
    pub const ANSWER_MS_MAX: u64 = 400;

    pub fn new(encoder: Arc<dyn Encoder>, masking: Arc<dyn Masking>) -> Self {
        Self {
            encoder,
            masking,
            counted: Arc::default(),
        }
    }

    /// Returns the name of the model, for a record of a request that failed.
    pub(crate) fn model(&self) -> &str {
        self.encoder.model()
    }

    /// Sends the masked text to the encoder. `None` if it may not be asked now: too little time is left,
    /// all slots are in use, or it keeps failing.
    pub(crate) async fn rank(
        &self,
        clock: &dyn Clock,
        said: &str,
        language: &str,
        since_said_ms: u64,
    ) -> Option<TimedRanking> {
        let asked_at = clock.now();
        let within_ms = TURN_MS_MAX.saturating_sub(since_said_ms).min(Self::ANSWER_MS_MAX);
        let _place = self.place(within_ms, asked_at)?;
        let masked = self.masking.masked(said);
        let ranked = tokio::select! {
            biased;
            () = clock.wait_until(asked_at.plus_ms(within_ms)) => Err(EncoderFailure::Late),
            ranked = self.encoder.rank(&masked, language, within_ms) => ranked,
        };
        let now = clock.now();
        self.note(ranked.is_ok(), now);
        Some(TimedRanking {
            ranked,
            took_ms: now.ms_since(asked_at),
        })
    }

    fn place(&self, within_ms: u64, now: Timestamp) -> Option<EncoderSlot> {
        let mut counted = locked(&self.counted);
        let rests = counted.rests_until.is_some_and(|until| now < until);
        if within_ms < ANSWER_MS_MIN || rests || counted.at_once >= AT_ONCE_MAX {
            return None;
        }
        counted.at_once += 1;
        Some(EncoderSlot(Arc::clone(&self.counted)))
    }

    fn note(&self, answered: bool, now: Timestamp) {
        let mut counted = locked(&self.counted);
        if answered {
            (counted.failures, counted.rests_until) = (0, None);
            return;
        }
        counted.failures = counted.failures.saturating_add(1);
        if counted.failures >= FAILURES_MAX {
            counted.rests_until = Some(now.plus_ms(REST_MS));
            counted.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assistant::NoMasking;
    use crate::testing::encoder::FakeEncoder;

    fn encode() -> CallEncoder {
        CallEncoder::new(Arc::new(FakeEncoder::default()), Arc::new(NoMasking))
    }

    #[test]
    fn so_many_ask_at_once_and_a_place_comes_back() {
        let encode = encode();
        let ask = || encode.place(CallEncoder::ANSWER_MS_MAX, Timestamp::EPOCH);
        let mut held: Vec<EncoderSlot> = (0..AT_ONCE_MAX).filter_map(|_| ask()).collect();
        assert_eq!(held.len(), AT_ONCE_MAX as usize);
        assert!(ask().is_none());
        held.pop();
        assert!(ask().is_some());
        assert!(
            encode.place(ANSWER_MS_MIN - 1, Timestamp::EPOCH).is_none(),
            "no time is left"
        );
    }

    #[test]
    fn who_fails_five_times_in_a_row_rests_for_half_a_minute() {
        let encode = encode();
        let may = |ms| {
            encode
                .place(CallEncoder::ANSWER_MS_MAX, Timestamp::EPOCH.plus_ms(ms))
                .is_some()
        };
        (0..4).for_each(|_| encode.note(false, Timestamp::EPOCH));
        encode.note(true, Timestamp::EPOCH);
        (0..4).for_each(|_| encode.note(false, Timestamp::EPOCH));
        assert!(may(0), "four in a row");
        encode.note(false, Timestamp::EPOCH);
        assert!(!may(0) && !may(REST_MS - 1) && may(REST_MS));
    }
}
