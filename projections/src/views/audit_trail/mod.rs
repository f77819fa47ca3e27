//! The audit trail: every event with the columns by which an auditor searches. The record itself stays in the
//! log.
//!
//! A call has about twenty events that name the same call, customer and campaign. Repeated texts are
//! therefore stored once, in a table of names; rows and their indexes hold a number.

mod names;
mod search;

pub use search::{AuditFilter, AuditRow, EVENTS_MAX, events};
pub(crate) use search::{ROWS_AND_NAMES, STREAM_WITHOUT_NUMBER};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::alert::event::AlertEvent;
use domain::approval::ApprovalEvent;
use domain::call::event::CallEvent;
use domain::campaign::event::CampaignEvent;
use domain::chart_note::ChartNoteEvent;
use domain::customer::event::CustomerEvent;
use domain::inquiry::event::InquiryEvent;
use domain::installation::event::InstallationEvent;
use domain::label::LabelEvent;
use domain::sample::event::SampleEvent;
use domain::stored_event::Envelope;
use domain::view::event::ViewEvent as OfView;
use names::{NAMES, Names};
use serde::Deserialize;
use uuid::Uuid;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "audit_trail";

/// The view of the audit trail.
pub struct AuditTrail;

/// The table of events. Ids are stored as 16 bytes; `kind`, `aggregate`, `stream`, `campaign`, `customer` and
/// `correlation` are numbers from the table of names.
const TRAIL: Table = Table {
    name: "audit_trail",
    ddl: &[
        "create table audit_trail (position bigint primary key, id bytea not null, kind bigint not null,
        aggregate bigint not null, stream bigint, at bigint not null, recorded_at bigint not null,
        campaign bigint, customer bigint, command bytea not null, causation bytea, correlation bigint,
        by_whom text)",
        "create index audit_trail_kind on audit_trail (kind, position)",
        "create index audit_trail_campaign on audit_trail (campaign, position) where campaign is not null",
        "create index audit_trail_customer on audit_trail (customer, position) where customer is not null",
        "create index audit_trail_correlation on audit_trail (correlation, position)
        where correlation is not null",
        "create index audit_trail_by_whom on audit_trail (by_whom, position) where by_whom is not null",
    ],
    key_columns: 1,
};

const TABLES: &[Table] = &[TRAIL, NAMES];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 4,
    tables: TABLES,
    handles: HandledKinds::All,
};

impl View for AuditTrail {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let envelope = &event.envelope;
        let mut names = Names::of(tx, event.position);
        let row = vec![
            Val::position(event.position),
            id(envelope.id.uuid()),
            names.number(&envelope.kind)?,
            names.number(envelope.stream.aggregate())?,
            names.maybe_number(names::own_id(&envelope.stream))?,
            Val::at(envelope.at),
            Val::at(event.recorded_at),
            names.maybe_number(envelope.campaign.as_ref())?,
            names.maybe_number(envelope.customer.as_ref())?,
            id(envelope.command.uuid()),
            envelope.causation.map_or(Val::Null, |cause| id(cause.uuid())),
            names.maybe_number(envelope.correlation)?,
            Val::maybe_text(find_actor(envelope)),
        ];
        tx.append_row(&TRAIL, row)
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let envelope = &event.envelope;
        let mut ask = |name: String| keys.push((&NAMES, vec![names::stored(&name)]));
        ask(envelope.kind.clone());
        ask(envelope.stream.aggregate().to_owned());
        names::own_id(&envelope.stream).map(str::to_owned).map(&mut ask);
        envelope.campaign.as_ref().map(ToString::to_string).map(&mut ask);
        envelope.customer.as_ref().map(ToString::to_string).map(&mut ask);
        envelope.correlation.map(|story| story.to_string()).map(&mut ask);
    }
}

/// Returns an id as it is stored: 16 bytes instead of 36 characters.
fn id(id: Uuid) -> Val {
    Val::Blob(id.as_bytes().to_vec())
}

/// Kinds of events with data that may name the actor. Only their data is parsed, because most events of a
/// log are of other kinds.
const ACTED: &[&str] = &[
    AlertEvent::ACKNOWLEDGED,
    AlertEvent::MUTED,
    ApprovalEvent::REQUESTED,
    CallEvent::CORRECTED,
    CampaignEvent::LIST_UNDONE,
    CampaignEvent::TARGETS_SET,
    ChartNoteEvent::ADDED,
    CustomerEvent::CALL_BACK_ORDERED,
    CustomerEvent::CALLBACK_ENDED,
    CustomerEvent::CALLBACK_REQUESTED,
    CustomerEvent::CAPS_SET,
    CustomerEvent::ENROLMENT_WITHDRAWN,
    CustomerEvent::ERASURE_REQUESTED,
    CustomerEvent::HELD,
    CustomerEvent::HOLD_RELEASED,
    CustomerEvent::MERGED,
    CustomerEvent::UNMERGED,
    InquiryEvent::EXPORTED,
    InquiryEvent::PERSONAL_DATA_READ,
    InquiryEvent::QUERIED,
    InquiryEvent::SEARCHED,
    InquiryEvent::COMPARED,
    InstallationEvent::CLOCK_TRUSTED,
    InstallationEvent::DIALING_CONFIRMED,
    LabelEvent::REQUESTED,
    LabelEvent::OPENED,
    LabelEvent::ADDED,
    SampleEvent::FINDING_RECORDED,
    SampleEvent::SIGNED_OFF,
    OfView::REBUILD_BEGUN,
    OfView::REBUILD_CANCELED,
    OfView::SWITCHED,
];

