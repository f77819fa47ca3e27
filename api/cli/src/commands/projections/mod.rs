//! `ledgerline projections`: shows the state of the views, rebuilds and verifies them.

mod rebuild;
mod rebuild_all;
mod show;

use crate::kit::api::{ApiArgs, require_log};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use crate::kit::table::pad;
use ::projections::{RebuildError, View, ViewCheck, views};
use application::format_localized;
use application::language::localized;
use domain::stored_event::Position;
use host::app::ReadOnlyLog;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::{LogArgs, StoreSpec};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Width of the result of a check before its view, in columns.
const WORD_COLUMNS: usize = 8;

/// Show the state of the views (读模型), rebuild them without downtime, and verify them against the log
///
/// A view consists of rows derived from events. `rebuild NAME` builds new rows from the first event in
/// separate tables; readers use the live rows until `switch NAME` replaces them with the new ones in one
/// transaction. If a server uses the directory, the server does it; otherwise this command does it and stores
/// what was done in the log.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the views of this build and their tables
    List {
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Show the lag of each view, why it is parked, and its rebuild; a server may be running
    Status(OptionalViewArgs),
    /// Build new rows of one view beside the live ones; without NAME, of every view in turn, with a switch to
    /// each
    Rebuild {
        /// View; default: all
        name: Option<String>,
        #[command(flatten)]
        at: ViewRequestArgs,
        /// Start at the first event, even if an earlier rebuild was begun
        #[arg(long, requires = "name")]
        restart: bool,
        /// Keep the new rows ready instead of switching to them when they equal the live ones
        #[arg(long, requires = "name")]
        no_switch: bool,
        /// Drop all rows first and rebuild them in place: for rows that cannot be read at all; no server may
        /// run
        #[arg(long, conflicts_with_all = ["name", "accept_differences"])]
        in_place: bool,
        #[command(flatten)]
        accept: AcceptDifferencesArgs,
    },
    /// Replace the live rows of a view with the new ones
    Switch {
        #[command(flatten)]
        of: ViewNameArgs,
        #[command(flatten)]
        accept: AcceptDifferencesArgs,
    },
    /// Drop the new rows of a view
    Cancel(ViewNameArgs),
    /// Let a parked view retry its event
    Retry(ViewNameArgs),
    /// Replay the log in memory and compare the result with the rows; a server may be running
    Verify(OptionalViewArgs),
}

#[derive(Debug, clap::Args)]
struct RowSourceArgs {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl RowSourceArgs {
    fn place(&self) -> Result<(PathBuf, StoreSpec), Failure> {
        let (data, spec) = self.log.place()?;
        require_log(&spec)?;
        Ok((data, spec))
    }
}

/// The API to use, and whether to print JSON.
#[derive(Debug, clap::Args)]
struct ViewRequestArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct OptionalViewArgs {
    /// View; default: all
    name: Option<String>,
    #[command(flatten)]
    at: RowSourceArgs,
}

#[derive(Debug, clap::Args)]
struct ViewNameArgs {
    /// Name of the view
    name: String,
    #[command(flatten)]
    at: ViewRequestArgs,
}

#[derive(Debug, clap::Args)]
struct AcceptDifferencesArgs {
    /// Switch even if the new rows differ from the live ones; the reason why that is right
    #[arg(long, value_name = "REASON")]
    accept_differences: Option<String>,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::List { json } => show::list(json),
        Action::Status(of) => show::status(&of.at, of.name.as_deref()).await,
        Action::Rebuild {
            name: None,
            at,
            in_place: true,
            ..
        } => rebuild_all::rebuild_in_place(&at).await,
        Action::Rebuild {
            name: None,
            at,
            accept,
            ..
        } => rebuild_all::rebuild_in_shadow(&at, runtime, accept.accept_differences.as_deref()).await,
        Action::Rebuild {
            name: Some(name),
            at,
            restart,
            no_switch,
            accept,
            ..
        } => {
            let wish = rebuild::RebuildOptions {
                restart,
                no_switch,
                accept: accept.accept_differences,
            };
            rebuild::rebuild_view(&at, runtime, &known(&name)?, &wish).await
        }
        Action::Switch { of, accept } => {
            let accept = accept.accept_differences.as_deref();
            rebuild::switch(&of.at, runtime, &known(&of.name)?, accept).await
        }
        Action::Cancel(of) => rebuild::cancel(&of.at, runtime, &known(&of.name)?).await,
        Action::Retry(of) => rebuild::retry(&of.at, runtime, &known(&of.name)?).await,
        Action::Verify(of) => verify(&of.at, of.name.as_deref()).await,
    }
}

/// Returns the name if this build has the view; refuses an unknown name and lists the known ones.
fn known(name: &str) -> Result<String, Failure> {
    let all = views::all();
    if all.iter().any(|view| view.name() == name) {
        return Ok(name.to_owned());
    }
    let names: Vec<&str> = all.iter().map(|view| view.name()).collect();
    Err(Failure::refused(format!(
        "there is no view {name}; there are {}",
        names.join(", ")
    )))
}

/// Returns the progress of work on the views.
fn view_progress() -> Progress {
    Progress::counted(localized("处理事件", "events applied"))
}

fn show_on(progress: &Progress) -> impl FnMut(Position, Position) + Send + '_ {
    |reached: Position, end: Position| progress.reach(reached, end)
}

async fn verify(at: &RowSourceArgs, name: Option<&str>) -> Result<(), Failure> {
    let (data, spec) = at.place()?;
    let mut wanted: Vec<Arc<dyn View>> = views::all();
    if let Some(name) = name {
        let name = known(name)?;
        wanted.retain(|view| view.name() == name);
    }
    let opened = ReadOnlyLog::of(&spec).await?;
    let progress = view_progress();
    let verified = match opened.rows(&at.read_db.spec(&data)).await {
        Ok(rows) => {
            let mut hear = show_on(&progress);
            let store = opened.store.as_ref();
            let verified = ::projections::verify_views(store, rows, wanted, &mut hear).await;
            verified.map_err(Failure::from)
        }
        Err(error) => Err(Failure::from(error)),
    };
    drop(progress);
    opened.close().await;
    let checks: Vec<ViewCheck> = verified?;
    let wrong: Vec<&str> = checks
        .iter()
        .filter(|check| !check.holds())
        .map(|check| check.view.as_str())
        .collect();
    if at.json {
        output::json(&json!({ "agree": wrong.is_empty(), "views": checks }))?;
    } else {
        for check in &checks {
            let word = match check.holds() {
                true => localized("一致", "ok"),
                false => localized("不一致", "differs"),
            };
            output::line(&format_localized!(
                "{} {:<20} 截至位置 {}",
                "{} {:<20} up to position {}",
                pad(word, WORD_COLUMNS),
                check.view,
                check.position
            ))?;
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::found(format_localized!(
        "读模型与日志不一致：{}",
        "rows differ from the log: {}",
        wrong.join(", ")
    )))
}

impl From<RebuildError> for Failure {
    fn from(error: RebuildError) -> Self {
        match error {
            RebuildError::NoView(_) | RebuildError::Refused(_) => Self::refused(error.to_string()),
            RebuildError::Failed(error) => error.into(),
        }
    }
}
