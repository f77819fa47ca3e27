//! Tests of what an anonymization leaves out and counts: transcripts kept by another retention period or by a
//! recording, fewer than three persons with words, a missing secret, disposals by other orders.

use super::anonymous_transcripts::{
    CALLERS, PAST, called, called_in_two, campaign, copies, cut, envelope, events, ordered,
};
use super::conversations::with_two;
use super::inspected_calls::{SpokenCallee, spoken_call_of};
use super::test_client::{get, owner, send, trail};
use crate::testing::{TestServer, settings};
use domain::anonymous_transcript::secret_name;
use domain::calling_plan::Preset;
use domain::flow::FlowDefinition;
use domain::ids::{CallId, CommandId, EnrolmentId};
use domain::ports::recording::RecordingFacts;
use domain::retention::{DataClass, DisposalBasis, DisposalRequest, DisposedItems, RetentionCommand};
use domain::stored_event::Cause;
use hyper::Method;
use serde_json::{Value, json};
use std::path::Path;

/// Creates campaign T with two presets that set the same retention minimum, and imports two customers.
async fn under_two_presets(story: &TestServer) {
    let text = include_str!("../../../../fixtures/flows/card_instalment_spoken.yaml");
    let flow = FlowDefinition::from_yaml(text).unwrap();
    let made = json!({ "task_id": "T", "flow": flow.to_value(), "preset": "cn-service",
        "also_presets": ["cn-cloud-trunk"], "schedule": { "start_time": "09:00", "end_time": "18:00" } });
    let came = owner(story, "/api/v1/campaigns", made).await;
    assert_eq!(came.status, 201, "{}", came.body);
    let [first, second, _, _] = &CALLERS;
    let person = |caller: &SpokenCallee<'_>| {
        json!({ "customer_id": caller.id, "phone": caller.phone.trim_start_matches("+86"), "name": "欧阳小明",
            "bank_name": "示例银行", "card_tail": "6621", "amount": "12000", "fee_text": "年化百分之六" })
    };
    let list = json!({ "task_id": "T", "records": [person(first), person(second)] });
    let came = owner(story, "/api/v1/tasks/data", list).await;
    assert_eq!(came.status, 200, "{}", came.body);
}

async fn set_transcripts(story: &TestServer, preset: &str, days: u32) {
    let path = "/api/v1/retention/transcripts";
    let shown = get(story, path, &story.bearer()).await;
    let etag = shown.body["etag"].as_str().unwrap().to_owned();
    let bearer = story.bearer();
    let headers = [("Authorization", bearer.as_str()), ("If-Match", etag.as_str())];
    let body = json!({ "preset": preset, "days": days, "reason": "policy 4" });
    let done = send(story, Method::PUT, path, &headers, Some(body)).await;
    assert_eq!(done.status, 200, "{}", done.body);
}

/// Asserts that a dry run copies the words of three customers and keeps the transcript of the fourth, who
/// also occurs in another campaign.
async fn keeps_the_fourth(story: &TestServer) {
    let dry = ordered(story, true).await;
    assert_eq!(
        (&dry["to_copy"], &dry["transcripts_kept"]),
        (&json!(3), &json!(1)),
        "{dry}"
    );
}

#[test]
fn what_one_of_two_presets_keeps_is_not_destroyed_by_the_floor_of_the_other() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        under_two_presets(&story).await;
        called_in_two(&story, None).await;
        set_transcripts(&story, "cn-service", 800).await;
    });
    let story = story.later(PAST);
    story.runtime.block_on(keeps_the_fourth(&story));
    story.end();
}

#[test]
fn words_of_a_recording_are_not_copied_while_the_customer_is_still_known() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let recording = RecordingFacts {
            sha256: "0".repeat(64),
            bytes: 200_000,
            duration_ms: 6_250,
            callee_audio_from_ms: None,
        };
        called_in_two(&story, Some(recording)).await;
    });
    let story = story.later(PAST);
    story.runtime.block_on(keeps_the_fourth(&story));
    story.end();
}

