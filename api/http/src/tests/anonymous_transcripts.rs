//! Tests of anonymous transcript copies: what was said in a campaign is kept without identifying anyone. Each
//! copy is made once, even if the order is interrupted, and before the first customer is erased.

use super::conversations::with_two;
use super::inspected_calls::{SpokenCallee, spoken_and_recorded, spoken_call_of};
use super::test_client::{TestReply, get, owner, trail};
use crate::testing::TestServer;
use application::campaigns::{AnonymizationMode, anonymize, anonymous_words};
use domain::anonymous_transcript::AnonymousTranscriptEvent;
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId, CommandId, EnrolmentId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::ports::recording::RecordingFacts;
use domain::stored_event::{Cause, Envelope, Position, StoredEvent};
use domain::transcript::TranscriptParent;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An instant after the minimum retention of transcripts; the calls are of 2 March 2026.
pub(super) const PAST: &str = "2027-03-04T10:00:00+08:00";

pub(super) const CALLERS: [SpokenCallee<'static>; 4] = [
    SpokenCallee {
        id: "C01",
        phone: "+8613800138001",
        says: "我叫欧阳小明，手机13800138001，你们手续费太高了",
    },
    SpokenCallee {
        id: "C02",
        phone: "+8613800138002",
        says: "手续费多少，小明不在",
    },
    SpokenCallee {
        id: "C03",
        phone: "+8613800138003",
        says: "嗯，手续费能便宜点吗。尾号六六二一",
    },
    SpokenCallee {
        id: "C04",
        phone: "+8613800138004",
        says: "一万二的手续费，我考虑一下",
    },
];

pub(super) fn campaign() -> CampaignId {
    "T".parse().unwrap()
}

/// Creates campaign T with four customers who were called and spoke, puts the last one into campaign U too,
/// and stops T.
pub(super) async fn called(story: &TestServer) {
    with_two(story).await;
    called_in_two(story, None).await;
}

