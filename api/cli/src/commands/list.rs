//! `ledgerline list`: shows an imported list, withdraws customers from a running campaign, and undoes an
//! import.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use domain::ids::{CampaignId, ListId};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Imported lists (名单): show one, withdraw its customers (止呼), or undo the whole import
///
/// LIST is the id that `import` prints; with `--json` it is the member `list`. An open call ends normally; no
/// new call is dialed, and granted calls that are not yet dialed are returned. If the command is interrupted,
/// the same command continues and withdraws no customer twice.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show a list: its file, the customers it added, and how many wait, are settled or were withdrawn
    Show {
        /// Id of the list
        list: ListId,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Withdraw all customers of a list (止呼), or single customers of a campaign
    Withdraw {
        /// Id of the list; alternatively give --campaign and --customer
        #[arg(required_unless_present = "campaign", conflicts_with = "campaign")]
        list: Option<ListId>,
        /// Campaign of the customers named by --customer
        #[arg(long, value_name = "ID", requires = "customer")]
        campaign: Option<CampaignId>,
        /// Customer of the campaign; may be repeated
        #[arg(long, value_name = "CUSTOMER", requires = "campaign")]
        customer: Vec<String>,
        #[command(flatten)]
        why: ListReasonArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Undo a mistaken import: withdraw all its customers; the list cannot be imported again
    Undo {
        /// Id of the list
        list: ListId,
        #[command(flatten)]
        why: ListReasonArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
struct ListReasonArgs {
    /// Reason; stored permanently, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who orders it, for the record; a signed-in user is always recorded
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Show { list, asking } => {
            let path = format!("/api/v1/lists/{list}");
            asking.show(runtime, get(&path)).await
        }
        Action::Withdraw {
            list: None,
            campaign,
            customer,
            why,
            asking,
        } => {
            let campaign = campaign.as_ref().map(CampaignId::as_str).unwrap_or_default();
            let path = format!("/api/v1/campaigns/{}/withdraw", encode(campaign));
            let body = remove_nulls(json!({ "customers": customer, "reason": why.reason, "by": why.by }));
            asking.show(runtime, post(&path, &body)).await
        }
        Action::Withdraw {
            list: Some(list),
            why,
            asking,
            ..
        } => whole(list, "withdraw", why, &asking, runtime).await,
        Action::Undo { list, why, asking } => whole(list, "undo", why, &asking, runtime).await,
    }
}

/// Repeats a request that handles a part of a list's customers, until all are done, and prints the sum.
async fn whole(
    list: ListId,
    verb: &str,
    why: ListReasonArgs,
    asking: &RequestArgs,
    runtime: Arc<Runtime>,
) -> Result<(), Failure> {
    let path = format!("/api/v1/lists/{list}/{verb}");
    let mut all: Option<Value> = None;
    let mut after: Option<String> = None;
    loop {
        let body = remove_nulls(json!({ "reason": why.reason, "by": why.by, "after": after }));
        let reply = asking.reply(Arc::clone(&runtime), post(&path, &body)).await?;
        after = reply.get("after").and_then(Value::as_str).map(str::to_owned);
        let sum = match all.take() {
            None => reply,
            Some(before) => added(before, reply),
        };
        if after.is_none() {
            return asking.tell(&sum);
        }
        all = Some(sum);
    }
}

/// Adds the counts of two replies to a request about a list. All other members are those of the later one.
fn added(before: Value, mut later: Value) -> Value {
    for name in ["persons", "withdrawn", "in_calls", "already"] {
        let count = |of: &Value| of.get(name).and_then(Value::as_u64).unwrap_or(0);
        let sum = count(&before) + count(&later);
        if let Some(member) = later.get_mut(name) {
            *member = json!(sum);
        }
    }
    if let (Some(object), Some(position)) = (later.as_object_mut(), before.get("position"))
        && !object.contains_key("position")
    {
        object.insert("position".to_owned(), position.clone());
    }
    later
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_of_a_list_add_up_and_the_last_position_stays() {
        let first = json!({ "persons": 3, "withdrawn": 2, "in_calls": 1, "already": 1, "position": "9", "after": "7" });
        let last = json!({ "persons": 1, "withdrawn": 0, "in_calls": 0, "already": 1 });
        let sum = added(first, last);
        let expected = json!({ "persons": 4, "withdrawn": 2, "in_calls": 1, "already": 2, "position": "9" });
        assert_eq!(sum, expected);
    }
}
