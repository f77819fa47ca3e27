//! Live figures: what calls do at this moment, and the results of the last minutes, by campaign and by trunk.
//!
//! They are folded in memory from the events of the last hour and read or write no rows, so each event is
//! visible at once. A call counts in the ten-second slot in which its first leg was dialed, so that a ratio
//! never compares the answers of one moment with the dials of another; a call that still rings counts in no
//! ratio. All memory is limited: events older than an hour are dropped, and so are calls and campaigns beyond
//! the named limits. The number of dropped ones is shown.

mod call_counters;
mod engines;
mod snapshot;
#[cfg(test)]
mod tests;

pub use call_counters::{CallCounters, CallCounting};
pub use engines::EngineFigures;
pub use snapshot::{CallStage, CampaignFigures, LiveSnapshot, TrunkFigures, WindowFigures};

use crate::error::ProjectionError;
use crate::view::{AnyEvent, ViewEvent};
use domain::call::event::{CallEvent, EndReason};
use domain::call::progress::derive_failure_disposition;
use domain::call::{AccountChange, CallStep, CallSums, KeyPath, UnderstandingFact};
use domain::conversation::ConversationEvent;
use domain::disposition::Disposition;
use domain::emotion::EmotionLevel;
use domain::ids::{CallId, CampaignId};
use domain::ports::line::LegFailure;
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeMap;

/// How long events count in the live figures, in milliseconds.
pub const KEPT_MS: u64 = 3_600_000;

/// The event kinds that are used; a reader may leave out the others.
pub const KINDS: &[&str] = &[
    CallEvent::PERMITTED,
    CallEvent::DIALING,
    CallEvent::RINGING,
    CallEvent::LEG_FAILED,
    CallEvent::ANSWERED,
    CallEvent::HEARD,
    CallEvent::UNDERSTOOD,
    CallEvent::SENSITIVE_WORD_MATCHED,
    CallEvent::ENGINE_FAILED,
    CallEvent::TRANSFER_REQUESTED,
    CallEvent::ENDED,
    ConversationEvent::SENSITIVE_WORD_MATCHED,
];

/// Width of a time slot in microseconds.
const STRETCH_MICROS: i64 = 10_000_000;

/// Most open calls remembered: ten times the measured capacity of one machine.
const CALLS_MAX: usize = 10_000;

/// Most campaigns remembered; the one with the oldest activity is dropped first.
const CAMPAIGNS_MAX: usize = 1_000;

/// Most trunks remembered.
const TRUNKS_MAX: usize = 1_000;

/// Returns the start of the time slot that contains an instant.
const fn stretch_of(at: Timestamp) -> i64 {
    let micros = at.micros();
    micros - micros.rem_euclid(STRETCH_MICROS)
}

/// The counts of one time slot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    calls: CallSums,
    ended_unanswered: u64,
    left_over: u64,
    sensitive_words: u64,
    angry_calls: u64,
}

impl Counts {
    const fn add(&mut self, other: &Self) {
        self.calls.add(&other.calls, 1);
        self.ended_unanswered += other.ended_unanswered;
        self.left_over += other.left_over;
        self.sensitive_words += other.sensitive_words;
        self.angry_calls += other.angry_calls;
    }
}

/// Counts by the start of their time slot, in microseconds.
type TimeSlotCounts = BTreeMap<i64, Counts>;

/// An open call and its state.
#[derive(Debug, Clone)]
struct OpenCall {
    campaign: CampaignId,
    place: CallStage,
    stretch: Option<i64>,
    /// The trunk of the first leg at first, then of each later leg: the call counts there.
    trunk: Option<String>,
    /// The trunk of the last leg, which carries the call or fails.
    leg_trunk: Option<String>,
    answered: bool,
    /// Whether the callee has sounded angry; a call counts once.
    angry: bool,
}

#[derive(Debug, Clone, Default)]
struct Trunk {
    failures_in_row: u64,
    keyless_in_row: u64,
    last_failure: Option<(Timestamp, Disposition)>,
    stretches: TimeSlotCounts,
}

/// The live figures of all campaigns, trunks and engines, fed by events.
#[derive(Debug, Default)]
pub struct LiveFigures {
    calls: BTreeMap<CallId, OpenCall>,
    campaigns: BTreeMap<CampaignId, TimeSlotCounts>,
    trunks: BTreeMap<String, Trunk>,
    engines: engines::Engines,
    position: Position,
    recorded_at: Option<Timestamp>,
    /// The number of calls and campaigns that were dropped because a limit was reached.
    forgotten: u64,
}