/// Does what `called` does, for an existing campaign T. `recording` describes the recording of the last
/// customer's call, if it has one.
pub(super) async fn called_in_two(story: &TestServer, recording: Option<RecordingFacts>) {
    let person = |caller: &SpokenCallee<'_>| {
        let phone = caller.phone.trim_start_matches("+86");
        json!({ "customer_id": caller.id, "phone": phone, "bank_name": "示例银行", "name": "欧阳小明",
            "card_tail": "6621", "amount": "12000", "fee_text": "年化百分之六" })
    };
    let [_, _, third, fourth] = &CALLERS;
    let list = json!({ "task_id": "T", "records": [person(third), person(fourth)] });
    assert_eq!(owner(story, "/api/v1/tasks/data", list).await.status, 200);
    let [first, second, _, _] = CALLERS;
    for caller in [first, second, *third] {
        spoken_call_of(story, caller).await;
    }
    spoken_and_recorded(story, *fourth, recording).await;
    let made = json!({ "task_id": "U", "script_template": "您好。",
        "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    assert_eq!(owner(story, "/api/v1/campaigns", made).await.status, 201);
    let list = json!({ "task_id": "U", "records": [person(fourth)] });
    assert_eq!(owner(story, "/api/v1/tasks/data", list).await.status, 200);
    let stopped = owner(story, "/api/v1/campaigns/T/stop", json!({ "reason": "over" })).await;
    assert_eq!(stopped.status, 200, "{}", stopped.body);
}

pub(super) async fn ordered(story: &TestServer, dry_run: bool) -> Value {
    let installation = &story.running.installation;
    let late = installation.now().plus_ms(20_000);
    loop {
        let order = json!({ "reason": "the study is over", "dry_run": dry_run });
        let done: TestReply = owner(story, "/api/v1/campaigns/T/anonymize", order).await;
        // A disposal that the server starts by itself at its start may be running.
        if done.code() != "retention-busy" {
            assert_eq!(done.status, 200, "{}", done.body);
            return done.body;
        }
        assert!(installation.now() < late, "{}", done.body);
        installation.pause(10).await;
    }
}

pub(super) async fn events(story: &TestServer, kind: &str) -> Vec<StoredEvent> {
    let filter = EventFilter {
        kinds: vec![kind.to_owned()],
        ..EventFilter::default()
    };
    let store = story.running.installation.store();
    let page = store.read_matching(&filter, Position(0), PAGE_EVENTS_MAX).await;
    page.unwrap().events
}

/// Sends the anonymization order, and stops it after two copies.
pub(super) async fn cut(story: &TestServer) {
    let cause = Cause::outside(CommandId::derive_from_text("cut"));
    let installation = &story.running.installation;
    let reason = "the study is over".to_owned();
    let carrying = AnonymizationMode::Copies(2);
    let cut = anonymize(installation, &campaign(), reason, carrying, None, cause).await;
    let cut = cut.unwrap();
    assert_eq!((cut.counts.copied, cut.to_copy, cut.counts.erased), (2, 2, 0));
    assert_eq!(copies(story).await.len(), 2);
}

pub(super) async fn copies(story: &TestServer) -> Vec<StoredEvent> {
    events(story, AnonymousTranscriptEvent::KEPT).await
}

/// All names of the persons and calls: ids, numbers and values in all spellings, and the ids and hashes
/// derived from them without a secret or with the installation's secret.
fn names(story: &TestServer) -> BTreeSet<String> {
    let vault = story.running.installation.vault();
    let mut names: BTreeSet<String> = ["欧阳", "小明", "6621", "12000"].map(str::to_owned).into();
    for caller in CALLERS {
        let customer = vault.derive_customer(caller.id);
        let id = EnrolmentId {
            campaign: campaign(),
            customer: customer.clone(),
        };
        let call = CallId::derive(&id, 1);
        let national = caller.phone.trim_start_matches("+86");
        for name in [
            caller.id.to_owned(),
            caller.phone.to_owned(),
            national.to_owned(),
            vault.derive_number(caller.phone).to_string(),
            customer.to_string(),
            call.to_string(),
            call.uuid().simple().to_string(),
            TranscriptParent::Call(call).key().to_string(),
        ] {
            let derived = [
                vault.hash(&name).0,
                vault.derive_customer(&name).to_string(),
                vault.derive_number(&name).to_string(),
                CommandId::derive_from_text(&name).to_string(),
                CommandId::derive_from_text(&name).uuid().simple().to_string(),
            ];
            let cut: Vec<String> = derived
                .iter()
                .map(|text| text.chars().take(32).collect())
                .collect();
            names.extend(derived.into_iter().chain(cut));
            names.insert(name);
        }
    }
    names
}

/// Asserts that neither the records nor the words of the copies name a person or a call, and that neither
/// their order nor their position identifies one.
async fn assert_anonymous(story: &TestServer) {
    let (names, kept) = (names(story), copies(story).await);
    let of_calls: BTreeSet<_> = events(story, "call.ended")
        .await
        .iter()
        .map(envelope)
        .map(|of| of.correlation)
        .collect();
    let begun: BTreeSet<_> = events(story, "campaign.anonymization_begun")
        .await
        .iter()
        .map(|one| envelope(one).id)
        .collect();
    let mut ids = Vec::new();
    for stored in &kept {
        let (envelope, text) = (
            envelope(stored),
            String::from_utf8(stored.record.to_vec()).unwrap(),
        );
        // Short alphanumeric names are skipped: sealed text may contain them by chance.
        for name in names.iter().filter(|name| name.len() >= 8 || !name.is_ascii()) {
            assert!(!text.contains(name.as_str()), "{name} in {text}");
        }
        assert_eq!((envelope.customer, envelope.by), (None, None), "{text}");
        assert!(begun.contains(&envelope.causation.unwrap()), "{text}");
        assert!(!of_calls.contains(&envelope.correlation), "{text}");
        ids.push(envelope.stream.id().to_owned());
    }
    // The copies are in the order of their ids, which cannot be derived again, and all before the first
    // erasure.
    assert!(ids.is_sorted(), "{ids:?}");
    let erased = events(story, "customer.erasure_requested").await;
    let first = erased.first().map(|one| one.position).unwrap();
    assert!(kept.iter().all(|one| one.position < first));
    let (words, _) = anonymous_words(&story.running.installation, &campaign(), 100)
        .await
        .unwrap();
    let words: BTreeSet<String> = words.into_iter().flat_map(|one| one.pieces).collect();
    for (word, name) in words
        .iter()
        .flat_map(|word| names.iter().map(move |name| (word, name)))
    {
        assert!(!word.contains(name.as_str()), "{name} in {word}");
    }
    let spoken_words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(
        spoken_words,
        [
            "*不在",
            "*的手续费",
            "你们手续费太高了",
            "尾号*",
            "我叫*",
            "我考虑一下",
            "手机*",
            "手续费多少",
            "手续费能便宜点吗"
        ]
    );
}

pub(super) fn envelope(stored: &StoredEvent) -> Envelope {
    stored.envelope().unwrap()
}

#[test]
fn words_outlive_their_persons_once_and_name_no_person() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        called(&story).await;
        // The fourth customer also occurs in another campaign, and their transcript is younger than its
        // minimum retention.
        let dry = ordered(&story, true).await;
        assert_eq!(
            (&dry["to_copy"], &dry["transcripts_kept"], &dry["left"]),
            (&json!(3), &json!(1), &json!(3)),
            "{dry}"
        );
    });
    let story = story.later(PAST);
    story.runtime.block_on(async {
        let dry = ordered(&story, true).await;
        assert_eq!(dry["to_copy"], 4, "{dry}");
        assert!(copies(&story).await.is_empty());
        cut(&story).await;
        // The copies exist, and none of them can be assigned to a person.
        copied_for(&story).await;
    });
    let story = story.later(PAST);
    story.runtime.block_on(async {
        let done = ordered(&story, false).await;
        assert_eq!(
            (
                &done["copied"],
                &done["erased"],
                &done["in_other_campaigns"],
                &done["transcripts_disposed"]
            ),
            (&json!(4), &json!(3), &json!(1), &json!(1)),
            "{done}"
        );
        assert_eq!(
            (&done["to_copy"], &done["left"]),
            (&json!(0), &json!(0)),
            "{done}"
        );
        assert_eq!(trail(&story, "call.transcript_disposed").await.len(), 1);
        assert_eq!(trail(&story, "campaign.anonymized").await.len(), 1);
        // The keys are destroyed before the certificates of erasure and the record of the anonymization are
        // written.
        let certified = events(&story, "customer.erasure_certified").await;
        let anonymized = events(&story, "campaign.anonymized").await;
        assert_eq!(certified.len(), 3, "{done}");
        assert!(certified.iter().all(|one| one.position < anonymized[0].position));
        assert_anonymous(&story).await;
        found(&story).await;
        copied_for(&story).await;
        // The same order again finds nothing left to copy.
        let again = ordered(&story, false).await;
        assert_eq!(
            (&again["copied"], &again["erased"]),
            (&Value::Null, &json!(3)),
            "{again}"
        );
        assert_eq!(copies(&story).await.len(), 4);
    });
    story.end();
}

