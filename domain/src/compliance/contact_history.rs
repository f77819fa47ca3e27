//! The dials of the last 30 days, as the frequency caps count them: granted, dialed, answered.
//!
//! A grant counts from the moment it is given until it is released; what was dialed is never released.

use crate::ids::{CallId, CampaignId};
use crate::time::Timestamp;

/// How long a closed dial is kept: the longest period of any cap is 7 days; 30 leave room for presets to
/// come (abandoned calls are counted over 30 days).
const KEEP_MS: u64 = 30 * 24 * 3_600_000;

/// Most dials kept; the strictest use is 7 in 7 days, so the oldest of a thousand decide nothing.
const DIALS_MAX: usize = 1_000;

/// One dial, or a grant that may still become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastDial {
    pub call: CallId,
    pub campaign: CampaignId,
    /// When granted; once closed, when dialed.
    pub at: Timestamp,
    /// Whether it was answered; `None` while the call is open, which counts as either.
    pub answered: Option<bool>,
}

/// Dials of one person or one number over all campaigns, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactHistory {
    dials: Vec<PastDial>,
}

impl ContactHistory {
    pub fn dials(&self) -> &[PastDial] {
        &self.dials
    }

    pub fn find(&self, call: CallId) -> Option<&PastDial> {
        self.dials.iter().find(|dial| dial.call == call)
    }

    /// Granted and neither closed nor released.
    pub fn is_open(&self, call: CallId) -> bool {
        self.find(call).is_some_and(|dial| dial.answered.is_none())
    }

    /// Whether any dial is granted and neither closed nor released.
    pub fn has_open(&self) -> bool {
        self.dials.iter().any(|dial| dial.answered.is_none())
    }

    pub fn open_calls(&self) -> Vec<CallId> {
        let open = self.dials.iter().filter(|dial| dial.answered.is_none());
        open.map(|dial| dial.call).collect()
    }

    pub(crate) fn grant(&mut self, call: CallId, campaign: CampaignId, at: Timestamp) {
        self.release(call);
        self.dials.push(PastDial {
            call,
            campaign,
            at,
            answered: None,
        });
        self.trim(at);
    }

    /// A grant that was not dialed counts no more.
    pub(crate) fn release(&mut self, call: CallId) {
        self.dials.retain(|dial| dial.call != call);
    }

    pub(crate) fn close(&mut self, call: CallId, dialed_at: Timestamp, answered: bool) {
        if let Some(dial) = self.dials.iter_mut().find(|dial| dial.call == call) {
            dial.at = dialed_at;
            dial.answered = Some(answered);
        }
        self.dials.sort_by_key(|dial| dial.at);
        self.trim(dialed_at);
    }

    fn trim(&mut self, now: Timestamp) {
        let oldest = now.minus_ms(KEEP_MS);
        self.dials
            .retain(|dial| dial.answered.is_none() || dial.at > oldest);
        let mut surplus = self.dials.len().saturating_sub(DIALS_MAX);
        self.dials.retain(|dial| {
            let drop = surplus > 0 && dial.answered.is_some();
            surplus -= usize::from(drop);
            !drop
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::testing::{campaign, instant, nth_call};

    #[test]
    fn a_grant_counts_until_released_and_a_dial_for_thirty_days() {
        let mut history = ContactHistory::default();
        let start = instant("2026-03-02T10:00:00+08:00");
        history.grant(nth_call(1), campaign(), start);
        assert_eq!(history.open_calls(), [nth_call(1)]);
        history.release(nth_call(1));
        assert_eq!(history.dials(), []);

        history.grant(nth_call(2), campaign(), start);
        history.close(nth_call(2), start.plus_ms(1), true);
        assert_eq!(history.open_calls(), []);
        history.grant(nth_call(3), campaign(), start.plus_ms(KEEP_MS));
        assert!(history.find(nth_call(2)).is_some(), "the last instant kept");
        history.grant(nth_call(4), campaign(), start.plus_ms(KEEP_MS + 1));
        assert!(history.find(nth_call(2)).is_none(), "the first instant dropped");
        history.grant(nth_call(5), campaign(), start.plus_ms(3 * KEEP_MS));
        assert!(
            history.is_open(nth_call(3)),
            "an open grant is kept whatever its age"
        );
    }

    #[test]
    fn the_oldest_closed_dial_gives_way_to_the_thousand_and_first() {
        let mut history = ContactHistory::default();
        let start = instant("2026-03-02T10:00:00+08:00");
        let last = u32::try_from(DIALS_MAX).unwrap();
        for number in 0..=last {
            let at = start.plus_ms(u64::from(number));
            history.grant(nth_call(number), campaign(), at);
            history.close(nth_call(number), at, false);
        }
        assert_eq!(history.dials().len(), DIALS_MAX);
        assert!(history.find(nth_call(0)).is_none());
        assert!(history.find(nth_call(last)).is_some());
    }
}
