//! One campaign's enrolment of a person, as its events leave it: what was dialed, what is due, how it ended.

use super::event::CustomerEvent;
use crate::best_times::BEST_TIME;
use crate::callback::Callback;
use crate::calling_plan::Basis;
use crate::compliance::ClosedWindow;
use crate::personal::Personal;
use crate::ranking::{Placing, Rung, Standing};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use values::disposition::{Disposition, Outcome};
use values::few_map::FewMap;
use values::ids::{CallId, CampaignId, ListId, NumberId};

/// One campaign's enrolment of this person.
#[derive(Debug, Clone)]
pub struct EnrolmentState {
    pub list: ListId,
    /// The number to dial next.
    pub number: NumberId,
    pub basis: Basis,
    pub variables: FewMap<String, Personal<String>>,
    /// Where it stands by its campaign's plan.
    pub placing: Option<Box<Placing>>,
    /// Grants so far, released ones too: the next call's attempt is one more.
    pub attempts: u32,
    /// Dials the retry policy counts.
    pub charged_dials: u32,
    pub uncharged_dials: u32,
    /// Rounds begun anew, and the calls of those before.
    pub rounds: u32,
    pub calls_before: u32,
    /// Closed calls by disposition: all, and the charged ones.
    pub closed: BTreeMap<Disposition, ClosedCount>,
    pub due_at: Timestamp,
    /// From then on it is not dialed any more: who asked for one call said so.
    pub deadline: Option<Timestamp>,
    /// Somebody asked for its next call, which is not granted yet.
    pub asked: bool,
    /// Somebody named a time for being called again. Few have: it takes no room in the others.
    pub callback: Option<Box<Callback>>,
    /// Callbacks so far.
    pub callbacks: u32,
    /// The call that is granted and neither closed nor released.
    pub open: Option<CallId>,
    /// For which scope the last grant looked at consent; unknown of grants without that verdict.
    pub(super) granted_scope: Option<String>,
    pub last: Option<LastCall>,
    /// The last late answer, until the next grant. Boxed: few enrolments have one.
    pub late_answer: Option<Box<LateAnswer>>,
    pub settled: Option<SettledAs>,
    /// Withdrawn from the campaign; settled as soon as no call is open.
    pub withdrawn: bool,
    /// Why it was not dialed when it was last asked for, or never will be; gone with the next grant.
    pub not_dialed: Option<NotDialed>,
    /// When each rule last refused; forgotten with the next grant.
    pub(super) refused_at: BTreeMap<String, Timestamp>,
}

impl EnrolmentState {
    /// As `customer.enrolled` begins it, in which campaign.
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

    /// Calls that were dialed and have ended.
    pub const fn calls_count(&self) -> u32 {
        let of_round = self.charged_dials.saturating_add(self.uncharged_dials);
        self.calls_before.saturating_add(of_round)
    }

    /// A further round has the retry policy's calls again.
    pub(super) fn begin_round(&mut self, round: u32) {
        self.calls_before = self.calls_count();
        self.rounds = round;
        self.charged_dials = 0;
        self.uncharged_dials = 0;
        self.closed.clear();
    }

    /// What an order of its campaign goes by.
    pub fn standing(&self) -> Standing {
        let Rung { value, group } = self.placing.as_deref().map(Placing::rung).unwrap_or_default();
        Standing {
            asked: self.asked || self.callback.is_some(),
            due_at: self.due_at,
            value,
            times_group: group,
        }
    }

    /// Neither being called nor settled.
    pub const fn is_waiting(&self) -> bool {
        self.settled.is_none() && self.open.is_none()
    }

    /// Why it is not dialed, or was not when it was last asked for. A closed window of its campaign speaks
    /// for everybody whom it keeps waiting: none of them was asked.
    pub fn why_not_dialed(&self, closed: Option<&ClosedWindow>) -> Option<NotDialed> {
        let for_all = self.kept_by(closed).map(|closed| NotDialed {
            rule: closed.verdict.rule.clone(),
            facts: closed.verdict.facts.clone(),
            at: closed.judged_at,
            not_before: Some(closed.until),
        });
        for_all.or_else(|| self.not_dialed.clone())
    }

    /// The better hour for which it waits.
    pub fn waits_for_hour(&self) -> Option<&NotDialed> {
        self.not_dialed.as_ref().filter(|waits| waits.rule == BEST_TIME)
    }

    /// When it is due, as far as is known: not before a closed window of its campaign opens.
    pub fn due_behind(&self, closed: Option<&ClosedWindow>) -> Timestamp {
        self.kept_by(closed).map_or(self.due_at, |closed| closed.until)
    }

    /// Whether a dial at `at` would come in time, for the campaign and for who asked.
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
        self.not_dialed = Some(NotDialed {
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
    /// The enrolment is not due again before this.
    pub due_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledAs {
    pub disposition: Disposition,
    pub outcome: Option<Outcome>,
}

/// The rule that said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDialed {
    pub rule: String,
    pub facts: BTreeMap<String, String>,
    pub at: Timestamp,
    /// Not before then; `None` where it is for good.
    pub not_before: Option<Timestamp>,
}
