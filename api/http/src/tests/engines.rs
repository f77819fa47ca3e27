//! Tests of the routes by which other systems use the engines: understanding, speech recognition and speech
//! synthesis.

use super::cases::post;
use super::test_client::{add, get, key, owner, send};
use crate::testing::TestServer;
use bytes::Bytes;
use domain::flow::RECORDING_NOTICE;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use speech::clips::{DEMO_TEXT, bundled_files, read_audio};
use speech::recognition::spec::RecognizerSpec;
use std::path::PathBuf;

const PHONE: &str = "13800138000";

/// Sends a body of bytes. Returns the status and the body of the reply.
async fn bytes(story: &TestServer, path: &str, kind: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}{path}", story.url));
    let request = request
        .header("Authorization", story.bearer())
        .header("Content-Type", kind);
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client
        .request(request.body(Full::new(Bytes::from(body))).unwrap())
        .await
        .unwrap();
    let status = response.status().as_u16();
    (
        status,
        response.into_body().collect().await.unwrap().to_bytes().to_vec(),
    )
}

fn bundled(text: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/audio");
    let (_, file) = bundled_files().find(|(of, _)| *of == text).unwrap();
    std::fs::read(folder.join(file)).unwrap()
}

#[test]
fn a_text_is_understood_and_what_names_a_person_is_hidden() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let order =
            json!({ "text": format!("可以，分十二期，电话{PHONE}"), "sensitive_words": ["分十二期"] });
        let (status, reply) = post(&story, "/api/v1/understand", order.clone()).await;
        assert_eq!(status, 200, "{reply}");
        let entities: Vec<(&str, &str)> = reply["entities"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["kind"].as_str().unwrap(), one["value"].as_str().unwrap()))
            .collect();
        assert_eq!(entities, [("period", "12"), ("phone", "*******8000")]);
        assert_eq!(reply["sensitive_word"], "分十二期");
        assert!(!reply.to_string().contains(PHONE), "{reply}");
        let (_, clear) = post(
            &story,
            "/api/v1/understand",
            json!({ "text": order["text"], "masked": false }),
        )
        .await;
        assert!(clear["text"].as_str().unwrap().contains(PHONE));
        let (_, refused) = post(
            &story,
            "/api/v1/understand",
            json!({ "text": "别再给我打电话了" }),
        )
        .await;
        assert_eq!(
            (&refused["intent"], &refused["opt_out"]),
            (&json!("refuse_call"), &json!(true))
        );
        let (_, keen) = post(&story, "/api/v1/understand", json!({ "text": "可以呀" })).await;
        assert_eq!(
            (&keen["answer"], &keen["interest"]["level"]),
            (&json!("yes"), &json!("high"))
        );
        assert_eq!(keen["sentiment"]["sentiment"], "positive", "{keen}");
        let (_, cross) = post(&story, "/api/v1/understand", json!({ "text": "你们烦不烦啊" })).await;
        assert_eq!(cross["sentiment"]["sentiment"], "negative", "{cross}");
        let english = json!({ "text": "you are annoying", "language": "en" });
        let (_, english) = post(&story, "/api/v1/understand", english).await;
        assert!(english["sentiment"].is_null(), "{english}");
        let (status, wrong) = post(
            &story,
            "/api/v1/understand",
            json!({ "text": " ", "node": "ask" }),
        )
        .await;
        assert_eq!(
            (status, wrong["errors"].as_array().unwrap().len()),
            (422, 2),
            "{wrong}"
        );
        let events = get(&story, "/api/v1/events?limit=1000", &story.bearer()).await;
        assert!(
            !events.body.to_string().contains("分十二期"),
            "nothing of it is stored"
        );
    });
    story.end();
}

#[test]
fn a_node_of_a_published_flow_says_what_is_expected_and_learned() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let flow = application::rehearsing::find_shipped_flow("card_instalment_spoken").unwrap();
        let flow = domain::flow::FlowDefinition::from_yaml(flow).unwrap().to_value();
        let published = owner(&story, "/api/v1/flows", json!({ "definition": flow })).await;
        assert!(published.status < 300, "{}", published.body);
        let order = json!({ "text": "六", "flow": "card_instalment_spoken@1", "node": "确认分期期数" });
        let (status, reply) = post(&story, "/api/v1/understand", order).await;
        assert_eq!((status, &reply["slots"]["terms"]), (200, &json!("6")), "{reply}");
        let nowhere = json!({ "text": "六", "flow": "card_instalment_spoken", "node": "nowhere" });
        let (status, reply) = post(&story, "/api/v1/understand", nowhere).await;
        assert_eq!((status, &reply["code"]), (422, &json!("node-asks-nothing")));
    });
    story.end();
}

