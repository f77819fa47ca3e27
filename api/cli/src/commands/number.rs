//! `ledgerline number`: opts numbers out, suppresses and lists them, imports registries, and shows what is
//! known of a number.

use super::number_import;
use crate::commands::number_check::CheckArgs;
use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::RequestArgs;
use crate::page;
use application::language::localized;
use domain::screening::NumberListName;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Opt out or suppress phone numbers, manage number lists, or show what is known of a number
///
/// Opt-outs and suppressions apply before the next dial, in every campaign; open calls to the number are
/// withdrawn or canceled.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record that the callee asked not to be called (谢绝来电)
    OptOut(NumberReasonArgs),
    /// Suppress a number: it must not be dialed (黑名单)
    Suppress(NumberReasonArgs),
    /// Put a number on an allowlist that a campaign may require (白名单)
    List(NumberListArgs),
    /// Remove a number from an allowlist
    Unlist(NumberListArgs),
    /// Suppress every number of a file, put them on an allowlist, or import an edition of an external
    /// registry
    Import(number_import::NumberImportArgs),
    /// List the external registries (外部黑名单) with their dates
    Registries {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Check which numbers are vacant (空号检测): given ones, or those of a campaign's customers who may be
    /// called
    Check(CheckArgs),
    /// Show what is known of a number, and why it is not called (查看号码); logged
    Show {
        /// Number in any usual form, or our id of it
        number: String,
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        reader: ReaderArgs,
        #[command(flatten)]
        asking: RequestArgs,
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
struct NumberReasonArgs {
    /// Number in any usual form
    number: String,
    /// Reason, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
struct NumberListArgs {
    /// Number in any usual form
    number: String,
    /// Name of the list: a-z, 0-9 and -
    #[arg(long, value_name = "NAME")]
    list: NumberListName,
    /// Reason, for the log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    asking: RequestArgs,
}

impl NumberListArgs {
    async fn run(&self, verb: &str, runtime: Arc<Runtime>) -> Result<(), Failure> {
        let path = format!("/api/v1/numbers/{verb}");
        let body = json!({ "number": self.number, "list": self.list.as_str(), "reason": self.reason });
        self.asking.show(runtime, post(&path, &body)).await
    }
}

async fn registries(asking: RequestArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let columns = [
        (localized("名单", "list"), "/name"),
        (localized("日期", "as of"), "/as_of"),
        (localized("天数", "days"), "/days"),
        (localized("区号", "area codes"), "/codes"),
        (localized("形式", "form"), "/form"),
        (localized("号码", "numbers"), "/numbers"),
        (localized("坏行", "bad"), "/bad"),
        (localized("不可拨", "uncallable"), "/uncallable"),
    ];
    let none = localized("没有登记名单", "no registries");
    asking
        .show_items(runtime, "/api/v1/registries", described, &columns, none)
        .await
}

/// Returns the list with the number of its area codes as `codes`, for the table.
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
