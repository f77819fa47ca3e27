//! The retry schedule of a delivery: short waits first, for a receiver that restarts, then longer ones over
//! three days, as Standard Webhooks recommends. After the last attempt the event is a dead letter.

/// Waits between two attempts, in milliseconds. Together three days and three hours. The first minute has six
/// attempts, so that a restart of the receiver causes little delay.
const WAITS_MS: [u64; 13] = [
    1_000,
    2_000,
    5_000,
    10_000,
    30_000,
    60_000,
    5 * 60_000,
    30 * 60_000,
    2 * 3_600_000,
    5 * 3_600_000,
    10 * 3_600_000,
    24 * 3_600_000,
    34 * 3_600_000,
];

/// Most attempts of one event: the first, and one after each wait.
pub const ATTEMPTS_MAX: u32 = 14;

/// Longest wait that a receiver can request with `Retry-After`, in milliseconds: one day.
pub const RETRY_AFTER_MS_MAX: u64 = 24 * 3_600_000;

/// Returns the wait after so many attempts, in milliseconds: the schedule's, or the longer one that the
/// receiver asked for. `None` after the last attempt.
pub fn wait_ms(attempts: u32, asked_ms: Option<u64>) -> Option<u64> {
    let index = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let usual = *WAITS_MS.get(index)?;
    let asked = asked_ms.unwrap_or_default().min(RETRY_AFTER_MS_MAX);
    Some(usual.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_tried_over_three_days_and_then_no_more() {
        assert_eq!(wait_ms(1, None), Some(1_000));
        assert_eq!(wait_ms(1, Some(7_000)), Some(7_000));
        assert_eq!(wait_ms(1, Some(u64::MAX)), Some(RETRY_AFTER_MS_MAX));
        assert!(wait_ms(ATTEMPTS_MAX - 1, None).is_some());
        assert_eq!(wait_ms(ATTEMPTS_MAX, Some(1)), None);
        let days = WAITS_MS.iter().sum::<u64>() / 86_400_000;
        assert_eq!(days, 3);
        assert!(WAITS_MS.is_sorted());
    }
}
