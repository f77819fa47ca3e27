//! What a campaign knows of itself: the fold of its own events. Never judges.

use super::event::{CampaignEvent, FrozenSegment, PauseReason, Target};
use super::gates::Gates;
use super::offers_applied;
use super::query_mark::QueryMark;
use super::status::CampaignStatus;
use super::terms::CallingTerms;
use crate::abandonment::{AbandonmentAccount, Answered};
use crate::best_times::LearntTimes;
use crate::calling_plan::{CallingPlan, CampaignFacts, FlowRef};
use crate::compliance::{ClosedWindow, closed_for_all, zone_of_campaign};
use crate::four_eyes::FourEyes;
use crate::kept_facts::{Abandoned, KeptFacts};
use crate::preview::Offers;
use crate::quota::QuotaAccount;
use crate::record::stored_event::{Position, RequestMark};
use crate::running_plan::Life;
use crate::time::Timestamp;
use crate::working_calendar::Calendars;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use values::approvals_asked::NeedsApproval;
use values::ids::{ApprovalId, CampaignId, ListId};

/// What `campaign.created` fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedCampaign {
    pub customer_segment: Option<String>,
    pub flow: FlowRef,
    pub plan: CallingPlan,
}

#[derive(Debug, Clone, Default)]
pub struct CampaignState {
    /// With the terms of the last change.
    created: Option<CreatedCampaign>,
    /// The terms it was created with, once they were changed.
    first_terms: Option<Box<CallingTerms>>,
    status: Option<CampaignStatus>,
    pause_reason: Option<PauseReason>,
    /// Why it was paused when it completed, if it was.
    completed_in_pause: Option<PauseReason>,
    /// `Some(count)` once closed.
    lists: BTreeMap<ListId, Option<u64>>,
    /// Who stood behind the lists that are open: what goes on goes on as it was approved.
    behind_open_lists: BTreeMap<ListId, Box<FourEyes>>,
    undone_lists: BTreeSet<ListId>,
    /// Of lists whose request may come again: by what it named itself.
    request_keys: BTreeMap<RequestMark, ListId>,
    /// By the query.
    query_marks: BTreeMap<String, QueryMark>,
    granted_until: Option<Timestamp>,
    /// The last closing of the window that somebody waited behind; it may have passed.
    closed_window: Option<ClosedWindow>,
    targets: Vec<Target>,
    account: AbandonmentAccount,
    /// Up to where its ended calls are in the account.
    accounted_through: Option<Position>,
    frozen: Option<Box<FrozenSegment>>,
    anonymization: Anonymization,
    /// Told to start, and waiting for its time.
    start_scheduled: bool,
    /// It ran, whatever became of it since.
    begun: bool,
    /// What it goes by of hours, and when it learnt that.
    pub(super) learnt: Option<Arc<LearntTimes>>,
    pub(super) learnt_at: Option<Timestamp>,
    /// What of its quotas is counted and taken.
    quotas: QuotaAccount,
    /// How far it has gone live.
    gates: Gates,
    /// Persons whom agents are shown, where it dials so.
    offers: Offers,
    version: u64,
}

/// Whether a campaign's persons were made unknowable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymization {
    #[default]
    None,
    /// Begun, and not all of them were looked at.
    UnderWay,
    /// All of them were looked at then.
    Done(Timestamp),
}

