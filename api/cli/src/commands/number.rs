//! `ledgerline number`: opt a number out or suppress it, at once and everywhere; show what stands against it.

use crate::commands::number_check::CheckArgs;
use crate::kit::api::post;
use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::reader::ReaderArgs;
use crate::page;
use domain::screening::NumberListName;
use serde_json::{Value, json};
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
            Action::Show { .. } => true,
            Action::OptOut(_)
            | Action::Suppress(_)
            | Action::List(_)
            | Action::Check(_)
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

/// Numbers of one request, as the route takes them.
const NUMBERS_OF_REQUEST: usize = 500;

/// What became of a file's numbers.
#[derive(Default)]
struct Sum {
    good: u64,
    unchanged: u64,
    /// The lines that hold no number.
    bad_lines: Vec<usize>,
}

impl Sum {
    fn add(&mut self, part: &[(usize, String)], reply: &Value) {
        self.good += reply["good"].as_u64().unwrap_or(0);
        self.unchanged += reply["unchanged"].as_u64().unwrap_or(0);
        for refused in reply["refused"].as_array().into_iter().flatten() {
            let row = refused["row"].as_u64().and_then(|row| usize::try_from(row).ok());
            let line = row.and_then(|row| part.get(row)).map(|(line, _)| *line);
            self.bad_lines.extend(line);
        }
    }
}

/// The next numbers of a file with their lines, as many as go in one request.
fn part_of(
    lines: &mut impl Iterator<Item = (usize, std::io::Result<String>)>,
) -> std::io::Result<Vec<(usize, String)>> {
    let mut part = Vec::with_capacity(NUMBERS_OF_REQUEST);
    for (index, line) in lines {
        let line = line?;
        let number = line.trim();
        if !number.is_empty() && !number.starts_with('#') {
            part.push((index + 1, number.to_owned()));
        }
        if part.len() == NUMBERS_OF_REQUEST {
            break;
        }
    }
    Ok(part)
}

/// Tells the numbers of a file the same, many in a request. A line that is no number is told of and the
/// others count; where the server cannot take them, it ends there and says behind which line: what was told
/// stays told, and the same file again goes on.
async fn import(
    file: &Path,
    list: Option<&NumberListName>,
    reason: &str,
    asking: &Asking,
    runtime: Arc<Runtime>,
) -> Result<(), Failure> {
    let unavailable = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", file.display()));
    let mut lines = BufReader::new(File::open(file).map_err(unavailable)?)
        .lines()
        .enumerate();
    let client = asking.client(runtime).await?;
    let (mut sum, mut line) = (Sum::default(), 0);
    let ended = loop {
        let part = match part_of(&mut lines) {
            Ok(part) => part,
            Err(error) => break Err(unavailable(error).with(&hint_behind(line))),
        };
        let last = part.last().map_or(line, |(line, _)| *line);
        if part.is_empty() {
            break Ok(());
        }
        let numbers: Vec<&str> = part.iter().map(|(_, number)| number.as_str()).collect();
        let mut body = json!({ "numbers": numbers, "reason": reason });
        if let (Some(list), Some(members)) = (list, body.as_object_mut()) {
            members.insert("list".to_owned(), json!(list.as_str()));
        }
        match post("/api/v1/numbers/import", &body).ask(&client).await {
            Ok(reply) => sum.add(&part, &reply),
            Err(failure) => break Err(failure.with(&hint_behind(line))),
        }
        line = last;
    };
    client.close().await;
    let bad = sum.bad_lines.len();
    asking.tell(&json!({
        "good": sum.good, "unchanged": sum.unchanged, "bad": bad, "bad_lines": sum.bad_lines,
    }))?;
    ended?;
    match bad {
        0 => Ok(()),
        _ => Err(Failure::found(format!(
            "{}: {bad} lines hold no telephone number; the others are told",
            file.display()
        ))),
    }
}

fn hint_behind(line: usize) -> String {
    format!("it ended behind line {line}; what was told before stays told: import the same file again")
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
        Action::Check(args) => return args.run(runtime).await,
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
