//! Searches the audit trail and returns its rows with their names.

use super::{id, names};
use crate::database::{ReadDb, Select};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, StreamId};
use domain::stored_event::Position;
use domain::time::Timestamp;
use serde::Serialize;
use std::fmt::Display;
use uuid::Uuid;

/// Most events in one response of the search.
pub const EVENTS_MAX: usize = 1_000;

/// The SQL of the trail's rows joined with their names. Each name is joined by its key, so a condition on a
/// name becomes one on its number.
pub(crate) const ROWS_AND_NAMES: &str = "audit_trail \
    left join audit_trail_name kind_of on kind_of.number = audit_trail.kind \
    left join audit_trail_name campaign_of on campaign_of.number = audit_trail.campaign \
    left join audit_trail_name customer_of on customer_of.number = audit_trail.customer \
    left join audit_trail_name correlation_of on correlation_of.number = audit_trail.correlation";

/// The SQL of a stream's name, made of both of its parts. No index finds a row by it, so it is only read for
/// rows that are shown.
pub(crate) const STREAM: &str = "(select name from audit_trail_name where number = audit_trail.aggregate) || \
    coalesce('-' || (select name from audit_trail_name where number = audit_trail.stream), '')";

/// The SQL of a stream's name without the id of a number, which would show which customers share a number.
pub(crate) const STREAM_WITHOUT_NUMBER: &str = "(select name from audit_trail_name where number = audit_trail.aggregate) || \
    case (select name from audit_trail_name where number = audit_trail.aggregate) when 'number' then '' \
    else coalesce('-' || (select name from audit_trail_name where number = audit_trail.stream), '') end";

/// Selects events; all given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub kind: Option<String>,
    pub stream: Option<StreamId>,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    pub command: Option<CommandId>,
    pub correlation: Option<Uuid>,
    /// Who acted, as `find_actor` returns it.
    pub by_whom: Option<String>,
    /// Range of the events' own times: first inclusive, last exclusive.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// One event with its names, as the audit trail shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct AuditRow {
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
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
    #[schemars(with = "Option<EventId>")]
    pub correlation: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_whom: Option<String>,
}

impl Select {
    /// Adds the condition that a column has the number of this name, if there is a name. An unknown name
    /// matches no event.
    fn named(self, column: &str, name: Option<impl Display>) -> Self {
        let opening = format!("{column} = (select number from audit_trail_name where name =");
        let name = name.map(|name| names::stored(&name.to_string()));
        self.when_in(&opening, name, ")")
    }
}

/// Returns events after a position that match the filter, in order; at most `limit` (≤ `EVENTS_MAX`).
pub async fn events(
    db: &dyn ReadDb,
    filter: &AuditFilter,
    after: Position,
    limit: usize,
) -> Result<Vec<AuditRow>, ProjectionError> {
    let stream = filter.stream.as_ref();
    let head = format!(
        "select position, id, kind_of.name, {STREAM}, at, recorded_at, campaign_of.name, customer_of.name,
         command, causation, correlation_of.name, by_whom from {ROWS_AND_NAMES}"
    );
    let (sql, values) = Select::new(&head)
        .when("position >", Some(Val::position(after)))
        .named("kind", filter.kind.as_ref())
        .named("aggregate", stream.map(StreamId::aggregate))
        .named("stream", stream.and_then(names::own_id))
        // Numbers are never 0; a name without a dash has no second part.
        .when(
            "coalesce(stream, 0) =",
            stream
                .filter(|stream| names::own_id(stream).is_none())
                .map(|_| Val::Int(0)),
        )
        .named("campaign", filter.campaign.as_ref())
        .named("customer", filter.customer.as_ref())
        .when("command =", filter.command.map(|command| id(command.uuid())))
        .named("correlation", filter.correlation)
        .when("by_whom =", filter.by_whom.as_ref().map(Val::text))
        .when("at >=", filter.from.map(Val::at))
        .when("at <", filter.until.map(Val::at))
        .limited("position", limit.min(EVENTS_MAX));
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<AuditRow, ProjectionError> {
    Ok(AuditRow {
        position: row.position()?,
        id: EventId::new(row.uuid()?),
        kind: row.text()?,
        stream: StreamId::from_stored(row.text()?),
        at: row.at()?,
        recorded_at: row.at()?,
        campaign: row.maybe_parse()?,
        customer: row.maybe_parse()?,
        command: CommandId::new(row.uuid()?),
        causation: row.maybe_uuid()?.map(EventId::new),
        correlation: row.maybe_parse()?,
        by_whom: row.maybe_text()?,
    })
}
