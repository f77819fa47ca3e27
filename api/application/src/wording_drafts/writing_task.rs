//! One request to a model for one draft, with a time limit suited to a waiting user. The text, or the
//! reason why none can be kept, is recorded before the caller gets a reply.

use super::refusals::draft_problem;
use crate::bundled_understanding::found_by;
use crate::installation::{Installation, follow};
use crate::transcript_masking::{FigureFinder, WordMasker};
use domain::campaign::CampaignStatus;
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::ports::assistant::{AssistantFailure, AssistantPrompt};
use domain::ports::clock::Clock;
use domain::ports::writer::{Writer, WriterAnswer};
use domain::problem::Problem;
use domain::stored_event::{Cause, Position};
use domain::wording_draft::{DraftChecks, DraftCost, DraftTask, WordingDraftCommand, read};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest wait for the model's response, in milliseconds; then the draft fails. A user is waiting.
const ANSWER_MS_MAX: u64 = 20_000;

/// A request to a model for one wording draft.
pub(super) struct WritingTask {
    pub(super) draft: WordingDraftId,
    pub(super) task: DraftTask,
    pub(super) writer: Arc<dyn Writer>,
    pub(super) prompt: AssistantPrompt,
    /// Sensitive words, which end calls of campaigns with this knowledge base.
    pub(super) words: Vec<String>,
    /// The cause of the request that this belongs to.
    pub(super) cause: Cause,
}

impl WritingTask {
    /// Sends the request, checks the response, and stores the text or the reason why there is none. Returns
    /// the log position.
    pub(super) async fn done(self, installation: &Installation) -> Result<Position, Problem> {
        let clock = installation.environment.clock.as_ref();
        let asked_at = clock.now();
        let written = within(clock, self.writer.as_ref(), &self.prompt).await;
        let took_ms = clock.now().ms_since(asked_at);
        let (prompt_tokens, answer_tokens) = match &written {
            Ok(written) => (written.prompt_tokens, written.answer_tokens),
            Err(_) => (None, None),
        };
        let cost = DraftCost {
            took_ms,
            prompt_tokens,
            answer_tokens,
        };
        let sensitive = found_by(&self.words);
        let held = DraftChecks {
            figures: &FigureFinder,
            masking: &WordMasker,
            sensitive: sensitive.as_deref(),
        };
        let text = match written {
            Ok(written) => read(&written.content, &self.task, &held),
            Err(failure) => Err(failure.into()),
        };
        let command = match text {
            Ok(text) => WordingDraftCommand::Keep { text, cost },
            Err(no_draft) => WordingDraftCommand::Fail { no_draft, cost },
        };
        // A model wrote it, so no user is recorded as the author.
        let cause = Cause {
            by: None,
            ..follow(self.cause, "wording written")
        };
        let drafts = &installation.entities.wording_drafts;
        let answer = drafts
            .ask(&self.draft, command, cause)
            .await
            .map_err(draft_problem)?;
        Ok(answer.position)
    }
}

/// Sends the request once and waits for at most `ANSWER_MS_MAX`, whatever the adapter does.
async fn within(
    clock: &dyn Clock,
    writer: &dyn Writer,
    prompt: &AssistantPrompt,
) -> Result<WriterAnswer, AssistantFailure> {
    let until = clock.now().plus_ms(ANSWER_MS_MAX);
    tokio::select! {
        biased;
        () = clock.wait_until(until) => Err(AssistantFailure::Late),
        written = writer.write(prompt, ANSWER_MS_MAX) => written,
    }
}

/// Returns the sensitive words of all campaigns that use this knowledge base and are not over.
pub(super) async fn sensitive_words(
    installation: &Installation,
    knowledge: &KnowledgeId,
) -> Result<Vec<String>, Problem> {
    let mut words = BTreeSet::new();
    for row in installation.boards().await? {
        if matches!(row.status, CampaignStatus::Completed | CampaignStatus::Stopped) {
            continue;
        }
        let campaign = installation.entities.campaigns.state(&row.campaign).await?.state;
        let plan = campaign.plan().filter(|plan| {
            let named = plan.knowledge.as_deref();
            named.is_some_and(|named| named.knowledge == *knowledge)
        });
        words.extend(
            plan.into_iter()
                .flat_map(|plan| plan.sensitive_words.words().to_vec()),
        );
    }
    Ok(words.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use domain::ports::writer::WritingBrief;
    use store::test_ports::{ElapsedClock, StoppedClock};

    /// A writer that answers at once, or never.
    struct TestWriter(Option<&'static str>);

    #[async_trait]
    impl Writer for TestWriter {
        fn model(&self) -> &'static str {
            "pen"
        }
        fn prompt(&self, brief: &WritingBrief) -> AssistantPrompt {
            AssistantPrompt {
                body: brief.quoted.to_string(),
                sha256: String::new(),
            }
        }
        async fn write(&self, _: &AssistantPrompt, _: u64) -> Result<WriterAnswer, AssistantFailure> {
            match self.0 {
                Some(content) => Ok(WriterAnswer {
                    content: content.to_owned(),
                    ..WriterAnswer::default()
                }),
                None => std::future::pending().await,
            }
        }
    }

    #[tokio::test]
    async fn who_does_not_answer_in_time_is_late() {
        let prompt = AssistantPrompt {
            body: String::new(),
            sha256: String::new(),
        };
        let late = within(&ElapsedClock, &TestWriter(None), &prompt).await;
        assert_eq!(late.map(|one| one.content), Err(AssistantFailure::Late));
        let in_time = within(&StoppedClock::default(), &TestWriter(Some("好")), &prompt).await;
        assert_eq!(in_time.unwrap().content, "好");
    }
}