/// The members in which events name the person who acted. For a reader without a name, `door` states how they
/// got access.
#[derive(Deserialize)]
struct ActorMembers {
    #[serde(alias = "requested_by")]
    by: Option<String>,
    door: Option<String>,
}

/// Returns who acted: the actor in the envelope of newer events, otherwise the one that the event's data
/// names. `None` if neither does.
pub fn find_actor(envelope: &Envelope) -> Option<String> {
    let said = said_by(&envelope.kind, envelope.data.get());
    let Some(by) = envelope.by else { return said };
    match by.name() {
        "" => Some(said.unwrap_or_else(|| by.way().code().to_owned())),
        name => Some(name.to_owned()),
    }
}

/// Returns the actor that the event's data names; `None` if its kind names none or the data has another
/// shape.
fn said_by(kind: &str, data: &str) -> Option<String> {
    if !ACTED.contains(&kind) {
        return None;
    }
    let acted: ActorMembers = serde_json::from_str(data).ok()?;
    acted.by.or(acted.door)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, campaign, customer, ten};
    use domain::ids::StreamId;
    use domain::stored_event::Position;

    async fn found(story: &TestHistory, filter: AuditFilter, limit: usize) -> Vec<u64> {
        let (db, _runner) = story.shown_by(AuditTrail).await;
        let rows = events(db.as_ref(), &filter, Position(1), limit).await.unwrap();
        rows.into_iter().map(|row| row.position.0).collect()
    }

    #[tokio::test]
    async fn every_event_is_there_and_filters_join() {
        let mut story = TestHistory::new();
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

    /// Appends a record as another program might write it, in a stream of any name.
    fn append_record(story: &mut TestHistory, stream: &str, kind: &str, customer: Option<&str>) {
        let id = Uuid::from_u128(u128::try_from(story.events.len()).unwrap());
        let record = serde_json::json!({
            "id": id, "kind": kind, "version": 1, "stream": stream, "stream_version": 1,
            "at": ten().to_string(), "causation": Uuid::from_u128(9), "customer": customer,
            "command": Uuid::from_u128(7), "data": {},
        });
        story.tell_record(
            &StreamId::from_stored(stream.to_owned()),
            record.to_string().into_bytes(),
        );
    }

    #[tokio::test]
    async fn names_come_back_whole_however_streams_are_called() {
        let mut story = TestHistory::new();
        story.created("T");
        let person = customer(1).to_string();
        let streams = ["call", "call-", "-x", "call-a-b", &format!("customer-{person}")];
        for stream in streams {
            append_record(&mut story, stream, "call.seen", Some(&person));
        }
        let (db, _runner) = story.shown_by(AuditTrail).await;
        let rows = events(db.as_ref(), &AuditFilter::default(), Position(1), 9)
            .await
            .unwrap();
        let found: Vec<&str> = rows.iter().map(|row| row.stream.as_str()).collect();
        assert_eq!(found, streams);
        for row in rows {
            assert_eq!(row.command.uuid().as_u128(), 7);
            assert_eq!(row.causation.unwrap().uuid().as_u128(), 9);
            assert_eq!(u128::from(row.position.0), row.id.uuid().as_u128() + 1);
            assert_eq!(
                (row.kind.as_str(), row.customer),
                ("call.seen", Some(customer(1)))
            );
            let same = AuditFilter {
                stream: Some(row.stream.clone()),
                ..AuditFilter::default()
            };
            let alone = events(db.as_ref(), &same, Position(0), 9).await.unwrap();
            assert_eq!(alone.len(), 1, "{}", row.stream);
        }
    }

    #[tokio::test]
    async fn a_text_is_stored_once_however_many_events_and_columns_name_it() {
        let mut story = TestHistory::new();
        story.created("T").enrolled("T", 1).whole_call("T", 1);
        let (db, _runner) = story.shown_by(AuditTrail).await;
        let names = db
            .query(
                "select name, number from audit_trail_name order by number",
                Vec::new(),
            )
            .await
            .unwrap();
        let texts: std::collections::BTreeSet<String> =
            names.iter().map(|row| row.clone().text().unwrap()).collect();
        assert_eq!(texts.len(), names.len());
        assert!(names.len() < story.events.len() + 20, "{texts:?}");
    }

    #[test]
    fn who_acted_is_read_from_the_kinds_that_say_it() {
        assert_eq!(
            said_by("customer.held", r#"{"reason":"x","by":"wang"}"#).as_deref(),
            Some("wang")
        );
        let asked = r#"{"reason":"x","requested_by":"li","approved_by":"wang"}"#;
        assert_eq!(
            said_by("customer.erasure_requested", asked).as_deref(),
            Some("li")
        );
        let read = r#"{"door":"token","by":"wang"}"#;
        assert_eq!(
            said_by("inquiry.personal_data_read", read).as_deref(),
            Some("wang")
        );
        let nameless = r#"{"door":"token"}"#;
        assert_eq!(
            said_by("inquiry.personal_data_read", nameless).as_deref(),
            Some("token")
        );
        assert_eq!(said_by("call.ended", r#"{"by":"wang"}"#), None);
        assert_eq!(said_by("customer.held", r#"{"by":7}"#), None);
    }

    /// Returns kind and data of every golden event.
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
        let mut story = TestHistory::new();
        story.created("T").enrolled("T", 1).enrolled("T", 2);
        let filter = AuditFilter {
            from: Some(ten().plus_ms(1_000)),
            until: Some(ten().plus_ms(2_000)),
            ..AuditFilter::default()
        };
        assert_eq!(found(&story, filter, 9).await, [2]);
    }
}
