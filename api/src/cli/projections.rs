//! `ledgerline projections`: rebuild the views of a directory from its log, or check that they follow from
//! it.

use super::failure::Failure;
use super::output;
use crate::app::{ReadOnly, WritableRows};
use crate::read_db_spec::ReadDbArgs;
use crate::store_spec::{LogArgs, StoreSpec};
use ::projections::ViewCheck;
use domain::stored_event::Position;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

/// Rebuild the views from the log, or verify them against it.
#[derive(Debug, clap::Args)]
#[command(after_help = super::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Drop all rows and make them again from the log; no server may run
    Rebuild(Where),
    /// Replay the log into memory and compare with the rows; a server may run
    Verify(Where),
}

#[derive(Debug, clap::Args)]
struct Where {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Rebuild(at) => rebuild(&at).await,
        Action::Verify(at) => verify(&at).await,
    }
}

async fn rebuild(at: &Where) -> Result<(), Failure> {
    let (data, spec) = at.log.place()?;
    require_log(&spec)?;
    let rows = WritableRows::open(&data, &spec, &at.read_db.spec(&data)).await?;
    // Silent when standard error is not a terminal.
    let bar = ProgressBar::new(0).with_style(ProgressStyle::default_bar());
    let rebuilt = ::projections::rebuild(
        rows.log.store.as_ref(),
        rows.rows(),
        &mut |reached: Position, head: Position| {
            bar.set_length(head.0);
            bar.set_position(reached.0);
        },
    )
    .await;
    bar.finish_and_clear();
    rows.close().await;
    let reached = rebuilt?;
    if at.json {
        return output::json(&json!({ "rebuilt": true, "position": reached.to_string() }));
    }
    output::line(&format!("views rebuilt up to position {reached}"))
}

async fn verify(at: &Where) -> Result<(), Failure> {
    let (data, spec) = at.log.place()?;
    require_log(&spec)?;
    let opened = ReadOnly::of(&spec).await?;
    let verified = match opened.rows(&at.read_db.spec(&data)).await {
        Ok(rows) => ::projections::verify(opened.store.as_ref(), rows)
            .await
            .map_err(Failure::from),
        Err(error) => Err(Failure::from(error)),
    };
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
            let word = if check.holds() { "ok" } else { "differs" };
            output::line(&format!(
                "{word:<8} {:<20} up to position {}",
                check.view, check.position
            ))?;
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::found(format!(
        "rows do not follow from the log: {}",
        wrong.join(", ")
    )))
}

fn require_log(spec: &StoreSpec) -> Result<(), Failure> {
    let StoreSpec::Sqlite(directory) = spec else {
        return Ok(());
    };
    if directory.join(store::EVENTS_FILE).exists() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "there is no event log in {}",
        directory.display()
    )))
}
