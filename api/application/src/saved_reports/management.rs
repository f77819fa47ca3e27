//! Saving, reading and removing saved reports.

use super::report_figures::{campaigns_in, make};
use crate::access::Caller;
use crate::as_of::{Moment, PastMomentInfo};
use crate::figures::find;
use crate::installation::Installation;
use crate::webhooks::{load_webhook, named_streams};
use actors::{Answer, AskError};
use domain::ids::{UserId, WebhookId};
use domain::permission::{DataScope, Permission};
use domain::problem::{MemberError, Problem, ProblemKind};
use domain::saved_report::{
    ReportPlan, ReportSending, SavedPlan, SavedReport, SavedReportCommand, SavedReportEvent, SavedReportId,
    SavedReportRefusal, SavedReportState, SendingFault, SentFigure,
};
use domain::stored_event::{Cause, Position, StreamVersion};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// Most saved reports of one installation. The sender checks all of them regularly.
const REPORTS_MAX: usize = 500;

/// Most report names that were ever used, with removed reports. A further new name is refused.
const NAMES_MAX: usize = 1_000;

/// A saved report in the list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SavedReport")]
pub struct SavedReportResponse {
    pub name: SavedReportId,
    #[serde(flatten)]
    pub plan: ReportPlan,
    /// Absent if it belongs to the owner of the data directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// True if the caller may change it.
    pub is_own: bool,
    pub saved_at: Timestamp,
    /// When it is sent next; absent without a schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_due_at: Option<Timestamp>,
    /// When it was last sent, or should have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sent_at: Option<Timestamp>,
    /// Why nothing was sent at that time, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_fault: Option<SendingFault>,
    /// True if nothing was sent because the owner lost the right. Another user may take it over.
    pub is_owner_lost: bool,
    /// Version that was read. Send it as `If-Match` when you change the report.
    #[schemars(example = &"\"v1\"")]
    pub etag: String,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
}

/// The saved reports that the caller may read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SavedReports")]
pub struct SavedList {
    pub items: Vec<SavedReportResponse>,
}

