//! Emergency stops: which are engaged or were at a time, since when and by whom, and whether there is what
//! one names.

use crate::as_of::{Known, Moment};
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

/// A stop that is engaged.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StopShown {
    /// The stop's id: all, trunk.NAME, campaign.ID or preset.CODE.
    #[schemars(example = &"campaign.TASK20261120")]
    pub stop: String,
    pub scope: StopScope,
    /// The trunk, campaign or preset; null where everything is stopped.
    #[schemars(example = &"TASK20261120")]
    pub id: Option<String>,
    pub since: Timestamp,
    /// Who engaged it; null where the directory's own key was used and nobody was named.
    pub by: Option<String>,
    pub reason: String,
    /// Conversations are hung up too.
    pub hang_up: bool,
}

impl StopShown {
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

/// The stops that are engaged, or were then.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StopsEngaged {
    pub items: Vec<StopShown>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
}

/// What is engaged within a scope, now or at a moment, by the log itself: rows and the log behind them only
/// say which stops there ever were.
pub async fn engaged(
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
        items.extend(found.await?.as_ref().map(StopShown::of));
    }
    items.sort_by(|one, other| one.stop.cmp(&other.stop));
    let known = then.map(|then| then.describe());
    Ok(StopsEngaged { items, known })
}

/// The stops of the audit trail; answers up to where that is complete. Rows that cannot be read say nothing.
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

/// The stops of the log behind `after`: a few events, where the rows are not late.
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

/// Refuses what is not there: a name that was mistyped would stop nothing.
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
        // Whoever stands by does not know the lines of the process that dials, and must not refuse.
        StopId::Trunk(name) => match installation.dialing.drivers().map(|drivers| drivers.trunks()) {
            Some(trunks) if !trunks.contains(name) => Err(Problem::refused(
                "trunk-unknown",
                format!("there is no line {name:?} here; available lines: {}", trunks.join(", ")),
            )),
            Some(_) | None => Ok(()),
        },
    }
}
