//! Replies about complaints: one, all, and the report over them.

use super::placed_ids_of;
use crate::installation::Installation;
use domain::case::{CaseAbout, Deadline};
use domain::complaint::{ComplaintEvent, ComplaintOutcome, ComplaintSource, ComplaintState};
use domain::ids::ComplaintId;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// One complaint as shown over the API.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ComplaintResponse {
    pub id: ComplaintId,
    pub source: ComplaintSource,
    pub source_zh: &'static str,
    #[serde(flatten)]
    pub about: CaseAbout,
    #[schemars(example = &"12378-2026-17")]
    pub reference: Option<String>,
    #[schemars(example = &"called although they had opted out")]
    pub what: String,
    pub received_at: Timestamp,
    pub deadline: Deadline,
    /// The user who handles the complaint.
    #[schemars(example = &"wang")]
    pub owner: Option<String>,
    pub resolved: Option<ComplaintResolutionResponse>,
    /// True if it was not answered by its deadline.
    pub overdue: bool,
}

/// How a complaint was resolved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ComplaintResolutionResponse {
    pub outcome: ComplaintOutcome,
    pub outcome_zh: &'static str,
    pub note: String,
    pub at: Timestamp,
}

/// A page of complaints, with the report over all that match the filter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ComplaintsResponse {
    pub items: Vec<ComplaintResponse>,
    pub report: ComplaintReport,
}

/// Counts of complaints over a period.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct ComplaintReport {
    pub received: usize,
    pub open: usize,
    pub resolved: usize,
    /// Complaints that were not answered by their deadline.
    pub overdue: usize,
    #[schemars(example = BTreeMap::from([("12378", 1)]))]
    pub by_source: BTreeMap<&'static str, usize>,
    #[schemars(example = BTreeMap::from([("upheld", 1)]))]
    pub by_outcome: BTreeMap<&'static str, usize>,
}

/// A filter of complaints. All given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct ComplaintFilter {
    /// Received at this time or later.
    pub from: Option<Timestamp>,
    /// Received before this time.
    pub to: Option<Timestamp>,
    pub source: Option<ComplaintSource>,
    /// Only complaints that are not resolved.
    pub open: bool,
}

impl ComplaintFilter {
    fn holds(&self, shown: &ComplaintResponse) -> bool {
        let after = self.from.is_none_or(|from| from <= shown.received_at);
        let before = self.to.is_none_or(|to| shown.received_at < to);
        let of_source = self.source.is_none_or(|source| source == shown.source);
        after && before && of_source && !(self.open && shown.resolved.is_some())
    }
}

/// Returns a complaint for the API; `None` if it was never opened. `now` decides whether it is overdue.
pub fn describe(id: ComplaintId, state: &ComplaintState, now: Timestamp) -> Option<ComplaintResponse> {
    let opened = state.opened()?;
    let resolved = state.resolved().map(|resolved| ComplaintResolutionResponse {
        outcome: resolved.outcome,
        outcome_zh: resolved.outcome.labels().0,
        note: resolved.note.clone(),
        at: resolved.at,
    });
    Some(ComplaintResponse {
        id,
        source: opened.source,
        source_zh: opened.source.labels().0,
        about: opened.about.clone(),
        reference: opened.reference.clone(),
        what: opened.what.clone(),
        received_at: opened.received_at,
        deadline: opened.deadline.clone(),
        owner: opened.owner.clone(),
        resolved,
        overdue: state.is_overdue(now),
    })
}

/// Returns one complaint. Fails with `Missing` if it does not exist.
pub async fn complaint(installation: &Installation, id: ComplaintId) -> Result<ComplaintResponse, Problem> {
    let state = installation.entities.complaints.state(&id).await?.state;
    describe(id, &state, installation.now()).ok_or_else(|| Problem::missing("this complaint"))
}

/// Returns the complaints that match the filter, each with the position at which it was opened, in log
/// order, and the report over them.
pub async fn complaints(
    installation: &Installation,
    wanted: &ComplaintFilter,
) -> Result<(Vec<(Position, ComplaintResponse)>, ComplaintReport), Problem> {
    let mut found = Vec::new();
    for (position, id) in placed_ids_of::<ComplaintId>(installation, ComplaintEvent::OPENED).await? {
        let shown = complaint(installation, id).await?;
        if wanted.holds(&shown) {
            found.push((position, shown));
        }
    }
    let report = ComplaintReport::of(found.iter().map(|(_, shown)| shown));
    Ok((found, report))
}

impl ComplaintReport {
    fn of<'a>(all: impl Iterator<Item = &'a ComplaintResponse>) -> Self {
        let mut report = Self::default();
        for one in all {
            report.received += 1;
            *report.by_source.entry(one.source.code()).or_default() += 1;
            report.overdue += usize::from(one.overdue);
            match &one.resolved {
                Some(resolved) => {
                    report.resolved += 1;
                    *report.by_outcome.entry(resolved.outcome.code()).or_default() += 1;
                }
                None => report.open += 1,
            }
        }
        report
    }
}
