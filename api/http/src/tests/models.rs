//! Tests of models: published with what they were trained on, approved if required, named by campaigns, and
//! refused if their bytes are not a model of this build.

use super::test_client::{add, approve, get, key, owner};
use crate::testing::TestServer;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use understanding::{Example, Examples, TrainingSettings, train};

/// Trains a model of two intents. `line` is an additional example, so that different lines give different
/// models.
fn model(line: &str) -> Vec<u8> {
    let lines = [
        ("分几期", "ask_term"),
        ("可以分多少期", "ask_term"),
        (line, "ask_term"),
        ("利息多少", "ask_rate"),
        ("利率高不高", "ask_rate"),
        ("手续费怎么算", "ask_rate"),
    ];
    let rows = lines.map(|(text, intent)| Example {
        text: text.to_owned(),
        intent: intent.to_owned(),
    });
    let examples = Examples::of(rows.into_iter(), 1);
    train(&examples, &TrainingSettings::default()).unwrap().to_bytes()
}

async fn sent(story: &TestServer, authorization: &str, query: &str, bytes: Vec<u8>) -> (u16, Value) {
    let url = format!("{}/api/v1/models?{query}", story.url);
    let request = Request::builder().method(Method::POST).uri(url);
    let request = request.header("Authorization", authorization);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::from(bytes))).unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_model_is_published_named_by_a_campaign_and_gone_back_to() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let (one, two) = (model("最长几期"), model("能分二十四期吗"));
        let training =
            "%7B%22rows%22%3A6%2C%22label%22%3A%22intent%22%2C%22seed%22%3A1%2C%22first_permille%22%3A900%7D";
        let query = format!("name=zh&training={training}");
        let (status, first) = sent(&story, &bearer, &query, one.clone()).await;
        assert_eq!((status, &first["named"]), (201, &json!("zh@1")), "{first}");
        let (status, same) = sent(&story, &bearer, &query, one).await;
        assert_eq!((status, &same["changed"]), (200, &json!(false)), "{same}");
        let (status, second) = sent(&story, &bearer, "name=zh", two).await;
        assert_eq!((status, &second["named"]), (201, &json!("zh@2")), "{second}");
        let back = owner(&story, "/api/v1/models/zh/rollback", json!({})).await;
        assert_eq!(back.body["named"], "zh@3", "{}", back.body);
        assert_eq!(back.body["digest"], first["digest"]);
        let shown = get(&story, "/api/v1/models/zh/versions", &bearer).await;
        let versions = shown.body["items"].as_array().unwrap();
        assert_eq!(versions.len(), 3);
        assert_eq!(versions[0]["training"]["first_permille"], 900);
        assert_eq!(
            (&versions[2]["again_of"], &versions[2]["here"]),
            (&json!(1), &json!(true))
        );
        let behind = back.body["position"].as_str().unwrap();
        let listed = get(
            &story,
            &format!("/api/v1/models?after_position={behind}"),
            &bearer,
        )
        .await;
        assert_eq!(listed.body["items"][0]["current_version"], 3, "{}", listed.body);
        let campaign = |id: &str, model: &str| {
            json!({ "task_id": id, "script_template": "您好。", "model": model,
                "schedule": { "start_time": "09:00", "end_time": "18:00" } })
        };
        let made = owner(&story, "/api/v1/campaigns", campaign("A", "zh@2")).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let events = get(&story, "/api/v1/events?limit=1000", &bearer).await;
        let text = events.body.to_string();
        assert!(
            text.contains("\"model\":{") && text.contains(second["digest"].as_str().unwrap()),
            "{text}"
        );
        let unknown = owner(&story, "/api/v1/campaigns", campaign("B", "zh@9")).await;
        assert_eq!((unknown.status, unknown.code()), (422, "model-not-published"));
        let unnumbered = owner(&story, "/api/v1/campaigns", campaign("B", "zh")).await;
        assert_eq!(unnumbered.status, 422);
        let folder = story.running.installation.directory.join("models");
        std::fs::remove_dir_all(folder).unwrap();
        let away = owner(&story, "/api/v1/campaigns", campaign("C", "zh@2")).await;
        // A model that is still in memory can be used without its file, because it is identified by its
        // content.
        assert!([201, 503].contains(&away.status), "{}", away.body);
        let missing = get(&story, "/api/v1/models/zh", &bearer).await;
        assert_eq!(missing.body["items"][0]["here"], false);
    });
    story.end();
}

