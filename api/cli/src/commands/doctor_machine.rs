//! The machine checks of `ledgerline doctor`: the limit of open files and the free disk space, each compared
//! with what calls need.

use crate::commands::doctor_check::{Check, CheckStatus, says};
use host::config::TrunkSpec;
use host::descriptors;
use media::audio::recording::RESERVED_BYTES;
use rustix::fs::statvfs;
use std::path::Path;

/// Default legs of a loopback trunk: the limit of open files is compared with this number.
const LEGS: u64 = 200;

/// Recordings for which there should be room; with less, a busy hour may fill the disk.
const RECORDINGS_MIN: u64 = 1_000;

/// Compares `RLIMIT_NOFILE`, which a server raises as far as the system allows, with the legs of the given
/// trunks.
pub(super) fn check_open_files(trunks: &[TrunkSpec]) -> Check {
    let (_, limit) = descriptors::limits();
    let asked: u64 = trunks.iter().map(|trunk| u64::from(trunk.legs_max)).sum();
    let wanted = if trunks.is_empty() { LEGS } else { asked };
    judge_open_files(limit, wanted)
}

fn judge_open_files(limit: Option<u64>, wanted: u64) -> Check {
    const NAME: &str = "open files";
    let Some(limit) = limit else {
        return Check::new(NAME, CheckStatus::Good, says!("不受限", "unlimited"));
    };
    let (legs, needed) = (descriptors::legs_within(Some(limit)), descriptors::needed(wanted));
    let says = says!(
        "最多允许 {limit} 个，可同时 {legs} 路通话；{wanted} 路需要 {needed} 个（ulimit -Hn、LimitNOFILE=）",
        "at most {limit} allowed, enough for {legs} concurrent calls; {wanted} need {needed} \
         (ulimit -Hn, LimitNOFILE=)"
    );
    let finding = match legs {
        0 => CheckStatus::Bad,
        legs if legs < wanted => CheckStatus::Note,
        _ => CheckStatus::Good,
    };
    Check::new(NAME, finding, says)
}

/// Checks the free space of the disk that holds the log and the recordings.
pub(super) fn check_disk_space(directory: &Path) -> Check {
    const NAME: &str = "space";
    let stat = match statvfs(directory) {
        Ok(stat) => stat,
        Err(error) => {
            return Check::new(
                NAME,
                CheckStatus::Bad,
                says!("{}：{error}", "{}: {error}", directory.display()),
            );
        }
    };
    let free_bytes = stat.f_bavail.saturating_mul(stat.f_frsize);
    judge_space(free_bytes)
}

fn judge_space(free_bytes: u64) -> Check {
    let recordings = free_bytes / RESERVED_BYTES;
    let says = says!(
        "剩余 {} MiB，最多可保存 {recordings} 段 3 分钟录音；每次拨号前预留空间",
        "{} MiB free: room for {recordings} recordings of 3 minutes and nothing else; space is reserved before \
         each dial",
        free_bytes / (1_024 * 1_024)
    );
    let finding = match recordings {
        0 => CheckStatus::Bad,
        few if few < RECORDINGS_MIN => CheckStatus::Note,
        _ => CheckStatus::Good,
    };
    Check::new("space", finding, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_files_are_counted_in_calls_of_the_given_trunks() {
        for (limit, wanted, finding) in [
            (Some(descriptors::needed(1) - 1), 1, CheckStatus::Bad),
            (Some(descriptors::needed(30) - 1), 30, CheckStatus::Note),
            (Some(descriptors::needed(30)), 30, CheckStatus::Good),
            (None, 10_000, CheckStatus::Good),
        ] {
            let check = judge_open_files(limit, wanted);
            assert_eq!(check.finding, finding, "{}", check.says);
        }
    }

    #[test]
    fn free_space_is_counted_in_recordings() {
        assert_eq!(judge_space(RESERVED_BYTES - 1).finding, CheckStatus::Bad);
        assert_eq!(
            judge_space(RESERVED_BYTES * (RECORDINGS_MIN - 1)).finding,
            CheckStatus::Note
        );
        assert_eq!(
            judge_space(RESERVED_BYTES * RECORDINGS_MIN).finding,
            CheckStatus::Good
        );
    }
}
