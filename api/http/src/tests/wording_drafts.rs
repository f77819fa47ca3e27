//! Tests of wording drafts: requested from a model on record, checked against the published text, adopted by
//! another user, and spoken once they are published.

use super::test_client::{TestReply, add, get, key, owner, send, trail};
use super::writing_models::{ScriptedModel, model, text};
use crate::testing::TestServer;
use domain::ids::{CommandId, WordingDraftId};
use domain::ports::assistant::AssistantFailure;
use domain::stored_event::Cause;
use domain::wording_draft::{DraftGenerationRequest, DraftPrompt, DraftTask, EntryKind, WordingDraftCommand};
use futures_util::future::join_all;
use hyper::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DRAFTS: &str = "/api/v1/knowledge/card/drafts";
const ORIGINAL: &str = "满{{fact:分期.起点}}就可以申请，3个工作日内到账。";
const BETTER: &str = "您只要满{{fact:分期.起点}}就能申请，3个工作日内到账哦。";

fn file(answer: &str) -> Value {
    json!({ "knowledge": "card",
        "answers": [{ "id": "起点", "question": "多少钱可以分期", "answer": answer },
            { "id": "征信", "question": "分期会影响征信吗", "answer": "按时还款不会影响您的征信。" }],
        "facts": [{ "entity": "分期", "attribute": "起点", "value": "500元" }] })
}

async fn published(story: &TestServer) {
    let imported = owner(story, "/api/v1/knowledge", json!({ "file": file(ORIGINAL) })).await;
    assert_eq!(imported.status, 201, "{}", imported.body);
    let current = owner(story, "/api/v1/knowledge/card/publish", json!({})).await;
    assert_eq!(current.status, 200, "{}", current.body);
}

async fn post(story: &TestServer, path: &str, authorization: &str, body: Value) -> TestReply {
    let headers = [("Authorization", authorization)];
    send(story, Method::POST, path, &headers, Some(body)).await
}

fn wish() -> Value {
    json!({ "answer": "起点", "instruction": "说得更亲切" })
}

async fn writer_of_campaigns(story: &TestServer, name: &str) -> String {
    add(story, name, &["operator"]).await;
    key(story, json!({ "user": name })).await
}

/// The path of a draft.
fn of(came: &TestReply) -> String {
    format!("{DRAFTS}/{}", came.body["id"].as_str().unwrap())
}

