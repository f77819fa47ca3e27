//! `ledgerline call`: show one call now or at a time, correct it, export it masked, replay an export.

mod callee;
mod correct;
mod export;
mod recording;
mod replay;
mod search;
mod show;
mod summary;

use crate::kit::failure::Failure;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Look at calls, now or as known at a time; correct one; take one elsewhere without its person.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show one call with its events; with --data alone the directory is read, also while a server writes it
    Show(show::Args),
    /// How the call ended was recorded wrongly (更正): a new event says so, the old one stays
    Correct(correct::Args),
    /// Take the recording of one call (录音), for a reason that is on record before it is written
    Recording(recording::Args),
    /// Pack what is needed to replay one call elsewhere (问题包), without anything of the person
    Export(export::Args),
    /// Decide a call again, step by step: heard, understood, decided, said; nobody is asked. Also along
    /// another version of its flow
    Replay(replay::Args),
    /// Say what a call came to (话后小结): intent, interest, what was named, what may follow
    Summary(summary::Args),
    /// Find calls by words that were said in them (检索通话文本); on record before it is answered
    Search(search::Args),
}

impl Args {
    /// A replay goes on to its verdict.
    pub(crate) const fn only_shows(&self) -> bool {
        match self.action {
            Action::Show(_) => true,
            Action::Correct(_)
            | Action::Recording(_)
            | Action::Export(_)
            | Action::Replay(_)
            | Action::Summary(_)
            | Action::Search(_) => false,
        }
    }
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Show(args) => show::run(args).await,
        Action::Correct(args) => correct::run(args, runtime).await,
        Action::Recording(args) => recording::run(args, runtime).await,
        Action::Export(args) => export::run(args).await,
        Action::Replay(args) => replay::run(args, runtime).await,
        Action::Summary(args) => summary::run(args, runtime).await,
        Action::Search(args) => search::run(args, runtime).await,
    }
}
