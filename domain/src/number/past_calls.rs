//! Imports records of other systems' calls to a number: its caps count those that prove a dial.

use super::decide::DecideResult;
use super::event::NumberEvent;
use super::refusal::NumberRefusal;
use super::state::NumberState;
use crate::past_call::{HistorySource, PAST_CALLS_MAX, PAST_CALLS_OF_EVENT_MAX, PastCall, PastCallFault};
use crate::time::Timestamp;

pub(super) fn import(
    state: &NumberState,
    source: HistorySource,
    calls: Vec<PastCall>,
    now: Timestamp,
) -> DecideResult {
    let too_many = NumberRefusal::TooManyPastCalls {
        count: PAST_CALLS_MAX,
    };
    if calls.len() > PAST_CALLS_OF_EVENT_MAX {
        return Err(too_many);
    }
    let news = state.history().filter_new_calls(None, calls, now);
    let calls = news.map_err(|fault| match fault {
        PastCallFault::InFuture => NumberRefusal::PastCallInFuture,
        PastCallFault::TooMany => too_many,
    })?;
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![NumberEvent::HistoryImported { source, calls }])
}
