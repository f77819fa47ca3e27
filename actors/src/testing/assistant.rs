//! An assistant that picks what a test tells it to.

use async_trait::async_trait;
use domain::ports::assistant::{
    Assistant, AssistantFailure, AssistantPick, AssistantPrompt, AssistantQuestion,
};
use domain::ports::masking::Masking;
use std::sync::Mutex;

/// Nothing told: it never answers.
#[derive(Default)]
pub(crate) struct FakeAssistant {
    pub(crate) answers: Mutex<Option<Result<AssistantPick, AssistantFailure>>>,
    pub(crate) asked: Mutex<Vec<AssistantQuestion>>,
}

impl FakeAssistant {
    /// It picks this from now on.
    pub(crate) fn pick(&self, choice: Option<&str>) {
        let pick = AssistantPick {
            choice: choice.map(str::to_owned),
            ..AssistantPick::default()
        };
        *self.answers.lock().expect("no panic inside") = Some(Ok(pick));
    }
}

#[async_trait]
impl Assistant for FakeAssistant {
    fn model(&self) -> &'static str {
        "fake"
    }
    fn prompt(&self, question: &AssistantQuestion) -> AssistantPrompt {
        self.asked.lock().expect("no panic inside").push(question.clone());
        AssistantPrompt {
            body: question.said.clone(),
            sha256: "0".repeat(64),
        }
    }
    async fn pick(&self, _: &AssistantPrompt, _: u64) -> Result<AssistantPick, AssistantFailure> {
        let told = self.answers.lock().expect("no panic inside").clone();
        match told {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

/// Leaves every text as it is.
pub(crate) struct Unmasked;

impl Masking for Unmasked {
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// A star for each digit.
pub(crate) struct Starred;

impl Masking for Starred {
    fn masked(&self, text: &str) -> String {
        text.replace(|one: char| one.is_ascii_digit(), "*")
    }
}
