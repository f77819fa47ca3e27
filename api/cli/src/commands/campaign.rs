//! `ledgerline campaign`: creates, starts, pauses, resumes and stops campaigns, sets their targets and shows
//! their results.

use crate::commands::cut_off;
use crate::commands::preflight;
use crate::commands::preview;
use crate::commands::promote;
use crate::commands::targets;
use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use crate::page;
use application::percent::encode;
use domain::ids::{ApprovalId, CampaignId};
use domain::time::Timestamp;
use http::body::BODY_BYTES_MAX;
use intake::bounded_file;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Create campaigns, control them, and show their results
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create a campaign from a JSON or YAML file, for example
    /// {"task_id":"LOAN_REMIND","customer_segment":"overdue","script_template":"您好,{{customer_name}}…",
    /// "schedule":{"start_time":"09:00","end_time":"18:00","max_concurrent":50}}
    Create {
        /// JSON or YAML file with the campaign
        file: PathBuf,
        #[command(flatten)]
        asking: RequestArgs,
    },
    /// Start a campaign: it begins to dial
    Start(CampaignIdArgs),
    /// Pause dialing; live calls continue
    Pause(CampaignIdArgs),
    /// Resume dialing after a pause
    Resume(CampaignIdArgs),
    /// End a campaign permanently
    Stop(CampaignIdArgs),
    /// Show a campaign and the state of its enrolments, now or as of a past moment
    Show(CampaignMomentArgs),
    /// Show the figures of a campaign, now or as of a past moment
    Report(CampaignMomentArgs),
    /// Show the targets of a campaign, or set them with --set or --preset (目标)
    Targets(targets::SetTargetsArgs),
    /// Compare targets with results, with the main cause of each gap (偏差分析)
    TargetActual(targets::OptionalCampaignArgs),
    /// Show how many customers of a campaign reached each stage (漏斗)
    Funnel(targets::CampaignTableArgs),
    /// Show the calls of a campaign by region of the callee, as far as known (地区分布)
    Regions(targets::CampaignTableArgs),
    /// Show the calls of a campaign by industry, taken from customers' attributes (行业分布)
    Industries(targets::CampaignTableArgs),
    /// Show the abandon rate of the last 30 days under every definition (呼损台账)
    Abandonment(targets::CampaignTableArgs),
    /// Show the hours in which customers of a campaign answer most, as learned (最佳呼叫时间)
    Times(targets::CampaignTableArgs),
    /// List customers that we cut off after they answered, by a crash or stop (我方中断); call back or settle
    /// them
    CutOff(cut_off::Args),
    /// Anonymize the persons of a campaign that has ended (匿名化): figures and calls stay
    #[command(visible_alias = "anonymise")]
    Anonymize {
        #[command(flatten)]
        named: CampaignIdArgs,
        /// Reason; stored permanently, so name no person
        #[arg(long)]
        reason: String,
        /// Erase no data: only report who would be erased, and who would still be identifiable
        #[arg(long)]
        dry_run: bool,
        /// Id of the approval given by another person
        #[arg(long, value_name = "ID")]
        approval: Option<ApprovalId>,
    },
    /// Freeze a segment of customers (人群包) as the customers of a campaign, and enrol them
    Segment {
        #[command(flatten)]
        named: CampaignIdArgs,
        /// SELECT * FROM customers WHERE …
        sql: String,
        /// Id of the approval given by another person
        #[arg(long, value_name = "ID")]
        approval: Option<ApprovalId>,
    },
    /// Forecast: numbers left after each rule, reasons not to dial, expected end (预检)
    Preflight(preflight::Args),
    /// Preview dialing (预览外呼): the next customer of an agent is shown, accepted or skipped
    #[command(subcommand)]
    Preview(preview::Action),
    /// Promote a campaign to its next stage (进入下一阶段): pilot, roll_out, or full
    Promote(promote::Args),
    /// Create a campaign with the plan and flow of another; lists and figures are not copied
    Clone {
        #[command(flatten)]
        named: CampaignIdArgs,
        /// Id of the new campaign
        new: CampaignId,
        /// End of the campaign (RFC 3339); default: no end
        #[arg(long, value_name = "INSTANT")]
        ends_at: Option<Timestamp>,
    },
    /// List all campaigns with their figures, now or as of a past moment
    List {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: RequestArgs,
    },
}