/// What the callee of a call would be answered.
async fn said(story: &TestServer) -> String {
    let question = json!({ "text": "多少钱可以分期" });
    let asked = owner(story, "/api/v1/knowledge/card/ask", question).await;
    asked.body["candidates"][0]["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_draft_is_adopted_by_another_user_and_heard_once_it_is_published() {
    let (spec, requests) = model(BETTER);
    let story = TestServer::begin_with(|_, settings| settings.speech.llm = Some(spec.parse().unwrap()));
    story.runtime.block_on(async {
        published(&story).await;
        let (wang, li) = (
            writer_of_campaigns(&story, "wang").await,
            writer_of_campaigns(&story, "li").await,
        );
        let order = json!({ "answer": "起点", "instruction": "说得更亲切，问13800138000的张经理" });
        let headers = [("Authorization", wang.as_str()), ("Idempotency-Key", "one")];
        let drafted = send(&story, Method::POST, DRAFTS, &headers, Some(order.clone())).await;
        assert_eq!(drafted.status, 201, "{}", drafted.body);
        let found = (&drafted.body["standing"], &drafted.body["text"]);
        assert_eq!(found, (&json!("drafted"), &json!(BETTER)));
        assert_eq!(drafted.body["cost"]["answer_tokens"], 40);
        let sent = requests.recv().unwrap();
        let quoted: Value = serde_json::from_str(sent["messages"][1]["content"].as_str().unwrap()).unwrap();
        let found = (&quoted["original"], &quoted["facts"]["分期.起点"]);
        assert_eq!(found, (&json!(ORIGINAL), &json!("500元")));
        assert!(!sent.to_string().contains("13800138000"), "masked: {sent}");
        let again = send(&story, Method::POST, DRAFTS, &headers, Some(order)).await;
        let found = (again.status, &again.body["id"], &again.body["text"]);
        assert_eq!(
            found,
            (201, &drafted.body["id"], &json!(BETTER)),
            "{}",
            again.body
        );
        assert!(requests.try_recv().is_err(), "the model was asked a second time");

        let draft = of(&drafted);
        let adopt = format!("{draft}/adopt");
        let own = post(&story, &adopt, &wang, json!({})).await;
        let found = (own.status, own.code());
        assert_eq!(found, (422, "draft-own-request"), "{}", own.body);
        let taken = post(&story, &adopt, &li, json!({})).await;
        assert_eq!(taken.status, 200, "{}", taken.body);
        let found = (&taken.body["named"], &taken.body["from_version"]);
        assert_eq!(found, (&json!("card@2"), &json!(1)));
        let repeated = post(&story, &adopt, &li, json!({ "onto": 2 })).await;
        assert_eq!(repeated.body["named"], "card@2", "{}", repeated.body);
        let late = post(&story, &format!("{draft}/reject"), &li, json!({ "reason": "no" })).await;
        assert_eq!(late.code(), "draft-decided", "{}", late.body);
        assert_eq!(
            said(&story).await,
            "满500元就可以申请，3个工作日内到账。",
            "not published"
        );
        let publish = "/api/v1/knowledge/card/publish";
        assert_eq!(post(&story, publish, &li, json!({})).await.status, 200);
        assert_eq!(said(&story).await, "您只要满500元就能申请，3个工作日内到账哦。");

        let shown = get(&story, &draft, &wang).await.body;
        let decision = &shown["decision"];
        let found = (&decision["by"], &decision["version"], &decision["nobody"]);
        assert_eq!(found, (&json!("li"), &json!(2), &Value::Null), "{shown}");
        assert!(shown["prompt"].as_str().unwrap().contains("wish"), "{shown}");
        let listed = get(&story, DRAFTS, &wang).await.body;
        let found = (
            listed["items"].as_array().unwrap().len(),
            &listed["items"][0]["prompt"],
        );
        assert_eq!(found, (1, &Value::Null), "{listed}");
        let asked = trail(&story, "wording_draft.asked").await;
        assert!(!json!(asked).to_string().contains("13800138000"));
    });
    story.end();
}

#[test]
fn what_may_not_be_said_is_on_record_as_refused_and_is_not_taken() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        published(&story).await;
        let campaign = json!({ "task_id": "T", "script_template": "您好。", "knowledge": "card@1",
            "sensitive_words": ["保本"], "schedule": { "start_time": "09:00", "end_time": "18:00" } });
        let made = owner(&story, "/api/v1/campaigns", campaign).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let rows = owner(&story, "/api/v1/knowledge/card/ask", json!({ "text": "好" })).await;
        assert_eq!(rows.status, 200);
        let place = "{{fact:分期.起点}}";
        let answers = vec![
            (
                text(&format!("满{place}即可，24期免息。")),
                "figures",
                json!("24"),
            ),
            (text("满额就能申请。"), "placeholders", json!("fact:分期.起点")),
            (
                text(&format!("满{place}即可，保本。")),
                "sensitive",
                json!("保本"),
            ),
            (
                text(&format!("满{place}{}", "长".repeat(500))),
                "too_long",
                Value::Null,
            ),
            (Ok("当然可以！".to_owned()), "garbled", Value::Null),
            (Err(AssistantFailure::Late), "late", Value::Null),
        ];
        let texts = answers.iter().map(|(answer, _, _)| answer.clone()).collect();
        let _waiting = ScriptedModel::of(&story, texts);
        // Waits until the read model has the campaign, because its sensitive words apply.
        let head = story.running.installation.store().head().await.unwrap();
        story.running.installation.rows_at(head, 5_000).await.unwrap();
        for (_, failure, detail) in answers {
            let came = owner(&story, DRAFTS, wish()).await;
            assert_eq!(came.status, 201, "{}", came.body);
            let failed = &came.body["failed"];
            let found = (&came.body["standing"], &failed["failure"], &failed["detail"]);
            assert_eq!(
                found,
                (&json!("failed"), &json!(failure), &detail),
                "{}",
                came.body
            );
            let taken = owner(&story, &format!("{}/adopt", of(&came)), json!({})).await;
            assert_eq!((taken.status, taken.code()), (422, "draft-not-drafted"));
        }
        let versions = get(&story, "/api/v1/knowledge/card/versions", &story.bearer()).await;
        assert_eq!(versions.body["items"].as_array().unwrap().len(), 1);
    });
    story.end();
}

#[test]
fn without_a_model_or_an_answer_no_request_is_sent() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        published(&story).await;
        let without_model = owner(&story, DRAFTS, wish()).await;
        assert_eq!(
            (without_model.status, without_model.code()),
            (422, "no-writer"),
            "{}",
            without_model.body
        );
        let _waiting = ScriptedModel::of(&story, vec![text(BETTER)]);
        let unknown = json!({ "answer": "别的", "instruction": "说得更亲切" });
        let unknown = owner(&story, DRAFTS, unknown).await;
        assert_eq!(
            unknown.body["errors"][0]["pointer"], "/answer",
            "{}",
            unknown.body
        );
        let elsewhere = owner(&story, "/api/v1/knowledge/none/drafts", wish()).await;
        assert_eq!(elsewhere.status, 404);
        assert_eq!(trail(&story, "wording_draft.asked").await.len(), 0);
        let drafted = owner(&story, DRAFTS, wish()).await;
        let id = drafted.body["id"].as_str().unwrap();
        let bearer = story.bearer();
        let other = get(&story, &format!("/api/v1/knowledge/none/drafts/{id}"), &bearer).await;
        assert_eq!(other.status, 404, "a draft is of its base");
    });
    story.end();
}

