//! `ledgerline campaign preview`: whom an agent calls next, and what they say of it.

use crate::kit::api::post;
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use domain::ids::CampaignId;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Shows whom the agent may call next, masked; nobody else is shown them while the offer lasts
    Next(Whose),
    /// Takes the call of whom the agent is shown: dialed for them if every rule permits it then
    Accept(Answer),
    /// Does not call whom the agent is shown: they wait, and may be offered to anybody then
    Skip(Skip),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Whose {
    /// The campaign's id (its task_id)
    id: CampaignId,
    /// The agent, where nobody is signed in
    #[arg(long, value_name = "USER")]
    agent: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Answer {
    #[command(flatten)]
    whose: Whose,
    /// Whom the agent was shown: our id of the customer
    #[arg(long, value_name = "CUSTOMER")]
    customer: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Skip {
    #[command(flatten)]
    answer: Answer,
    /// Why; stored for ever, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) async fn run(action: Action, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match action {
        Action::Next(whose) => tell(runtime, "next", whose, &json!({})).await,
        Action::Accept(Answer { whose, customer }) => {
            tell(runtime, "accept", whose, &json!({ "customer": customer })).await
        }
        Action::Skip(Skip { answer, reason }) => {
            let said = json!({ "customer": answer.customer, "reason": reason });
            tell(runtime, "skip", answer.whose, &said).await
        }
    }
}

async fn tell(runtime: Arc<Runtime>, what: &str, whose: Whose, said: &Value) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/preview/{what}", encode(whose.id.as_str()));
    let body = given(json!({
        "agent": whose.agent,
        "customer": said.get("customer"),
        "reason": said.get("reason"),
    }));
    whose.asking.show(runtime, post(&path, &body)).await
}
