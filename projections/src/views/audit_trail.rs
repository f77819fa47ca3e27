//! Every event, with the columns by which an auditor looks for it. The record itself stays in the log.

use crate::database::{ReadDb, Select, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{Handles, View, ViewEvent};
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, StreamId};
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "audit_trail";

/// Most events in one answer.
pub const EVENTS_MAX: usize = 1_000;

/// See the file's description.
pub struct AuditTrail;

const TRAIL: Table = Table {
    name: "audit_trail",
    ddl: &[
        "create table audit_trail (position bigint primary key, id text not null, kind text not null,
        stream text not null, at bigint not null, recorded_at bigint not null, campaign text, customer text,
        command text not null, causation text, correlation text)",
        "create index audit_trail_kind on audit_trail (kind, position)",
        "create index audit_trail_campaign on audit_trail (campaign, position) where campaign is not null",
        "create index audit_trail_customer on audit_trail (customer, position) where customer is not null",
        "create index audit_trail_correlation on audit_trail (correlation, position)
        where correlation is not null",
    ],
    key_columns: 1,
};

const TABLES: &[Table] = &[TRAIL];

impl View for AuditTrail {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn handles(&self) -> Handles {
        Handles::All
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let envelope = &event.envelope;
        let row = vec![
            Val::position(event.position),
            Val::text(envelope.id),
            Val::text(&envelope.kind),
            Val::text(&envelope.stream),
            Val::at(envelope.at),
            Val::at(event.recorded_at),
            Val::maybe_text(envelope.campaign.as_ref()),
            Val::maybe_text(envelope.customer.as_ref()),
            Val::text(envelope.command),
            Val::maybe_text(envelope.causation),
            Val::maybe_text(envelope.correlation),
        ];
        tx.append_row(&TRAIL, row)
    }
}

/// What to look for; everything given must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub kind: Option<String>,
    pub stream: Option<StreamId>,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub command: Option<CommandId>,
    pub correlation: Option<uuid::Uuid>,
    /// Events' own times, first inclusive, last exclusive.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// One event as the trail knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    pub position: Position,
    pub id: EventId,
    pub kind: String,
    pub stream: StreamId,
    pub at: Timestamp,
    pub recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    pub command: CommandId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causation: Option<EventId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation: Option<uuid::Uuid>,
}

/// Events after a position that fit the filter, in order; at most `limit` (≤ `EVENTS_MAX`).
pub async fn events(
    db: &dyn ReadDb,
    filter: &AuditFilter,
    after: Position,
    limit: usize,
) -> Result<Vec<AuditRow>, ProjectionError> {
    let (sql, values) = Select::new(
        "select position, id, kind, stream, at, recorded_at, campaign, customer, command, causation,
         correlation from audit_trail",
    )
    .when("position >", Some(Val::position(after)))
    .when("kind =", filter.kind.as_ref().map(Val::text))
    .when("stream =", filter.stream.as_ref().map(Val::text))
    .when("campaign =", filter.campaign.as_ref().map(Val::text))
    .when("customer =", filter.customer.as_ref().map(Val::text))
    .when("command =", filter.command.map(Val::text))
    .when("correlation =", filter.correlation.map(Val::text))
    .when("at >=", filter.from.map(Val::at))
    .when("at <", filter.until.map(Val::at))
    .limited("position", limit.min(EVENTS_MAX));
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<AuditRow, ProjectionError> {
    Ok(AuditRow {
        position: row.position()?,
        id: row.parse()?,
        kind: row.text()?,
        stream: StreamId::from_stored(row.text()?),
        at: row.at()?,
        recorded_at: row.at()?,
        campaign: row.maybe_parse()?,
        customer: row.maybe_parse()?,
        command: row.parse()?,
        causation: row.maybe_parse()?,
        correlation: row.maybe_parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Story, campaign, customer, ten};

    async fn found(story: &Story, filter: AuditFilter, limit: usize) -> Vec<u64> {
        let (db, _runner) = story.shown_by(AuditTrail).await;
        let rows = events(db.as_ref(), &filter, Position(1), limit).await.unwrap();
        rows.into_iter().map(|row| row.position.0).collect()
    }

    #[tokio::test]
    async fn every_event_is_there_and_filters_join() {
        let mut story = Story::new();
        story
            .created("T")
            .created("U")
            .enrolled("T", 1)
            .enrolled("U", 1)
            .enrolled("T", 2);
        assert_eq!(found(&story, AuditFilter::default(), 9).await, [2, 3, 4, 5]);
        assert_eq!(found(&story, AuditFilter::default(), 2).await, [2, 3]);
        let of_customer = AuditFilter {
            customer: Some(customer(1)),
            ..AuditFilter::default()
        };
        assert_eq!(found(&story, of_customer.clone(), 9).await, [3, 4]);
        let both = AuditFilter {
            campaign: Some(campaign("T")),
            kind: Some("customer.enrolled".to_owned()),
            ..of_customer
        };
        assert_eq!(found(&story, both, 9).await, [3]);
    }

    #[tokio::test]
    async fn a_time_is_included_at_its_beginning_and_not_at_its_end() {
        let mut story = Story::new();
        story.created("T").enrolled("T", 1).enrolled("T", 2);
        let filter = AuditFilter {
            from: Some(ten().plus_ms(1_000)),
            until: Some(ten().plus_ms(2_000)),
            ..AuditFilter::default()
        };
        assert_eq!(found(&story, filter, 9).await, [2]);
    }
}
