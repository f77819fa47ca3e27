//! Wording drafts of a knowledge base: requested from the server's model, listed, adopted or rejected.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::knowledge::KnowledgeNamed;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Commands for wording drafts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Drafting {
    /// Ask the server's model (serve --llm) for another wording of an answer; calls do not use it yet
    Draft {
        /// NAME, or NAME@V
        named: KnowledgeNamed,
        /// Id of the answer or objection
        #[arg(long, value_name = "ID")]
        answer: String,
        /// What the wording should be like; it is masked, stored, and sent to the model
        #[arg(long, value_name = "TEXT")]
        instruction: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// List the drafts of a knowledge base, or show one with everything that was sent to the model
    Drafts {
        /// Name of the knowledge base
        knowledge: KnowledgeId,
        /// Only this draft
        draft: Option<WordingDraftId>,
        #[command(flatten)]
        asking: Asking,
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
        asking: Asking,
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
        asking: Asking,
    },
}

pub(super) async fn run(action: &Drafting, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        Drafting::Draft {
            named,
            answer,
            instruction,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{}/drafts", named.knowledge);
            let body = json!({ "answer": answer, "instruction": instruction, "version": named.version });
            asking.tell(&asking.reply(runtime, post(&path, &given(body))).await?)
        }
        Drafting::Drafts {
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
        Drafting::Adopt {
            knowledge,
            draft,
            onto,
            asking,
        } => {
            let path = format!("/api/v1/knowledge/{knowledge}/drafts/{draft}/adopt");
            let body = given(json!({ "onto": onto }));
            asking.tell(&asking.reply(runtime, post(&path, &body)).await?)
        }
        Drafting::Reject {
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
