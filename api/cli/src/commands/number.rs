//! `ledgerline number`: opt a number out or suppress it, at once and everywhere; show what stands against it.

use super::number_import;
use crate::commands::number_check::CheckArgs;
use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::reader::ReaderArgs;
use crate::page;
use domain::screening::NumberListName;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Opt a phone number out, suppress it, or show what stands against it.
///
/// Both hold before the next dial, in every campaign; open calls to the number are withdrawn or cancelled.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// The person asked not to be called (谢绝来电)
    OptOut(Named),
    /// The number is on a list of numbers that must not be dialed (禁呼名单)
    Suppress(Named),
    /// Put a number on a list of ours that a campaign may demand (白名单)
    List(Listing),
    /// Take a number off a list of ours
    Unlist(Listing),
    /// Suppress every number of a file, or put it on a list; or take in an edition of a list that others keep
    Import(number_import::Import),
    /// The lists that others keep (禁呼登记): of which day each is
    Registries {
        #[command(flatten)]
        asking: Asking,
    },
    /// Check which numbers are vacant (空号检测): a few, or those of a campaign's people who may be called
    Check(CheckArgs),
    /// Show what is known of a number, and why it is not called (查看号码); on record in the log
    Show {
        /// The number, in any usual form, or our id of it
        number: String,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        reader: ReaderArgs,
        #[command(flatten)]
        asking: Asking,
    },
}

impl Args {
    pub(crate) const fn only_shows(&self) -> bool {
        match self.action {
            Action::Show { .. } | Action::Registries { .. } => true,
            Action::OptOut(_)
            | Action::Suppress(_)
            | Action::List(_)
            | Action::Check(_)
            | Action::Unlist(_)
            | Action::Import(_) => false,
        }
    }
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The number, in any usual form
    number: String,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, clap::Args)]
struct Listing {
    /// The number, in any usual form
    number: String,
    /// The list: a-z, 0-9 and -
    #[arg(long, value_name = "NAME")]
    list: NumberListName,
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: Asking,
}

impl Listing {
    async fn run(&self, verb: &str, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/numbers/{verb}");
        let body = json!({ "number": self.number, "list": self.list.as_str(), "reason": self.reason });
        self.asking.show(runtime, post(&path, &body)).await
    }
}

async fn registries(asking: Asking, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let columns = [
        ("名单 list", "/name"),
        ("日期 as of", "/as_of"),
        ("天数 days", "/days"),
        ("区号 area codes", "/codes"),
        ("形式 form", "/form"),
        ("号码 numbers", "/numbers"),
        ("坏行 bad", "/bad"),
        ("不可拨 uncallable", "/uncallable"),
    ];
    let none = "没有登记名单 no lists of others";
    asking
        .show_items(runtime, "/api/v1/registries", described, &columns, none)
        .await
}

/// With how many area codes came by themselves.
fn described(list: &Value) -> Value {
    let mut shown = list.clone();
    let codes = list.get("areas").and_then(Value::as_array).map_or(0, Vec::len);
    if let Some(members) = shown.as_object_mut() {
        members.insert("codes".to_owned(), json!(codes));
    }
    shown
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let (named, verb) = match args.action {
        Action::Show {
            number,
            moment,
            reader,
            asking,
        } => {
            let path = reader.put(&format!("/api/v1/numbers/lookup{}", moment.query()));
            let body = json!({ "number": number });
            return asking.show_page(runtime, post(&path, &body), page::number).await;
        }
        Action::Check(args) => return args.run(runtime).await,
        Action::List(listing) => return listing.run("list-on", runtime).await,
        Action::Unlist(listing) => return listing.run("list-off", runtime).await,
        Action::Import(order) => return number_import::run(order, runtime).await,
        Action::Registries { asking } => return registries(asking, runtime).await,
        Action::OptOut(named) => (named, "opt-out"),
        Action::Suppress(named) => (named, "suppress"),
    };
    let path = format!("/api/v1/numbers/{verb}");
    let body = json!({ "number": named.number, "reason": named.reason });
    named.asking.show(runtime, post(&path, &body)).await
}
