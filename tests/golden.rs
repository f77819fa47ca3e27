//! Every stored event version can be read forever: each golden record parses as its aggregate's event and is
//! written back as the same data, or as its `.expected.json` if its version is an old one.

use domain::access::Access;
use domain::alert::Alert;
use domain::anonymous_transcript::AnonymousTranscript;
use domain::api_key::ApiKey;
use domain::approval::Approval;
use domain::call::{Call, TestCall};
use domain::campaign::Campaign;
use domain::chart_note::ChartNote;
use domain::complaint::Complaint;
use domain::conversation::Conversation;
use domain::customer::Customer;
use domain::decider::{Decider, EventData};
use domain::draft::Draft;
use domain::flow::Flow;
use domain::holiday::Holiday;
use domain::inquiry::Inquiry;
use domain::installation::Installation;
use domain::knowledge::Knowledge;
use domain::label::Label;
use domain::message::Message;
use domain::model::Model;
use domain::number::Number;
use domain::person_request::PersonRequest;
use domain::preference::Preference;
use domain::registry::NumberRegistry;
use domain::report::Report;
use domain::retention::Retention;
use domain::routing::Routing;
use domain::routing_weights::RoutingWeights;
use domain::sample::Sample;
use domain::saved_report::SavedReport;
use domain::setting::Setting;
use domain::stop::Stop;
use domain::stored_event::Envelope;
use domain::subscriber::Subscriber;
use domain::summary::Summary;
use domain::test_phones::TestPhones;
use domain::user::User;
use domain::view::View;
use domain::voiceprint::Voiceprint;
use domain::webhook::Webhook;
use domain::wording_draft::WordingDraft;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn golden_files(aggregate: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/events")
        .join(aggregate);
    let entries = fs::read_dir(&folder).expect("each aggregate has a folder of golden files");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    files.sort();
    files
}

fn check<D: Decider>() {
    let files = golden_files(D::AGGREGATE);
    assert!(!files.is_empty(), "{} has no golden file", D::AGGREGATE);
    let mut versions: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a golden file is text");
        let envelope: Envelope = serde_json::from_str(text.trim_end()).expect("a golden file is a record");
        assert_eq!(envelope.stream.aggregate(), D::AGGREGATE, "{}", file.display());
        let event = D::Event::read(&envelope.kind, envelope.version, &envelope.data);
        let event = event.expect("a stored version can be read forever");
        assert_eq!(event.kind(), envelope.kind, "{}", file.display());
        let written = serde_json::to_value(&event).expect("a sealed event can be written");
        let stored: serde_json::Value = serde_json::from_str(envelope.data.get()).expect("data is JSON");
        let expected = if event.version() == envelope.version {
            stored
        } else {
            expected_of(&file)
        };
        assert_eq!(written.get("data"), Some(&expected), "{}", file.display());
        let newer = D::Event::read(&envelope.kind, event.version() + 1, &envelope.data);
        let refused = newer
            .expect_err("a newer version may mean something else")
            .to_string();
        assert!(
            refused.contains(&envelope.kind) && refused.contains("newer"),
            "{refused}"
        );
        versions
            .entry(envelope.kind)
            .or_default()
            .insert(envelope.version);
    }
    for (kind, found) in versions {
        let every = (1..=D::Event::current_version(&kind)).collect();
        assert_eq!(
            found, every,
            "{kind}: each version that was ever stored has its file"
        );
    }
}

/// Returns the current form of an old version, from the file beside it.
fn expected_of(file: &Path) -> serde_json::Value {
    let path = file.with_extension("expected.json");
    let text = fs::read_to_string(&path).expect("an old version has its .expected.json");
    serde_json::from_str(&text).expect("it is JSON")
}

/// Every aggregate, with the function that reads its records.
const AGGREGATES: &[(&str, fn())] = &[
    (Access::AGGREGATE, check::<Access>),
    (Alert::AGGREGATE, check::<Alert>),
    (AnonymousTranscript::AGGREGATE, check::<AnonymousTranscript>),
    (ApiKey::AGGREGATE, check::<ApiKey>),
    (Approval::AGGREGATE, check::<Approval>),
    (Call::AGGREGATE, check::<Call>),
    (Campaign::AGGREGATE, check::<Campaign>),
    (ChartNote::AGGREGATE, check::<ChartNote>),
    (Complaint::AGGREGATE, check::<Complaint>),
    (Conversation::AGGREGATE, check::<Conversation>),
    (Customer::AGGREGATE, check::<Customer>),
    (Draft::AGGREGATE, check::<Draft>),
    (Flow::AGGREGATE, check::<Flow>),
    (Holiday::AGGREGATE, check::<Holiday>),
    (Inquiry::AGGREGATE, check::<Inquiry>),
    (Installation::AGGREGATE, check::<Installation>),
    (Knowledge::AGGREGATE, check::<Knowledge>),
    (Model::AGGREGATE, check::<Model>),
    (Label::AGGREGATE, check::<Label>),
    (Message::AGGREGATE, check::<Message>),
    (Number::AGGREGATE, check::<Number>),
    (PersonRequest::AGGREGATE, check::<PersonRequest>),
    (Preference::AGGREGATE, check::<Preference>),
    (NumberRegistry::AGGREGATE, check::<NumberRegistry>),
    (Report::AGGREGATE, check::<Report>),
    (Retention::AGGREGATE, check::<Retention>),
    (Routing::AGGREGATE, check::<Routing>),
    (RoutingWeights::AGGREGATE, check::<RoutingWeights>),
    (Sample::AGGREGATE, check::<Sample>),
    (SavedReport::AGGREGATE, check::<SavedReport>),
    (Setting::AGGREGATE, check::<Setting>),
    (Stop::AGGREGATE, check::<Stop>),
    (Subscriber::AGGREGATE, check::<Subscriber>),
    (Summary::AGGREGATE, check::<Summary>),
    (TestCall::AGGREGATE, check::<TestCall>),
    (TestPhones::AGGREGATE, check::<TestPhones>),
    (User::AGGREGATE, check::<User>),
    (View::AGGREGATE, check::<View>),
    (Voiceprint::AGGREGATE, check::<Voiceprint>),
    (Webhook::AGGREGATE, check::<Webhook>),
    (WordingDraft::AGGREGATE, check::<WordingDraft>),
];

#[test]
fn every_golden_record_of_every_aggregate_reads() {
    for (_, check) in AGGREGATES {
        check();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/events");
    let folders = fs::read_dir(folder).expect("there are golden files").flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let kept: BTreeSet<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let read: BTreeSet<String> = AGGREGATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(kept, read, "each aggregate that keeps events is read here");
}
