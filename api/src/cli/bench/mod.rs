//! `ledgerline bench`: measurements on this machine.

mod calls;
mod line;
mod load;

use super::failure::Failure;

/// Measure this machine.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Audio both ways in real time on many calls at once, the carrier on the same machine
    Calls(calls::Args),
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let Action::Calls(args) = args.action;
    calls::run(args).await
}
