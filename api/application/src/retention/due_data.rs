//! Finds data past its period. Rows only select candidates; whether a thing is due is decided by its own
//! events.

use super::complaint_subjects::ComplaintSubjects;
use super::responses::PERIODS;
use crate::installation::Installation;
use domain::call::RecordingStatus;
use domain::calling_plan::Preset;
use domain::campaign::CampaignStatus;
use domain::customer::{Customer, CustomerState, Erasure};
use domain::decider::Decider;
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::problem::Problem;
use domain::retention::{DataClass, RetentionState, compute_cutoff};
use domain::stored_event::{Position, StreamVersion};
use domain::time::Timestamp;
use projections::views::call_history;
use projections::views::customer_timeline::registered_before;
use std::collections::BTreeMap;

/// Most recordings that one run disposes of: a minute or two of deleting and storing. The next run
/// continues.
const RECORDINGS_MAX: usize = 5_000;

/// Most customers that one run disposes of; the next run continues. Each is an erasure with its
/// certificate.
const PERSONS_MAX: usize = 1_000;

/// Most customers that one run examines: some seconds of reading. The next run continues after them.
const PERSONS_LOOKED_MAX: u64 = 20_000;

/// Customers read from the rows in one page.
const PAGE_PERSONS: usize = 500;

/// A thing past its retention period, with the time at which its retention began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item<T> {
    pub(super) id: T,
    pub(super) rested_at: Timestamp,
}

/// Data past its period, grouped by preset, with counts of what was examined, held or left for the next run.
#[derive(Debug)]
pub(super) struct DueData<T> {
    /// By the preset with the longest period.
    pub(super) groups: BTreeMap<Preset, Vec<Item<T>>>,
    pub(super) looked_at: u64,
    pub(super) held: u64,
    /// Things past their period that exceed the limit of one run.
    pub(super) left: u64,
    /// Things for which no event names the customer. They are not touched.
    pub(super) unknown: u64,
    pub(super) through: Option<CustomerId>,
    /// Nothing due remains in the log up to this position.
    pub(super) through_position: Option<Position>,
}

impl<T> DueData<T> {
    pub(super) const fn nothing() -> Self {
        Self {
            groups: BTreeMap::new(),
            looked_at: 0,
            held: 0,
            left: 0,
            unknown: 0,
            through: None,
            through_position: None,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.groups.values().map(Vec::len).sum()
    }

    pub(super) fn add(&mut self, preset: Preset, item: Item<T>, most: usize) {
        if self.count() >= most {
            self.left = self.left.saturating_add(1);
            return;
        }
        self.groups.entry(preset).or_default().push(item);
    }
}

/// The presets of campaigns, read from each campaign's own events.
pub(super) struct Presets<'a> {
    installation: &'a Installation,
    known: BTreeMap<CampaignId, Vec<Preset>>,
}

impl<'a> Presets<'a> {
    pub(super) const fn new(installation: &'a Installation) -> Self {
        Self {
            installation,
            known: BTreeMap::new(),
        }
    }

    /// Returns all presets of the campaign; empty if the campaign does not exist.
    pub(super) async fn all_of(&mut self, campaign: &CampaignId) -> Result<&[Preset], Problem> {
        if !self.known.contains_key(campaign) {
            let state = self.installation.entities.campaigns.state(campaign).await?.state;
            let presets = state.plan().into_iter().flat_map(|plan| plan.presets());
            self.known.insert(campaign.clone(), presets.collect());
        }
        Ok(self.known.get(campaign).map_or(&[], Vec::as_slice))
    }

    /// Returns the campaign's preset with the longest period for this class of data. `None` if one of its
    /// presets has no period: then the data is kept without limit.
    pub(super) async fn of(
        &mut self,
        campaign: &CampaignId,
        state: &RetentionState,
        class: DataClass,
    ) -> Result<Option<Preset>, Problem> {
        let all = self.all_of(campaign).await?.iter().copied();
        let days = |preset: &Preset| {
            state
                .period(class, *preset)
                .map_or(u32::MAX, |period| period.days)
        };
        // If several are equal, the campaign's own preset.
        Ok(all.rev().max_by_key(days))
    }
}

/// Returns the latest time at which the retention of a due thing can have begun: that of the shortest
/// period of any preset. `None` if no period is set.
pub(super) fn latest(state: &RetentionState, class: DataClass, now: Timestamp) -> Option<Timestamp> {
    let periods = PERIODS.iter().filter_map(|preset| state.period(class, *preset));
    periods.map(|period| compute_cutoff(now, period.days)).max()
}

