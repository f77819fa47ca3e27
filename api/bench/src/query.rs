//! `ledgerline-bench query`: how long the questions of a console take over millions of call rows, or those
//! about yesterday (`--as-of`).

use crate::bench_installation::BenchInstallation;
use crate::figures::{Report, Target};
use crate::past_queries::{self, PastQueryOptions};
use crate::stopwatch::{Stopwatch, Times};
use domain::ids::{CallId, CampaignId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::problem::Problem;
use host::read_db_spec::ReadDbSpec;
use host::store_spec::StoreSpec;
use indicatif::{ProgressBar, ProgressStyle};
use projections::metrics::{Scope, catalog};
use projections::row_multiplier::{CopyTarget, multiply, spread_ids};
use projections::synthetic::SyntheticLog;
use projections::views::call_history::{self, CallFilter, CallHistory};
use projections::views::campaign_board::{self, CampaignBoard, LISTED_MAX};
use projections::views::customer_timeline::{self, CustomerTimeline};
use projections::views::metric_board::{Dimension, MetricBoard, figures};
use projections::{InlineRunner, ReadDb, View};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// The events that go through the views before their rows are copied: some 1,500 calls.
const EVENTS_FIRST: usize = 5 * PAGE_EVENTS_MAX;

/// How often each question is asked.
const TIMES: usize = 400;

/// The number of ids of calls, and of customers, that are asked for, each once.
const KNOWN_IDS: u32 = 400;

/// A call by id, p99, at most.
const BY_ID_US_MAX: f64 = 50_000.0;
/// A customer's whole history, p99, at most.
const HISTORY_US_MAX: f64 = 10_000.0;
/// Target of the questions that a console asks at once, 99th percentile in microseconds.
const DASHBOARD_US_MAX: f64 = 200_000.0;

/// Ask the questions of a console, over many call rows in a database of its own.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rows of the largest table; a million take half a minute and 2.5 GB of disk, ten million some 25 GB
    #[arg(long, value_name = "N", default_value_t = 1_000_000,
          value_parser = clap::value_parser!(u64).range(10_000..=20_000_000))]
    rows: u64,
    /// How many campaigns the rows are spread over; 1: all in one campaign
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    campaigns: u32,
    /// The rows: sqlite: (default; a directory of its own) or an empty postgres:// database
    #[arg(long = "read-db", value_name = "URL")]
    read_db: Option<ReadDbSpec>,
    /// Instead ask as of yesterday: one campaign of 10,000 calls, with others of that size in the same log
    #[arg(long, conflicts_with_all = ["rows", "campaigns", "read_db"])]
    as_of: bool,
    /// With --as-of: how many other campaigns are called at the same time; 4 need 0.8 GB of disk
    #[arg(long, value_name = "N", default_value_t = 4, requires = "as_of",
          value_parser = clap::value_parser!(u64).range(0..=100))]
    others: u64,
    /// With --as-of: the log, sqlite: (default; a directory of its own) or an empty postgres:// database
    #[arg(long, value_name = "URL", requires = "as_of")]
    store: Option<StoreSpec>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Problem> {
    let mut report = Report::default();
    let directory = tempfile::tempdir()?;
    if args.as_of {
        let wanted = PastQueryOptions {
            store: args.store,
            others: args.others,
        };
        past_queries::measure(&mut report, directory.path(), wanted, runtime).await?;
        return report.show(args.json);
    }
    let own = directory.path().join("data");
    let workshop = BenchInstallation::open(&own, StoreSpec::Sqlite(own.clone()), 0, runtime).await?;
    let spec = match args.read_db.clone() {
        Some(spec @ ReadDbSpec::Postgres(_)) => spec,
        Some(ReadDbSpec::Sqlite(_)) | None => ReadDbSpec::Sqlite(own.clone()),
    };
    let db = workshop.rows(&spec).await?;
    let wanted = CopyTarget {
        rows: args.rows,
        campaigns: args.campaigns,
    };
    fill(&mut report, &db, wanted).await?;
    let asked = QueryIds::find(db.as_ref()).await?;
    by_id(&mut report, db.as_ref(), &asked).await?;
    dashboards(&mut report, db.as_ref(), &asked).await?;
    drop(db);
    workshop.close().await;
    report.show(args.json)
}

