//! The history check of `ledgerline doctor`: whether the log contains all events that were known, and if not,
//! since when they are missing. It writes nothing; the next start of a server stores what is found here.

use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use crate::kit::failure::Failure;
use domain::stored_event::Position;
use host::app::{AppError, ReadOnlyLog, find_log_leftovers};
use host::keys_spec::KeysSpec;
use host::store_spec::StoreSpec;
use std::path::Path;
use store::OpenError;
use store::proof::{FileCheckpointStore, PROOF_DIR, compare};

const NAME: &str = "history";

pub(super) async fn check(data: Option<&Path>, spec: &StoreSpec, keys: &KeysSpec) -> Check {
    match found(data, spec, keys).await {
        Ok((finding, says)) => Check::new(NAME, finding, says),
        Err(failure) => Check::new(NAME, CheckStatus::Bad, failure),
    }
}

async fn found(
    data: Option<&Path>,
    spec: &StoreSpec,
    keys: &KeysSpec,
) -> Result<(CheckStatus, CheckText), Failure> {
    let opened = match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return of_no_log(data, keys),
        opened => opened?,
    };
    let said = of_log(data, &opened).await;
    let head = opened.store.head().await;
    opened.close().await;
    match head? {
        Position(0) => of_no_log(data, keys),
        _ => said,
    }
}

fn of_no_log(data: Option<&Path>, keys: &KeysSpec) -> Result<(CheckStatus, CheckText), Failure> {
    let left = match data {
        Some(data) => find_log_leftovers(data, keys)?,
        None => None,
    };
    match left {
        Some(left) => Err(AppError::MissingLog(left).into()),
        None => Ok((
            CheckStatus::Note,
            says!("此日志尚无已知历史", "this log has no known history yet"),
        )),
    }
}

async fn of_log(data: Option<&Path>, opened: &ReadOnlyLog) -> Result<(CheckStatus, CheckText), Failure> {
    let installation = actors::installation_now(opened.store.as_ref()).await?;
    if let Some((lost, since)) = installation.unconfirmed_loss() {
        return Ok((
            CheckStatus::Bad,
            says!(
                "自 {since} 起历史丢失：已知 {} 条事件，日志有 {} 条或内容不同；已停止拨号。请恢复完整日志，或核对后执行 \
                 ledgerline backup confirm --reason TEXT",
                "LOST since {since}: {} events were known, the log has {} or different ones; dialing is stopped. \
                 Restore the complete log, or check it and run: ledgerline backup confirm --reason TEXT",
                lost.known_head,
                lost.log_head
            ),
        ));
    }
    let Some(dir) = data.map(|data| data.join(PROOF_DIR)) else {
        return Ok((
            CheckStatus::Note,
            says!(
                "未指定 --data，没有检查点可核对",
                "without --data there is no checkpoint to compare with"
            ),
        ));
    };
    let Some(published) = FileCheckpointStore::new(&dir).read()? else {
        return Ok((
            CheckStatus::Note,
            says!("此处没有已发布的检查点", "no checkpoint is published here"),
        ));
    };
    let published = published.claimed();
    let root = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, published.root);
    let is_given_up = installation.has_given_up(Position(published.size), Some(&root));
    if let (false, Some(found)) = (is_given_up, compare(&dir, opened.log.as_ref(), published).await?) {
        return Ok((
            CheckStatus::Bad,
            says!(
                "历史丢失：已发布的检查点覆盖 {} 条事件，日志只有其中 {} 条或内容不同：日志较旧或缺少末尾。下次启动后，\
                 拨号需等待 ledgerline backup confirm",
                "LOST: a checkpoint over {} events is published, and the log has {} of them or different ones: \
                 an older or truncated log. After the next start, dialing waits for ledgerline \
                 backup confirm",
                published.size,
                found.size
            ),
        ));
    }
    Ok((
        CheckStatus::Good,
        says!(
            "日志延续已发布的检查点（{} 条事件）",
            "the log continues the published checkpoint over {} events",
            published.size
        ),
    ))
}
