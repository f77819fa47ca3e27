//! The figures of a demo run, from the log, the recordings and the carrier's call records. `--json`
//! prints them as one object.

use crate::demo::log::{CallBook, LoggedCall};
use crate::demo::reconcile::Reconciliation;
use crate::kit::table::two_columns;
use application::format_localized;
use application::language::{Language, localized};
use domain::disposition::{Disposition, Outcome};
use domain::hex;
use domain::ids::CallId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// The figures of a demo run. Calls count only if they were dialed. A ratio or mean without calls is 0.
/// The members are those of the JSON object; `docs/reference/metrics.md` defines the metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Calls with a `call.dialing`.
    pub(crate) dialed: u64,
    /// Dialed calls with a `call.ended`.
    pub(crate) terminal: u64,
    /// Dialed calls with a `call.answered`.
    pub(crate) answered: u64,
    /// 接通率, 0 to 1: `answer_ratio_per_call` v1, machines included.
    pub(crate) answer_ratio: f64,
    /// Ended calls that a person answered ÷ dialed calls, 0 to 1: `answer_ratio_per_call` v2.
    #[serde(default)]
    pub(crate) answer_ratio_people: f64,
    /// 平均通话时长: mean talk time of answered calls, in milliseconds.
    pub(crate) talk_ms_mean: u64,
    /// 转化率: answered calls with outcome `success`, 0 to 1: `conversion_ratio` v1.
    pub(crate) conversion_ratio: f64,
    /// Number of ended calls by disposition code.
    pub(crate) dispositions: BTreeMap<String, u64>,
    /// Calls whose recording file has the SHA-256 that their `call.ended` contains.
    pub(crate) recordings: u64,
    /// Answered calls without such a recording. Calls that a crash interrupted before anything was said
    /// or heard are not counted: their recording had not begun.
    #[serde(default)]
    pub(crate) unrecorded: u64,
    /// The comparison of the log with the carrier's call records.
    pub(crate) reconcile: Reconciliation,
    /// Metric and version of each ratio, by member: `answer_ratio` → `answer_ratio_per_call v1`.
    #[serde(default)]
    pub(crate) versions: BTreeMap<String, String>,
}

/// Metric and version of each ratio, by member.
const VERSIONS: [(&str, &str); 3] = [
    ("answer_ratio", "answer_ratio_per_call v1"),
    ("answer_ratio_people", "answer_ratio_per_call v2"),
    ("conversion_ratio", "conversion_ratio v1"),
];

/// Dispositions of calls that no person answered, as in the term `person_answered_calls`.
const NO_PERSON: [Disposition; 3] = [
    Disposition::Machine,
    Disposition::Screened,
    Disposition::AnsweredShort,
];

impl Summary {
    /// Computes the figures. `recordings` is the directory with one WAV file per call.
    pub(crate) fn of(book: &CallBook, recordings: &Path, reconcile: Reconciliation) -> Self {
        let dialed: Vec<(&CallId, &LoggedCall)> =
            book.calls.iter().filter(|(_, call)| call.dialed()).collect();
        let ended = || dialed.iter().filter_map(|(_, call)| call.ended.as_ref());
        let answered = count(dialed.iter().filter(|(_, call)| call.answered_at.is_some()));
        let talked: u64 = dialed
            .iter()
            .filter(|(_, call)| call.answered_at.is_some())
            .filter_map(|(_, call)| call.ended.as_ref())
            .map(|end| end.talk_ms)
            .sum();
        let converted = count(ended().filter(|end| end.outcome == Some(Outcome::Success)));
        let people = count(dialed.iter().filter(|(_, call)| {
            let end = call.ended.as_ref();
            call.answered_at.is_some() && end.is_some_and(|end| !NO_PERSON.contains(&end.disposition))
        }));
        let mut dispositions = BTreeMap::new();
        for end in ended() {
            *dispositions.entry(end.disposition.code().to_owned()).or_default() += 1;
        }
        Self {
            dialed: count(dialed.iter()),
            terminal: count(ended()),
            answered,
            answer_ratio: ratio(answered, count(dialed.iter())),
            answer_ratio_people: ratio(people, count(dialed.iter())),
            talk_ms_mean: talked.checked_div(answered).unwrap_or(0),
            conversion_ratio: ratio(converted, answered),
            dispositions,
            recordings: count(
                dialed
                    .iter()
                    .filter(|(call, logged)| recording_is_whole(recordings, call, logged)),
            ),
            unrecorded: count(dialed.iter().filter(|(call, logged)| {
                logged.answered_at.is_some()
                    && !was_cut_off_unheard(logged)
                    && !recording_is_whole(recordings, call, logged)
            })),
            reconcile,
            versions: VERSIONS
                .iter()
                .map(|(member, metric)| ((*member).to_owned(), (*metric).to_owned()))
                .collect(),
        }
    }

