//! Which cases there ever were: by the audit trail's rows, and by the log where the rows are not there yet.

use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::Position;
use projections::views::audit_trail::{self, AuditFilter, EVENTS_MAX};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Most cases that are listed: the last ones count. Years of a large desk; each is a few events to read.
const CASES_MAX: usize = 10_000;

/// The ids of the streams that begin with this kind, the last ones, in the order of the log.
pub async fn ids_of<T: FromStr>(installation: &Installation, kind: &str) -> Result<Vec<T>, Problem> {
    let found = placed_ids_of(installation, kind).await?;
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// The same, each with the position at which it began.
pub async fn placed_ids_of<T: FromStr>(
    installation: &Installation,
    kind: &str,
) -> Result<Vec<(Position, T)>, Problem> {
    let mut found: BTreeMap<Position, T> = BTreeMap::new();
    let reached = from_rows(installation, kind, &mut found).await?;
    from_log(installation, kind, reached, &mut found).await?;
    let skipped = found.len().saturating_sub(CASES_MAX);
    Ok(found.into_iter().skip(skipped).collect())
}

/// Those of the rows; answers up to where they are complete.
async fn from_rows<T: FromStr>(
    installation: &Installation,
    kind: &str,
    found: &mut BTreeMap<Position, T>,
) -> Result<Position, Problem> {
    let status = installation.rows.status();
    let of_view = status.iter().find(|view| view.view == audit_trail::NAME);
    let Some(reached) = of_view.map(|view| view.position) else {
        return Ok(Position(0));
    };
    let filter = AuditFilter {
        kind: Some(kind.to_owned()),
        ..AuditFilter::default()
    };
    let mut after = Position(0);
    loop {
        let rows = audit_trail::events(installation.rows.db().as_ref(), &filter, after, EVENTS_MAX).await?;
        for row in &rows {
            found.extend(row.stream.id().parse().ok().map(|id| (row.position, id)));
        }
        match rows.last() {
            Some(last) if rows.len() >= EVENTS_MAX => after = last.position,
            _ => return Ok(reached),
        }
    }
}

async fn from_log<T: FromStr>(
    installation: &Installation,
    kind: &str,
    mut after: Position,
    found: &mut BTreeMap<Position, T>,
) -> Result<(), Problem> {
    let filter = EventFilter {
        kinds: vec![kind.to_owned()],
        ..EventFilter::default()
    };
    loop {
        let store = installation.store();
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for event in &page.events {
            let envelope = event
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            found.extend(envelope.stream.id().parse().ok().map(|id| (event.position, id)));
        }
        if page.reached == after {
            return Ok(());
        }
        after = page.reached;
    }
}
