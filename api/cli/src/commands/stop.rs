//! `ledgerline stop`: engages, lifts and lists emergency stops of everything, a trunk, a campaign or a
//! preset.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::language::localized;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Emergency stop (紧急停止): no new dials within its scope until it is lifted
///
/// Granted calls that are not yet dialed are withdrawn, ringing calls are canceled, and conversations finish
/// unless --hang-up is given. A stop survives restarts. Without a server it is stored in the log and applies
/// when one starts. To end one campaign permanently, use `ledgerline campaign stop`.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Stop all dialing of all campaigns
    All {
        #[command(flatten)]
        order: StopArgs,
    },
    /// Stop one campaign until the stop is lifted
    Campaign {
        /// Id of the campaign (its task_id)
        id: String,
        #[command(flatten)]
        order: StopArgs,
    },
    /// Stop dialing on one trunk; other trunks continue
    Trunk {
        /// Name of the trunk
        id: String,
        #[command(flatten)]
        order: StopArgs,
    },
    /// Stop every campaign under one preset, for example cn-collection
    Preset {
        /// Code of the preset
        id: String,
        #[command(flatten)]
        order: StopArgs,
    },
    /// Lift a stop: dialing resumes within its scope
    Lift {
        /// Id of the stop, as shown by `list`: all, trunk.NAME, campaign.ID or preset.CODE
        id: String,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List the engaged stops
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
struct StopArgs {
    /// Reason; stored permanently, so name no person
    #[arg(long)]
    reason: String,
    /// Also hang up calls in conversation
    #[arg(long)]
    hang_up: bool,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::All { order } => order.engage(runtime, "all", None).await,
        Action::Campaign { id, order } => order.engage(runtime, "campaign", Some(id)).await,
        Action::Trunk { id, order } => order.engage(runtime, "trunk", Some(id)).await,
        Action::Preset { id, order } => order.engage(runtime, "preset", Some(id)).await,
        Action::Lift { id, reason, asking } => {
            let body = json!({ "stop": id, "reason": reason });
            asking.show(runtime, post("/api/v1/stop/lift", &body)).await
        }
        Action::List { asking } => list(runtime, &asking).await,
    }
}

impl StopArgs {
    async fn engage(&self, runtime: Arc<Runtime>, scope: &str, id: Option<String>) -> Result<(), Failure> {
        let body =
            remove_nulls(json!({ "scope": scope, "id": id, "reason": self.reason, "hang_up": self.hang_up }));
        self.asking.show(runtime, post("/api/v1/stop", &body)).await
    }
}

async fn list(runtime: Arc<Runtime>, asking: &RequestArgs) -> Result<(), Failure> {
    let columns = [
        (localized("停止", "stop"), "/stop"),
        (localized("自", "since"), "/since"),
        (localized("操作人", "by"), "/by"),
        (localized("通话", "conversations"), "/conversations"),
        (localized("原因", "reason"), "/reason"),
    ];
    asking
        .show_items(
            runtime,
            "/api/v1/stop",
            described,
            &columns,
            localized("没有紧急停止", "no stop is engaged"),
        )
        .await
}

/// Adds what happens to conversations, in words.
fn described(stop: &Value) -> Value {
    let mut shown = stop.clone();
    let hangs_up = stop.get("hang_up").and_then(Value::as_bool) == Some(true);
    let word = match hangs_up {
        true => localized("挂断", "hung up"),
        false => localized("继续", "finish"),
    };
    if let Some(members) = shown.as_object_mut() {
        members.insert("conversations".to_owned(), json!(word));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_conversations_is_said_in_a_word() {
        assert_eq!(described(&json!({ "hang_up": true }))["conversations"], "hung up");
        assert_eq!(described(&json!({ "hang_up": false }))["conversations"], "finish");
    }
}