impl LiveFigures {
    pub fn new() -> Self {
        Self::default()
    }

    /// Applies the next event. If it cannot be read, returns an error and leaves the figures as they are.
    pub fn apply(&mut self, event: &ViewEvent) -> Result<(), ProjectionError> {
        self.position = event.position;
        self.recorded_at = Some(event.recorded_at);
        if !KINDS.contains(&event.envelope.kind.as_str()) {
            return Ok(());
        }
        if event.envelope.kind == ConversationEvent::SENSITIVE_WORD_MATCHED {
            self.written(event);
            return Ok(());
        }
        if let AnyEvent::Call(fact) = event.event()? {
            self.call(event.call()?, fact, event.at());
        }
        Ok(())
    }

    /// Counts a sensitive word in a text message, at the time when the message was written.
    fn written(&mut self, event: &ViewEvent) {
        let Some(campaign) = &event.envelope.campaign else {
            return;
        };
        self.make_room(campaign);
        let stretches = self.campaigns.entry(campaign.clone()).or_default();
        let counts = stretches.entry(stretch_of(event.at())).or_default();
        counts.sensitive_words += 1;
    }

    fn call(&mut self, call: CallId, fact: &CallEvent, at: Timestamp) {
        self.engines.take(call, fact, at);
        match fact {
            CallEvent::Permitted { customer_grant, .. } => self.permitted(call, &customer_grant.campaign),
            CallEvent::Dialing { trunk, .. } => self.dialing(call, trunk, at),
            CallEvent::Ringing { .. } => self.enter(call, CallStage::Ringing),
            CallEvent::Answered { dialog, .. } => self.answered(call, dialog.key_paths.as_deref()),
            CallEvent::TransferRequested { .. } => self.enter(call, CallStage::Transferring),
            CallEvent::SensitiveWordMatched(_) => self.count(call, |counts| counts.sensitive_words += 1),
            CallEvent::Understood(fact) => self.understood(call, fact),
            CallEvent::LegFailed { failure, .. } => self.leg_failed(call, failure, at),
            CallEvent::Ended { reason, .. } => self.ended(call, fact, *reason),
            _ => {}
        }
    }

    fn permitted(&mut self, call: CallId, campaign: &CampaignId) {
        if self.calls.len() >= CALLS_MAX {
            self.forgotten += 1;
            return;
        }
        let open = OpenCall {
            campaign: campaign.clone(),
            place: CallStage::Permitted,
            stretch: None,
            trunk: None,
            leg_trunk: None,
            answered: false,
            angry: false,
        };
        self.calls.insert(call, open);
    }

    fn enter(&mut self, call: CallId, place: CallStage) {
        if let Some(open) = self.calls.get_mut(&call) {
            open.place = place;
        }
    }

    /// Records a dial. The first leg decides in which time slot the call counts, the last leg on which trunk.
    fn dialing(&mut self, call: CallId, trunk: &str, at: Timestamp) {
        let stretch = stretch_of(at);
        let Some(open) = self.calls.get_mut(&call) else {
            return;
        };
        open.place = CallStage::Dialing;
        open.leg_trunk = Some(trunk.to_owned());
        let is_first = open.stretch.is_none();
        let stretch = *open.stretch.get_or_insert(stretch);
        let before = open.trunk.replace(trunk.to_owned());
        let campaign = open.campaign.clone();
        if !self.trunks.contains_key(trunk) && self.trunks.len() >= TRUNKS_MAX {
            self.forgotten += 1;
            return;
        }
        let carrying = self.trunks.entry(trunk.to_owned()).or_default();
        if let Some(before) = before.filter(|before| before != trunk) {
            carrying.stretches.entry(stretch).or_default().calls.dialed += 1;
            let left = self.trunks.get_mut(&before);
            if let Some(counts) = left.and_then(|trunk| trunk.stretches.get_mut(&stretch)) {
                counts.calls.dialed = (counts.calls.dialed - 1).max(0);
            }
        }
        if is_first {
            self.make_room(&campaign);
            self.campaigns.entry(campaign).or_default();
            self.count(call, |counts| counts.calls.dialed += 1);
        }
    }

