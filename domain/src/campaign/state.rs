//! The state of a campaign: the fold of its own events. It holds facts and judges nothing.

use super::event::{CampaignEvent, FrozenSegment, PauseReason, Target};
use super::gates::Gates;
use super::offers_evolution;
use super::query_mark::QueryMark;
use super::status::CampaignStatus;
use super::terms::CallingTerms;
use crate::abandonment::{AbandonmentAccount, AbandonmentCounts};
use crate::best_times::LearntTimes;
use crate::calling_plan::{CallingPlan, CampaignFacts, FlowRef};
use crate::compliance::{ClosedWindow, closed_for_all, zone_of_campaign};
use crate::four_eyes::FourEyes;
use crate::preset_facts::{AbandonmentTotals, PresetFacts};
use crate::preview::Offers;
use crate::quota::QuotaAccount;
use crate::record::stored_event::{Position, RequestMark};
use crate::running_plan::PredecessorStatus;
use crate::time::Timestamp;
use crate::working_calendar::Calendars;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use values::approval_requirements::ApprovalRequirement;
use values::ids::{ApprovalId, CampaignId, ListId};

/// The flow, plan and segment of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedCampaign {
    pub customer_segment: Option<String>,
    pub flow: FlowRef,
    pub plan: CallingPlan,
}

#[derive(Debug, Clone, Default)]
pub struct CampaignState {
    /// The flow, plan and segment, with the terms of the last change.
    created: Option<CreatedCampaign>,
    /// The terms at creation, once they were changed.
    first_terms: Option<Box<CallingTerms>>,
    status: Option<CampaignStatus>,
    /// The reason of the pause and since when, while it is paused.
    pause: Option<(PauseReason, Timestamp)>,
    /// The pause reason, if it completed while paused.
    completed_in_pause: Option<PauseReason>,
    /// Enrolments by list; `Some(count)` once closed.
    lists: BTreeMap<ListId, Option<u64>>,
    /// Who requested and approved the open lists: a resumed list continues with its approval.
    behind_open_lists: BTreeMap<ListId, Box<FourEyes>>,
    undone_lists: BTreeSet<ListId>,
    /// Lists by the mark of their repeatable request.
    request_keys: BTreeMap<RequestMark, ListId>,
    /// By the query's digest.
    query_marks: BTreeMap<String, QueryMark>,
    granted_until: Option<Timestamp>,
    /// The last recorded closing of the calling window; it may have passed.
    closed_window: Option<ClosedWindow>,
    targets: Vec<Target>,
    account: AbandonmentAccount,
    /// Position up to which ended calls are in the account.
    accounted_through: Option<Position>,
    frozen: Option<Box<FrozenSegment>>,
    anonymization: Anonymization,
    /// A start was ordered and waits for its time.
    start_scheduled: bool,
    /// True once it has run, whatever its status is now.
    begun: bool,
    /// The learned best call times, and when they were stored.
    pub(super) learnt: Option<Arc<LearntTimes>>,
    pub(super) learnt_at: Option<Timestamp>,
    /// Counted and reserved places of its quotas.
    quotas: QuotaAccount,
    /// Its stage of going live.
    gates: Gates,
    /// Open offers of preview dialing.
    offers: Offers,
    version: u64,
}

/// The progress of a campaign's anonymization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Anonymization {
    #[default]
    None,
    /// Begun; not all persons are checked.
    UnderWay,
    /// All persons were checked at this time.
    Done(Timestamp),
}

