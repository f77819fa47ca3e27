//! `ledgerline flow`: checks, compares, rehearses and tests flows, publishes versions and rolls back to
//! earlier ones.

mod audio_rehearsal;
mod clips_check;
mod coverage;
mod offline_commands;
mod source;
mod variants;
mod versions;

pub(crate) use source::Source;

use crate::kit::failure::Failure;
use crate::kit::request_args::RequestArgs;
use application::rehearsing::CALLERS_MAX;
use clips_check::ClipsArgs;
use domain::flow::FlowSelector;
use domain::ids::FlowId;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;
use versions::FlowChangeArgs;

/// Flows (话术流程): what the robot says and does; check, compare and rehearse them before a call, publish them
/// as versions
///
/// Campaigns name a published version. FLOW is a file, the name of a flow that ships with the program (`flow
/// list`), or NAME@V: a published version, read from --data or --server.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Report faults of a flow, and advice
    Check {
        /// File, shipped flow, or NAME@V
        flow: String,
        #[command(flatten)]
        recorded: ClipsArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Publish a flow as a new version, unless it equals the current one
    Publish {
        /// File or shipped flow
        flow: String,
        /// From this version on, each version needs the approval of another person
        #[arg(long)]
        approvals: bool,
        #[command(flatten)]
        recorded: ClipsArgs,
        #[command(flatten)]
        reasoned: FlowChangeArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Make an earlier version current again; campaigns keep the version they were created with
    Rollback {
        /// Name of the flow
        flow: FlowId,
        /// Version to return to; default: the one before the current
        #[arg(long, value_name = "V", value_parser = clap::value_parser!(u32).range(1..))]
        to: Option<u32>,
        #[command(flatten)]
        reasoned: FlowChangeArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Compare two flows, node by node
    Diff {
        /// First flow: file, shipped flow, or NAME@V
        one: String,
        /// Second flow: file, shipped flow, or NAME@V
        other: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Rehearse a flow with seeded callers, in text or audio; the same seed gives the same bytes
    Simulate {
        /// File, shipped flow, or NAME@V
        flow: String,
        /// Number of callers
        #[arg(long, value_name = "N", default_value_t = 1_000,
            value_parser = clap::value_parser!(u64).range(1..=CALLERS_MAX))]
        callers: u64,
        /// Seed that decides how every caller behaves
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
        /// Rehearse in audio: synthetic voices over a line to the embedded recognizer (needs espeak-ng)
        #[arg(long)]
        audio: bool,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show which parts of a published flow its recorded calls reached, and how many questions were answered
    Coverage {
        /// NAME@V, or NAME for the current version
        #[arg(value_name = "FLOW@V")]
        flow: FlowSelector,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Compare the wordings of each text, by the metric and the number of calls that the flow states
    Variants {
        /// NAME@V, or NAME for the current version
        #[arg(value_name = "FLOW@V")]
        flow: FlowSelector,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Test flows with the transcripts of a folder
    Test {
        /// Folder with transcripts in YAML files
        folder: PathBuf,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// List the flows that ship with the program; with --data or --server also the published ones
    List {
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Show one flow as published: short forms expanded, with its hash
    Show {
        /// File, shipped flow, NAME or NAME@V
        flow: String,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let source = |asking| Source {
        runtime: Arc::clone(&runtime),
        asking,
    };
    match &args.action {
        Action::Check {
            flow,
            recorded,
            asking,
        } => offline_commands::check(&source(asking), flow, recorded).await,
        Action::Publish {
            flow,
            approvals,
            recorded,
            reasoned,
            asking,
        } => {
            recorded.hold(&source(asking), flow).await?;
            versions::publish(&source(asking), flow, *approvals, reasoned).await
        }
        Action::Rollback {
            flow,
            to,
            reasoned,
            asking,
        } => versions::roll_back(Arc::clone(&runtime), asking, flow, *to, reasoned).await,
        Action::Diff { one, other, asking } => offline_commands::diff(&source(asking), one, other).await,
        Action::Simulate {
            flow,
            callers,
            seed,
            audio: true,
            asking,
        } => audio_rehearsal::simulate(&source(asking), flow, *callers, *seed).await,
        Action::Simulate {
            flow,
            callers,
            seed,
            audio: false,
            asking,
        } => offline_commands::simulate(&source(asking), flow, *callers, *seed).await,
        Action::Coverage { flow, asking } => coverage::run(runtime, asking, flow).await,
        Action::Variants { flow, asking } => variants::run(runtime, asking, flow).await,
        Action::Test { folder, asking } => offline_commands::test(&source(asking), folder).await,
        Action::List { asking } => versions::list(Arc::clone(&runtime), asking).await,
        Action::Show { flow, asking } => versions::show(&source(asking), flow).await,
    }
}