#[test]
fn preflight_says_which_models_of_a_campaigns_tiers_are_not_on_this_machine() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        for line in ["最长几期", "能分二十四期吗"] {
            let (status, reply) = sent(&story, &bearer, "name=zh", model(line)).await;
            assert_eq!(status, 201, "{reply}");
        }
        let tiers = json!([{ "by": "rfm_grade", "is": "champion", "model": "zh@1" },
            { "by": "rfm_grade", "is": "lost", "model": "zh@2" }]);
        let body = json!({ "task_id": "A", "script_template": "您好。", "model_tiers": tiers });
        let made = owner(&story, "/api/v1/campaigns", body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let reply = get(&story, "/api/v1/campaigns/A/preflight", &bearer).await;
        let states = |reply: &Value| -> Vec<String> {
            let models = reply["models"].as_array().unwrap().iter();
            models
                .map(|one| format!("{} {} {}", one["model"], one["tier"], one["state"]))
                .collect()
        };
        let both = [
            r#""zh@1" "rfm_grade=champion" "here""#,
            r#""zh@2" "rfm_grade=lost" "here""#,
        ];
        assert_eq!(states(&reply.body), both, "{}", reply.body);
        let published = get(&story, "/api/v1/models/zh/versions", &bearer).await;
        let digest = published.body["items"][1]["digest"].as_str().unwrap().to_owned();
        let folder = story.running.installation.directory.join("models");
        let mut files = std::fs::read_dir(&folder)
            .unwrap()
            .flatten()
            .map(|entry| entry.path());
        let file = files
            .find(|path| path.to_string_lossy().contains(&digest))
            .unwrap();
        std::fs::remove_file(file).unwrap();
        let reply = get(&story, "/api/v1/campaigns/A/preflight", &bearer).await;
        let missing = reply.body["models"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["state"] == "missing");
        assert_eq!(missing.count(), 1, "{}", reply.body);
        assert!(
            reply.body.to_string().contains("publish it here again"),
            "{}",
            reply.body
        );
    });
    story.end();
}

#[test]
fn what_is_no_model_of_this_build_is_refused_by_name() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let (status, reply) = sent(&story, &bearer, "name=zh", b"no model".to_vec()).await;
        assert_eq!(
            (status, &reply["code"]),
            (422, &json!("model-unreadable")),
            "{reply}"
        );
        let mut newer = model("最长几期");
        newer[5] = 99;
        let (status, reply) = sent(&story, &bearer, "name=zh", newer).await;
        assert_eq!(status, 422);
        assert!(
            reply["detail"].as_str().unwrap().contains("version 99"),
            "{reply}"
        );
        let (status, _) = sent(&story, &bearer, "name=zh", vec![0; 10_000_001]).await;
        assert_eq!(status, 413);
        let (status, _) = sent(&story, &bearer, "name=a%20b", model("最长几期")).await;
        assert_eq!(status, 400);
        assert_eq!(get(&story, "/api/v1/models/zh", &bearer).await.status, 404);
    });
    story.end();
}

#[test]
fn a_model_with_approved_versions_is_published_by_two() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chen", &["operator"]).await;
        add(&story, "wang", &["operator"]).await;
        let chen = key(&story, json!({ "user": "chen" })).await;
        let bytes = model("最长几期");
        let (status, reply) = sent(&story, &chen, "name=zh&approvals=true", bytes.clone()).await;
        assert_eq!(
            (status, &reply["code"]),
            (409, &json!("approval-needed")),
            "{reply}"
        );
        let approval = reply["approval"].as_str().unwrap().to_owned();
        let approved = approve(&story, "wang", &approval).await;
        assert_eq!(approved.status, 200, "{}", approved.body);
        let query = format!("name=zh&approval={approval}");
        let (status, published) = sent(&story, &chen, &query, bytes).await;
        assert_eq!(
            (status, &published["approvals"]),
            (201, &json!(true)),
            "{published}"
        );
        let (status, reply) = sent(&story, &chen, "name=zh", model("能分二十四期吗")).await;
        assert_eq!((status, &reply["code"]), (409, &json!("approval-needed")));
    });
    story.end();
}

