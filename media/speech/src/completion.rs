//! Sends one question to a service of the OpenAI form and reads the envelope of its answer, for any kind of
//! question: a bounded answer within its time, or a failure with its class.

use crate::assistant::OpenAiAssistant;
use crate::http::{PostError, PostRequest, post};
use bytes::Bytes;
use domain::hex;
use domain::ports::assistant::{AssistantFailure, AssistantPrompt};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The members of the answer's envelope that are read.
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

/// The content and the token counts of an answer.
pub(crate) struct CompletionAnswer {
    pub(crate) content: String,
    pub(crate) prompt_tokens: Option<u32>,
    pub(crate) answer_tokens: Option<u32>,
}

impl OpenAiAssistant {
    /// Sends the prompt once and returns the answer's bytes. Fails if it is not complete within `within_ms`
    /// milliseconds or longer than `answer_bytes_max`.
    pub(crate) async fn asked(
        &self,
        prompt: &AssistantPrompt,
        answer_bytes_max: usize,
        within_ms: u64,
    ) -> Result<Bytes, AssistantFailure> {
        let request = PostRequest {
            target: &self.target,
            content_type: "application/json",
            key: self.key.as_deref(),
            body: Bytes::from(prompt.body.clone()),
            answer_bytes_max,
            ms_max: within_ms,
        };
        let answer = post(&self.server, self.clock.as_ref(), request).await;
        answer.map_err(|error| {
            // The error contains no words of the service: it may quote the text that it was sent.
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

/// Returns the message of an answer with its token counts. Fails with `Cut` if the model stopped at its
/// token limit, and with `Garbled` if there is no message or more than one.
pub(crate) fn read_completion(answer: &[u8]) -> Result<CompletionAnswer, AssistantFailure> {
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
    Ok(CompletionAnswer {
        content: only.message.content.unwrap_or_default(),
        prompt_tokens: usage.as_ref().and_then(|usage| usage.prompt_tokens),
        answer_tokens: usage.as_ref().and_then(|usage| usage.completion_tokens),
    })
}

/// Returns a request body together with its SHA-256 hash.
pub(crate) fn hash_prompt(body: String) -> AssistantPrompt {
    let sha256 = hex::encode(&Sha256::digest(body.as_bytes()));
    AssistantPrompt { body, sha256 }
}
