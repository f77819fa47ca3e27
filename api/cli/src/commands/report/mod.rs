//! `ledgerline report`: reports about a period, for people (PDCA) and signed for auditors (compliance).

mod check;
mod compare;
mod compliance;
mod costs;
mod daily;
mod pdca;
mod plan;
mod saved;

use crate::kit::failure::Failure;
use crate::kit::words::word_of;
use application::private_file;
use chrono::NaiveDate;
use domain::calendar::{PeriodLength, beijing_date};
use domain::ports::event_store::EventStore;
use host::app::ReadOnlyLog;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::LogArgs;
use projections::ReadDb;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Create a report about a period of the Beijing calendar
///
/// A report names the log position that it covers and depends on nothing else: a report created again up to
/// the same position is equal byte for byte.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Plan, do, check, act: a page for printing (复盘)
    Pdca(pdca::Args),
    /// Signed compliance report (合规报告); its issue is stored in the log
    Compliance(compliance::Args),
    /// Table of one day: the main metrics of each campaign and in total, and targets reached (日报)
    Daily(daily::Args),
    /// What calls cost, by your own tariff (费用)
    Costs(costs::Args),
    /// Call plan of a quarter, drafted from the forecast: calls, lines, agents and cost by month (外呼计划)
    Plan(plan::Args),
    /// Compare one metric over two periods, with the significance of the difference (对比)
    Compare(compare::Args),
    /// Saved reports: list, show, send, remove (已存报表)
    Saved(saved::Args),
    /// Check a compliance report against its signed note, and against the log if available
    Check(check::Args),
}

/// Opens the rows and the log, runs `ask` on them, and closes the log. A server may be running.
async fn from_rows<T>(
    log: &LogArgs,
    read_db: &ReadDbArgs,
    ask: impl AsyncFnOnce(&dyn ReadDb, &dyn EventStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (data, spec) = log.place()?;
    let opened = ReadOnlyLog::of(&spec).await?;
    let made = async {
        let rows = opened.rows(&read_db.spec(&data)).await?;
        ask(rows.as_ref(), opened.store.as_ref()).await
    }
    .await;
    opened.close().await;
    made
}

/// Options that select the period of a report.
#[derive(Debug, Clone, clap::Args)]
struct PeriodArgs {
    /// Length of the period
    #[arg(long, value_parser = word_of(PeriodLength::WORDS, PeriodLength::of_word))]
    period: PeriodLength,
    /// A day of the period, for example 2026-11-20; default: the day of the last event
    #[arg(long, value_name = "DATE")]
    at: Option<NaiveDate>,
}

impl PeriodArgs {
    /// Returns the day of `--at`, else the day of the last event. Refuses an empty log.
    async fn day(&self, store: &dyn EventStore) -> Result<NaiveDate, Failure> {
        if let Some(day) = self.at {
            return Ok(day);
        }
        let last = store.last_recorded_at().await?;
        last.map(beijing_date)
            .ok_or_else(|| Failure::refused("the log is empty: there is nothing to report"))
    }
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Pdca(args) => pdca::run(args).await,
        Action::Compliance(args) => compliance::run(args, runtime).await,
        Action::Daily(args) => daily::run(args).await,
        Action::Costs(args) => costs::run(args).await,
        Action::Plan(args) => plan::run(args).await,
        Action::Compare(args) => compare::run(args, runtime).await,
        Action::Saved(args) => saved::run(args, runtime).await,
        Action::Check(args) => check::run(args).await,
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    private_file::write(path, bytes)
        .map_err(|error| Failure::unavailable(format!("{}: {error}", path.display())))
}