    fn make_room(&mut self, campaign: &CampaignId) {
        if self.campaigns.contains_key(campaign) || self.campaigns.len() < CAMPAIGNS_MAX {
            return;
        }
        let last = |stretches: &TimeSlotCounts| stretches.last_key_value().map(|(at, _)| *at);
        let stalest = self.campaigns.iter().min_by_key(|(_, stretches)| last(stretches));
        if let Some(stalest) = stalest.map(|(campaign, _)| campaign.clone()) {
            self.campaigns.remove(&stalest);
            self.forgotten += 1;
        }
    }

    /// Changes the counts of a call's time slot, for its campaign and for its trunk.
    fn count(&mut self, call: CallId, change: impl Fn(&mut Counts)) {
        let Some(open) = self.calls.get(&call) else { return };
        let Some(stretch) = open.stretch else { return };
        if let Some(stretches) = self.campaigns.get_mut(&open.campaign) {
            change(stretches.entry(stretch).or_default());
        }
        if let Some(trunk) = open.trunk.as_ref().and_then(|trunk| self.trunks.get_mut(trunk)) {
            change(trunk.stretches.entry(stretch).or_default());
        }
    }

    fn understood(&mut self, call: CallId, fact: &UnderstandingFact) {
        let is_angry = fact
            .emotion
            .as_ref()
            .is_some_and(|emotion| emotion.level == EmotionLevel::Angry);
        let open = self.calls.get_mut(&call).filter(|_| is_angry);
        if open.is_some_and(|open| !std::mem::replace(&mut open.angry, true)) {
            self.count(call, |counts| counts.angry_calls += 1);
        }
    }

    fn answered(&mut self, call: CallId, key_paths: Option<&[KeyPath]>) {
        let Some(open) = self.calls.get_mut(&call) else {
            return;
        };
        open.place = CallStage::Talking;
        if std::mem::replace(&mut open.answered, true) {
            return;
        }
        if let Some(trunk) = open
            .leg_trunk
            .as_ref()
            .and_then(|trunk| self.trunks.get_mut(trunk))
        {
            trunk.failures_in_row = 0;
            trunk.keyless_in_row = match key_paths {
                Some([]) => trunk.keyless_in_row + 1,
                Some(_) => 0,
                None => trunk.keyless_in_row,
            };
        }
        self.count(call, |counts| counts.calls.answered += 1);
    }

    /// Records a failed leg. A failure caused by the callee (busy, no answer) shows that the trunk works.
    fn leg_failed(&mut self, call: CallId, failure: &LegFailure, at: Timestamp) {
        let Some(open) = self.calls.get(&call) else { return };
        let Some(trunk) = open
            .leg_trunk
            .as_ref()
            .and_then(|trunk| self.trunks.get_mut(trunk))
        else {
            return;
        };
        let disposed = derive_failure_disposition(failure);
        if disposed.trunk_attributable() {
            trunk.failures_in_row += 1;
            trunk.last_failure = Some((at, disposed.disposition));
        } else {
            trunk.failures_in_row = 0;
        }
    }

    fn ended(&mut self, call: CallId, fact: &CallEvent, reason: EndReason) {
        let answered = self.calls.get(&call).is_some_and(|open| open.answered);
        let sums = CallStep::of(fact).map(|step| AccountChange::new(step, answered).sums());
        self.count(call, |counts| {
            counts.calls.add(&sums.unwrap_or_default(), 1);
            counts.ended_unanswered += u64::from(!answered);
            counts.left_over += u64::from(reason == EndReason::Crash);
        });
        self.calls.remove(&call);
    }

    /// Drops everything older than an hour. Called before a snapshot, so that memory follows the load.
    pub fn forget_before(&mut self, now: Timestamp) {
        self.engines.forget_before(now.minus_ms(KEPT_MS));
        let kept = i64::try_from(KEPT_MS).unwrap_or(i64::MAX).saturating_mul(1_000);
        let oldest = now.micros().saturating_sub(kept);
        for stretches in self.campaigns.values_mut() {
            stretches.retain(|at, _| *at >= oldest);
        }
        for trunk in self.trunks.values_mut() {
            trunk.stretches.retain(|at, _| *at >= oldest);
        }
        let open: std::collections::BTreeSet<&CampaignId> =
            self.calls.values().map(|open| &open.campaign).collect();
        self.campaigns
            .retain(|campaign, stretches| !stretches.is_empty() || open.contains(campaign));
    }
}
