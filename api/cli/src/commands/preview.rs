//! `ledgerline campaign preview`: shows an agent the next customer, who is then accepted or skipped.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Show the agent the next customer, masked; the offer is exclusive until it expires
    Next(PreviewArgs),
    /// Accept the shown customer: the call is dialed if every rule permits it then
    Accept(PreviewAnswerArgs),
    /// Skip the shown customer, who may later be offered to any agent
    Skip(PreviewSkipArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct PreviewArgs {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    /// Agent, if no user is signed in
    #[arg(long, value_name = "USER")]
    agent: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PreviewAnswerArgs {
    #[command(flatten)]
    preview: PreviewArgs,
    /// Customer that was shown to the agent, by our id
    #[arg(long, value_name = "CUSTOMER")]
    customer: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PreviewSkipArgs {
    #[command(flatten)]
    answer: PreviewAnswerArgs,
    /// Reason; stored permanently, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) async fn run(action: Action, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        Action::Next(preview) => tell(runtime, "next", preview, &json!({})).await,
        Action::Accept(PreviewAnswerArgs { preview, customer }) => {
            tell(runtime, "accept", preview, &json!({ "customer": customer })).await
        }
        Action::Skip(PreviewSkipArgs { answer, reason }) => {
            let said = json!({ "customer": answer.customer, "reason": reason });
            tell(runtime, "skip", answer.preview, &said).await
        }
    }
}

async fn tell(runtime: Arc<Runtime>, what: &str, preview: PreviewArgs, said: &Value) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/preview/{what}", encode(preview.id.as_str()));
    let body = remove_nulls(json!({
        "agent": preview.agent,
        "customer": said.get("customer"),
        "reason": said.get("reason"),
    }));
    preview.asking.show(runtime, post(&path, &body)).await
}
