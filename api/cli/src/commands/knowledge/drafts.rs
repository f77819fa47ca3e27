//! Wording drafts of a knowledge base: requested from the server's model, listed, adopted or rejected.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::knowledge::KnowledgeSelector;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Commands for wording drafts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum DraftAction {
    /// Ask the server's model (serve --llm) for another wording of an answer; calls do not use it yet
    Draft {
        /// NAME, or NAME@V
        named: KnowledgeSelector,
        /// Id of the answer or objection
        #[arg(long, value_name = "ID")]
        answer: String,
        /// What the wording should be like; it is masked, stored, and sent to the model
        #[arg(long, value_name = "TEXT")]
        instruction: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List the drafts of a knowledge base, or show one with everything that was sent to the model
    Drafts {
        /// Name of the knowledge base
        knowledge: KnowledgeId,
        /// Only this draft
        draft: Option<WordingDraftId>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Adopt a draft that another user requested into a new version, which is not published yet
    Adopt {
        /// Name of the knowledge base
        knowledge: KnowledgeId,
        /// Id of the draft
        draft: WordingDraftId,
        /// Version that the rest is taken from; default: the one imported last
        #[arg(long, value_name = "V", value_parser = clap::value_parser!(u32).range(1..))]
        onto: Option<u32>,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Reject a draft, with a reason
    Reject {
        /// Name of the knowledge base
        knowledge: KnowledgeId,
        /// Id of the draft
        draft: WordingDraftId,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(super) async fn run(action: &DraftAction, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        DraftAction::Draft {
            named,
            answer,
            instruction,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{}/drafts", named.knowledge);
            let body = json!({ "answer": answer, "instruction": instruction, "version": named.version });
            asking.tell(&asking.reply(runtime, post(&path, &remove_nulls(body))).await?)
        }
        DraftAction::Drafts {
            knowledge,
            draft,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{knowledge}/drafts");
            match draft {
                None => asking.tell(&asking.whole(runtime, &path).await?),
                Some(draft) => asking.tell(&asking.reply(runtime, get(&format!("{path}/{draft}"))).await?),
            }
        }
        DraftAction::Adopt {
            knowledge,
            draft,
            onto,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{knowledge}/drafts/{draft}/adopt");
            let body = remove_nulls(json!({ "onto": onto }));
            asking.tell(&asking.reply(runtime, post(&path, &body)).await?)
        }
        DraftAction::Reject {
            knowledge,
            draft,
            reason,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{knowledge}/drafts/{draft}/reject");
            let body = json!({ "reason": reason });
            asking.tell(&asking.reply(runtime, post(&path, &body)).await?)
        }
    }
}
