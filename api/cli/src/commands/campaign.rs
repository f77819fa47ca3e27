//! `ledgerline campaign`: create, start, pause, resume, stop, show and list campaigns, set what they are
//! to reach and see what they reached.

use crate::commands::cut_off;
use crate::commands::preflight;
use crate::commands::preview;
use crate::commands::promote;
use crate::commands::targets;
use crate::kit::api::{get, post};
use crate::kit::asking::{Asking, given};
use crate::kit::failure::Failure;
use crate::kit::moment::MomentArgs;
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

/// Create and steer campaigns.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Create a campaign from a JSON or YAML file, such as
    /// {"task_id":"LOAN_REMIND","customer_segment":"overdue","script_template":"您好,{{customer_name}}…",
    /// "schedule":{"start_time":"09:00","end_time":"18:00","max_concurrent":50}}
    Create {
        file: PathBuf,
        #[command(flatten)]
        asking: Asking,
    },
    /// Let a campaign dial
    Start(Named),
    /// Stop dialing for now; live calls go on
    Pause(Named),
    /// Dial again after a pause
    Resume(Named),
    /// End a campaign for good
    Stop(Named),
    /// Show a campaign and where its enrolments stand, now or as of a time
    Show(Then),
    /// Show a campaign's figures, now or as of a time
    Report(Then),
    /// Show what a campaign is to reach, or set it with --set or --preset (目标)
    Targets(targets::SetArgs),
    /// Targets beside what was reached, with the main cause of each gap (偏差分析)
    TargetActual(targets::SomeArgs),
    /// How far a campaign's customers came, stage by stage (漏斗)
    Funnel(targets::OneArgs),
    /// A campaign's calls by region of the callee, as far as it is known (地区分布)
    Regions(targets::OneArgs),
    /// A campaign's calls by industry of the callee, by customers' attributes (行业分布)
    Industries(targets::OneArgs),
    /// The abandon rate of the last 30 days under every definition (呼损台账)
    Abandonment(targets::OneArgs),
    /// When a campaign's people answer, as it has learnt (最佳呼叫时间)
    Times(targets::OneArgs),
    /// Whom we cut off after they answered, by a crash or a stop (被我方中断): list, call back, settle
    CutOff(cut_off::Args),
    /// Make the persons of a campaign that is over unknowable (匿名化): figures and calls stay
    #[command(visible_alias = "anonymise")]
    Anonymize {
        #[command(flatten)]
        named: Named,
        /// Why; stored for ever, so name no person
        #[arg(long)]
        reason: String,
        /// Erase nobody: only say who would be, and who would still be known
        #[arg(long)]
        dry_run: bool,
        /// The approval that another person gave
        #[arg(long, value_name = "ID")]
        approval: Option<ApprovalId>,
    },
    /// Fix whom a campaign is for by a segment of customers (客群), and enrol them
    Segment {
        #[command(flatten)]
        named: Named,
        /// SELECT * FROM customers WHERE …
        sql: String,
        /// The approval that another person gave
        #[arg(long, value_name = "ID")]
        approval: Option<ApprovalId>,
    },
    /// Numbers left after each rule, why nothing would be dialed, when it would end (预检)
    Preflight(preflight::Args),
    /// Whom an agent calls next (预览外呼): shown, accepted, skipped
    #[command(subcommand)]
    Preview(preview::Action),
    /// Let a campaign go on to its next stage (进入下一阶段): pilot, roll_out, or full
    Promote(promote::Args),
    /// Create a campaign with the plan and flow of another; lists and figures are its own
    Clone {
        #[command(flatten)]
        named: Named,
        /// The new campaign's id
        new: CampaignId,
        /// When it ends (RFC 3339); default: it does not
        #[arg(long, value_name = "INSTANT")]
        ends_at: Option<Timestamp>,
    },
    /// List all campaigns with their figures, now or as of a time
    List {
        #[command(flatten)]
        moment: MomentArgs,
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Debug, clap::Args)]
struct Then {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    moment: MomentArgs,
}

#[derive(Debug, clap::Args)]
struct Named {
    /// The campaign's id (its task_id)
    id: CampaignId,
    #[command(flatten)]
    asking: Asking,
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
            let body = given(json!({ "reason": reason, "dry_run": dry_run, "approval": approval }));
            named.asking.show(runtime, post(&path, &body)).await
        }
        Action::Segment { named, sql, approval } => freeze(runtime, &named, &sql, approval).await,
        Action::Clone { named, new, ends_at } => {
            let path = format!("/api/v1/campaigns/{}/clone", encode(named.id.as_str()));
            let body = given(json!({ "task_id": new, "ends_at": ends_at }));
            named.asking.show(runtime, post(&path, &body)).await
        }
        Action::Preflight(args) => preflight::run(args, runtime).await,
        Action::Preview(action) => preview::run(action, runtime).await,
        Action::Promote(args) => promote::run(args, runtime).await,
        Action::List { moment, asking } => {
            let path = format!("/api/v1/campaigns{}", moment.query());
            asking.show_whole(runtime, &path).await
        }
    }
}

async fn freeze(
    runtime: Arc<Runtime>,
    named: &Named,
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

fn path(then: &Then, rest: &str) -> String {
    let (id, query) = (encode(then.named.id.as_str()), then.moment.query());
    format!("/api/v1/campaigns/{id}{rest}{query}")
}

/// YAML contains JSON, so one reader serves both.
fn read(file: &Path) -> Result<Value, Failure> {
    let text = bounded_file::read_text(file, BODY_BYTES_MAX)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    domain::yaml::value(&text).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))
}

async fn command(runtime: Arc<Runtime>, named: &Named, verb: &str) -> Result<(), Failure> {
    let path = format!("/api/v1/campaigns/{}/{verb}", encode(named.id.as_str()));
    let body = json!({});
    let request = match verb {
        "start" | "resume" => post(&path, &body).that_dials(),
        _ => post(&path, &body),
    };
    named.asking.show(runtime, request).await
}
