//! The state of a number: opt-out, suppression, validity and recent dials, folded from its own events.

use super::event::NumberEvent;
use crate::compliance::{ContactHistory, SuppressionEnd};
use crate::number_check::NumberCheckResult;
use crate::screening::NumberListName;
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::ids::{CallId, CampaignId, CustomerId};
use values::small_map::SmallMap;

#[derive(Debug, Clone, Default)]
pub struct NumberState {
    opted_out: bool,
    suppressed: Option<SuppressionEnd>,
    invalid: bool,
    history: ContactHistory,
    claims: SmallMap<CampaignId, CustomerId>,
    listed_on: Vec<NumberListName>,
    checked: Option<NumberCheckResult>,
}

impl NumberState {
    /// Returns true if the callee opted out (谢绝来电), which is permanent.
    pub const fn opted_out(&self) -> bool {
        self.opted_out
    }
    /// Returns how long the number is suppressed, by the suppression that lasts longest; `None` if there
    /// was none.
    pub const fn suppressed(&self) -> Option<SuppressionEnd> {
        self.suppressed
    }
    /// Returns true if the network reported that the number does not exist.
    pub const fn invalid(&self) -> bool {
        self.invalid
    }
    /// Returns the calls to the number granted or dialed in the last 30 days, over all campaigns.
    pub const fn history(&self) -> &ContactHistory {
        &self.history
    }
    /// Returns the customer for which each campaign claimed the number; only campaigns that call each
    /// number once claim it.
    pub const fn claims(&self) -> &SmallMap<CampaignId, CustomerId> {
        &self.claims
    }
    /// Returns the names of our own lists that contain the number.
    pub fn listed_on(&self) -> &[NumberListName] {
        &self.listed_on
    }
    /// Returns the result of the last number check; `None` if the number was never checked.
    pub const fn checked(&self) -> Option<NumberCheckResult> {
        self.checked
    }
    /// Returns the calls with a grant that is neither closed nor released.
    pub fn open_calls(&self) -> Vec<CallId> {
        self.history.open_calls()
    }

    pub(super) fn evolve(&mut self, event: &NumberEvent, at: Timestamp) {
        match event {
            NumberEvent::OptedOut { .. } => self.opted_out = true,
            NumberEvent::Suppressed { until, .. } => {
                self.suppressed = Some(choose_longer(self.suppressed, *until));
            }
            NumberEvent::Listed { list, .. } => {
                self.listed_on.reserve_exact(1);
                self.listed_on.push(list.clone());
            }
            NumberEvent::Unlisted { list, .. } => self.listed_on.retain(|one| one != list),
            NumberEvent::StateChecked { state } => {
                self.checked = Some(NumberCheckResult { state: *state, at });
            }
            NumberEvent::Claimed { campaign, customer } => {
                self.claims.insert(campaign.clone(), customer.clone());
            }
            NumberEvent::ClaimReleased { campaign, .. } => {
                self.claims.remove(campaign);
            }
            NumberEvent::DialGranted { grant } => self.history.grant_to_number(grant, at),
            NumberEvent::HistoryImported { calls, .. } => self.history.import(calls, at),
            NumberEvent::DialRefused { .. } => {}
            NumberEvent::DialReleased { call, .. } => self.history.release(*call),
            NumberEvent::CallClosed {
                call,
                disposition,
                answered,
                dialed_at,
            } => {
                self.history.close(*call, *dialed_at, *answered);
                self.invalid |= *disposition == Disposition::InvalidNumber;
            }
        }
    }
}

/// Returns the longer of two suppressions; `until` of `None` means for good.
pub(super) fn choose_longer(held: Option<SuppressionEnd>, until: Option<Timestamp>) -> SuppressionEnd {
    match (held, until) {
        (Some(SuppressionEnd::ForGood), _) | (_, None) => SuppressionEnd::ForGood,
        (Some(SuppressionEnd::Until(one)), Some(other)) => SuppressionEnd::Until(one.max(other)),
        (None, Some(until)) => SuppressionEnd::Until(until),
    }
}
