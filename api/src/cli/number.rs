//! `ledgerline number`: opt a number out or suppress it, at once and everywhere.

use super::asking::Asking;
use super::failure::Failure;
use crate::outbound::own_server::encode;
use hyper::Method;
use serde_json::json;

/// Opt a phone number out, or suppress it.
///
/// Both hold before the next dial, in every campaign; open calls to the number are withdrawn or cancelled.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
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

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let (named, verb) = match &args.action {
        Action::OptOut(named) => (named, "opt-out"),
        Action::Suppress(named) => (named, "suppress"),
    };
    let path = format!("/api/v1/numbers/{}/{verb}", encode(&named.number));
    let body = json!({ "reason": named.reason });
    named.asking.show(Method::POST, &path, Some(&body)).await
}
