//! Finds all cases that ever existed: by the rows of the audit trail, and by the log after their position.

use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::Position;
use projections::views::audit_trail::{self, AuditFilter, EVENTS_MAX};
use std::collections::BTreeMap;
use std::str::FromStr;

/// Most cases (complaints, person requests, approvals) that are listed, the latest ones: years of a large
/// team. Each is read from its own stream.
const CASES_MAX: usize = 10_000;

/// Returns the ids of the streams that have an event of this kind, in log order; only the latest
/// `CASES_MAX`.
pub async fn ids_of<T: FromStr>(installation: &Installation, kind: &str) -> Result<Vec<T>, Problem> {
    let found = placed_ids_of(installation, kind).await?;
    Ok(found.into_iter().map(|(_, id)| id).collect())
}

/// Returns the ids of the streams that have an event of this kind, each with the event's position, in log
/// order; only the latest `CASES_MAX`.
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

/// Adds the ids found in the rows of the audit trail. Returns the position up to which these rows are
/// complete; the caller reads the log after it.
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
