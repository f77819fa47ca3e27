//! `ledgerline export`: exports calls, events or metrics to a file, completely or not at all.

use crate::kit::api::ApiArgs;
use crate::kit::atomic_file::AtomicFile;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::progress::Progress;
use crate::kit::words::word_of;
use application::exports::{Format, columns};
use application::format_localized;
use application::percent::encode;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use host::outbound::api_client::ApiClient;
use projections::sql_views::{EXPORTABLES, ExportableView};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Export calls, events or metric sums to a file: CSV, Excel, Parquet or JSON lines
///
/// The columns are those of the documented views `calls`, `audit` and `metric_sums` (`ledgerline query
/// --views`) and hold no personal data. The export is logged before its first row. The file is written under
/// a temporary name and renamed when it is complete.
///
/// ledgerline export calls --format xlsx --out calls.xlsx --campaign T --data DIR
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// Data to export: calls, events or metrics
    what: String,
    /// Format of the file
    #[arg(long, value_parser = word_of(Format::WORDS, Format::of_word))]
    format: Format,
    /// File to write; an existing one is replaced when the new one is complete
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this campaign
    #[arg(long, value_name = "TASK_ID")]
    campaign: Option<CampaignId>,
    /// Only from this instant on (RFC 3339): for calls the time of the permit, for metrics the hour
    #[arg(long, value_name = "INSTANT")]
    from: Option<Timestamp>,
    /// Only before this instant
    #[arg(long, value_name = "INSTANT")]
    to: Option<Timestamp>,
    /// Only these columns, separated by commas, in this order
    #[arg(long, value_name = "NAMES")]
    columns: Option<String>,
    /// Your name, for the record; default: the user of the operating system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

pub(crate) async fn run(mut args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    args.by = args.by.or_else(crate::kit::reader::os_user);
    let what = ExportableView::of_name(&args.what).ok_or_else(|| {
        let names: Vec<&str> = EXPORTABLES.iter().map(|one| one.name).collect();
        Failure::usage(format!(
            "{} cannot be exported; there are {}",
            args.what,
            names.join(", ")
        ))
    })?;
    columns(what, args.columns.as_deref())?;
    let part = AtomicFile::begin(&args.out)?;
    let progress = Progress::spinner();
    let client = args.api.client(runtime).await?;
    let written = download(&client, &args, &part, &progress).await;
    client.close().await;
    drop(progress);
    let bytes = written?;
    part.finish()?;
    if args.json {
        let file = args.out.display().to_string();
        return output::json(&json!({ "file": file, "format": args.format.word(), "bytes": bytes }));
    }
    output::line(&format_localized!(
        "{}：{bytes} 字节",
        "{}: {bytes} bytes",
        args.out.display()
    ))
}

async fn download(
    client: &ApiClient,
    args: &Args,
    part: &AtomicFile,
    progress: &Progress,
) -> Result<u64, Failure> {
    let mut path = format!(
        "/api/v1/exports/{}?format={}",
        encode(&args.what),
        args.format.word()
    );
    let given = [
        ("campaign", args.campaign.as_ref().map(ToString::to_string)),
        ("from", args.from.map(|at| at.to_string())),
        ("to", args.to.map(|at| at.to_string())),
        ("columns", args.columns.clone()),
        ("by", args.by.clone()),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", encode(&value)));
        }
    }
    let mut file = part.file()?;
    let mut bytes = 0_u64;
    client
        .download(&path, |piece| {
            file.write_all(piece)?;
            bytes += u64::try_from(piece.len()).unwrap_or(0);
            progress.say(format_localized!("{bytes} 字节", "{bytes} bytes"));
            Ok::<_, Failure>(())
        })
        .await?;
    Ok(bytes)
}
