//! `ledgerline report pdca`: writes a page for people, from the rows, or from one campaign's events up to a
//! past moment. A server may be running.

use crate::commands::report::{PeriodArgs, write};
use crate::kit::failure::Failure;
use crate::kit::output;
use application::as_of::Moment;
use application::format_localized;
use domain::event_filter::EventFilter;
use domain::ids::CampaignId;
use domain::ports::clock::Clock;
use domain::problem::Problem;
use evidence::pdca::{PdcaReportFigures, PdcaScope, evidence, gather, page};
use host::app::ReadOnlyLog;
use host::clock::SystemClock;
use host::read_db_spec::ReadDbArgs;
use host::store_spec::LogArgs;
use projections::views::call_history::CallHistory;
use projections::views::campaign_board::CampaignBoard;
use projections::views::metric_board::MetricBoard;
use projections::views::target_board::TargetBoard;
use projections::{EventSpan, FoldError, View, fold};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    period: PeriodArgs,
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// As known then: events up to this position, or recorded up to this instant (RFC 3339); computed from
    /// the campaign's events, at most 2,000,000
    #[arg(long, value_name = "POSITION|INSTANT", requires = "campaign")]
    as_of: Option<String>,
    /// File for the page; FILE.evidence.json beside it names the events behind each number
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (data, spec) = args.log.place()?;
    let opened = ReadOnlyLog::of(&spec).await?;
    let gathered = async {
        let ask = PdcaScope {
            length: args.period.period,
            day: args.period.day(opened.store.as_ref()).await?,
            campaign: args.campaign.clone(),
            upto: None,
        };
        if let (Some(as_of), Some(campaign)) = (&args.as_of, &args.campaign) {
            return folded(&opened, ask, as_of, campaign).await;
        }
        let rows = opened.rows(&args.read_db.spec(&data)).await?;
        Ok(gather(rows.as_ref(), opened.store.as_ref(), ask).await?)
    }
    .await;
    opened.close().await;
    let gathered: PdcaReportFigures = gathered?;
    let beside = evidence_file(&args.out);
    let name = beside.file_name().unwrap_or_default().to_string_lossy();
    write(&args.out, page(&gathered, &name).as_bytes())?;
    write(&beside, format!("{:#}\n", evidence(&gathered)).as_bytes())?;
    let (period, position) = (&gathered.period.label, gathered.position);
    if args.json {
        return output::json(
            &json!({ "report": "pdca", "period": period, "position": position.to_string(),
            "out": args.out.display().to_string(), "evidence": beside.display().to_string() }),
        );
    }
    output::line(&format_localized!(
        "PDCA 报告 {period}：数据完整至位置 {position}；已写入 {}，依据写入 {}",
        "pdca {period}: rows complete up to position {position}; written to {}, its evidence to {}",
        args.out.display(),
        beside.display()
    ))
}

/// Returns the name of the evidence file: `FILE.evidence.json`.
fn evidence_file(page: &Path) -> PathBuf {
    let mut name = page.as_os_str().to_owned();
    name.push(".evidence.json");
    PathBuf::from(name)
}

/// Computes the report as known at a past moment, from the campaign's own events up to it.
async fn folded(
    opened: &ReadOnlyLog,
    ask: PdcaScope,
    as_of: &str,
    campaign: &CampaignId,
) -> Result<PdcaReportFigures, Failure> {
    let store = opened.store.as_ref();
    let moment = Moment::parse(Some(as_of), None)?;
    let then = moment.resolve(store, SystemClock::default().now()).await?;
    let views: Vec<Arc<dyn View>> = vec![
        Arc::new(CampaignBoard),
        Arc::new(CallHistory),
        Arc::new(MetricBoard),
        Arc::new(TargetBoard),
    ];
    let filter = EventFilter {
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let span = EventSpan::until(filter, then.position);
    let rows = fold(store, &span, views, &|| true).await.map_err(unfolded)?;
    let ask = PdcaScope {
        upto: Some(then.position),
        ..ask
    };
    Ok(gather(rows.db.as_ref(), store, ask).await?)
}

fn unfolded(error: FoldError) -> Failure {
    match error {
        FoldError::TooManyEvents { .. } => Failure::refused(format!("{error}: ask for an earlier moment")),
        FoldError::Store(error) => Problem::from(error).into(),
        FoldError::Rows(error) => Problem::from(error).into(),
        FoldError::Stopped { .. } => Failure::unavailable(error.to_string()),
    }
}