fn views() -> Vec<Arc<dyn View>> {
    vec![
        Arc::new(CallHistory),
        Arc::new(CampaignBoard),
        Arc::new(CustomerTimeline),
        Arc::new(MetricBoard),
    ]
}

/// Passes some calls through the views, then copies their rows until there are as many as `wanted`.
async fn fill(report: &mut Report, db: &Arc<dyn ReadDb>, wanted: CopyTarget) -> Result<(), Problem> {
    let mut runner = InlineRunner::begin(Arc::clone(db), views()).await?;
    let mut log = SyntheticLog::default();
    let page = log.page(EVENTS_FIRST)?;
    runner.apply_page(&page).await?;
    // Silent if standard error is not a terminal.
    let bar = ProgressBar::new(wanted.rows).with_style(ProgressStyle::default_bar());
    let watch = Stopwatch::start();
    let counts = multiply(db.as_ref(), &views(), wanted, &mut |table, made| {
        bar.set_message(table);
        bar.set_position(made);
    })
    .await?;
    bar.finish_and_clear();
    for (table, count) in counts {
        report.fact(table, count);
    }
    report.fact("campaigns_of_each", u64::from(wanted.campaigns));
    report.fact("fill_seconds", watch.nanos() / 1_000_000_000);
    Ok(())
}

/// What the questions are about: ids spread over the whole tables, so that most are not in memory.
struct QueryIds {
    calls: Vec<CallId>,
    customers: Vec<String>,
    campaigns: Vec<CampaignId>,
}

impl QueryIds {
    async fn find(db: &dyn ReadDb) -> Result<Self, Problem> {
        let boards = campaign_board::list(db, None, LISTED_MAX).await?;
        let calls = spread_ids(db, "call_history", "call", KNOWN_IDS).await?;
        // Customers with a history: its lines are the largest table, and end before the customers do.
        let customers = spread_ids(db, "customer_timeline_line", "customer", KNOWN_IDS).await?;
        let found = Self {
            calls: calls.iter().filter_map(|id| id.parse().ok()).collect(),
            customers,
            campaigns: boards.into_iter().map(|board| board.campaign).collect(),
        };
        if found.calls.is_empty() || found.customers.is_empty() || found.campaigns.is_empty() {
            return Err(Problem::fault("there is nothing to ask for"));
        }
        Ok(found)
    }
}

async fn by_id(report: &mut Report, db: &dyn ReadDb, asked: &QueryIds) -> Result<(), Problem> {
    let (mut calls, mut customers) = (Times::default(), Times::default());
    for time in 0..TIMES {
        if let Some(call) = asked.calls.get(time % asked.calls.len()) {
            let watch = Stopwatch::start();
            call_history::get(db, *call).await?;
            calls.add(watch.nanos());
        }
        if let Some(customer) = asked.customers.get(time % asked.customers.len()) {
            let watch = Stopwatch::start();
            customer_timeline::get(db, customer).await?;
            customers.add(watch.nanos());
        }
    }
    for (name, times, most) in [
        ("call by id", &calls, BY_ID_US_MAX),
        ("customer by id, whole history", &customers, HISTORY_US_MAX),
    ] {
        report.row("by id", name, times, 1);
        report.value(
            format!("{name}: p99 us"),
            times.percentile_us(99),
            Some(Target::AtMost(most)),
        );
    }
    Ok(())
}

