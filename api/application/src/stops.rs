//! Emergency stops: the ones engaged now or at a past moment, with time, user and reason; and the check
//! that the target of a stop exists.

use crate::as_of::{Moment, PastMomentInfo};
use crate::installation::Installation;
use actors::{EngagedStop, engaged_by};
use domain::calling_plan::Preset;
use domain::event_filter::EventFilter;
use domain::ids::StreamId;
use domain::permission::DataScope;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stop::{StopEvent, StopId, StopScope};
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::views::audit_trail::{self, AuditFilter, EVENTS_MAX};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;

/// An emergency stop that is engaged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmergencyStopResponse {
    /// The stop's id: all, trunk.NAME, campaign.ID or preset.CODE.
    #[schemars(example = &"campaign.TASK20261120")]
    pub stop: String,
    pub scope: StopScope,
    /// The trunk, campaign or preset. Null if everything is stopped.
    #[schemars(example = &"TASK20261120")]
    pub id: Option<String>,
    pub since: Timestamp,
    /// The user who engaged it. Null if the directory's own key was used without a user name.
    pub by: Option<String>,
    pub reason: String,
    /// True if running conversations are hung up too.
    pub hang_up: bool,
}

impl EmergencyStopResponse {
    fn of(engaged: &EngagedStop) -> Self {
        let by = engaged.by.as_ref().map(|by| by.name().to_owned());
        Self {
            stop: engaged.stop.to_string(),
            scope: engaged.stop.scope(),
            id: engaged.stop.named().map(str::to_owned),
            since: engaged.since,
            by: by.filter(|name| !name.is_empty()),
            reason: engaged.reason.clone(),
            hang_up: engaged.hang_up,
        }
    }
}

/// The stops that are engaged, or were engaged at the requested moment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StopsEngaged {
    pub items: Vec<EmergencyStopResponse>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
}

/// Returns the emergency stops engaged within a scope, now or at a past moment, each from its own stream.
/// The audit trail and the log after it only supply the names of all stops that ever existed.
pub async fn list_engaged_stops(
    installation: &Installation,
    scope: &DataScope,
    moment: Moment,
) -> Result<StopsEngaged, Problem> {
    let then = moment.asked(installation.store(), installation.now()).await?;
    let mut named: BTreeSet<StopId> = Preset::ALL.into_iter().map(StopId::Preset).collect();
    named.insert(StopId::All);
    let reached = from_rows(installation, &mut named).await;
    from_log(installation, reached, &mut named).await?;
    let mut items = Vec::new();
    for stop in named {
        if stop
            .campaign()
            .is_some_and(|campaign| !scope.admits_campaign(campaign))
        {
            continue;
        }
        let found = engaged_by(installation.store(), &stop, |stored, envelope| {
            then.as_ref().is_none_or(|then| then.counts(stored, envelope))
        });
        items.extend(found.await?.as_ref().map(EmergencyStopResponse::of));
    }
    items.sort_by(|one, other| one.stop.cmp(&other.stop));
    let known = then.map(|then| then.describe());
    Ok(StopsEngaged { items, known })
}

/// Adds the stops found in the audit trail view. Returns the position up to which the view is complete; 0
/// if it cannot be read.
async fn from_rows(installation: &Installation, named: &mut BTreeSet<StopId>) -> Position {
    let status = installation.rows.status();
    let of_view = status.iter().find(|view| view.view == audit_trail::NAME);
    let Some(reached) = of_view.map(|view| view.position) else {
        return Position(0);
    };
    let filter = AuditFilter {
        kind: Some(StopEvent::ENGAGED.to_owned()),
        ..AuditFilter::default()
    };
    let mut after = Position(0);
    loop {
        let page = audit_trail::events(installation.rows.db().as_ref(), &filter, after, EVENTS_MAX).await;
        let Ok(rows) = page else {
            return Position(0);
        };
        named.extend(rows.iter().filter_map(|row| of_stream(&row.stream)));
        match rows.last() {
            Some(last) if rows.len() >= EVENTS_MAX => after = last.position,
            _ => return reached,
        }
    }
}

/// Adds the stops found in the log after position `after`.
async fn from_log(
    installation: &Installation,
    mut after: Position,
    named: &mut BTreeSet<StopId>,
) -> Result<(), Problem> {
    let filter = EventFilter {
        kinds: vec![StopEvent::ENGAGED.to_owned()],
        ..EventFilter::default()
    };
    loop {
        let page = installation
            .store()
            .read_matching(&filter, after, PAGE_EVENTS_MAX)
            .await?;
        for event in &page.events {
            let envelope = event
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            named.extend(of_stream(&envelope.stream));
        }
        if page.reached == after {
            return Ok(());
        }
        after = page.reached;
    }
}

fn of_stream(stream: &StreamId) -> Option<StopId> {
    stream.id().parse().ok()
}

/// Fails if the trunk or campaign of a stop does not exist: a mistyped name would stop nothing.
pub async fn must_exist(installation: &Installation, stop: &StopId) -> Result<(), Problem> {
    match stop {
        StopId::All | StopId::Preset(_) => Ok(()),
        StopId::Campaign(campaign) => {
            let loaded = installation.entities.campaigns.state(campaign).await?;
            let status = loaded.state.status();
            status
                .map(|_| ())
                .ok_or_else(|| Problem::missing("this campaign"))
        }
        // A standby process does not know the trunks of the process that dials, so it must not refuse.
        StopId::Trunk(name) => match installation.dialing.drivers().map(|drivers| drivers.trunks()) {
            Some(trunks) if !trunks.contains(name) => Err(Problem::refused(
                "trunk-unknown",
                format!(
                    "there is no line {name:?} here; available lines: {}",
                    trunks.join(", ")
                ),
            )),
            Some(_) | None => Ok(()),
        },
    }
}
