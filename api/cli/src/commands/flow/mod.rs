//! `ledgerline flow`: flows checked, compared, rehearsed with seeded callers and held to their transcripts;
//! published as versions, and gone back to.

mod bench;
mod coverage;
mod in_sound;
mod recorded;
mod source;
mod variants;
mod versions;

pub(crate) use source::Source;

use crate::kit::asking::Asking;
use crate::kit::failure::Failure;
use application::rehearsing::CALLERS_MAX;
use domain::flow::FlowNamed;
use domain::ids::FlowId;
use recorded::Recorded;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;
use versions::Reasoned;

/// Flows (流程): what the robot says and does, checked, compared and rehearsed before anybody is called;
/// published as versions, which campaigns name.
///
/// FLOW is a file, the name of a flow that ships with the program (`flow list`), or NAME@V: a published
/// version, asked of --data or --server.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Find what is wrong with a flow, and what could be better
    Check {
        /// A file, a shipped flow, or NAME@V
        flow: String,
        #[command(flatten)]
        recorded: Recorded,
        #[command(flatten)]
        asking: Asking,
    },
    /// Publish a flow: a version of its own, unless it is the current one already
    Publish {
        /// A file, or a shipped flow
        flow: String,
        /// From this version on another person approves each
        #[arg(long)]
        approvals: bool,
        #[command(flatten)]
        recorded: Recorded,
        #[command(flatten)]
        reasoned: Reasoned,
        #[command(flatten)]
        asking: Asking,
    },
    /// Make an earlier version current again; campaigns keep the version that they were made with
    Rollback {
        /// The flow's name
        flow: FlowId,
        /// To this version; default: the one before the current
        #[arg(long, value_name = "V", value_parser = clap::value_parser!(u32).range(1..))]
        to: Option<u32>,
        #[command(flatten)]
        reasoned: Reasoned,
        #[command(flatten)]
        asking: Asking,
    },
    /// Compare two flows, node by node
    Diff {
        /// The one
        one: String,
        /// The other
        other: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Rehearse a flow with seeded callers, in text or in sound; the same seed gives the same bytes
    Simulate {
        /// A file, a shipped flow, or NAME@V
        flow: String,
        /// How many callers
        #[arg(long, value_name = "N", default_value_t = 1_000,
            value_parser = clap::value_parser!(u64).range(1..=CALLERS_MAX))]
        callers: u64,
        /// Decides everything
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
        /// They speak: synthetic voices over a line to the embedded recognizer (needs espeak-ng)
        #[arg(long)]
        audio: bool,
        #[command(flatten)]
        asking: Asking,
    },
    /// What of a published flow its recorded calls went through, and how many questions were answered
    Coverage {
        /// NAME@V, or NAME for the current version
        #[arg(value_name = "FLOW@V")]
        flow: FlowNamed,
        #[command(flatten)]
        asking: Asking,
    },
    /// Which wording of a text does better, by the figure and after the calls that the flow states
    Variants {
        /// NAME@V, or NAME for the current version
        #[arg(value_name = "FLOW@V")]
        flow: FlowNamed,
        #[command(flatten)]
        asking: Asking,
    },
    /// Hold flows to the transcripts of a folder
    Test {
        /// YAML files of transcripts
        folder: PathBuf,
        #[command(flatten)]
        asking: Asking,
    },
    /// The flows that ship with the program; with --data or --server the published ones too
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// One flow as it is published: short forms written out, with its hash
    Show {
        /// A file, a shipped flow, NAME or NAME@V
        flow: String,
        #[command(flatten)]
        asking: Asking,
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
        } => bench::check(&source(asking), flow, recorded).await,
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
        Action::Diff { one, other, asking } => bench::diff(&source(asking), one, other).await,
        Action::Simulate {
            flow,
            callers,
            seed,
            audio: true,
            asking,
        } => in_sound::simulate(&source(asking), flow, *callers, *seed).await,
        Action::Simulate {
            flow,
            callers,
            seed,
            audio: false,
            asking,
        } => bench::simulate(&source(asking), flow, *callers, *seed).await,
        Action::Coverage { flow, asking } => coverage::run(runtime, asking, flow).await,
        Action::Variants { flow, asking } => variants::run(runtime, asking, flow).await,
        Action::Test { folder, asking } => bench::test(&source(asking), folder).await,
        Action::List { asking } => versions::list(Arc::clone(&runtime), asking).await,
        Action::Show { flow, asking } => versions::show(&source(asking), flow).await,
    }
}