#[test]
fn who_said_nothing_that_can_be_kept_is_none_of_three() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        with_two(&story).await;
        let [first, second, third, _] = CALLERS;
        let list = json!({ "task_id": "T", "records": [{ "customer_id": third.id, "phone": "13800138003",
            "bank_name": "示例银行", "name": "欧阳小明", "card_tail": "6621", "amount": "12000",
            "fee_text": "年化百分之六" }] });
        assert_eq!(owner(&story, "/api/v1/tasks/data", list).await.status, 200);
        let silent = SpokenCallee {
            says: "嗯，欧阳小明",
            ..third
        };
        for caller in [first, second, silent] {
            spoken_call_of(&story, caller).await;
        }
        let stopped = owner(&story, "/api/v1/campaigns/T/stop", json!({ "reason": "over" })).await;
        assert_eq!(stopped.status, 200, "{}", stopped.body);
        for dry_run in [true, false] {
            let found = ordered(&story, dry_run).await;
            assert_eq!(
                (&found["too_few"], &found["without_words"], &found["copied"]),
                (&json!(2), &json!(1), &Value::Null),
                "{found}"
            );
        }
        assert!(copies(&story).await.is_empty());
    });
    story.end();
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn an_order_without_its_secret_makes_no_copy_twice() {
    let story = TestServer::begin();
    story.runtime.block_on(called(&story));
    let story = story.later(PAST);
    // A copy of the keys from before the order.
    let keys = story.running.installation.directory.join("keys");
    let aside = tempfile::tempdir().unwrap();
    let (directory, runtime) = story.stopped();
    copy_folder(&keys, aside.path());
    let again = |directory: tempfile::TempDir, runtime| {
        let mut settings = settings(directory.path());
        settings.open.rehearse_at = Some(PAST.parse().unwrap());
        TestServer::on(directory, runtime, settings)
    };
    let story = again(directory, runtime);
    story.runtime.block_on(cut(&story));
    let (directory, runtime) = story.stopped();
    std::fs::remove_dir_all(&keys).unwrap();
    copy_folder(aside.path(), &keys);
    let story = again(directory, runtime);
    story.runtime.block_on(async {
        let order = json!({ "reason": "the study is over" });
        let refused = owner(&story, "/api/v1/campaigns/T/anonymize", order).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "anonymization-secret-missing"),
            "{}",
            refused.body
        );
        assert_eq!(copies(&story).await.len(), 2);
        assert!(trail(&story, "customer.erasure_requested").await.is_empty());
    });
    story.end();
}

#[test]
fn an_order_without_its_secret_ends_with_what_is_true_and_the_next_one_goes_on() {
    let story = TestServer::begin();
    story.runtime.block_on(called(&story));
    let story = story.later(PAST);
    story.runtime.block_on(async {
        cut(&story).await;
        let installation = &story.running.installation;
        let begun = events(&story, "campaign.anonymization_begun").await;
        let secret = secret_name(envelope(&begun[0]).id);
        let vault = installation.vault();
        assert!(vault.existing_key(&secret).await.unwrap().is_some());
        vault.destroy(&secret, installation.now()).await.unwrap();
        let ended = ordered(&story, false).await;
        assert_eq!(
            (
                &ended["copied"],
                &ended["erased"],
                &ended["not_yet"],
                &ended["left"]
            ),
            (&json!(2), &json!(0), &json!(3), &json!(0)),
            "{ended}"
        );
        let done = ordered(&story, false).await;
        assert_eq!((&done["erased"], &done["left"]), (&json!(3), &json!(0)), "{done}");
        let ends = events(&story, "campaign.anonymized").await;
        assert_eq!(ends.len(), 2);
        for end in &ends {
            let begun = envelope(end).causation.unwrap();
            assert!(vault.destroyed(&secret_name(begun)).await.unwrap().is_some());
        }
    });
    story.end();
}

#[test]
fn a_disposal_left_over_by_another_order_is_not_counted() {
    let story = TestServer::begin();
    story.runtime.block_on(called(&story));
    let story = story.later(PAST);
    story.runtime.block_on(async {
        let installation = &story.running.installation;
        let id = EnrolmentId {
            campaign: campaign(),
            customer: installation.vault().derive_customer(CALLERS[0].id),
        };
        let call = CallId::derive(&id, 1);
        let ended = installation.entities.calls.state(&call).await.unwrap().state;
        let ended_at = ended.ended().unwrap().at;
        let begin = RetentionCommand::BeginDisposal(Box::new(DisposalRequest {
            class: DataClass::Transcripts,
            preset: Preset::CnService,
            oldest_at: ended_at,
            newest_at: ended_at,
            what: DisposedItems {
                calls: vec![call],
                ..DisposedItems::default()
            },
            under: DisposalBasis::Order,
        }));
        let cause = Cause::outside(CommandId::derive_from_text("left over"));
        let retentions = &installation.entities.retentions;
        retentions
            .ask(&DataClass::Transcripts, begin, cause)
            .await
            .unwrap();
        let done = ordered(&story, false).await;
        assert_eq!(
            (&done["copied"], &done["transcripts_disposed"], &done["erased"]),
            (&json!(3), &json!(1), &json!(3)),
            "{done}"
        );
        assert_eq!(trail(&story, "call.transcript_disposed").await.len(), 2);
        assert_eq!(trail(&story, "retention.disposed").await.len(), 2);
    });
    story.end();
}
