//! `ledgerline call`: shows a call now or at a past moment, corrects it, exports it masked, replays an
//! export.

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

/// Show calls now or as of a past moment, correct one, export one without personal data, replay one
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show one call with its events; with --data alone the log is read directly, even while a server writes
    /// it
    Show(show::Args),
    /// Correct the recorded end of a call (更正): a new event is added, the old one stays
    Correct(correct::Args),
    /// Download the recording of one call (录音); the access is logged with its reason first
    Recording(recording::Args),
    /// Export what is needed to replay one call elsewhere (问题包), without personal data
    Export(export::Args),
    /// Replay a call step by step (单步回放): heard, understood, decided, said; no call is made. Optionally with
    /// another version of its flow
    Replay(replay::Args),
    /// Show the summary of a call (话后小结): intent, interest, slots, follow-up
    Summary(summary::Args),
    /// Search the transcripts of calls for words (检索通话文本); the search is logged first
    Search(search::Args),
}

impl Args {
    /// Returns true if the command may end when the reader of its output ends. A replay continues to its
    /// verdict.
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
