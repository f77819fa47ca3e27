//! `ledgerline speech mos`: computes mean opinion scores from the files that listeners saved.

use super::synthetic_evaluation::print_json;
use crate::kit::failure::Failure;
use crate::kit::output;
use application::format_localized;
use application::language::localized;
use speech::evaluation::opinions::{OPINION_TARGET, Opinions, VoiceOpinion, mean_opinions};
use std::path::PathBuf;

/// Largest file read, in bytes: ten thousand scores.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

pub(super) fn run(files: &[PathBuf], json: bool) -> Result<(), Failure> {
    let mut all = Vec::new();
    for file in files {
        let unread = |error: std::io::Error| Failure::unavailable(format!("{}: {error}", file.display()));
        if std::fs::metadata(file).map_err(unread)?.len() > FILE_BYTES_MAX {
            return Err(Failure::refused(format!("{}: larger than 2 MiB", file.display())));
        }
        let text = std::fs::read_to_string(file).map_err(unread)?;
        let read = Opinions::read(&text);
        all.push(read.map_err(|fault| Failure::refused(format!("{}: {fault}", file.display())))?);
    }
    let found = mean_opinions(&all).map_err(|fault| Failure::refused(fault.to_string()))?;
    if json {
        return print_json(&found);
    }
    found.iter().try_for_each(|voice| output::line(&in_words(voice)))
}

fn in_words(voice: &VoiceOpinion) -> String {
    let interval = voice.interval.map_or_else(
        || localized("只有一个分数，无区间", "one score has no interval").to_owned(),
        |[low, high]| format!("95 % {low:.2}–{high:.2}"),
    );
    let verdict = match (voice.reaches_target, voice.mean_reaches_target) {
        (true, _) => localized("达到", "reached"),
        (false, true) => localized("均值达到，区间未达到", "mean reached, interval not"),
        (false, false) => localized("未达到", "not reached"),
    };
    format_localized!(
        "{}：MOS {:.2}（{interval}），{} 个评分，{} 人；≥ {OPINION_TARGET:.1}：{verdict}",
        "{}: MOS {:.2} ({interval}), {} scores, {} listeners; ≥ {OPINION_TARGET:.1}: {verdict}",
        voice.voice,
        voice.mean,
        voice.scores,
        voice.listeners
    )
}