/// A question of a dashboard.
#[derive(Clone, Copy)]
enum Question {
    Board,
    Report,
    Calls,
    /// A metric by name, split; of one campaign or all, of one day or of all time.
    Figure(&'static str, Option<Dimension>, FigureScope),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FigureScope {
    Campaign,
    CampaignDay,
    All,
    AllDay,
}

const PER_CALL: &str = "answer_ratio_per_call";
const PER_CUSTOMER: &str = "answer_ratio_per_customer";

const QUESTIONS: &[(&str, Question)] = &[
    ("board of all campaigns", Question::Board),
    ("report of a campaign", Question::Report),
    ("calls of a campaign, a page", Question::Calls),
    (
        "answer rate per call, by day, all campaigns",
        Question::Figure(PER_CALL, Some(Dimension::Day), FigureScope::All),
    ),
    (
        "answer rate per customer, one campaign",
        Question::Figure(PER_CUSTOMER, None, FigureScope::Campaign),
    ),
    (
        "answer rate per customer, one campaign, by hour of a day",
        Question::Figure(PER_CUSTOMER, Some(Dimension::Hour), FigureScope::CampaignDay),
    ),
    (
        "answer rate per customer, all campaigns together",
        Question::Figure(PER_CUSTOMER, None, FigureScope::All),
    ),
    (
        "answer rate per customer, all campaigns, by day",
        Question::Figure(PER_CUSTOMER, Some(Dimension::Day), FigureScope::All),
    ),
    (
        "answer rate per customer, by campaign, of a day",
        Question::Figure(PER_CUSTOMER, Some(Dimension::Campaign), FigureScope::AllDay),
    ),
];

/// The second day of the calls, midnight to midnight in Beijing.
const DAY: [&str; 2] = ["2026-03-03T00:00:00+08:00", "2026-03-04T00:00:00+08:00"];

fn scope(campaign: &CampaignId, of: FigureScope) -> Scope {
    let bound =
        |text: &str| matches!(of, FigureScope::CampaignDay | FigureScope::AllDay).then(|| text.parse().ok());
    let [from, to] = DAY.map(|text| bound(text).flatten());
    Scope {
        campaign: matches!(of, FigureScope::Campaign | FigureScope::CampaignDay).then(|| campaign.clone()),
        from,
        to,
    }
}

async fn ask(db: &dyn ReadDb, question: Question, campaign: &CampaignId) -> Result<(), Problem> {
    match question {
        Question::Board => drop(campaign_board::list(db, None, LISTED_MAX).await?),
        Question::Report => drop(campaign_board::report(db, campaign).await?),
        Question::Calls => {
            let filter = CallFilter {
                campaign: Some(campaign.clone()),
                ..CallFilter::default()
            };
            drop(call_history::list(db, &filter, None, 100).await?);
        }
        Question::Figure(metric, by, of) => {
            let catalog = catalog()?;
            let metric = catalog.metric(metric, None);
            let metric = metric.map_err(|unknown| Problem::fault(unknown.to_string()))?;
            drop(figures(db, catalog, metric, &scope(campaign, of), by).await?);
        }
    }
    Ok(())
}

async fn dashboards(report: &mut Report, db: &dyn ReadDb, asked: &QueryIds) -> Result<(), Problem> {
    let mut times: Vec<Times> = QUESTIONS.iter().map(|_| Times::default()).collect();
    for turn in 0..TIMES / 4 {
        let Some(campaign) = asked.campaigns.get(turn % asked.campaigns.len().max(1)) else {
            break;
        };
        for ((_, question), times) in QUESTIONS.iter().zip(&mut times) {
            let watch = Stopwatch::start();
            ask(db, *question, campaign).await?;
            times.add(watch.nanos());
        }
    }
    for ((name, _), times) in QUESTIONS.iter().zip(&times) {
        report.row("dashboards", name, times, 1);
        report.value(
            format!("{name}: p99 us"),
            times.percentile_us(99),
            Some(Target::AtMost(DASHBOARD_US_MAX)),
        );
    }
    Ok(())
}