/// A saved report with its figures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SavedReportFigures")]
pub struct SavedReportFiguresResponse {
    #[serde(flatten)]
    pub saved: SavedReportResponse,
    /// Start of the days that the report covers.
    pub from: Timestamp,
    /// End of the days that the report covers, exclusive.
    pub to: Timestamp,
    pub figures: Vec<SentFigure>,
    /// Figures beyond the limit of one report.
    pub figures_left_out: u32,
    /// The log position up to which its figures were computed.
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String", example = &"42")]
    pub complete_up_to: Position,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// A saved report after a change.
pub struct ReportChanged {
    pub shown: SavedReportResponse,
    pub answer: Answer<SavedReport>,
}

pub(super) fn user_of(caller: &Caller) -> Option<UserId> {
    caller.user().map(|known| known.user.clone())
}

/// Returns the report as far as the caller may see it: without campaigns outside the scope, and without
/// channels that the caller may not name with the access key in use. This also applies to the owner.
pub(super) async fn shown(
    installation: &Installation,
    name: &SavedReportId,
    state: &SavedReportState,
    version: StreamVersion,
    caller: &Caller,
    scope: &DataScope,
) -> Option<SavedReportResponse> {
    let saved = state.saved()?;
    let now = installation.now();
    let last: Option<(Timestamp, &ReportSending)> = state.last();
    let mut plan = (*saved.plan).clone();
    plan.campaigns.retain(|campaign| scope.admits_campaign(campaign));
    plan.channels.clear();
    if is_own(saved, caller) {
        for id in &saved.plan.channels {
            if may_name(installation, *id, caller).await.unwrap_or(false) {
                plan.channels.insert(*id);
            }
        }
    }
    Some(SavedReportResponse {
        name: name.clone(),
        plan,
        is_own: saved.owner == user_of(caller),
        owner: saved.owner.clone(),
        saved_at: saved.since,
        next_due_at: saved.plan.next_due(now),
        last_sent_at: last.map(|(at, _)| at),
        last_fault: last.and_then(|(_, sending)| sending.fault),
        is_owner_lost: state.is_owner_lost(),
        etag: format!("\"v{}\"", version.0),
        version,
    })
}

/// Returns true if the caller may name this channel or webhook: it exists and is in the caller's scope.
pub(super) async fn may_name(
    installation: &Installation,
    id: WebhookId,
    caller: &Caller,
) -> Result<bool, Problem> {
    for (permission, is_channel) in [(Permission::AlertsRead, true), (Permission::WebhooksRead, false)] {
        let Ok(reach) = caller.scope_for(permission) else {
            continue;
        };
        match load_webhook(installation, id, &reach, is_channel).await {
            Ok(_) => return Ok(true),
            Err(problem) if problem.kind == ProblemKind::Missing => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(false)
}

/// Returns true if the report belongs to the caller. The owner of the data directory counts as owner of all
/// reports, so that reports without an active owner can be removed.
fn is_own(saved: &SavedPlan, caller: &Caller) -> bool {
    let is_directory = matches!(caller, Caller::Directory { .. });
    is_directory
        || caller
            .user()
            .is_some_and(|known| saved.owner.as_ref() == Some(&known.user))
}

/// Returns true if the caller may know of the report: it is the caller's own or shared, and includes
/// something in the caller's scope. A report with an owner who lost the right counts as shared, so that
/// another user can take it over.
pub(super) fn may_read(state: &SavedReportState, caller: &Caller, scope: &DataScope) -> bool {
    let Some(saved) = state.saved() else { return false };
    if is_own(saved, caller) && scope.is_all() {
        return true;
    }
    let is_theirs = is_own(saved, caller) || saved.plan.is_shared || state.is_owner_lost();
    is_theirs && !campaigns_in(&saved.plan, scope).is_empty()
}

/// Returns all saved reports that the caller may read, by name.
pub async fn all_saved(
    installation: &Installation,
    caller: &Caller,
    scope: &DataScope,
) -> Result<SavedList, Problem> {
    let mut items = Vec::new();
    for name in ids(installation).await? {
        let loaded = installation.entities.saved_reports.state(&name).await?;
        if may_read(&loaded.state, caller, scope) {
            let (state, version) = (&loaded.state, loaded.version);
            items.extend(shown(installation, &name, state, version, caller, scope).await);
        }
    }
    Ok(SavedList { items })
}

async fn ids(installation: &Installation) -> Result<Vec<SavedReportId>, Problem> {
    let found = named_streams(installation, SavedReportEvent::SAVED).await?;
    let ids = found.ids.iter().filter_map(|id| id.parse().ok());
    Ok(ids.collect())
}

/// Returns the state of a report that the caller may read. Otherwise fails as for a missing report.
pub async fn load_readable_report(
    installation: &Installation,
    name: &SavedReportId,
    caller: &Caller,
    scope: &DataScope,
) -> Result<(Arc<SavedReportState>, StreamVersion), Problem> {
    let loaded = installation.entities.saved_reports.state(name).await?;
    if !may_read(&loaded.state, caller, scope) {
        return Err(Problem::missing("this saved report"));
    }
    Ok((loaded.state, loaded.version))
}

/// Returns one saved report with its figures for the caller's scope, now or at a past moment.
pub async fn one_saved(
    installation: &Installation,
    name: &SavedReportId,
    caller: &Caller,
    scope: &DataScope,
    moment: Moment,
) -> Result<SavedReportFiguresResponse, Problem> {
    let (state, version) = load_readable_report(installation, name, caller, scope).await?;
    let now = installation.now();
    let missing = || Problem::missing("this saved report");
    let saved = shown(installation, name, &state, version, caller, scope).await;
    let saved = saved.ok_or_else(missing)?;
    let mut known = None;
    let mut at = now;
    if !moment.is_now() {
        let then = moment.resolve(installation.store(), now).await?;
        at = then.at().unwrap_or(now);
        known = Some(then.describe());
    }
    let made = make(installation, &saved.plan, scope, moment, at).await?;
    Ok(SavedReportFiguresResponse {
        saved,
        from: made.from,
        to: made.to,
        figures: made.figures,
        figures_left_out: made.left_out,
        complete_up_to: made.position,
        known,
    })
}

/// Saves a plan under a name, after a check of everything it names. If `is_new` is true, fails if the name
/// is in use; otherwise replaces the caller's own report.
pub async fn save(
    installation: &Installation,
    name: SavedReportId,
    plan: ReportPlan,
    by: (&Caller, &DataScope),
    is_new: bool,
    cause: Cause,
) -> Result<ReportChanged, Problem> {
    let (caller, scope) = by;
    refuse_guests(caller)?;
    if is_new {
        // A repeated request gets its first answer from the report itself.
        let loaded = installation.entities.saved_reports.state(&name).await?;
        if loaded.state.saved().is_none() {
            refuse_too_many(installation, &name).await?;
        }
    } else {
        load_readable_report(installation, &name, caller, scope).await?;
    }
    check(installation, &plan, caller, scope).await?;
    let owner = user_of(caller);
    let command = SavedReportCommand::Save {
        plan: Box::new(plan),
        owner,
        is_new,
    };
    let saved_reports = &installation.entities.saved_reports;
    let answer = match saved_reports.ask(&name, command, cause).await {
        Err(AskError::Refused(refused @ SavedReportRefusal::Taken)) => {
            return Err(wrong("/name", refused.to_string()));
        }
        other => other?,
    };
    let shown = shown(installation, &name, &answer.state, answer.version, caller, scope).await;
    let shown = shown.ok_or_else(|| Problem::fault("a report that was saved is not there"))?;
    Ok(ReportChanged { shown, answer })
}

/// Fails if the report is new and there are `REPORTS_MAX` reports or `NAMES_MAX` names. Names of removed
/// reports count, but can be used again.
async fn refuse_too_many(installation: &Installation, name: &SavedReportId) -> Result<(), Problem> {
    let names = ids(installation).await?;
    let mut standing = 0;
    for one in &names {
        let loaded = installation.entities.saved_reports.state(one).await?;
        standing += usize::from(loaded.state.saved().is_some());
    }
    if standing >= REPORTS_MAX {
        let detail = format!("there are already {REPORTS_MAX} saved reports: delete one");
        return Err(wrong("/name", detail));
    }
    if names.len() >= NAMES_MAX && !names.contains(name) {
        let detail = format!("the limit of {NAMES_MAX} saved report names is reached: reuse one of them");
        return Err(wrong("/name", detail));
    }
    Ok(())
}

/// Removes a saved report. Only its owner or the owner of the data directory may do this.
pub async fn remove_saved(
    installation: &Installation,
    name: SavedReportId,
    caller: &Caller,
    scope: &DataScope,
    cause: Cause,
) -> Result<Answer<SavedReport>, Problem> {
    refuse_guests(caller)?;
    let user = user_of(caller);
    let loaded = installation.entities.saved_reports.state(&name).await?;
    if !loaded.state.was_of(user.as_ref()) {
        let (state, _) = load_readable_report(installation, &name, caller, scope).await?;
        refuse_others(&state, caller)?;
    }
    let asked = installation
        .entities
        .saved_reports
        .ask(&name, SavedReportCommand::Remove, cause);
    Ok(asked.await?)
}

/// Fails unless the caller is the report's owner or the owner of the data directory.
pub(super) fn refuse_others(state: &SavedReportState, caller: &Caller) -> Result<(), Problem> {
    let owner = state.saved().and_then(|saved| saved.owner.clone());
    let user = user_of(caller);
    if user.is_none() || owner == user {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        "saved-report-of-another",
        "this saved report belongs to another user: save your own report",
    ))
}

pub(super) fn refuse_guests(caller: &Caller) -> Result<(), Problem> {
    if caller.user().is_some_and(|known| known.account.is_guest()) {
        return Err(Problem::new(
            ProblemKind::Forbidden,
            "guest-reads-only",
            "a guest cannot view or change this",
        ));
    }
    Ok(())
}

/// Fails if what a plan names (metric, campaign, channel) is missing or the caller may not see it.
async fn check(
    installation: &Installation,
    plan: &ReportPlan,
    caller: &Caller,
    scope: &DataScope,
) -> Result<(), Problem> {
    for (index, name) in plan.metrics.iter().enumerate() {
        if find(name, None).is_err() {
            let shown: String = name.chars().take(64).collect();
            return Err(wrong(
                &format!("/metrics/{index}"),
                format!("{shown:?} is no metric"),
            ));
        }
    }
    let outside = plan
        .campaigns
        .iter()
        .position(|campaign| !scope.admits_campaign(campaign));
    if let Some(index) = outside {
        return Err(wrong(
            &format!("/campaigns/{index}"),
            "is no campaign here".to_owned(),
        ));
    }
    for (index, id) in plan.channels.iter().enumerate() {
        let pointer = format!("/channels/{index}");
        let is_there = may_name(installation, *id, caller).await?;
        if !is_there {
            return Err(wrong(
                &pointer,
                "is no channel of alerts and no webhook here".to_owned(),
            ));
        }
    }
    Ok(())
}

pub(super) fn wrong(pointer: &str, detail: String) -> Problem {
    Problem::members(vec![MemberError {
        pointer: pointer.to_owned(),
        detail,
    }])
}