    /// Returns the figures as lines for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![localized("呼叫结果：", "dispositions:").to_owned()];
        lines.extend(two_columns(self.dispositions.iter().map(|(code, count)| {
            let label = Disposition::from_code(code).map_or("", disposition_label);
            format!("{count:>5}  {label}")
        })));
        lines.push(format_localized!(
            "接通率 {:.1} %（answer_ratio_per_call v1；仅真人 v2：{:.1} %）",
            "answer rate {:.1} % (answer_ratio_per_call v1; people only, v2: {:.1} %)",
            self.answer_ratio * 100.0,
            self.answer_ratio_people * 100.0
        ));
        lines.push(format_localized!(
            "平均通话时长 {:.1} 秒，转化率 {:.1} %（conversion_ratio v1）",
            "mean talk time {:.1} s, conversion rate {:.1} % (conversion_ratio v1)",
            seconds(self.talk_ms_mean),
            self.conversion_ratio * 100.0
        ));
        lines.push(format_localized!(
            "呼出 {}，结束 {}，接通 {}，完整录音 {}",
            "{} dialed, {} ended, {} answered, {} complete recordings",
            self.dialed,
            self.terminal,
            self.answered,
            self.recordings
        ));
        lines.push(format_localized!(
            "与线路侧对账：一致 {}，不一致 {}",
            "reconciled with the carrier: {} matched, {} mismatched",
            self.reconcile.matched,
            self.reconcile.mismatched
        ));
        lines
    }
}

fn disposition_label(disposition: Disposition) -> &'static str {
    match Language::current() {
        Language::Zh => disposition.label_zh(),
        Language::En => disposition.label_en(),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.map(|_| 1).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of a call are far below 2^52"
)]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

fn was_cut_off_unheard(logged: &LoggedCall) -> bool {
    let end = logged.ended.as_ref();
    end.is_some_and(|end| end.disposition == Disposition::Interrupted && end.recording_sha256.is_none())
        && !logged.has_words
}

fn recording_is_whole(directory: &Path, call: &CallId, logged: &LoggedCall) -> bool {
    let Some(expected) = logged
        .ended
        .as_ref()
        .and_then(|end| end.recording_sha256.as_ref())
    else {
        return false;
    };
    std::fs::read(directory.join(format!("{call}.wav")))
        .is_ok_and(|bytes| hex::encode(&Sha256::digest(&bytes)) == *expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::log::{LoggedEnd, LoggedLeg};
    use domain::time::Timestamp;
    use uuid::Uuid;

    fn call(disposition: Disposition, outcome: Option<Outcome>, talk_ms: Option<u64>) -> LoggedCall {
        LoggedCall {
            legs: vec![LoggedLeg::default()],
            answered_at: talk_ms.map(|_| Timestamp::EPOCH),
            ended: Some(LoggedEnd {
                disposition,
                outcome,
                talk_ms: talk_ms.unwrap_or(0),
                late_answer: false,
                recording_sha256: talk_ms.map(|_| hex::encode(&Sha256::digest(b"wav"))),
            }),
            ..LoggedCall::default()
        }
    }

    #[test]
    fn figures_follow_from_the_log_and_the_files() {
        let directory = tempfile::tempdir().unwrap();
        let ids: Vec<CallId> = (0..5).map(|n| CallId::new(Uuid::from_u128(n))).collect();
        std::fs::write(directory.path().join(format!("{}.wav", ids[0])), b"wav").unwrap();
        std::fs::write(directory.path().join(format!("{}.wav", ids[1])), b"other").unwrap();
        let mut book = CallBook::default();
        book.calls.insert(
            ids[0],
            call(Disposition::Answered, Some(Outcome::Success), Some(3_000)),
        );
        book.calls.insert(
            ids[1],
            call(Disposition::Answered, Some(Outcome::HungUp), Some(1_000)),
        );
        book.calls.insert(ids[2], call(Disposition::Busy, None, None));
        book.calls.insert(ids[3], call(Disposition::NoAnswer, None, None));
        book.calls.insert(ids[4], LoggedCall::default());
        let summary = Summary::of(&book, directory.path(), Reconciliation::default());
        assert_eq!((summary.dialed, summary.terminal, summary.answered), (4, 4, 2));
        assert_eq!((summary.answer_ratio, summary.talk_ms_mean), (0.5, 2_000));
        assert_eq!((summary.conversion_ratio, summary.recordings), (0.5, 1));
        assert_eq!(summary.versions["answer_ratio"], "answer_ratio_per_call v1");
        assert_eq!(summary.dispositions["answered"], 2);
        assert_eq!(summary.unrecorded, 1, "its file differs");
    }

    #[test]
    fn only_a_call_that_was_interrupted_before_a_word_may_have_no_recording() {
        let directory = tempfile::tempdir().unwrap();
        let unrecorded = |disposition, has_words| {
            let mut one = call(disposition, None, Some(0));
            one.has_words = has_words;
            if let Some(end) = &mut one.ended {
                end.recording_sha256 = None;
            }
            let mut book = CallBook::default();
            book.calls.insert(CallId::new(Uuid::from_u128(1)), one);
            Summary::of(&book, directory.path(), Reconciliation::default()).unrecorded
        };
        assert_eq!(unrecorded(Disposition::Interrupted, false), 0);
        assert_eq!(unrecorded(Disposition::Interrupted, true), 1);
        assert_eq!(unrecorded(Disposition::Answered, false), 1);
    }

    #[test]
    fn nothing_dialed_has_ratios_of_zero() {
        let summary = Summary::of(&CallBook::default(), Path::new("."), Reconciliation::default());
        assert_eq!((summary.answer_ratio, summary.conversion_ratio), (0.0, 0.0));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(
            json["reconcile"],
            serde_json::json!({"matched": 0, "mismatched": 0})
        );
    }
}