#[derive(Debug, clap::Args)]
struct CampaignMomentArgs {
    #[command(flatten)]
    named: CampaignIdArgs,
    #[command(flatten)]
    moment: MomentArgs,
}

#[derive(Debug, clap::Args)]
struct CampaignIdArgs {
    /// Id of the campaign (its task_id)
    id: CampaignId,
    #[command(flatten)]
    asking: RequestArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Create { file, asking } => {
            let body = read(&file)?;
            asking.show(runtime, post("/api/v1/campaigns", &body)).await
        }
        Action::Start(named) => command(runtime, &named, "start").await,
        Action::Pause(named) => command(runtime, &named, "pause").await,
        Action::Resume(named) => command(runtime, &named, "resume").await,
        Action::Stop(named) => command(runtime, &named, "stop").await,
        Action::Show(then) => {
            let path = path(&then, "");
            let asking = &then.named.asking;
            asking.show_page(runtime, get(&path), page::campaign).await
        }
        Action::Report(then) => {
            let path = path(&then, "/report");
            then.named.asking.show(runtime, get(&path)).await
        }
        Action::Targets(args) => targets::targets(args, runtime).await,
        Action::TargetActual(args) => targets::target_actual(args, runtime).await,
        Action::Funnel(args) => targets::funnel(args, runtime).await,
        Action::Regions(args) => targets::regions(args, runtime).await,
        Action::Industries(args) => targets::industries(args, runtime).await,
        Action::Abandonment(args) => targets::abandonment(args, runtime).await,
        Action::Times(args) => targets::times(args, runtime).await,
        Action::CutOff(args) => cut_off::run(args, runtime).await,
        Action::Anonymize {
            named,
            reason,
            dry_run,
            approval,
        } => {
            let path = format!("/api/v1/campaigns/{}/anonymize", encode(named.id.as_str()));
            let body = remove_nulls(json!({ "reason": reason, "dry_run": dry_run, "approval": approval }));
            named.asking.show(runtime, post(&path, &body)).await
        }
        Action::Segment { named, sql, approval } => freeze(runtime, &named, &sql, approval).await,
        Action::Clone { named, new, ends_at } => {
            let path = format!("/api/v1/campaigns/{}/clone", encode(named.id.as_str()));
            let body = remove_nulls(json!({ "task_id": new, "ends_at": ends_at }));
            named.asking.show(runtime, post(&path, &body)).await
        }
        Action::Preflight(args) => preflight::run(args, runtime).await,
        Action::Preview(action) => preview::run(action, runtime).await,
        Action::Promote(args) => promote::run(args, runtime).await,
        Action::List { moment, asking } => {
            let path = format!("/api/v1/campaigns{}", moment.query());
            asking.show_all_pages(runtime, &path).await
        }
    }
}

async fn freeze(
    runtime: Arc<Runtime>,
    named: &CampaignIdArgs,
    sql: &str,
    approval: Option<ApprovalId>,
) -> Result<(), Failure> {
    let approval = approval.map_or_else(String::new, |approval| format!("?approval={approval}"));
    let path = format!(
        "/api/v1/campaigns/{}/segment{approval}",
        encode(named.id.as_str())
    );
    let body = json!({ "sql": sql });
    named.asking.show(runtime, post(&path, &body)).await
}

fn path(then: &CampaignMomentArgs, rest: &str) -> String {
    let (id, query) = (encode(then.named.id.as_str()), then.moment.query());
    format!("/api/v1/campaigns/{id}{rest}{query}")
}

/// Reads a JSON or YAML file. YAML includes JSON, so one parser reads both.
fn read(file: &Path) -> Result<Value, Failure> {
    let text = bounded_file::read_text(file, BODY_BYTES_MAX)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    domain::yaml::value(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

async fn command(runtime: Arc<Runtime>, named: &CampaignIdArgs, verb: &str) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/{verb}", encode(named.id.as_str()));
    let body = json!({});
    let request = match verb {
        "start" | "resume" => post(&path, &body).mark_as_dialing(),
        _ => post(&path, &body),
    };
    named.asking.show(runtime, request).await
}
