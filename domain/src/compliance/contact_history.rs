//! The dials of the last 30 days as frequency caps count them: granted, dialed, answered.
//!
//! A grant counts from the moment it is given until it is released; a dialed call is never released.

use super::permit::{CustomerGrant, NumberGrant};
use crate::past_call::{PAST_CALLS_MAX, PastCall, PastCallFault, PastCalls, SAME_DIAL_MS};
use crate::time::Timestamp;
use values::ids::{CallId, CampaignId, NumberId};

/// Milliseconds for which a closed dial is kept. The longest period of a cap is 7 days; 30 leave room for
/// future presets (abandoned calls are counted over 30 days).
const KEEP_MS: u64 = 30 * 24 * 3_600_000;

/// The most dials kept; above that the oldest closed ones are dropped. The strictest cap is 7 in 7 days, so
/// the oldest of a thousand decide nothing.
const DIALS_MAX: usize = 1_000;

/// One dial, or an open grant that may become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastDial {
    pub call: CallId,
    pub campaign: CampaignId,
    /// The person's number that was dialed; `None` in a number's own history.
    pub number: Option<NumberId>,
    /// When it was granted; once closed, when it was dialed.
    pub at: Timestamp,
    /// True if answered; `None` while the call is open, which counts as both.
    pub answered: Option<bool>,
    /// True if an agent takes the call: it has no time limit.
    pub for_agents: bool,
}

/// The dials of one person or one number over all campaigns, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactHistory {
    dials: Vec<PastDial>,
    /// Imported calls of other systems; most people have none.
    imported: Option<Box<PastCalls>>,
}

impl ContactHistory {
    pub fn dials(&self) -> &[PastDial] {
        &self.dials
    }

    /// Returns the imported calls of other systems; `None` if there are none.
    pub fn imported(&self) -> Option<&PastCalls> {
        self.imported.as_deref()
    }

    pub(crate) fn import(&mut self, calls: &[PastCall], at: Timestamp) {
        self.imported.get_or_insert_default().note(calls);
        self.trim(at);
    }

    /// Returns true if a call at `dialed_at` is 30 days old or older, too old for any cap.
    pub fn is_beyond_caps(dialed_at: Timestamp, now: Timestamp) -> bool {
        dialed_at <= now.minus_ms(KEEP_MS)
    }

    /// Returns those imported records of calls to one number that the history does not have, or has
    /// unproved, and that are no dial of ours. Records too old for any cap are dropped if the others need
    /// their room. Fails for a call in the future.
    pub(crate) fn filter_new_calls(
        &self,
        number: Option<&NumberId>,
        calls: Vec<PastCall>,
        now: Timestamp,
    ) -> Result<Vec<PastCall>, PastCallFault> {
        let mut fresh: Vec<PastCall> = Vec::new();
        for call in calls {
            if call.dialed_at > now {
                return Err(PastCallFault::InFuture);
            }
            let is_known = self.imported().is_some_and(|known| known.tells(&call));
            if is_known || self.dialed_about(number, call.dialed_at) {
                continue;
            }
            match fresh.iter_mut().find(|other| other.record == call.record) {
                None => fresh.push(call),
                Some(other) if call.proves_dial && !other.proves_dial => *other = call,
                Some(_) => {}
            }
        }
        self.with_room(fresh, now)
    }

    fn with_room(&self, mut fresh: Vec<PastCall>, now: Timestamp) -> Result<Vec<PastCall>, PastCallFault> {
        let known = self.imported();
        let is_known = |call: &PastCall| known.is_some_and(|known| known.has(call.record));
        let is_old = |call: &PastCall| Self::is_beyond_caps(call.dialed_at, now);
        let newer = fresh
            .iter()
            .filter(|call| !is_known(call) && !is_old(call))
            .count();
        let recent = known.map_or(0, |known| known.count_after(now.minus_ms(KEEP_MS)));
        if recent + newer > PAST_CALLS_MAX {
            return Err(PastCallFault::TooMany);
        }
        let mut room = PAST_CALLS_MAX.saturating_sub(known.map_or(0, PastCalls::count) + newer);
        fresh.retain(|call| {
            let needs_room = !is_known(call) && is_old(call);
            let stays = !needs_room || room > 0;
            room -= usize::from(needs_room && stays);
            stays
        });
        Ok(fresh)
    }

    /// Returns true if we dialed this number at about that time: the imported record is then the switch's
    /// view of our own dial.
    fn dialed_about(&self, number: Option<&NumberId>, at: Timestamp) -> bool {
        let near = |other: Timestamp| at.ms_since(other).max(other.ms_since(at)) <= SAME_DIAL_MS;
        self.dials.iter().any(|dial| {
            let both = dial.number.as_ref().zip(number);
            near(dial.at) && both.is_none_or(|(dialed, asked)| dialed == asked)
        })
    }

    /// Returns this history together with the histories of the same person's other ids, oldest dial first.
    pub(crate) fn with_those_of<'a>(&self, others: impl Iterator<Item = &'a Self>) -> Self {
        let mut all = self.clone();
        for other in others {
            all.dials.extend(other.dials.iter().cloned());
            if let Some(imported) = other.imported() {
                all.imported.get_or_insert_default().count_also(imported);
            }
        }
        all.dials.sort_by_key(|dial| dial.at);
        all
    }

    pub fn find(&self, call: CallId) -> Option<&PastDial> {
        self.dials.iter().find(|dial| dial.call == call)
    }

    /// Returns true if this call has a grant that is neither closed nor released.
    pub fn is_open(&self, call: CallId) -> bool {
        self.find(call).is_some_and(|dial| dial.answered.is_none())
    }

    /// Returns true if any call has a grant that is neither closed nor released.
    pub fn has_open(&self) -> bool {
        self.dials.iter().any(|dial| dial.answered.is_none())
    }

    pub fn open_calls(&self) -> Vec<CallId> {
        let open = self.dials.iter().filter(|dial| dial.answered.is_none());
        open.map(|dial| dial.call).collect()
    }

    /// Adds a grant for a robot to a number's own history.
    #[cfg(test)]
    pub(crate) fn grant(&mut self, call: CallId, campaign: CampaignId, at: Timestamp) {
        self.note_grant(PastDial {
            call,
            campaign,
            number: None,
            at,
            answered: None,
            for_agents: false,
        });
    }

    /// Adds a grant to a number's own history.
    pub(crate) fn grant_to_number(&mut self, grant: &NumberGrant, at: Timestamp) {
        self.note_grant(PastDial {
            call: grant.call,
            campaign: grant.campaign.clone(),
            number: None,
            at,
            answered: None,
            for_agents: grant.is_for_agents(),
        });
    }

    /// Adds a grant to a person's history, with the number that it is for.
    pub(crate) fn grant_of(&mut self, grant: &CustomerGrant, at: Timestamp) {
        self.note_grant(PastDial {
            call: grant.call,
            campaign: grant.campaign.clone(),
            number: Some(grant.number.clone()),
            at,
            answered: None,
            for_agents: false,
        });
    }

    fn note_grant(&mut self, dial: PastDial) {
        let at = dial.at;
        self.release(dial.call);
        self.dials.push(dial);
        self.trim(at);
    }

    /// Removes a grant that was not dialed.
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
        if let Some(imported) = &mut self.imported {
            imported.trim(oldest);
        }
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
