//! The state of a number: opt-out, suppression, validity and recent dials, folded from its own events.

use super::event::NumberEvent;
use crate::compliance::{ContactHistory, Suppressed};
use crate::number_check::Checked;
use crate::screening::NumberListName;
use crate::time::Timestamp;
use values::disposition::Disposition;
use values::few_map::FewMap;
use values::ids::{CallId, CampaignId, CustomerId};

#[derive(Debug, Clone, Default)]
pub struct NumberState {
    opted_out: bool,
    suppressed: Option<Suppressed>,
    invalid: bool,
    history: ContactHistory,
    claims: FewMap<CampaignId, CustomerId>,
    listed_on: Vec<NumberListName>,
    checked: Option<Checked>,
}

impl NumberState {
    /// Returns true if the callee opted out (谢绝来电); this is permanent.
    pub const fn opted_out(&self) -> bool {
        self.opted_out
    }
    /// Returns the suppression that lasts longest.
    pub const fn suppressed(&self) -> Option<Suppressed> {
        self.suppressed
    }
    /// Returns true if the network reported that the number does not exist.
    pub const fn invalid(&self) -> bool {
        self.invalid
    }
    /// Returns the dials of the last 30 days, over all campaigns.
    pub const fn history(&self) -> &ContactHistory {
        &self.history
    }
    /// Returns the customer that claimed the number, by campaign, for campaigns that call each number once.
    pub const fn claims(&self) -> &FewMap<CampaignId, CustomerId> {
        &self.claims
    }
    /// Returns our own lists that contain the number.
    pub fn listed_on(&self) -> &[NumberListName] {
        &self.listed_on
    }
    /// Returns the result of the last number check.
    pub const fn checked(&self) -> Option<Checked> {
        self.checked
    }
    /// Returns the calls that are granted and neither closed nor released.
    pub fn open_calls(&self) -> Vec<CallId> {
        self.history.open_calls()
    }

    pub(super) fn evolve(&mut self, event: &NumberEvent, at: Timestamp) {
        match event {
            NumberEvent::OptedOut { .. } => self.opted_out = true,
            NumberEvent::Suppressed { until, .. } => self.suppressed = Some(longer(self.suppressed, *until)),
            NumberEvent::Listed { list, .. } => {
                self.listed_on.reserve_exact(1);
                self.listed_on.push(list.clone());
            }
            NumberEvent::Unlisted { list, .. } => self.listed_on.retain(|one| one != list),
            NumberEvent::StateChecked { state } => self.checked = Some(Checked { state: *state, at }),
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

/// Returns the longer of two suppressions.
pub(super) fn longer(held: Option<Suppressed>, until: Option<Timestamp>) -> Suppressed {
    match (held, until) {
        (Some(Suppressed::ForGood), _) | (_, None) => Suppressed::ForGood,
        (Some(Suppressed::Until(one)), Some(other)) => Suppressed::Until(one.max(other)),
        (None, Some(until)) => Suppressed::Until(until),
    }
}