/// Finds recordings on this machine that are past their period and belong to customers who are not held.
pub(super) async fn recordings(
    installation: &Installation,
    state: &RetentionState,
) -> Result<DueData<CallId>, Problem> {
    let class = DataClass::Recordings;
    let now = installation.now();
    let mut due = DueData::nothing();
    let Some(latest) = latest(state, class, now) else {
        return Ok(due);
    };
    let kept = installation.recordings.kept().await;
    let kept = kept.map_err(|error| Problem::unavailable(format!("recordings cannot be listed: {error}")))?;
    let mut presets = Presets::new(installation);
    let complained = ComplaintSubjects::now(installation).await?;
    let db = installation.rows.db();
    for call in kept {
        due.looked_at = due.looked_at.saturating_add(1);
        let Some(row) = call_history::get(db.as_ref(), call).await? else {
            due.unknown = due.unknown.saturating_add(1);
            continue;
        };
        if row.ended_at.is_none_or(|ended_at| ended_at > latest) {
            continue;
        }
        let called = installation.entities.calls.state(&call).await?.state;
        let (Some(ended), Some(customer)) = (called.ended(), called.customer()) else {
            continue;
        };
        let Some(preset) = presets.of(&row.campaign, state, class).await? else {
            continue;
        };
        let period = state.period(class, preset);
        let is_due = period.is_some_and(|period| ended.at <= compute_cutoff(now, period.days));
        if !is_due || called.recording() == RecordingStatus::None {
            continue;
        }
        let person = installation.entities.customers.state(customer).await?.state;
        if person.held().is_some() || complained.names_call(call, customer, &person) {
            due.held = due.held.saturating_add(1);
            continue;
        }
        let item = Item {
            id: call,
            rested_at: ended.at,
        };
        due.add(preset, item, RECORDINGS_MAX);
    }
    Ok(due)
}

/// Finds customers past their period who have no pending calls and are not held.
pub(super) async fn persons(
    installation: &Installation,
    state: &RetentionState,
) -> Result<DueData<CustomerId>, Problem> {
    let now = installation.now();
    let mut due = DueData::nothing();
    let Some(latest) = latest(state, DataClass::Persons, now) else {
        return Ok(due);
    };
    let mut presets = Presets::new(installation);
    let complained = ComplaintSubjects::now(installation).await?;
    let db = installation.rows.db();
    let last = state.last_review();
    let mut behind = last.and_then(|last| last.reviewed.through.clone());
    while due.looked_at < PERSONS_LOOKED_MAX {
        let page = registered_before(db.as_ref(), latest, behind.as_ref(), PAGE_PERSONS).await?;
        let is_last = page.len() < PAGE_PERSONS;
        for customer in page {
            due.looked_at = due.looked_at.saturating_add(1);
            match standing(installation, state, &mut presets, &customer, now).await? {
                DueStatus::Due { .. } if is_complained(installation, &complained, &customer).await? => {
                    due.held = due.held.saturating_add(1);
                }
                DueStatus::NotDue => {}
                DueStatus::Held => due.held = due.held.saturating_add(1),
                DueStatus::Due { preset, rested_at } => {
                    let item = Item {
                        id: customer.clone(),
                        rested_at,
                    };
                    due.add(preset, item, PERSONS_MAX);
                }
            }
            behind = Some(customer);
        }
        if is_last {
            return Ok(due);
        }
    }
    due.through = behind;
    Ok(due)
}

async fn is_complained(
    installation: &Installation,
    complained: &ComplaintSubjects,
    customer: &CustomerId,
) -> Result<bool, Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    Ok(complained.names(customer, &person))
}

/// Returns true if the customer may still be called: a call is open, or an enrolment is pending in a
/// campaign that is neither stopped nor completed.
pub(super) async fn is_used(installation: &Installation, person: &CustomerState) -> Result<bool, Problem> {
    for (campaign, enrolment) in person.enrolments().iter() {
        if enrolment.open.is_some() {
            return Ok(true);
        }
        if enrolment.settled.is_some() {
            continue;
        }
        let state = installation.entities.campaigns.state(campaign).await?.state;
        let status = state.status();
        if !matches!(status, Some(CampaignStatus::Stopped | CampaignStatus::Completed)) {
            return Ok(true);
        }
    }
    Ok(false)
}

enum DueStatus {
    NotDue,
    Held,
    Due { preset: Preset, rested_at: Timestamp },
}

async fn standing(
    installation: &Installation,
    state: &RetentionState,
    presets: &mut Presets<'_>,
    customer: &CustomerId,
    now: Timestamp,
) -> Result<DueStatus, Problem> {
    let loaded = installation.entities.customers.state(customer).await?;
    let person = &loaded.state;
    let is_free = matches!(person.erasure(), Erasure::None) && person.is_registered();
    if !is_free || is_used(installation, person).await? {
        return Ok(DueStatus::NotDue);
    }
    // Without any campaign: the default preset.
    let mut of = vec![Preset::default()];
    for (campaign, _) in person.enrolments().iter() {
        of.extend(presets.all_of(campaign).await?.iter().copied());
    }
    if of.len() > 1 {
        of.remove(0);
    }
    let mut longest: Option<(u32, Preset)> = None;
    for preset in of {
        // If one of the presets has no period, the customer is kept.
        let Some(period) = state.period(DataClass::Persons, preset) else {
            return Ok(DueStatus::NotDue);
        };
        longest = longest.max(Some((period.days, preset)));
    }
    let last = StreamVersion(loaded.version.0.saturating_sub(1));
    let stream = Customer::stream(customer);
    let last = installation.store().read_stream(&stream, last, 1).await?;
    let last = last.first().map(|stored| stored.envelope()).transpose();
    let last = last.map_err(|error| Problem::fault(error.to_string()))?;
    let (Some((days, preset)), Some(last)) = (longest, last) else {
        return Ok(DueStatus::NotDue);
    };
    if last.at > compute_cutoff(now, days) {
        return Ok(DueStatus::NotDue);
    }
    if person.held().is_some() {
        return Ok(DueStatus::Held);
    }
    Ok(DueStatus::Due {
        preset,
        rested_at: last.at,
    })
}
