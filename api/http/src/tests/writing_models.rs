//! Models for the tests of wording drafts: one with an OpenAI API on a socket, and one in the process.

use super::webhooks::request_of;
use crate::testing::TestServer;
use async_trait::async_trait;
use domain::ports::assistant::{AssistantFailure, AssistantPrompt};
use domain::ports::writer::{Writer, WriterAnswer, WritingBrief};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;

/// Starts a model with an OpenAI API that always writes `text`. Returns its setting and the requests it
/// receives.
#[expect(clippy::disallowed_methods, reason = "the test's own model, on loopback")]
pub(super) fn model(text: &'static str) -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let spec = format!("openai:http://{}/v1?model=double", listener.local_addr().unwrap());
    let (tell, requests) = sync_channel(64);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (_, body) = request_of(&mut reader);
            // The test may have ended already.
            drop(tell.send(serde_json::from_slice(&body).unwrap()));
            let content = json!({ "text": text }).to_string();
            let answer = json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }],
                "usage": { "prompt_tokens": 300, "completion_tokens": 40 } })
            .to_string();
            let head = format!(
                "HTTP/1.1 200 -\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            let written = format!("{head}{answer}");
            reader.get_mut().write_all(written.as_bytes()).unwrap();
        }
    });
    (spec, requests)
}

/// A model that gives its answers one after another, and then never answers again.
pub(super) struct ScriptedModel {
    answers: Mutex<VecDeque<Result<String, AssistantFailure>>>,
    /// Has one permit for each request that it never answers.
    waiting: Arc<Semaphore>,
}

impl ScriptedModel {
    /// Sets a `ScriptedModel` as the model of a server that was started without one. Returns the count of
    /// unanswered requests.
    pub(super) fn of(story: &TestServer, answers: Vec<Result<String, AssistantFailure>>) -> Arc<Semaphore> {
        let waiting = Arc::new(Semaphore::new(0));
        let pen = Self {
            answers: Mutex::new(answers.into()),
            waiting: Arc::clone(&waiting),
        };
        story.running.installation.writing.write_by(Arc::new(pen));
        waiting
    }
}

#[async_trait]
impl Writer for ScriptedModel {
    fn model(&self) -> &'static str {
        "pen"
    }
    fn prompt(&self, brief: &WritingBrief) -> AssistantPrompt {
        AssistantPrompt {
            body: brief.quoted.to_string(),
            sha256: "0".repeat(64),
        }
    }
    async fn write(&self, _: &AssistantPrompt, _: u64) -> Result<WriterAnswer, AssistantFailure> {
        let next = self.answers.lock().unwrap().pop_front();
        let Some(answer) = next else {
            self.waiting.add_permits(1);
            return std::future::pending().await;
        };
        answer.map(|content| WriterAnswer {
            content,
            ..WriterAnswer::default()
        })
    }
}

pub(super) fn text(text: &str) -> Result<String, AssistantFailure> {
    Ok(json!({ "text": text }).to_string())
}
