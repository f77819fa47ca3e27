//! The state of a person's enrolment in one campaign: what was dialed, when it is due, how it ended.

use super::event::CustomerEvent;
use crate::best_times::BEST_TIME;
use crate::callback::Callback;
use crate::calling_plan::Basis;
use crate::compliance::ClosedWindow;
use crate::personal::Personal;
use crate::ranking::{EnrolmentRanking, RankingBucket, RankingFacts};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};
use values::ids::{CallId, CampaignId, ListId, NumberId};
use values::small_map::SmallMap;

/// The state of one person's enrolment in one campaign.
#[derive(Debug, Clone)]
pub struct EnrolmentState {
    pub list: ListId,
    /// The number to dial next.
    pub number: NumberId,
    pub basis: Basis,
    pub variables: SmallMap<String, Personal<String>>,
    /// Its place in the campaign's ranking and best-times plans.
    pub placing: Option<Box<EnrolmentRanking>>,
    /// Grants so far, including released ones; the attempt of the next call is one more.
    pub attempts: u32,
    /// Dials that the retry policy counts.
    pub charged_dials: u32,
    pub uncharged_dials: u32,
    /// Recycling rounds begun, and the calls of the earlier rounds.
    pub rounds: u32,
    pub calls_before: u32,
    /// Closed calls by disposition: all, and the charged ones.
    pub closed: BTreeMap<Disposition, ClosedCount>,
    pub due_at: Timestamp,
    /// A requested call is not dialed from this time on.
    pub deadline: Option<Timestamp>,
    /// True if the next call was requested and is not granted yet.
    pub asked: bool,
    /// The callback that the customer requested. Boxed: few enrolments have one.
    pub callback: Option<Box<Callback>>,
    /// Number of callbacks so far.
    pub callbacks: u32,
    /// The call that is granted and neither closed nor released.
    pub open: Option<CallId>,
    /// The scope for which the last grant checked consent; `None` for grants without that verdict.
    pub(super) granted_scope: Option<String>,
    pub last: Option<LastCall>,
    /// The last late answer, until the next grant. Boxed: few enrolments have one.
    pub late_answer: Option<Box<LateAnswer>>,
    pub settled: Option<EnrolmentResult>,
    /// True if it was withdrawn from the campaign; it is settled as soon as no call is open.
    pub withdrawn: bool,
    /// The reason why the last requested dial was refused, or why none will follow; cleared by the next
    /// grant.
    pub not_dialed: Option<RefusedDial>,
    /// When each rule last refused; cleared by the next grant.
    pub(super) refused_at: BTreeMap<String, Timestamp>,
}

impl EnrolmentState {
    /// Returns the campaign and the enrolment that a `customer.enrolled` begins; `None` for other events.
    pub(super) fn begun(event: &CustomerEvent) -> Option<(CampaignId, Self)> {
        let CustomerEvent::Enrolled {
            campaign,
            list,
            number,
            basis,
            due_at,
            variables,
            placing,
        } = event
        else {
            return None;
        };
        let enrolment = Self {
            list: *list,
            number: number.clone(),
            basis: *basis,
            variables: variables.clone().into_iter().collect(),
            placing: placing.clone(),
            attempts: 0,
            charged_dials: 0,
            uncharged_dials: 0,
            rounds: 0,
            calls_before: 0,
            closed: BTreeMap::new(),
            due_at: *due_at,
            deadline: None,
            asked: false,
            callback: None,
            callbacks: 0,
            open: None,
            granted_scope: None,
            last: None,
            late_answer: None,
            settled: None,
            withdrawn: false,
            not_dialed: None,
            refused_at: BTreeMap::new(),
        };
        Some((campaign.clone(), enrolment))
    }

    /// Returns the number of calls of the enrolment that were dialed and have ended, over all rounds.
    pub const fn calls_count(&self) -> u32 {
        let of_round = self.charged_dials.saturating_add(self.uncharged_dials);
        self.calls_before.saturating_add(of_round)
    }

