//! `ledgerline call recording`: downloads the recording of one call. The access is logged first.

use crate::kit::api::ApiArgs;
use crate::kit::atomic_file::AtomicFile;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::reader::os_user;
use application::format_localized;
use application::percent::encode;
use domain::ids::CallId;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the call
    id: CallId,
    /// Reason, for the record; stored permanently, so name no person
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Your name, for the record; default: the user of the operating system
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// WAV file to write; two channels: robot and callee
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

pub(super) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    let Args {
        id,
        reason,
        by,
        out,
        json,
        api,
    } = args;
    let mut path = format!("/api/v1/calls/{id}/recording?reason={}", encode(&reason));
    if let Some(by) = by.or_else(os_user) {
        path.push_str(&format!("&by={}", encode(&by)));
    }
    let part = AtomicFile::begin(&out)?;
    let mut file = part.file()?;
    let mut bytes = 0_u64;
    let client = api.client(runtime).await?;
    let taken = client
        .download(&path, |piece| {
            bytes = bytes.saturating_add(piece.len() as u64);
            file.write_all(piece).map_err(Failure::from)
        })
        .await;
    client.close().await;
    taken?;
    part.finish()?;
    let name = out.display().to_string();
    if json {
        return output::json(&json!({ "call": id, "file": name, "bytes": bytes }));
    }
    output::line(&format_localized!(
        "{bytes} 字节：{name}",
        "{bytes} bytes: {name}"
    ))
}