impl CampaignState {
    /// `None` before `campaign.created`.
    pub const fn status(&self) -> Option<CampaignStatus> {
        self.status
    }
    /// What it goes by: as it was created, with the terms of the last change.
    pub const fn created(&self) -> Option<&CreatedCampaign> {
        self.created.as_ref()
    }
    /// As it was created, whatever was changed since.
    pub(super) fn first_created(&self) -> Option<CreatedCampaign> {
        let mut created = self.created.clone()?;
        if let Some(terms) = &self.first_terms {
            terms.apply_to(&mut created.plan);
        }
        Some(created)
    }
    pub const fn anonymization(&self) -> Anonymization {
        self.anonymization
    }
    pub const fn gates(&self) -> &Gates {
        &self.gates
    }
    /// What another campaign that waits for this one has to know of it; `None` before `campaign.created`. One
    /// that was stopped after it ran has come as far as it came.
    pub fn life(&self) -> Option<Life> {
        self.status.map(|status| match status {
            CampaignStatus::Running | CampaignStatus::Paused => Life::Begun,
            CampaignStatus::Stopped if self.begun => Life::Begun,
            CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Stopped => Life::Still,
            CampaignStatus::Completed => Life::Completed,
        })
    }
    /// Told to start, it has not begun: its time has not come, or another campaign is not so far.
    pub const fn is_start_scheduled(&self) -> bool {
        self.start_scheduled
    }
    /// Persons whom agents are shown.
    pub const fn offers(&self) -> &Offers {
        &self.offers
    }
    pub fn plan(&self) -> Option<&CallingPlan> {
        self.created().map(|created| &created.plan)
    }
    pub fn flow(&self) -> Option<&FlowRef> {
        self.created().map(|created| &created.flow)
    }
    /// Why it is paused; `None` when it is not.
    pub const fn pause_reason(&self) -> Option<&PauseReason> {
        self.pause_reason.as_ref()
    }
    /// The pause that completion found it in: it holds again when a later list reopens the campaign.
    pub const fn completed_in_pause(&self) -> Option<&PauseReason> {
        self.completed_in_pause.as_ref()
    }
    /// Whom it is for, once that is fixed.
    pub fn frozen_segment(&self) -> Option<&FrozenSegment> {
        self.frozen.as_deref()
    }
    /// What of its quotas is counted and taken.
    pub const fn quotas(&self) -> &QuotaAccount {
        &self.quotas
    }
    /// What it is to reach, as last set.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
    /// What its own events say of answers that found nobody.
    pub const fn account(&self) -> &AbandonmentAccount {
        &self.account
    }
    /// The same as a preset's fact; only a campaign whose calls agents take keeps the account.
    pub fn abandoned(&self, now: Timestamp) -> Option<Abandoned> {
        self.plan().filter(|plan| plan.dialing_mode().needs_agents())?;
        let Answered { answers, drops } = self.account.window(now);
        Some(Abandoned { answers, drops })
    }
    /// Up to where in the log its ended calls are in the account; `None` before the first was recorded.
    pub const fn accounted_through(&self) -> Option<Position> {
        self.accounted_through
    }
    pub const fn lists(&self) -> &BTreeMap<ListId, Option<u64>> {
        &self.lists
    }
    /// The approval by which a list was begun that is open still.
    pub fn approval_of_open_list(&self, list: &ListId) -> Option<ApprovalId> {
        self.behind_open_lists.get(list)?.approval()
    }
    /// Whoever came by one of these is not dialed.
    pub const fn undone_lists(&self) -> &BTreeSet<ListId> {
        &self.undone_lists
    }
    /// How far each query of another database was read, by the query.
    pub const fn query_marks(&self) -> &BTreeMap<String, QueryMark> {
        &self.query_marks
    }
    /// Whether it takes effect only when another person approved it.
    pub fn asks_for_approval_of(&self, what: NeedsApproval) -> bool {
        self.plan().is_some_and(|plan| plan.approvals.ask_for(what))
    }
    /// The list that another request brought under the same key, where there is one.
    pub fn other_list_of(&self, key: RequestMark, list: ListId) -> Option<ListId> {
        self.request_keys
            .get(&key)
            .copied()
            .filter(|known| *known != list)
    }
    pub fn open_lists_count(&self) -> usize {
        self.lists.values().filter(|count| count.is_none()).count()
    }
    /// Enrolments of all closed lists.
    pub fn enrolled_count(&self) -> u64 {
        self.lists.values().flatten().sum()
    }
    /// Until when the last granted batch may start; `None` when it was never granted or was taken back.
    pub const fn granted_until(&self) -> Option<Timestamp> {
        self.granted_until
    }
    /// The last closing of its window that was judged; whoever was due before its end and was not asked
    /// since waits, or waited, for that.
    pub const fn closed_window(&self) -> Option<&ClosedWindow> {
        self.closed_window.as_ref()
    }
    /// Until when the window is closed for everybody, where that stands in the log already. It is judged
    /// anew at each question: a clock that was wrong at the last one leaves nothing closed.
    pub fn judged_closed_until(&self, calendars: &Calendars, now: Timestamp) -> Option<Timestamp> {
        let closed = closed_for_all(self.plan()?, calendars, now)?;
        let judged = self.closed_window()?;
        (judged.until == closed.until).then_some(closed.until)
    }
    /// The number of events folded: the stream's version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The facts that travel in a grant's command; `None` before `campaign.created`.
    pub fn facts(&self, campaign: CampaignId) -> Option<CampaignFacts> {
        let created = self.created()?;
        Some(CampaignFacts {
            campaign,
            version: self.version,
            running: self.status == Some(CampaignStatus::Running),
            flow: created.flow.clone(),
            plan: created.plan.clone(),
            calendars: Calendars::default(),
            kept: KeptFacts::of_stage(self.gates.is_test()),
            undone_lists: self.undone_lists.clone(),
            learnt: self.learnt.clone(),
            full: None,
            free_agents: Vec::new(),
            accepted: self.offers.accepted(),
        })
    }

    fn open_list(&mut self, list: ListId, behind: Option<&FourEyes>, key: Option<RequestMark>) {
        self.lists.insert(list, None);
        self.request_keys.extend(key.map(|key| (key, list)));
        self.behind_open_lists
            .extend(behind.map(|behind| (list, Box::new(behind.clone()))));
    }

