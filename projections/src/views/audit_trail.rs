//! Every event, with the columns by which an auditor looks for it. The record itself stays in the log.

use crate::database::{ReadDb, Select, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{Handles, View, ViewDefinition, ViewEvent};
use domain::alert::event::AlertEvent;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::ids::{CampaignId, CommandId, CustomerId, EventId, StreamId};
use domain::inquiry::event::InquiryEvent;
use domain::installation::event::InstallationEvent;
use domain::sample::event::SampleEvent;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::view::event::ViewEvent as OfView;
use serde::{Deserialize, Serialize};

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
        command text not null, causation text, correlation text, by_whom text)",
        "create index audit_trail_kind on audit_trail (kind, position)",
        "create index audit_trail_campaign on audit_trail (campaign, position) where campaign is not null",
        "create index audit_trail_customer on audit_trail (customer, position) where customer is not null",
        "create index audit_trail_correlation on audit_trail (correlation, position)
        where correlation is not null",
        "create index audit_trail_by_whom on audit_trail (by_whom, position) where by_whom is not null",
    ],
    key_columns: 1,
};

const TABLES: &[Table] = &[TRAIL];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: TABLES,
    handles: Handles::All,
};

impl View for AuditTrail {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
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
            Val::maybe_text(by_whom(&envelope.kind, envelope.data.get())),
        ];
        tx.append_row(&TRAIL, row)
    }
}

/// Kinds that say who acted: only their data is looked into, for the others are most of a log.
const ACTED: &[&str] = &[
    AlertEvent::ACKNOWLEDGED,
    AlertEvent::MUTED,
    CallEvent::CORRECTED,
    CampaignEvent::TARGETS_SET,
    CustomerEvent::CALL_BACK_ORDERED,
    CustomerEvent::ERASURE_REQUESTED,
    CustomerEvent::HELD,
    CustomerEvent::HOLD_RELEASED,
    InquiryEvent::EXPORTED,
    InquiryEvent::PERSONAL_DATA_READ,
    InquiryEvent::QUERIED,
    InstallationEvent::CLOCK_TRUSTED,
    InstallationEvent::DIALING_CONFIRMED,
    SampleEvent::FINDING_RECORDED,
    SampleEvent::SIGNED_OFF,
    OfView::REBUILD_BEGUN,
    OfView::REBUILD_CANCELED,
    OfView::SWITCHED,
];

/// What events call the person who acted; of a reader who gave no name, what let them in.
#[derive(Deserialize)]
struct Acted {
    #[serde(alias = "requested_by")]
    by: Option<String>,
    door: Option<String>,
}

/// Who acted, as the event says; a text of another shape says nobody, and stays in the log.
fn by_whom(kind: &str, data: &str) -> Option<String> {
    if !ACTED.contains(&kind) {
        return None;
    }
    let acted: Acted = serde_json::from_str(data).ok()?;
    acted.by.or(acted.door)
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
    /// Who acted, as the event says.
    pub by_whom: Option<String>,
    /// Events' own times, first inclusive, last exclusive.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
}

/// One event as the trail knows it.
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
    pub correlation: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_whom: Option<String>,
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
         correlation, by_whom from audit_trail",
    )
    .when("position >", Some(Val::position(after)))
    .when("kind =", filter.kind.as_ref().map(Val::text))
    .when("stream =", filter.stream.as_ref().map(Val::text))
    .when("campaign =", filter.campaign.as_ref().map(Val::text))
    .when("customer =", filter.customer.as_ref().map(Val::text))
    .when("command =", filter.command.map(Val::text))
    .when("correlation =", filter.correlation.map(Val::text))
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
        by_whom: row.maybe_text()?,
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

    #[test]
    fn who_acted_is_read_from_the_kinds_that_say_it() {
        assert_eq!(
            by_whom("customer.held", r#"{"reason":"x","by":"wang"}"#).as_deref(),
            Some("wang")
        );
        let asked = r#"{"reason":"x","requested_by":"li","approved_by":"wang"}"#;
        assert_eq!(
            by_whom("customer.erasure_requested", asked).as_deref(),
            Some("li")
        );
        let read = r#"{"door":"token","by":"wang"}"#;
        assert_eq!(
            by_whom("inquiry.personal_data_read", read).as_deref(),
            Some("wang")
        );
        let nameless = r#"{"door":"token"}"#;
        assert_eq!(
            by_whom("inquiry.personal_data_read", nameless).as_deref(),
            Some("token")
        );
        assert_eq!(by_whom("call.ended", r#"{"by":"wang"}"#), None);
        assert_eq!(by_whom("customer.held", r#"{"by":7}"#), None);
    }

    /// Kind and data of every golden event.
    fn golden() -> Vec<(String, serde_json::Value)> {
        let events = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/events");
        let folders = std::fs::read_dir(events).unwrap().map(|one| one.unwrap().path());
        let files = folders
            .filter(|folder| folder.is_dir())
            .flat_map(|folder| std::fs::read_dir(folder).unwrap());
        files
            .map(|file| {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                let record: serde_json::Value = serde_json::from_str(&text).unwrap();
                (record["kind"].to_string(), record["data"].clone())
            })
            .collect()
    }

    #[test]
    fn every_golden_event_that_says_who_acted_is_among_the_kinds() {
        let all = golden();
        assert!(all.len() > 50, "{}", all.len());
        for (kind, data) in all {
            let kind = kind.trim_matches('"');
            let acted = ["by", "requested_by"].iter().any(|name| data[name].is_string());
            assert!(!acted || ACTED.contains(&kind), "{kind}: {data}");
        }
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
