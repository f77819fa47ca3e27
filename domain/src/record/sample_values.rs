//! Fixed, made-up ids, instants and values, which tests share.

use crate::past_call::{HistorySource, PastCall, PastCallId};
use crate::time::Timestamp;
use values::ids::{CampaignId, CustomerId, NumberId};

/// The campaign of samples.
pub(crate) fn campaign() -> CampaignId {
    "LOAN_REMIND_20231101".parse().expect("a task id")
}

/// The customer of samples.
pub(crate) fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().expect("a customer id")
}

/// The phone number (the id of 13800138000).
pub(crate) fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().expect("a number id")
}

/// Returns an imported call with the given key in the other system.
pub(crate) fn past_call_of(key: &str, dialed_at: Timestamp) -> PastCall {
    PastCall {
        record: PastCallId::derive(HistorySource::Asterisk, &number(), key),
        dialed_at,
        proves_dial: true,
        answered: Some(true),
        status: "ANSWERED".to_owned(),
        talk_ms: Some(41_000),
    }
}

/// The time of samples.
pub(crate) fn at() -> Timestamp {
    "2026-03-02T10:00:00.123456+08:00".parse().expect("an instant")
}