    /// Begins a recycling round: the retry policy counts its calls from zero.
    pub(super) fn begin_round(&mut self, round: u32) {
        self.calls_before = self.calls_count();
        self.rounds = round;
        self.charged_dials = 0;
        self.uncharged_dials = 0;
        self.closed.clear();
    }

    /// Returns the facts by which the campaign's ranking orders this enrolment.
    pub fn standing(&self) -> RankingFacts {
        let RankingBucket { value, group } = self
            .placing
            .as_deref()
            .map(EnrolmentRanking::rung)
            .unwrap_or_default();
        RankingFacts {
            asked: self.asked || self.callback.is_some(),
            due_at: self.due_at,
            value,
            times_group: group,
        }
    }

    /// Returns true if the enrolment is not settled and has no open grant or call.
    pub const fn is_waiting(&self) -> bool {
        self.settled.is_none() && self.open.is_none()
    }

    /// Returns why the enrolment is not dialed now; `None` if nothing was refused. While the campaign's
    /// window is closed the window is the reason for every enrolment that waits for it; they are not judged
    /// one by one.
    pub fn why_not_dialed(&self, closed: Option<&ClosedWindow>) -> Option<RefusedDial> {
        let for_all = self.kept_by(closed).map(|closed| RefusedDial {
            rule: closed.verdict.rule.clone(),
            facts: closed.verdict.facts.clone(),
            at: closed.judged_at,
            not_before: Some(closed.until),
        });
        for_all.or_else(|| self.not_dialed.clone())
    }

    /// Returns the learned better hour for which the enrolment waits; `None` if it waits for none.
    pub fn waits_for_hour(&self) -> Option<&RefusedDial> {
        self.not_dialed.as_ref().filter(|waits| waits.rule == BEST_TIME)
    }

    /// Returns when the enrolment is due as far as known: not before the campaign's closed window opens.
    pub fn due_behind(&self, closed: Option<&ClosedWindow>) -> Timestamp {
        self.kept_by(closed).map_or(self.due_at, |closed| closed.until)
    }

    /// Returns true if a dial at `at` is before the campaign's end and before the requested call's
    /// deadline.
    pub(super) fn is_in_time(&self, at: Timestamp, ends_at: Option<Timestamp>) -> bool {
        let before = |end: Option<Timestamp>| end.is_none_or(|end| at < end);
        before(ends_at) && before(self.deadline)
    }

    fn kept_by<'a>(&self, closed: Option<&'a ClosedWindow>) -> Option<&'a ClosedWindow> {
        closed.filter(|closed| self.is_waiting() && closed.binds(self.due_at))
    }

    pub(super) fn note_late_answer(&mut self, call: CallId, due_at: Timestamp) {
        self.due_at = self.due_at.max(due_at);
        self.late_answer = Some(Box::new(LateAnswer { call, due_at }));
    }

    pub(super) const fn note_asked(&mut self, due_at: Timestamp, deadline: Option<Timestamp>) {
        self.due_at = due_at;
        self.deadline = deadline;
        self.asked = true;
    }

    pub(super) fn note_not_dialed(
        &mut self,
        rule: &str,
        facts: &BTreeMap<String, String>,
        at: Timestamp,
        not_before: Option<Timestamp>,
    ) {
        self.not_dialed = Some(RefusedDial {
            rule: rule.to_owned(),
            facts: facts.clone(),
            at,
            not_before,
        });
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClosedCount {
    pub all: u32,
    pub charged: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastCall {
    pub call: CallId,
    pub answered: bool,
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
}

/// A call that was answered after it was given up or interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateAnswer {
    pub call: CallId,
    /// The enrolment is not due again before this time.
    pub due_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentResult {
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
}

/// The rule that refused a dial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedDial {
    pub rule: String,
    pub facts: BTreeMap<String, String>,
    pub at: Timestamp,
    /// The earliest next dial; `None` if the refusal is permanent.
    pub not_before: Option<Timestamp>,
}
