//! `ledgerline number`: opt a number out or suppress it, at once and everywhere; show what stands against it.

use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::reader::ReaderArgs;
use crate::page;
use domain::phone_number::PhoneNumber;
use domain::screening::NumberListName;
use host::outbound::api_client::ApiClient;
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

/// Tells each number of a file the same, one after another. A line that is no number is told of and the others
/// count; where the server cannot take one, it ends there and says at which line: what was told stays told, and
/// the same file again goes on.
async fn import(
    file: &Path,
    list: Option<&NumberListName>,
    reason: &str,
    asking: &Asking,
    runtime: Arc<Runtime>,
) -> Result<(), Failure> {
    let lines = BufReader::new(File::open(file).map_err(|error| unreadable(file, 0, &error))?).lines();
    let client = asking.client(runtime).await?;
    let mut told = Told::default();
    let ended = told.all(lines, file, list, reason, &client).await;
    client.close().await;
    asking.tell(&json!({ "good": told.good, "bad": told.bad.len(), "bad_lines": told.bad }))?;
    ended?;
    match told.bad.len() {
        0 => Ok(()),
        count => Err(Failure::found(format!(
            "{}: {count} lines hold no telephone number; the {} others are told",
            file.display(),
            told.good
        ))),
    }
}

/// What became of a file's lines.
#[derive(Default)]
struct Told {
    good: u64,
    /// The lines that hold no number.
    bad: Vec<usize>,
}

impl Told {
    async fn all(
        &mut self,
        lines: impl Iterator<Item = std::io::Result<String>>,
        file: &Path,
        list: Option<&NumberListName>,
        reason: &str,
        client: &ApiClient,
    ) -> Result<(), Failure> {
        for (index, line) in lines.enumerate() {
            let line = line.map_err(|error| unreadable(file, index, &error))?;
            let number = line.trim();
            if number.is_empty() || number.starts_with('#') {
                continue;
            }
            if PhoneNumber::parse(number).is_err() {
                self.bad.push(index + 1);
                continue;
            }
            let mut body = json!({ "number": number, "reason": reason });
            let path = match list {
                Some(list) => {
                    if let Some(members) = body.as_object_mut() {
                        members.insert("list".to_owned(), json!(list.as_str()));
                    }
                    "/api/v1/numbers/list-on"
                }
                None => "/api/v1/numbers/suppress",
            };
            let at = format!("{} line {}", file.display(), index + 1);
            let hint =
                format!("it ended at {at}; what was told before stays told: import the same file again");
            post(path, &body)
                .ask(client)
                .await
                .map_err(|failure| failure.with(&hint))?;
            self.good += 1;
        }
        Ok(())
    }
}

fn unreadable(file: &Path, index: usize, error: &std::io::Error) -> Failure {
    Failure::unavailable(format!("{} behind line {index}: {error}", file.display()))
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
