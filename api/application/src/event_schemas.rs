//! JSON Schemas of events, one per kind and version, generated from the Rust types that write the events.
//!
//! Each schema describes the member `data`. It permits additional members: later versions add members and
//! never change them.

use domain::decider::{Decider, EventData};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The schema of one event kind at one version.
#[derive(Debug, Clone)]
pub struct EventSchema {
    pub kind: String,
    pub version: u16,
    /// JSON Schema 2020-12 of the event's `data`.
    pub schema: Map<String, Value>,
}

/// Returns the path at which the API serves the schema of a kind and version.
pub fn path_of(kind: &str, version: u16) -> String {
    format!("/api/v1/events/schemas/{kind}/{version}")
}

/// Returns the schemas of all event kinds at their current version, ordered by kind.
pub fn all() -> &'static [EventSchema] {
    static ALL: LazyLock<Vec<EventSchema>> = LazyLock::new(|| {
        let mut all: Vec<EventSchema> = AGGREGATES.iter().flat_map(|kinds| kinds()).collect();
        all.sort_by(|one, two| one.kind.cmp(&two.kind));
        all
    });
    ALL.as_slice()
}

/// One function per aggregate; each returns the schemas of that aggregate's event kinds.
const AGGREGATES: &[fn() -> Vec<EventSchema>] = &[
    kinds::<domain::access::Access>,
    kinds::<domain::alert::Alert>,
    kinds::<domain::anonymous_transcript::AnonymousTranscript>,
    kinds::<domain::api_key::ApiKey>,
    kinds::<domain::approval::Approval>,
    kinds::<domain::call::Call>,
    kinds::<domain::campaign::Campaign>,
    kinds::<domain::chart_note::ChartNote>,
    kinds::<domain::complaint::Complaint>,
    kinds::<domain::conversation::Conversation>,
    kinds::<domain::customer::Customer>,
    kinds::<domain::draft::Draft>,
    kinds::<domain::flow::Flow>,
    kinds::<domain::holiday::Holiday>,
    kinds::<domain::registry::NumberRegistry>,
    kinds::<domain::inquiry::Inquiry>,
    kinds::<domain::installation::Installation>,
    kinds::<domain::knowledge::Knowledge>,
    kinds::<domain::model::Model>,
    kinds::<domain::label::Label>,
    kinds::<domain::message::Message>,
    kinds::<domain::number::Number>,
    kinds::<domain::person_request::PersonRequest>,
    kinds::<domain::preference::Preference>,
    kinds::<domain::report::Report>,
    kinds::<domain::retention::Retention>,
    kinds::<domain::routing::Routing>,
    kinds::<domain::routing_weights::RoutingWeights>,
    kinds::<domain::sample::Sample>,
    kinds::<domain::saved_report::SavedReport>,
    kinds::<domain::setting::Setting>,
    kinds::<domain::stop::Stop>,
    kinds::<domain::subscriber::Subscriber>,
    kinds::<domain::summary::Summary>,
    kinds::<domain::test_phones::TestPhones>,
    kinds::<domain::call::TestCall>,
    kinds::<domain::user::User>,
    kinds::<domain::view::View>,
    kinds::<domain::voiceprint::Voiceprint>,
    kinds::<domain::webhook::Webhook>,
    kinds::<domain::wording_draft::WordingDraft>,
];

/// Returns the schemas of an aggregate's event kinds at their current version. An event is written as
/// `{"kind": …, "data": …}`, so each variant of the event type is one kind.
fn kinds<D: Decider<Event: JsonSchema>>() -> Vec<EventSchema> {
    let schema = settings().into_root_schema_for::<D::Event>().to_value();
    let choices = schema.pointer("/oneOf").and_then(Value::as_array);
    let choices = choices.into_iter().flatten();
    choices.filter_map(|choice| one::<D>(choice)).collect()
}

fn one<D: Decider>(choice: &Value) -> Option<EventSchema> {
    let kind = choice.pointer("/properties/kind/const")?.as_str()?;
    let version = D::Event::current_version(kind);
    let mut schema = choice.pointer("/properties/data")?.as_object()?.clone();
    if let Some(what) = choice.get("description") {
        schema.insert("description".to_owned(), what.clone());
    }
    schema.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert("$id".to_owned(), json!(path_of(kind, version)));
    schema.insert("title".to_owned(), json!(kind));
    Some(EventSchema {
        kind: kind.to_owned(),
        version,
        schema,
    })
}

/// Returns a schema generator for stored values: no references, no formats that only Rust knows.
fn settings() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator()
}
