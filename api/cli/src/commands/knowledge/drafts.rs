//! Drafts of wording: asked of the server's model, listed, taken or rejected.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use domain::ids::{KnowledgeId, WordingDraftId};
use domain::knowledge::KnowledgeNamed;
use serde_json::json;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What is done with drafts.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Drafting {
    /// Ask the server's model (serve --llm) for other words of one answer; nobody hears them by this
    Draft {
        /// NAME, or NAME@V
        named: KnowledgeNamed,
        /// The id of the answer or objection
        #[arg(long, value_name = "ID")]
        answer: String,
        /// What is wished; it is masked, stored and sent
        #[arg(long, value_name = "TEXT")]
        instruction: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// List the drafts of a base, or show one with all that was sent
    Drafts {
        /// The base's name
        knowledge: KnowledgeId,
        /// This one alone
        draft: Option<WordingDraftId>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Take a draft that somebody else asked for into a new version, which is not published by this
    Adopt {
        /// The base's name
        knowledge: KnowledgeId,
        /// The draft's id
        draft: WordingDraftId,
        /// Take everything else from this version; default: the one imported last
        #[arg(long, value_name = "V", value_parser = clap::value_parser!(u32).range(1..))]
        onto: Option<u32>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Say why a draft is not to be said
    Reject {
        /// The base's name
        knowledge: KnowledgeId,
        /// The draft's id
        draft: WordingDraftId,
        /// Stored for ever; name no person
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