    pub(super) fn apply(&mut self, event: &CampaignEvent, at: Timestamp) {
        self.version = self.version.saturating_add(1);
        match event {
            CampaignEvent::Created {
                customer_segment,
                flow,
                plan,
                ..
            } => self.begin_as_draft(CreatedCampaign {
                customer_segment: customer_segment.clone(),
                flow: flow.clone(),
                plan: plan.clone(),
            }),
            CampaignEvent::Started {} | CampaignEvent::Resumed {} | CampaignEvent::Reopened { .. } => {
                self.begun = true;
                self.enter(CampaignStatus::Running);
            }
            CampaignEvent::StartScheduled { .. } => self.start_scheduled = true,
            CampaignEvent::Paused { reason } => {
                self.enter(CampaignStatus::Paused);
                self.pause_reason = Some(reason.clone());
            }
            CampaignEvent::Stopped { .. } => self.enter(CampaignStatus::Stopped),
            CampaignEvent::Completed { .. } => {
                self.completed_in_pause = self.pause_reason.take();
                self.enter(CampaignStatus::Completed);
            }
            CampaignEvent::ListOpened {
                list,
                four_eyes,
                request_key,
                ..
            } => self.open_list(*list, four_eyes.as_deref(), *request_key),
            CampaignEvent::ListClosed { list, count, .. } => {
                self.lists.insert(*list, Some(*count));
                self.behind_open_lists.remove(list);
                if self.status == Some(CampaignStatus::Draft) {
                    self.enter(CampaignStatus::Ready);
                }
            }
            CampaignEvent::ListUndone { list, .. } => {
                self.undone_lists.insert(*list);
            }
            CampaignEvent::QueryRead { mark } => {
                self.query_marks.insert(mark.query.clone(), mark.clone());
            }
            CampaignEvent::DialsGranted { .. }
            | CampaignEvent::Promoted { .. }
            | CampaignEvent::QuotaCounted { .. }
            | CampaignEvent::TimesLearnt { .. }
            | CampaignEvent::AbandonmentRecorded { .. } => self.apply_dialing(event, at),
            CampaignEvent::WindowClosed { verdict, until } => {
                self.closed_window = Some(ClosedWindow {
                    judged_at: at,
                    until: *until,
                    verdict: verdict.clone(),
                });
            }
            CampaignEvent::PreviewOffered { .. }
            | CampaignEvent::PreviewAccepted { .. }
            | CampaignEvent::PreviewSkipped { .. }
            | CampaignEvent::PreviewsWithdrawn { .. } => offers_applied::apply(&mut self.offers, event, at),
            CampaignEvent::AlertRaised { .. } => {}
            CampaignEvent::TargetsSet { targets, .. } => self.targets.clone_from(targets),
            CampaignEvent::PlanChanged { before, after, .. } => self.change_terms(before, after),
            CampaignEvent::SegmentFrozen { segment } => self.frozen = Some(Box::new(segment.clone())),
            CampaignEvent::AnonymizationBegun { .. } => self.anonymization = Anonymization::UnderWay,
            CampaignEvent::Anonymized { .. } => self.anonymization = Anonymization::Done(at),
        }
    }

    fn begin_as_draft(&mut self, created: CreatedCampaign) {
        let plan = &created.plan;
        self.gates = Gates::of(plan);
        self.quotas = QuotaAccount::of(&plan.quotas, zone_of_campaign(plan.preset));
        self.created = Some(created);
        self.enter(CampaignStatus::Draft);
    }

    /// The plan goes by the new terms. A batch that was granted under the old ones is taken back.
    fn change_terms(&mut self, before: &CallingTerms, after: &CallingTerms) {
        if let Some(created) = self.created.as_mut() {
            after.apply_to(&mut created.plan);
        }
        self.first_terms.get_or_insert_with(|| Box::new(before.clone()));
        self.granted_until = None;
    }

    /// Batches, and what they stand on: the stage of going live, and the account of abandoned calls.
    fn apply_dialing(&mut self, event: &CampaignEvent, at: Timestamp) {
        if let CampaignEvent::DialsGranted {
            count,
            until,
            admitted,
            unused,
            places,
            ..
        } = event
        {
            places.iter().for_each(|place| self.quotas.taken(place, at));
            self.granted_until = Some(*until);
            self.gates.granted(*count, admitted, *unused, at);
        }
        if let CampaignEvent::TimesLearnt { learnt } = event {
            self.learnt = Some(Arc::new(learnt.clone()));
            self.learnt_at = Some(at);
        }
        if let CampaignEvent::QuotaCounted { ended } = event {
            ended.iter().for_each(|end| self.quotas.ended(end));
        }
        if let CampaignEvent::Promoted { to, evidence, .. } = event {
            self.gates.promoted(*to, evidence, at);
        }
        if let CampaignEvent::AbandonmentRecorded {
            counted,
            ended_at,
            through,
        } = event
        {
            self.account.add(*ended_at, *counted);
            self.accounted_through = Some(*through);
        }
    }

    /// A change of status takes back what was granted or offered under the old one.
    fn enter(&mut self, status: CampaignStatus) {
        self.status = Some(status);
        self.start_scheduled &= status == CampaignStatus::Ready;
        self.pause_reason = None;
        self.granted_until = None;
        self.offers.clear();
    }
}