impl CampaignState {
    /// Returns the status; `None` before `campaign.created`.
    pub const fn status(&self) -> Option<CampaignStatus> {
        self.status
    }
    /// Returns flow, segment and plan of the campaign; the plan has the terms of the last change.
    pub const fn created(&self) -> Option<&CreatedCampaign> {
        self.created.as_ref()
    }
    /// Returns flow, segment and plan as created, without later changes.
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
    /// Returns how far this campaign has come, for a campaign that waits for it; `None` before
    /// `campaign.created`. A campaign that was stopped after it ran counts as begun.
    pub fn life(&self) -> Option<PredecessorStatus> {
        self.status.map(|status| match status {
            CampaignStatus::Running | CampaignStatus::Paused => PredecessorStatus::Begun,
            CampaignStatus::Stopped if self.begun => PredecessorStatus::Begun,
            CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Stopped => {
                PredecessorStatus::Still
            }
            CampaignStatus::Completed => PredecessorStatus::Completed,
        })
    }
    /// Returns true if a start was ordered and waits for its time or another campaign.
    pub const fn is_start_scheduled(&self) -> bool {
        self.start_scheduled
    }
    /// Returns the open offers of preview dialing.
    pub const fn offers(&self) -> &Offers {
        &self.offers
    }
    pub fn plan(&self) -> Option<&CallingPlan> {
        self.created().map(|created| &created.plan)
    }
    pub fn flow(&self) -> Option<&FlowRef> {
        self.created().map(|created| &created.flow)
    }
    /// Returns the reason of the pause; `None` if the campaign is not paused.
    pub fn pause_reason(&self) -> Option<&PauseReason> {
        self.pause.as_ref().map(|(reason, _)| reason)
    }
    /// Returns since when the campaign is paused; `None` if it is not.
    pub fn paused_at(&self) -> Option<Timestamp> {
        self.pause.as_ref().map(|(_, at)| *at)
    }
    /// Returns the reason of the pause during which the campaign completed; it applies again when a later
    /// list reopens the campaign.
    pub const fn completed_in_pause(&self) -> Option<&PauseReason> {
        self.completed_in_pause.as_ref()
    }
    /// Returns the segment with its selected customers; `None` until it is frozen.
    pub fn frozen_segment(&self) -> Option<&FrozenSegment> {
        self.frozen.as_deref()
    }
    /// Returns the account of the campaign's quotas: counted and reserved places.
    pub const fn quotas(&self) -> &QuotaAccount {
        &self.quotas
    }
    /// Returns the campaign's targets as last set.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
    /// Returns the account of answered and abandoned calls, as recorded in the campaign's events.
    pub const fn account(&self) -> &AbandonmentAccount {
        &self.account
    }
    /// Returns the answered and abandoned calls of the account's window up to `now`, as a fact for a
    /// preset's rule; `None` for a campaign without agents.
    pub fn abandoned(&self, now: Timestamp) -> Option<AbandonmentTotals> {
        self.plan().filter(|plan| plan.dialing_mode().needs_agents())?;
        let AbandonmentCounts { answers, drops } = self.account.window(now);
        Some(AbandonmentTotals { answers, drops })
    }
    /// Returns the log position up to which ended calls are in the abandonment account; `None` before the
    /// first record.
    pub const fn accounted_through(&self) -> Option<Position> {
        self.accounted_through
    }
    pub const fn lists(&self) -> &BTreeMap<ListId, Option<u64>> {
        &self.lists
    }
    /// Returns the approval with which a list was opened; `None` if the list is closed or needed none.
    pub fn approval_of_open_list(&self, list: &ListId) -> Option<ApprovalId> {
        self.behind_open_lists.get(list)?.approval()
    }
    /// Returns the ids of undone lists, from which no customer is dialed.
    pub const fn undone_lists(&self) -> &BTreeSet<ListId> {
        &self.undone_lists
    }
    /// Returns the high-water marks of query imports, by the query's digest.
    pub const fn query_marks(&self) -> &BTreeMap<String, QueryMark> {
        &self.query_marks
    }
    /// Returns true if the plan requires another user's approval for this part.
    pub fn asks_for_approval_of(&self, what: ApprovalRequirement) -> bool {
        self.plan().is_some_and(|plan| plan.approvals.ask_for(what))
    }
    /// Returns the list that an earlier request with the same key opened, if it is another one than `list`.
    pub fn other_list_of(&self, key: RequestMark, list: ListId) -> Option<ListId> {
        self.request_keys
            .get(&key)
            .copied()
            .filter(|known| *known != list)
    }
    pub fn open_lists_count(&self) -> usize {
        self.lists.values().filter(|count| count.is_none()).count()
    }
    /// Returns the number of enrolments of all closed lists together.
    pub fn enrolled_count(&self) -> u64 {
        self.lists.values().flatten().sum()
    }
    /// Returns until when dials of the last granted batch may start; `None` if there was none or it was
    /// taken back.
    pub const fn granted_until(&self) -> Option<Timestamp> {
        self.granted_until
    }
    /// Returns the last recorded closing of the calling window, which may be over. Customers due before its
    /// end, and not judged since, waited for it.
    pub const fn closed_window(&self) -> Option<&ClosedWindow> {
        self.closed_window.as_ref()
    }
    /// Returns when the calling window opens, if it is closed now and this closing is recorded. Judged at
    /// each call, so that a wrong clock at an earlier call keeps nothing closed.
    pub fn judged_closed_until(&self, calendars: &Calendars, now: Timestamp) -> Option<Timestamp> {
        let closed = closed_for_all(self.plan()?, calendars, now)?;
        let judged = self.closed_window()?;
        (judged.until == closed.until).then_some(closed.until)
    }
    /// Returns the version of the campaign's stream: the number of its events.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Returns the facts about the campaign that a command to grant a dial carries; `None` before
    /// `campaign.created`.
    pub fn facts(&self, campaign: CampaignId) -> Option<CampaignFacts> {
        let created = self.created()?;
        Some(CampaignFacts {
            campaign,
            version: self.version,
            running: self.status == Some(CampaignStatus::Running),
            flow: created.flow.clone(),
            plan: created.plan.clone(),
            calendars: Calendars::default(),
            kept: PresetFacts::of_stage(self.gates.is_test()),
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
                self.pause = Some((reason.clone(), at));
            }
            CampaignEvent::Stopped { .. } => self.enter(CampaignStatus::Stopped),
            CampaignEvent::Completed { .. } => {
                self.completed_in_pause = self.pause.take().map(|(reason, _)| reason);
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
            | CampaignEvent::PreviewsWithdrawn { .. } => offers_evolution::apply(&mut self.offers, event, at),
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

    /// Applies changed terms to the plan. A batch granted under the old terms is taken back.
    fn change_terms(&mut self, before: &CallingTerms, after: &CallingTerms) {
        if let Some(created) = self.created.as_mut() {
            after.apply_to(&mut created.plan);
        }
        self.first_terms.get_or_insert_with(|| Box::new(before.clone()));
        self.granted_until = None;
    }

    /// Applies events about batches, learned times, quotas, stages and the abandonment account.
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

    /// Changes the status. Batches and offers made under the old status are taken back.
    fn enter(&mut self, status: CampaignStatus) {
        self.status = Some(status);
        self.start_scheduled &= status == CampaignStatus::Ready;
        self.pause = None;
        self.granted_until = None;
        self.offers.clear();
    }
}