/// Asserts that the copy for a person who is still known says that it cannot contain the anonymous
/// transcripts.
pub(super) async fn copied_for(story: &TestServer) {
    let asked = json!({ "customer": "C04", "wish": "copy", "channel": "hotline" });
    let opened = owner(story, "/api/v1/requests", asked).await;
    assert!(opened.status < 300, "{}", opened.body);
    let path = format!("/api/v1/requests/{}/answer", opened.body["id"].as_str().unwrap());
    let answered = owner(story, &path, json!({ "note": "read to them" })).await.body;
    let note = &answered["copy"]["anonymous"];
    assert_eq!(note["campaigns"], json!(["T"]), "{answered}");
    assert!(note["zh"].is_string() && note["en"].is_string(), "{answered}");
}

/// Asserts that transcript searches and keywords use the anonymous copies and name no person.
async fn found(story: &TestServer) {
    let path = "/api/v1/transcripts/search?campaign=T&reason=quality";
    let found = owner(story, path, json!({ "text": "手续费" })).await.body;
    assert_eq!(found["items"], json!([]), "{found}");
    assert_eq!(found["anonymous"].as_array().map(Vec::len), Some(4), "{found}");
    let unmatched = owner(story, path, json!({ "text": "小明" })).await.body;
    assert_eq!(unmatched["anonymous"], json!([]), "{unmatched}");
    let path = "/api/v1/campaigns/T/keywords?reason=quality";
    let words = get(story, path, &story.bearer()).await.body;
    assert_eq!(
        (&words["anonymous"], &words["persons"]),
        (&json!(4), &json!(4)),
        "{words}"
    );
    assert_eq!(
        (&words["keywords"][0]["word"], &words["keywords"][0]["calls"]),
        (&json!("手续费"), &json!(4)),
        "{words}"
    );
}

#[test]
fn where_fewer_than_three_said_anything_nothing_is_kept_of_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let [first, second, _, _] = CALLERS;
        spoken_call_of(&story, first).await;
        spoken_call_of(&story, second).await;
        let stopped = owner(&story, "/api/v1/campaigns/T/stop", json!({ "reason": "over" })).await;
        assert_eq!(stopped.status, 200, "{}", stopped.body);
        let done = ordered(&story, false).await;
        assert_eq!(
            (&done["too_few"], &done["erased"], &done["copied"]),
            (&json!(2), &json!(2), &Value::Null),
            "{done}"
        );
        assert!(copies(&story).await.is_empty());
    });
    story.end();
}
