//! Masks how a leg failed and how a call ended: codes, causes and durations stay, header texts and recordings
//! do not, because they could identify a person.

use domain::call::event::CallEvent;
use domain::call::q850::parse_q850;
use domain::ports::line::LegFailure;

/// Returns the end of a call without identifying values. The hash of the recording is removed: it would
/// identify the recording to a person who has the file.
pub(crate) fn mask_call_end(event: &CallEvent) -> CallEvent {
    let CallEvent::Ended {
        disposition,
        disposition_version,
        outcome,
        talk_ms,
        charged,
        reason,
        sip_code,
        reason_header,
        q850,
        late_answer,
        recording_sha256,
        recording_bytes,
        cause,
        recording_ms,
        callee_audio_from_ms,
    } = event
    else {
        return event.clone();
    };
    CallEvent::Ended {
        disposition: *disposition,
        disposition_version: *disposition_version,
        outcome: *outcome,
        talk_ms: *talk_ms,
        charged: *charged,
        reason: *reason,
        sip_code: *sip_code,
        reason_header: reason_header.as_deref().map(masked_header),
        q850: *q850,
        late_answer: *late_answer,
        recording_sha256: recording_sha256.as_ref().map(|_| "00".repeat(32)),
        recording_bytes: recording_bytes.map(|_| 0),
        cause: *cause,
        recording_ms: *recording_ms,
        callee_audio_from_ms: *callee_audio_from_ms,
    }
}

pub(crate) fn mask_leg_failure(leg: u8, failure: &LegFailure) -> CallEvent {
    let failure = LegFailure {
        sip_code: failure.sip_code,
        reason_header: failure.reason_header.as_deref().map(masked_header),
        q850: failure.q850,
        cause: failure.cause,
        definite: failure.definite,
        rang: failure.rang,
        after_ms: failure.after_ms,
        retry_after_s: failure.retry_after_s,
        lack: failure.lack,
    };
    CallEvent::LegFailed { leg, failure }
}

/// Returns only the parts of a Reason header that the call progress table uses.
fn masked_header(header: &str) -> String {
    let mut values = Vec::new();
    if header.to_ascii_lowercase().contains("channel limit") {
        values.push("SIP;text=\"channel limit\"".to_owned());
    }
    values.extend(parse_q850(header).map(|cause| format!("Q.850;cause={cause}")));
    if values.is_empty() {
        values.push("SIP;text=\"masked\"".to_owned());
    }
    values.join(", ")
}
