//! Sending a saved report: it is made for what its owner may see at that moment, recorded with its figures,
//! and sent by its channels' own senders.

use super::management::{load_readable_report, may_name, refuse_guests, refuse_others, wrong};
use super::report_figures::{campaigns_in, make};
use crate::access::Caller;
use crate::as_of::Moment;
use crate::installation::Installation;
use crate::owners::active_owner;
use actors::Answer;
use domain::digest::SecretDigest;
use domain::ids::{CampaignId, CommandId, UserId, WebhookId};
use domain::permission::{DataScope, Permission};
use domain::problem::{Problem, ProblemKind};
use domain::saved_report::{
    ReportSending, SavedPlan, SavedReport, SavedReportCommand, SavedReportEvent, SavedReportId,
    SavedReportState, SendingFault, SentFigure,
};
use domain::stored_event::Cause;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// A saved report that was sent, with its figures.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SavedReportSent")]
pub struct ReportSent {
    pub name: SavedReportId,
    #[serde(flatten)]
    pub sending: ReportSending,
    #[schemars(example = &"42")]
    pub position_sent: String,
}

/// Sends a saved report now, outside its schedule, and returns its figures. Fails if the caller's scope is
/// narrower than the owner's.
pub async fn send_now(
    installation: &Installation,
    name: SavedReportId,
    by: (&Caller, &DataScope),
    cause: Cause,
) -> Result<(ReportSent, Answer<SavedReport>), Problem> {
    let (caller, scope) = by;
    refuse_guests(caller)?;
    let (state, _) = load_readable_report(installation, &name, caller, scope).await?;
    refuse_others(&state, caller)?;
    let saved = state
        .saved()
        .ok_or_else(|| Problem::missing("this saved report"))?;
    if saved.plan.channels.is_empty() {
        return Err(wrong(
            "/channels",
            "this report names no channel to send it to".to_owned(),
        ));
    }
    refuse_narrower(installation, saved, scope).await?;
    let sending = made(installation, saved, None, installation.now()).await?;
    let answer = record(installation, &name, sending, cause).await?;
    // For a repeated request: what was sent the first time.
    let sending = answer.events.iter().find_map(SavedReportEvent::sending);
    let sending = sending
        .cloned()
        .ok_or_else(|| Problem::fault("what was sent is not there"))?;
    let sent = ReportSent {
        name,
        sending,
        position_sent: answer.position.to_string(),
    };
    Ok((sent, answer))
}

/// Fails if the caller's scope is narrower than the owner's: the reply includes the report's figures.
async fn refuse_narrower(
    installation: &Installation,
    saved: &SavedPlan,
    scope: &DataScope,
) -> Result<(), Problem> {
    let Some(reach) = owner_scope(installation, saved.owner.as_ref()).await? else {
        return Ok(());
    };
    let reaches = |campaign: &Option<CampaignId>| match campaign {
        Some(campaign) => scope.admits_campaign(campaign),
        None => scope.is_all(),
    };
    if campaigns_in(&saved.plan, &reach).iter().all(reaches) {
        return Ok(());
    }
    Err(Problem::new(
        ProblemKind::Forbidden,
        "saved-report-beyond-scope",
        "this saved report has figures outside your data scope: its owner must send it",
    ))
}

/// Sends the report that is due at the time `due`. Sent only once: the command's id is derived from the
/// report and the time, and the report's entity refuses a second one.
pub(super) async fn send_due(
    installation: &Installation,
    name: &SavedReportId,
    due: Timestamp,
) -> Result<(), Problem> {
    let loaded = installation.entities.saved_reports.state(name).await?;
    let Some(saved) = loaded.state.saved() else {
        return Ok(());
    };
    let sending = made(installation, saved, Some(due), due).await?;
    let fault = sending.fault;
    let command = CommandId::derive_from_text(&format!("saved report {name} due {due}"));
    record(installation, name, sending, Cause::outside(command)).await?;
    if let Some(fault) = fault {
        tracing::warn!(report = %name, fault = fault.code(), "a saved report was not sent");
    }
    Ok(())
}

async fn record(
    installation: &Installation,
    name: &SavedReportId,
    sending: ReportSending,
    cause: Cause,
) -> Result<Answer<SavedReport>, Problem> {
    let command = SavedReportCommand::Send {
        sending: Box::new(sending),
    };
    let saved_reports = &installation.entities.saved_reports;
    let answer = saved_reports.ask(name, command, cause).await?;
    installation
        .halted
        .note_report(name.clone(), answer.state.is_owner_lost());
    Ok(answer)
}

