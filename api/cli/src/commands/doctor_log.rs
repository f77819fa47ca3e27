//! The log check of `ledgerline doctor`: opens the log and reads its newest record; with `--full` verifies
//! every record, the Merkle tree and every checkpoint, like `ledgerline audit verify`.

use crate::commands::audit;
use crate::commands::doctor_check::{Check, CheckStatus, CheckText, says};
use crate::kit::failure::Failure;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use host::app::{AppError, ReadOnlyLog};
use host::store_spec::{LogArgs, StoreSpec};
use store::OpenError;

const NAME: &str = "log";

/// Checks that the newest record of the log can be read; with `is_full` all records, like `audit verify`.
pub(super) async fn check(log: &LogArgs, is_full: bool) -> Check {
    let said = match log.spec() {
        Ok(_) if is_full => whole(log).await,
        Ok(spec) => newest(&spec).await,
        Err(problem) => Err(problem.into()),
    };
    match said {
        Ok((finding, says)) => Check::new(NAME, finding, says),
        Err(failure) => Check::new(NAME, CheckStatus::Bad, failure),
    }
}

async fn newest(spec: &StoreSpec) -> Result<(CheckStatus, CheckText), Failure> {
    let opened = match ReadOnlyLog::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return Ok(nothing()),
        opened => opened?,
    };
    let read = read_newest(&opened).await;
    opened.close().await;
    let head = read?;
    if head == Position(0) {
        return Ok(nothing());
    }
    let says = says!(
        "日志可打开，最新一条（位置 {head}）可读。未校验其余记录、哈希、默克尔树与检查点：请用 ledgerline doctor --full",
        "it opens, and its newest record (position {head}) can be read. NOT checked: all other records, hashes, \
         tree and checkpoints: ledgerline doctor --full"
    );
    Ok((CheckStatus::Note, says))
}

async fn read_newest(opened: &ReadOnlyLog) -> Result<Position, Failure> {
    let head = opened.log.head().await?;
    let Some(before) = head.0.checked_sub(1) else {
        return Ok(head);
    };
    for event in opened.log.read_all(Position(before), 1).await? {
        event
            .envelope()
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
    }
    Ok(head)
}

async fn whole(log: &LogArgs) -> Result<(CheckStatus, CheckText), Failure> {
    if let Err(AppError::Open(OpenError::Missing(_))) = ReadOnlyLog::of(&log.spec()?).await {
        return Ok(nothing());
    }
    let report = audit::verify_whole(log).await?;
    if let Some(wrong) = report.wrong {
        let what = match wrong.position {
            Some(position) => says!("位置 {position}：{}", "position {position}: {}", wrong.what),
            None => wrong.what.into(),
        };
        let says = CheckText {
            zh: format!("日志已损坏：{}。请从备份或副本恢复日志", what.zh),
            en: format!("DAMAGED: {}. Restore the log from a backup or a copy", what.en),
        };
        return Ok((CheckStatus::Bad, says));
    }
    let (events, streams) = (report.events, report.streams);
    let says = match report.checkpoints {
        0 => says!(
            "已读取全部 {events} 条事件（{streams} 个流），均有效；没有检查点可核对",
            "all {events} events of {streams} streams were read and are valid; there was no checkpoint \
             to compare them with"
        ),
        count => says!(
            "已读取全部 {events} 条事件（{streams} 个流），均有效；{count} 个检查点一致，最大的覆盖 {} 条",
            "all {events} events of {streams} streams were read and are valid; {count} checkpoints \
             match, the largest covers {}",
            report.covered
        ),
    };
    Ok((CheckStatus::Good, says))
}

fn nothing() -> (CheckStatus, CheckText) {
    (CheckStatus::Note, says!("尚无事件", "there are no events yet"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::event_exports::tests::begun;
    use host::data_dir::Mode;
    use std::path::Path;

    /// Changes one letter of the record in every file of the log that contains it.
    fn flip(dir: &Path) -> usize {
        let mut flipped = 0;
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let Ok(mut bytes) = std::fs::read(&path) else {
                continue;
            };
            let wanted = b"installation.restored";
            let places: Vec<usize> = (0..bytes.len().saturating_sub(wanted.len()))
                .filter(|at| bytes[*at..].starts_with(wanted))
                .collect();
            // The record is changed, not the column beside it: in the record the text is in quotes.
            for at in places
                .iter()
                .filter(|at| bytes[**at - 1] == b'"')
                .copied()
                .collect::<Vec<_>>()
            {
                bytes[at] ^= 0x01;
                flipped += 1;
            }
            std::fs::write(&path, bytes).unwrap();
        }
        flipped
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flipped_bit_is_found_by_a_full_look_and_a_short_one_says_what_it_did_not_check() {
        let (dir, _) = begun(Mode::Real).await;
        let log = LogArgs {
            data: Some(dir.path().to_owned()),
            store: None,
        };
        let (short, full) = (check(&log, false).await, check(&log, true).await);
        assert_eq!(
            (short.finding, full.finding),
            (CheckStatus::Note, CheckStatus::Good),
            "{}",
            full.says
        );
        assert!(short.says.en.contains("NOT checked"), "{}", short.says);
        assert!(full.says.en.contains("all 1 events"), "{}", full.says);
        assert!(flip(dir.path()) > 0);
        let found = check(&log, true).await;
        assert_eq!(found.finding, CheckStatus::Bad, "{}", found.says);
    }
}
