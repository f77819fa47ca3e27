//! Decides from events, by each version of the report, whether the callee was recorded only after the
//! recording notice.
//!
//! A recording begins at the answer with the robot's channel; the callee's channel is silent until the notice
//! has ended and that is stored. A callee who hangs up before, or refuses further calls by key, was not
//! recorded.

use crate::compliance_report::figures::{Format, Notices};

/// The recording of a call, as described by the end of the call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordingTimes {
    /// Length in milliseconds; `None` in calls stored before it was known.
    pub ms: Option<u64>,
    /// Time in the recording at which the callee is first heard.
    pub(crate) callee_from_ms: Option<u64>,
}

/// Whether the callee was recorded before the recording notice had ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoticeTiming {
    /// The notice ended before the callee is heard.
    NoticeFirst,
    /// The call ended during the notice; the recording has nothing of the callee.
    EndedDuringNotice,
    /// The call ended during the notice, and its events do not state what is in the recording.
    NotKnown,
    /// The callee is heard before the notice ended.
    WithoutNotice,
}

/// Classifies a recording by this version of the report. `noticed`: `None` if the notice did not end;
/// otherwise the length of the recording at its end in milliseconds, if known.
pub(super) fn classify_recording(
    format: Format,
    noticed: Option<Option<u64>>,
    recorded: RecordingTimes,
) -> NoticeTiming {
    match (format, noticed) {
        (Format::Second, Some(_)) => NoticeTiming::NoticeFirst,
        (Format::Second, None) => NoticeTiming::WithoutNotice,
        (Format::Third, Some(noticed_ms)) => {
            let heard_before = recorded.callee_from_ms.zip(noticed_ms);
            match heard_before.is_some_and(|(heard, noticed)| heard < noticed) {
                true => NoticeTiming::WithoutNotice,
                false => NoticeTiming::NoticeFirst,
            }
        }
        (Format::Third, None) => match (recorded.ms, recorded.callee_from_ms) {
            (_, Some(_)) => NoticeTiming::WithoutNotice,
            (Some(_), None) => NoticeTiming::EndedDuringNotice,
            (None, None) => NoticeTiming::NotKnown,
        },
    }
}

/// Returns the counts before the first call. Counts that this version of the report does not have are
/// `None`.
pub(super) fn create_empty_notices(format: Format) -> Notices {
    let counted = match format {
        Format::Second => None,
        Format::Third => Some(0),
    };
    Notices {
        ended_during_notice: counted,
        ended_during_notice_unknown: counted,
        ..Notices::default()
    }
}

/// Counts a recorded call by the relation of its recording to the notice.
pub(super) fn count(notices: &mut Notices, standing: NoticeTiming) {
    notices.recorded_calls += 1;
    match standing {
        NoticeTiming::NoticeFirst => notices.recorded_with_notice += 1,
        NoticeTiming::WithoutNotice => notices.recorded_without_notice += 1,
        NoticeTiming::EndedDuringNotice => add(&mut notices.ended_during_notice),
        NoticeTiming::NotKnown => add(&mut notices.ended_during_notice_unknown),
    }
}

fn add(count: &mut Option<u64>) {
    *count = Some(count.unwrap_or(0) + 1);
}
