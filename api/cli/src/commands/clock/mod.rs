//! `ledgerline clock`: asks the running server to compare its clock now, and shows the difference.

use crate::kit::api::post;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::format_localized;
use application::language::localized;
use host::outbound::server_locator::{ServerArgs, ServerConnection};
use hyper::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Compare the server's clock with other clocks, or confirm it
///
/// Calling windows and caps depend on the time of day. A server with --ntp HOST compares its clock with an
/// NTP server, and one on postgres:// with the database, at its start and every 64 s. If the difference
/// exceeds 2 s, no new call is dialed. Changes are stored in the log as installation.clock_offset_measured.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Compare now; exit code 1 if the clock is wrong
    Measure(ClockMeasureArgs),
    /// Confirm, on record, that the machine's clock is right: dialing resumes
    Confirm(ClockConfirmArgs),
}

/// Confirm that the machine's clock is right
///
/// Dialing stops after the clock was set while the server ran, or if it was earlier than the last event of
/// the log. Check the clock (`date -u`), then confirm.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ledgerline clock confirm --reason 'the machine was asleep, date is right' --by wang"
)]
struct ClockConfirmArgs {
    /// What you checked, for the log; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Your name, for the record
    #[arg(long, value_name = "USER")]
    by: Option<String>,
    #[command(flatten)]
    asking: RequestArgs,
}

#[derive(Debug, clap::Args)]
struct ClockMeasureArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Measure(args) => measure(args).await,
        Action::Confirm(args) => confirm(args, runtime).await,
    }
}

async fn confirm(args: ClockConfirmArgs, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let body = remove_nulls(json!({ "reason": args.reason, "by": args.by }));
    let path = "/api/v1/installation/confirm-clock";
    match args.asking.ask(runtime, post(path, &body)).await? {
        Some(_) => output::line(localized(
            "已确认时钟无误，恢复拨号",
            "confirmed: the clock is trusted, dialing resumes",
        )),
        None => Ok(()),
    }
}

async fn measure(args: ClockMeasureArgs) -> Result<(), Failure> {
    let path = "/api/v1/installation/measure-clock";
    let reply = ServerConnection::find(&args.server)?
        .ask(Method::POST, path, None)
        .await?;
    if args.json {
        output::json(&reply)?;
    } else {
        show(&reply)?;
    }
    match reply.get("dialing_refused").and_then(Value::as_str) {
        None => Ok(()),
        Some(why) => Err(Failure::found(why.to_owned())),
    }
}

fn show(reply: &Value) -> Result<(), Failure> {
    let measured = reply.get("measured").and_then(Value::as_array);
    let measured = measured.map(Vec::as_slice).unwrap_or_default();
    if measured.is_empty() {
        return output::line(localized(
            "未配置时钟来源：请用 --ntp HOST 启动服务",
            "no clock to compare with: start the server with --ntp HOST",
        ));
    }
    for one in measured {
        let text = |name: &str| one.get(name).and_then(Value::as_str);
        let number = |name: &str| one.get(name).and_then(Value::as_i64).unwrap_or(0);
        let source = text("source").unwrap_or("?");
        let noted = if one.get("noted") == Some(&Value::Bool(true)) {
            localized("，已记入日志", ", stored in the log")
        } else {
            ""
        };
        match text("error") {
            Some(why) => output::line(&format!("{source}  {why}"))?,
            None => output::line(&format_localized!(
                "{source}  偏差 {} ms ± {} ms，往返 {} ms{noted}",
                "{source}  offset {} ms ± {} ms, round trip {} ms{noted}",
                number("offset_ms"),
                number("uncertainty_ms"),
                number("round_trip_ms")
            ))?,
        }
    }
    Ok(())
}