#[test]
fn who_is_alone_takes_their_own_and_what_changed_meanwhile_is_not_replaced() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        published(&story).await;
        let _waiting = ScriptedModel::of(&story, vec![text(BETTER); 3]);
        let by_owner = owner(&story, DRAFTS, wish()).await;
        let taken = owner(&story, &format!("{}/adopt", of(&by_owner)), json!({})).await;
        let found = (taken.status, &taken.body["draft"]["decision"]["nobody"]);
        assert_eq!(found, (200, &json!("directory")), "{}", taken.body);
        let wang = writer_of_campaigns(&story, "wang").await;
        let outdated = post(&story, DRAFTS, &wang, wish()).await;
        let adopt = format!("{}/adopt", of(&outdated));
        let refused = post(&story, &adopt, &wang, json!({})).await;
        assert_eq!(
            (refused.status, refused.code()),
            (422, "draft-outdated"),
            "{}",
            refused.body
        );
        // The same text onto the same version is the version that exists already.
        let alone = post(&story, &adopt, &wang, json!({ "onto": 1 })).await;
        let found = (&alone.body["named"], &alone.body["draft"]["decision"]["nobody"]);
        assert_eq!(found, (&json!("card@2"), &json!("nobody_else")), "{}", alone.body);
        let unwanted = post(&story, DRAFTS, &wang, wish()).await;
        let reject = format!("{}/reject", of(&unwanted));
        let rejected = post(&story, &reject, &wang, json!({ "reason": "sounds odd" })).await;
        let found = (rejected.status, &rejected.body["standing"]);
        assert_eq!(found, (200, &json!("rejected")), "{}", rejected.body);
        let taken = post(
            &story,
            &format!("{}/adopt", of(&unwanted)),
            &wang,
            json!({ "onto": 1 }),
        )
        .await;
        assert_eq!(taken.code(), "draft-decided", "{}", taken.body);
    });
    story.end();
}

#[test]
fn a_fifth_is_refused_as_busy() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        published(&story).await;
        let waiting = ScriptedModel::of(&story, Vec::new());
        let four = join_all((0..4).map(|_| owner(&story, DRAFTS, wish())));
        let fifth = async {
            drop(waiting.acquire_many(4).await.unwrap());
            owner(&story, DRAFTS, wish()).await
        };
        tokio::select! {
            biased;
            _ = four => panic!("a model that never answers"),
            fifth = fifth => assert_eq!(fifth.code(), "busy", "{}", fifth.body),
        }
    });
    story.end();
}

/// The state in which a process ends while a model writes. Returns the draft's id.
async fn asked_alone(story: &TestServer) -> WordingDraftId {
    let task = DraftTask {
        knowledge: "card".parse().unwrap(),
        knowledge_version: 1,
        content_hash: "a".repeat(64),
        entry: "起点".to_owned(),
        entry_kind: EntryKind::Answer,
        lang: "zh-CN".to_owned(),
        question: "多少钱可以分期".to_owned(),
        original: ORIGINAL.to_owned(),
        facts: BTreeMap::new(),
        instruction: "说得更亲切".to_owned(),
    };
    let sent = DraftPrompt {
        model: "pen".to_owned(),
        prompt: "{}".to_owned(),
        prompt_sha256: "0".repeat(64),
    };
    let asking = DraftGenerationRequest { task, by: None, sent };
    let command = CommandId::derive_from_text("asked alone");
    let id = WordingDraftId::derive(command);
    let drafts = &story.running.installation.entities.wording_drafts;
    let ask = WordingDraftCommand::Ask(Box::new(asking));
    drafts.ask(&id, ask, Cause::outside(command)).await.unwrap();
    id
}

#[test]
fn what_a_crash_left_is_lost_and_sends_no_second_request() {
    let story = TestServer::begin();
    let id = story.runtime.block_on(async {
        published(&story).await;
        let id = asked_alone(&story).await;
        let shown = get(&story, &format!("{DRAFTS}/{id}"), &story.bearer()).await;
        assert_eq!(shown.body["standing"], "asked", "{}", shown.body);
        id
    });
    let story = story.later("2026-03-02T10:05:00+08:00");
    story.runtime.block_on(async {
        let waiting = ScriptedModel::of(&story, Vec::new());
        let shown = get(&story, &format!("{DRAFTS}/{id}"), &story.bearer()).await;
        assert_eq!(shown.body["standing"], "lost", "{}", shown.body);
        let taken = owner(&story, &format!("{DRAFTS}/{id}/adopt"), json!({})).await;
        assert_eq!(taken.code(), "draft-not-drafted", "{}", taken.body);
        assert_eq!(waiting.available_permits(), 0, "the model was not asked");
    });
    story.end();
}