/// Labelled lines of two intents and two moods, with the member names of other programs.
fn lines() -> String {
    let mut text = String::from("no line\n");
    let said = [
        ("我要分三期", "这个利率太高了"),
        ("六期可以吗", "手续费贵"),
        ("办九个月的", "利息划不来"),
        ("十二期吧", "别家比你们便宜"),
        ("两年的有没有", "年化多少啊太多"),
        ("最多能分多少", "不划算"),
    ];
    for (term, rate) in said {
        for (said, intent, mood) in [(term, "term", "positive"), (rate, "拒绝_利率", "negative")] {
            let line = json!({ "utterance": said, "intent": intent, "sentiment": mood });
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

async fn taught(story: &TestServer, query: &str, body: &str) -> (u16, Value) {
    let url = format!("{}/api/v1/models/zh/train?{query}", story.url);
    let request = Request::builder().method(Method::POST).uri(url);
    let request = request.header("Authorization", story.bearer());
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

#[test]
fn a_model_is_learned_over_the_api_kept_as_a_draft_and_published() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let bearer = story.bearer();
        let text = lines();
        let (status, reply) = taught(&story, "folds=3&seed=7", &text).await;
        assert_eq!((status, &reply["kept"]), (200, &json!("nothing")), "{reply}");
        assert_eq!(
            reply["lines"]["faults"][0],
            json!({ "line": 1, "what": "unreadable" })
        );
        assert_eq!(reply["held_out"]["confusion"][0]["rows"], 6);
        assert_eq!(
            get(&story, "/api/v1/models/zh", &bearer).await.status,
            404,
            "nothing was kept"
        );
        let examples = Examples::read(text.lines().map(str::to_owned), "intent", 7);
        let settings = TrainingSettings {
            seed: 7,
            ..TrainingSettings::default()
        };
        let command = train(&examples, &settings).unwrap();
        assert_eq!(reply["digest"], command.digest(), "as `nlu train` makes it");

        let (_, draft) = taught(&story, "folds=0&seed=7&keep=draft", &text).await;
        assert_eq!(
            (&draft["kept"], &draft["digest"]),
            (&json!("draft"), &reply["digest"]),
            "{draft}"
        );
        let shown = get(&story, "/api/v1/models/zh", &bearer).await;
        assert_eq!(
            (&shown.body["current_version"], &shown.body["drafts"][0]["here"]),
            (&json!(0), &json!(true))
        );
        let folder = story.running.installation.directory.join("models");
        let file = folder.join(format!("{}.llnlu", command.digest()));
        assert_eq!(std::fs::read(file).unwrap(), command.to_bytes());

        let unknown = owner(
            &story,
            "/api/v1/models/zh/publish",
            json!({ "digest": "0".repeat(64) }),
        )
        .await;
        assert_eq!((unknown.status, unknown.code()), (404, "draft-unknown"));
        let published = owner(
            &story,
            "/api/v1/models/zh/publish",
            json!({ "digest": reply["digest"] }),
        )
        .await;
        assert_eq!(published.body["named"], "zh@1", "{}", published.body);
        assert_eq!(published.body["training"]["seed"], 7);
        let (_, moods) = taught(&story, "label=sentiment&keep=version", &text).await;
        assert_eq!(
            (&moods["kept"], &moods["version"]["named"]),
            (&json!("version"), &json!("zh@2")),
            "{moods}"
        );
        assert_eq!(moods["intents"], json!(["negative", "positive"]));
        let shown = get(&story, "/api/v1/models/zh", &bearer).await;
        assert_eq!(shown.body["drafts"], json!([]));
    });
    story.end();
}

#[test]
fn lines_that_teach_nothing_are_refused_by_name() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let one = "{\"text\":\"好\",\"intent\":\"yes\"}\n{\"text\":\"行\",\"intent\":\"yes\"}\n";
        let (status, reply) = taught(&story, "keep=version", one).await;
        assert_eq!(
            (status, &reply["code"]),
            (422, &json!("nothing-to-learn")),
            "{reply}"
        );
        for query in ["folds=1", "folds=11", "keep=all", "label=", "seed=x"] {
            let (status, reply) = taught(&story, query, &lines()).await;
            assert_eq!(status, 400, "{query}: {reply}");
        }
        let bearer = story.bearer();
        assert_eq!(get(&story, "/api/v1/models/zh", &bearer).await.status, 404);
    });
    story.end();
}
