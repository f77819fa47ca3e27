//! `ledgerline mine`: what the recorded calls of a campaign say together.

use crate::kit::api::get;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::output;
use domain::ids::CampaignId;
use serde_json::Value;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Mining (挖掘): what the recorded calls of a campaign say together; nothing of a person is opened for it.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Why people refused: reasons that were understood, each with its share
    Refusals {
        /// The campaign whose calls they are
        #[arg(long, value_name = "ID")]
        campaign: CampaignId,
        #[command(flatten)]
        asking: Asking,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Action::Refusals { campaign, asking } = args.action;
    let path = format!("/api/v1/campaigns/{campaign}/refusals");
    let found = asking.reply(runtime, get(&path)).await?;
    if asking.wants_json() {
        return output::json(&found);
    }
    let number = |of: &Value, member: &str| of.get(member).and_then(Value::as_u64).unwrap_or_default();
    output::line(&format!(
        "{} 通 calls, 有对话 talked {}, 拒绝 refused {}",
        number(&found, "calls"),
        number(&found, "talked"),
        number(&found, "refused")
    ))?;
    let reasons = found.get("reasons").and_then(Value::as_array);
    for one in reasons.into_iter().flatten() {
        let word = |member: &str| one.get(member).and_then(Value::as_str).unwrap_or_default();
        let share = number(one, "share_permille");
        output::line(&format!(
            "{:>3}.{} % {:>6}  {} {} ({})",
            share / 10,
            share % 10,
            number(one, "calls"),
            word("label_zh"),
            word("label_en"),
            word("intent")
        ))?;
    }
    Ok(())
}
