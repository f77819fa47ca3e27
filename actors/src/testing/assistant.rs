//! An assistant and a writer that answer what a test sets.

use async_trait::async_trait;
use domain::ports::assistant::{
    Assistant, AssistantFailure, AssistantPick, AssistantPrompt, AssistantQuestion,
};
use domain::ports::masking::Masking;
use domain::ports::writer::{Figures, Writer, WriterAnswer, WritingBrief};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// An assistant with a set answer; without one it never answers.
#[derive(Default)]
pub(crate) struct FakeAssistant {
    pub(crate) answers: Mutex<Option<Result<AssistantPick, AssistantFailure>>>,
    pub(crate) asked: Mutex<Vec<AssistantQuestion>>,
}

impl FakeAssistant {
    /// Sets the pick of all later requests.
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
        let set_answer = self.answers.lock().expect("no panic inside").clone();
        match set_answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

/// A writer with a set answer; without one it never answers. `@outcome` and `@action` stand for the call's
/// own.
#[derive(Default)]
pub(crate) struct FakeWriter {
    pub(crate) answers: Mutex<Option<Result<String, AssistantFailure>>>,
    pub(crate) briefs: Mutex<Vec<WritingBrief>>,
}

#[async_trait]
impl Writer for FakeWriter {
    fn model(&self) -> &'static str {
        "fake"
    }
    fn prompt(&self, brief: &WritingBrief) -> AssistantPrompt {
        self.briefs.lock().expect("no panic inside").push(brief.clone());
        AssistantPrompt {
            body: brief.quoted.to_string(),
            sha256: "0".repeat(64),
        }
    }
    async fn write(&self, _: &AssistantPrompt, _: u64) -> Result<WriterAnswer, AssistantFailure> {
        let set_answer = self.answers.lock().expect("no panic inside").clone();
        let Some(answer) = set_answer else {
            return std::future::pending().await;
        };
        let briefs = self.briefs.lock().expect("no panic inside").clone();
        let facts = briefs.last().map(|brief| brief.quoted["facts"].clone());
        let fact = |name: &str| {
            facts
                .as_ref()
                .and_then(|facts| facts[name].as_str())
                .unwrap_or_default()
        };
        answer.map(|content| WriterAnswer {
            content: content
                .replace("@outcome", fact("outcome"))
                .replace("@action", fact("action")),
            prompt_tokens: Some(400),
            answer_tokens: Some(50),
        })
    }
}

/// Finds every run of digits as a figure.
pub(crate) struct DigitFigures;

impl Figures for DigitFigures {
    fn figures(&self, text: &str) -> BTreeSet<String> {
        let runs = text.split(|one: char| !one.is_ascii_digit());
        runs.filter(|run| !run.is_empty()).map(str::to_owned).collect()
    }
}

/// Leaves every text as it is.
pub(crate) struct NoMasking;

impl Masking for NoMasking {
    fn masked(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// Replaces each digit by a star.
pub(crate) struct StarMasking;

impl Masking for StarMasking {
    fn masked(&self, text: &str) -> String {
        text.replace(|one: char| one.is_ascii_digit(), "*")
    }
}
