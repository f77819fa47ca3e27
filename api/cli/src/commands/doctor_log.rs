//! The log check of `ledgerline doctor`: opens the log and reads its newest record; with `--full` verifies
//! every record, the Merkle tree and every checkpoint, like `ledgerline audit verify`.

use crate::commands::audit;
use crate::commands::doctor_check::{Check, Finding};
use crate::kit::failure::Failure;
use domain::ports::event_store::StoreError;
use domain::stored_event::Position;
use host::app::{AppError, ReadOnly};
use host::store_spec::{LogArgs, StoreSpec};
use store::OpenError;

const NAME: &str = "log";

/// Checks the newest record, or with `is_full` all records.
pub(super) async fn check(log: &LogArgs, is_full: bool) -> Check {
    let said = match log.spec() {
        Ok(_) if is_full => whole(log).await,
        Ok(spec) => newest(&spec).await,
        Err(problem) => Err(problem.into()),
    };
    match said {
        Ok((finding, says)) => Check::new(NAME, finding, says),
        Err(failure) => Check::new(NAME, Finding::Bad, failure.to_string()),
    }
}

async fn newest(spec: &StoreSpec) -> Result<(Finding, String), Failure> {
    let opened = match ReadOnly::of(spec).await {
        Err(AppError::Open(OpenError::Missing(_))) => return Ok(nothing()),
        opened => opened?,
    };
    let read = read_newest(&opened).await;
    opened.close().await;
    let head = read?;
    if head == Position(0) {
        return Ok(nothing());
    }
    let says = format!(
        "it opens, and its newest record (position {head}) can be read. NOT checked: all other records, hashes, \
         tree and checkpoints: ledgerline doctor --full / 仅打开日志并读取最新一条，其余记录、哈希与检查点未校验，\
         完整校验请加 --full"
    );
    Ok((Finding::Note, says))
}

async fn read_newest(opened: &ReadOnly) -> Result<Position, Failure> {
    let head = opened.store.head().await?;
    let Some(before) = head.0.checked_sub(1) else {
        return Ok(head);
    };
    for event in opened.store.read_all(Position(before), 1).await? {
        event
            .envelope()
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
    }
    Ok(head)
}

async fn whole(log: &LogArgs) -> Result<(Finding, String), Failure> {
    if let Err(AppError::Open(OpenError::Missing(_))) = ReadOnly::of(&log.spec()?).await {
        return Ok(nothing());
    }
    let report = audit::verify_whole(log).await?;
    if let Some(wrong) = report.wrong {
        let place = wrong
            .position
            .map_or_else(String::new, |position| format!("position {position}: "));
        let says = format!(
            "DAMAGED: {place}{}. Restore the log from a backup or a copy / 日志已损坏，请从备份恢复",
            wrong.what
        );
        return Ok((Finding::Bad, says));
    }
    let held_to = match report.checkpoints {
        0 => "there was no checkpoint to compare them with".to_owned(),
        count => format!("{count} checkpoints match, the largest covers {}", report.covered),
    };
    let says = format!(
        "all {} events of {} streams were read and are valid; {held_to} / 已校验全部事件",
        report.events, report.streams
    );
    Ok((Finding::Good, says))
}

fn nothing() -> (Finding, String) {
    (Finding::Note, "there are no events yet / 尚无事件".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::taken_away::tests::begun;
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
            (Finding::Note, Finding::Good),
            "{}",
            full.says
        );
        assert!(short.says.contains("NOT checked"), "{}", short.says);
        assert!(full.says.contains("all 1 events"), "{}", full.says);
        assert!(flip(dir.path()) > 0);
        let found = check(&log, true).await;
        assert_eq!(found.finding, Finding::Bad, "{}", found.says);
    }
}
