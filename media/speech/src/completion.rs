//! One question to a service of the OpenAI form and its envelope, whatever is asked: a bounded answer within
//! its time, or a failure with its class.

use crate::assistant::OpenAiAssistant;
use crate::http::{Post, PostError, post};
use bytes::Bytes;
use domain::ports::assistant::{AssistantFailure, AssistantPrompt};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The envelope of an answer, as far as it is read.
#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

/// What is taken out of it.
pub(crate) struct Completed {
    pub(crate) content: String,
    pub(crate) prompt_tokens: Option<u32>,
    pub(crate) answer_tokens: Option<u32>,
}

impl OpenAiAssistant {
    /// Asks once.
    pub(crate) async fn asked(
        &self,
        prompt: &AssistantPrompt,
        answer_bytes_max: usize,
        within_ms: u64,
    ) -> Result<Bytes, AssistantFailure> {
        let request = Post {
            target: &self.target,
            content_type: "application/json",
            key: self.key.as_deref(),
            body: Bytes::from(prompt.body.clone()),
            answer_bytes_max,
            ms_max: within_ms,
        };
        let answer = post(&self.server, self.clock.as_ref(), request).await;
        answer.map_err(|error| {
            // Its words, if it said any, are in no error: a service may quote what it was sent.
            let failure = failure_of(&error);
            tracing::debug!(class = failure.name(), "an assistant did not answer");
            failure
        })
    }
}

const fn failure_of(error: &PostError) -> AssistantFailure {
    match error {
        PostError::Unreachable(_) => AssistantFailure::Unreachable,
        PostError::Late(_) => AssistantFailure::Late,
        PostError::Status(_) => AssistantFailure::Denied,
        PostError::Broken(_) => AssistantFailure::Cut,
        PostError::TooLong(_) => AssistantFailure::Garbled,
    }
}

/// One message that was written to its end.
pub(crate) fn completed(answer: &[u8]) -> Result<Completed, AssistantFailure> {
    let garbled = AssistantFailure::Garbled;
    let completion: Completion = serde_json::from_slice(answer).map_err(|_prose| garbled)?;
    let usage = completion.usage;
    let mut choices = completion.choices.into_iter();
    let (Some(only), None) = (choices.next(), choices.next()) else {
        return Err(garbled);
    };
    if only.finish_reason.is_some_and(|reason| reason == "length") {
        return Err(AssistantFailure::Cut);
    }
    Ok(Completed {
        content: only.message.content.unwrap_or_default(),
        prompt_tokens: usage.as_ref().and_then(|usage| usage.prompt_tokens),
        answer_tokens: usage.as_ref().and_then(|usage| usage.completion_tokens),
    })
}

/// What is sent, with its hash.
pub(crate) fn hashed(body: String) -> AssistantPrompt {
    let digest = Sha256::digest(body.as_bytes());
    let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    AssistantPrompt { body, sha256 }
}
