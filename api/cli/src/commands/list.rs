//! `ledgerline list`: how an imported list stands, and people taken out of a campaign again while it runs.

use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use application::percent::encode;
use domain::ids::{CampaignId, ListId};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Lists that were imported (名单): show one, stop calling its people (止呼), or undo the whole import.
///
/// LIST is the id that `import` prints and `--json` has as `list`. A call that is open ends as it would
/// have; nothing new is dialed, and what was granted and not dialed is given back. Stopped half-way, the
/// same command goes on and withdraws nobody twice.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Its file, how many people it brought, who of them waits, is settled or was withdrawn
    Show {
        /// The list's id
        list: ListId,
        #[command(flatten)]
        asking: Asking,
    },
    /// Call nobody of the list any more (止呼), or only some people of a campaign
    Withdraw {
        /// The list's id; or name a campaign and people
        #[arg(required_unless_present = "campaign", conflicts_with = "campaign")]
        list: Option<ListId>,
        /// The campaign of the people that --customer names
        #[arg(long, value_name = "ID", requires = "customer")]
        campaign: Option<CampaignId>,
        /// Somebody of the campaign; may be given again
        #[arg(long, value_name = "CUSTOMER", requires = "campaign")]
        customer: Vec<String>,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        asking: Asking,
    },
    /// The list was a mistake: withdraw everybody whom it brought, and take it no second time
    Undo {
        /// The list's id
        list: ListId,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Debug, clap::Args)]
struct Why {
    /// Why; stored for ever, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who orders it, for the record; whoever signed in is it
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
            let body = given(json!({ "customers": customer, "reason": why.reason, "by": why.by }));
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

/// Stretch by stretch, until everybody of the list was looked at.
async fn whole(
    list: ListId,
    verb: &str,
    why: Why,
    asking: &Asking,
    runtime: Arc<Runtime>,
) -> Result<(), Failure> {
    let path = format!("/api/v1/lists/{list}/{verb}");
    let mut all: Option<Value> = None;
    let mut after: Option<String> = None;
    loop {
        let body = given(json!({ "reason": why.reason, "by": why.by, "after": after }));
        let told = asking.reply(Arc::clone(&runtime), post(&path, &body)).await?;
        after = told.get("after").and_then(Value::as_str).map(str::to_owned);
        let sum = match all.take() {
            None => told,
            Some(before) => added(before, told),
        };
        if after.is_none() {
            return asking.tell(&sum);
        }
        all = Some(sum);
    }
}

/// The counts of both, and all else as the later says it.
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