/// Makes the content to be sent of a report, for what its owner may see now, or the reason why nothing is
/// sent.
async fn made(
    installation: &Installation,
    saved: &SavedPlan,
    due: Option<Timestamp>,
    at: Timestamp,
) -> Result<ReportSending, Problem> {
    let owner = active_owner(installation, saved.owner.as_ref()).await?;
    let scope = owner.as_ref().and_then(figures_scope);
    let made = match &scope {
        None => None,
        Some(reach) => match make(installation, &saved.plan, reach, Moment::default(), at).await {
            Ok(made) => Some(made),
            Err(problem) if problem.kind == ProblemKind::Missing => None,
            Err(problem) => return Err(problem),
        },
    };
    let (from, to) = saved.plan.window(at).unwrap_or((at, at));
    let position = made
        .as_ref()
        .map_or(domain::stored_event::Position(0), |made| made.position);
    let is_metric_missing = made.is_none();
    let (figures, left_out) = made.map(|made| (made.figures, made.left_out)).unwrap_or_default();
    let open = open_channels(installation, &saved.plan.channels, &figures).await?;
    let channels = nameable(installation, &open, owner.as_ref()).await?;
    let fault = if scope.is_none() {
        Some(SendingFault::Owner)
    } else if is_metric_missing {
        Some(SendingFault::Metric)
    } else if figures.is_empty() || (channels.is_empty() && !open.is_empty()) {
        Some(SendingFault::Owner)
    } else if channels.is_empty() {
        Some(SendingFault::Channels)
    } else {
        None
    };
    let text = serde_json::to_string(&figures).map_err(|error| Problem::fault(error.to_string()))?;
    let is_sent = fault.is_none();
    Ok(ReportSending {
        title: saved.plan.title.clone(),
        due,
        from,
        to,
        position,
        digest: SecretDigest::of(&text),
        figures: if is_sent { figures } else { Vec::new() },
        figures_left_out: if is_sent { left_out } else { 0 },
        channels: if is_sent { channels } else { BTreeSet::new() },
        fault,
    })
}

/// Returns the scope of figures that the owner may see now; none if the owner is inactive or lost
/// `figures:read`.
async fn owner_scope(
    installation: &Installation,
    owner: Option<&UserId>,
) -> Result<Option<DataScope>, Problem> {
    let owner = active_owner(installation, owner).await?;
    Ok(owner.as_ref().and_then(figures_scope))
}

/// Returns true if the owner lacks a right that sending needs now: an active account, the figures of one of
/// the report's campaigns, or, if the last sending failed because of the owner, one of its channels.
pub(super) async fn lacks_right(
    installation: &Installation,
    state: &SavedReportState,
    saved: &SavedPlan,
) -> Result<bool, Problem> {
    let Some(owner) = active_owner(installation, saved.owner.as_ref()).await? else {
        return Ok(true);
    };
    let reach = figures_scope(&owner);
    if reach.is_none_or(|reach| campaigns_in(&saved.plan, &reach).is_empty()) {
        return Ok(true);
    }
    if !state.is_owner_lost() {
        return Ok(false);
    }
    let named = nameable(installation, &saved.plan.channels, Some(&owner)).await?;
    Ok(named.len() < saved.plan.channels.len())
}

fn figures_scope(owner: &Caller) -> Option<DataScope> {
    owner.scope_for(Permission::FiguresRead).ok()
}

/// Returns the channels among these that the owner may name now.
async fn nameable(
    installation: &Installation,
    open: &BTreeSet<WebhookId>,
    owner: Option<&Caller>,
) -> Result<BTreeSet<WebhookId>, Problem> {
    let mut named = BTreeSet::new();
    let Some(owner) = owner else { return Ok(named) };
    for id in open {
        if may_name(installation, *id, owner).await? {
            named.insert(*id);
        }
    }
    Ok(named)
}

/// Returns those of the named channels that exist and cover the campaigns of all these figures. This
/// includes channels with an owner who lost the right: there the report waits for the next owner.
async fn open_channels(
    installation: &Installation,
    named: &BTreeSet<WebhookId>,
    figures: &[SentFigure],
) -> Result<BTreeSet<WebhookId>, Problem> {
    let mut open = BTreeSet::new();
    for id in named {
        let state = installation.entities.webhooks.state(id).await?.state;
        let is_gone = state.is_disabled() && state.owner_fault().is_none();
        let Some(facts) = state.active().filter(|_| !is_gone) else {
            continue;
        };
        let admits = |figure: &SentFigure| match &figure.campaign {
            Some(campaign) => facts.campaigns.admits(campaign),
            None => facts.campaigns.is_all(),
        };
        if !facts.format.is_personal() && figures.iter().all(admits) {
            open.insert(*id);
        }
    }
    Ok(open)
}
