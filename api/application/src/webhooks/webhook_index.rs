//! Finds all webhooks: rows and the log after them name those that were ever added; the state of each
//! decides what it is now.

use crate::installation::Installation;
use domain::event_filter::EventFilter;
use domain::ids::WebhookId;
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::webhook::WebhookEvent;
use projections::views::audit_trail::{self, AuditFilter, EVENTS_MAX};
use std::collections::BTreeSet;

/// All webhooks that were ever added, up to a log position.
#[derive(Debug, Default)]
pub(super) struct WebhookIndex {
    pub(super) ids: BTreeSet<WebhookId>,
    pub(super) reached: Position,
}

/// Ids of the streams that contain an event of one kind, up to a log position.
#[derive(Debug, Default)]
pub(crate) struct NamedStreams {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) reached: Position,
}

pub(super) async fn found(installation: &Installation) -> Result<WebhookIndex, Problem> {
    let named = named_streams(installation, WebhookEvent::ADDED).await?;
    let ids = named.ids.iter().filter_map(|id| id.parse().ok());
    Ok(WebhookIndex {
        ids: ids.collect(),
        reached: named.reached,
    })
}

/// Returns the streams with an event of a rare kind, from the rows and the log after them.
pub(crate) async fn named_streams(installation: &Installation, kind: &str) -> Result<NamedStreams, Problem> {
    let mut found = from_rows(installation, kind).await.unwrap_or_default();
    streams_behind(installation, kind, &mut found).await?;
    Ok(found)
}

/// Adds the streams with an event of this kind found in the log after the position reached so far.
pub(crate) async fn streams_behind(
    installation: &Installation,
    kind: &str,
    found: &mut NamedStreams,
) -> Result<(), Problem> {
    let filter = EventFilter {
        kinds: vec![kind.to_owned()],
        ..EventFilter::default()
    };
    loop {
        let store = installation.store();
        let page = store
            .read_matching(&filter, found.reached, PAGE_EVENTS_MAX)
            .await?;
        for event in &page.events {
            let envelope = event.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            found.ids.insert(envelope.stream.id().to_owned());
        }
        if page.reached == found.reached {
            return Ok(());
        }
        found.reached = page.reached;
    }
}

/// Returns the streams with an event of this kind from the audit trail; `None` if its rows cannot be read.
async fn from_rows(installation: &Installation, kind: &str) -> Option<NamedStreams> {
    let status = installation.rows.status();
    let view = status.iter().find(|view| view.view == audit_trail::NAME)?;
    let filter = AuditFilter {
        kind: Some(kind.to_owned()),
        ..AuditFilter::default()
    };
    let mut ids = BTreeSet::new();
    let mut after = Position(0);
    loop {
        let db = installation.rows.db();
        let rows = audit_trail::events(db.as_ref(), &filter, after, EVENTS_MAX)
            .await
            .ok()?;
        ids.extend(rows.iter().map(|row| row.stream.id().to_owned()));
        match rows.last() {
            Some(last) if rows.len() >= EVENTS_MAX => after = last.position,
            _ => {
                let reached = view.position;
                return Some(NamedStreams { ids, reached });
            }
        }
    }
}
