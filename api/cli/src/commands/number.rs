//! `ledgerline number`: opt a number out or suppress it, at once and everywhere; show what stands against it.

use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::reader::ReaderArgs;
use crate::page;
use domain::screening::NumberListName;
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
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
    /// Suppress every number of a file, or put it on a list: a number a line (a national list as it comes)
    Import {
        /// A number a line, in any usual form; empty lines and lines that begin with # are passed over
        file: PathBuf,
        /// Put them on this list of ours; they are suppressed unless it is said
        #[arg(long, value_name = "NAME")]
        list: Option<NumberListName>,
        /// Why, for the log
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        asking: Asking,
    },
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
            Action::Show { .. } => true,
            Action::OptOut(_)
            | Action::Suppress(_)
            | Action::List(_)
            | Action::Unlist(_)
            | Action::Import { .. } => false,
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

/// Lines that are told of when they are no numbers; the count is of all.
const BAD_LINES_TOLD_MAX: usize = 20;

/// Tells each number of a file the same, one after another; the good ones count.
async fn import(
    file: &Path,
    list: Option<&NumberListName>,
    reason: &str,
    asking: &Asking,
    runtime: Arc<Runtime>,
) -> Result<(), Failure> {
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", file.display()));
    let lines = BufReader::new(File::open(file).map_err(unavailable)?).lines();
    let client = asking.client(runtime).await?;
    let (mut good, mut bad_count, mut bad) = (0_u64, 0_u64, Vec::new());
    for (index, line) in lines.enumerate() {
        let line = line.map_err(unavailable)?;
        let number = line.trim();
        if number.is_empty() || number.starts_with('#') {
            continue;
        }
        let told = match list {
            Some(list) => {
                let body = json!({ "number": number, "list": list.as_str(), "reason": reason });
                post("/api/v1/numbers/list-on", &body).ask(&client).await
            }
            None => {
                let body = json!({ "number": number, "reason": reason });
                post("/api/v1/numbers/suppress", &body).ask(&client).await
            }
        };
        match told {
            Ok(_) => good += 1,
            Err(_) => {
                bad_count += 1;
                bad.extend((bad.len() < BAD_LINES_TOLD_MAX).then_some(index + 1));
            }
        }
    }
    client.close().await;
    asking.tell(&json!({ "good": good, "bad": bad_count, "bad_lines": bad }))
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let (named, verb) = match &args.action {
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
        Action::List(listing) => return listing.run("list-on", runtime).await,
        Action::Unlist(listing) => return listing.run("list-off", runtime).await,
        Action::Import {
            file,
            list,
            reason,
            asking,
        } => return import(file, list.as_ref(), reason, asking, runtime).await,
        Action::OptOut(named) => (named, "opt-out"),
        Action::Suppress(named) => (named, "suppress"),
    };
    let path = format!("/api/v1/numbers/{verb}");
    let body = json!({ "number": named.number, "reason": named.reason });
    named.asking.show(runtime, post(&path, &body)).await
}