#[test]
fn audio_is_heard_as_file_and_form_by_the_server_s_own_recognizer() {
    let story = TestServer::begin_with(|directory, settings| {
        let templates = directory.join("templates");
        std::fs::create_dir(&templates).unwrap();
        for text in [RECORDING_NOTICE, DEMO_TEXT] {
            std::fs::write(templates.join(format!("{text}.wav")), bundled(text)).unwrap();
        }
        settings.speech.recognizer = Some(RecognizerSpec::Template(templates));
    });
    story.runtime.block_on(async {
        let wav = bundled(RECORDING_NOTICE);
        let (status, reply) = bytes(&story, "/api/v1/recognize", "audio/wav", wav.clone()).await;
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        assert_eq!(
            (status, &reply["text"]),
            (200, &json!(RECORDING_NOTICE)),
            "{reply}"
        );
        assert_eq!(
            (&reply["engine"], &reply["rehearsal_only"]),
            (&json!("template"), &json!(true))
        );
        let mut form = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n".to_vec();
        form.extend_from_slice(&wav);
        form.extend_from_slice(b"\r\n--b--\r\n");
        let (status, again) = bytes(
            &story,
            "/api/v1/recognize",
            "multipart/form-data; boundary=b",
            form,
        )
        .await;
        let again: Value = serde_json::from_slice(&again).unwrap();
        assert_eq!((status, &again["text"]), (200, &reply["text"]));
        for (body, code, expected) in [
            (b"no sound".to_vec(), "audio-invalid", 400),
            (vec![0; 2 * 1024 * 1024 + 1], "audio-too-long", 413),
        ] {
            let (status, reply) = bytes(&story, "/api/v1/recognize", "audio/wav", body).await;
            let reply: Value = serde_json::from_slice(&reply).unwrap();
            assert_eq!((status, reply["code"].as_str().unwrap()), (expected, code));
        }
    });
    story.end();
}

#[test]
fn a_text_is_spoken_and_its_sound_says_that_a_machine_made_it() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        let order = json!({ "text": RECORDING_NOTICE, "personal": false });
        let (status, wav) = bytes(
            &story,
            "/api/v1/synthesize",
            "application/json",
            order.to_string().into(),
        )
        .await;
        assert_eq!(status, 200);
        assert!(read_audio(&wav).unwrap().duration_ms() > 500);
        let label = b"{\"AIGC\":{\"Label\":\"1\"";
        assert!(
            wav.windows(label.len()).any(|window| window == label),
            "it carries its label"
        );
        let other = json!({ "text": RECORDING_NOTICE, "voice": "someone" });
        let (status, reply) = post(&story, "/api/v1/synthesize", other).await;
        assert_eq!((status, &reply["code"]), (422, &json!("voice-unknown")));
        let unnamed = json!({ "text": RECORDING_NOTICE, "language": " " });
        let (status, reply) = post(&story, "/api/v1/synthesize", unnamed).await;
        assert_eq!(
            (status, &reply["errors"][0]["pointer"]),
            (422, &json!("/language"))
        );
        let (status, reply) = bytes(&story, "/api/v1/recognize", "audio/wav", wav).await;
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        assert_eq!((status, &reply["code"]), (503, &json!("recognizer-missing")));
    });
    story.end();
}

#[test]
fn a_key_has_a_quota_and_uses_are_counted_without_a_word_of_them() {
    let story = TestServer::begin();
    story.runtime.block_on(async {
        add(&story, "chen", &["integrator"]).await;
        add(&story, "li", &["viewer"]).await;
        let chen = key(&story, json!({ "user": "chen", "scopes": ["engines:use"] })).await;
        let li = key(&story, json!({ "user": "li" })).await;
        let path = "/api/v1/settings/engines.requests_per_minute";
        let bearer = story.bearer();
        let headers = [("Authorization", bearer.as_str()), ("If-Match", "\"v0\"")];
        let order = json!({ "value": 60, "reason": "a trial" });
        assert_eq!(
            send(&story, Method::PUT, path, &headers, Some(order))
                .await
                .status,
            200
        );
        let ask = async |authorization: &str| {
            let headers = [("Authorization", authorization)];
            let text = json!({ "text": "好的" });
            send(&story, Method::POST, "/api/v1/understand", &headers, Some(text)).await
        };
        assert_eq!(ask(&li).await.code(), "role-missing");
        let mut last = ask(&chen).await;
        let mut let_in = 0;
        // The quota refills by one a second; 100 requests take far less than 40 s.
        while last.status == 200 && let_in < 100 {
            let_in += 1;
            last = ask(&chen).await;
        }
        assert_eq!(
            (last.status, last.code()),
            (429, "engine-quota-per-minute"),
            "{}",
            last.body
        );
        assert!(let_in >= 60, "{let_in}");
        let (_, scraped) = bytes_of(&story, "/metrics").await;
        let line =
            format!("ledgerline_engine_requests_total{{engine=\"understand\",admitted=\"yes\"}} {let_in}");
        assert!(scraped.contains(&line), "{scraped}");
        assert!(!scraped.contains("好的"));
    });
    story.end();
}

async fn bytes_of(story: &TestServer, path: &str) -> (u16, String) {
    let request = Request::builder()
        .method(Method::GET)
        .uri(format!("{}{path}", story.url));
    let request = request.header("Authorization", story.bearer());
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client
        .request(request.body(Full::new(Bytes::new())).unwrap())
        .await
        .unwrap();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&bytes).into_owned())
}
