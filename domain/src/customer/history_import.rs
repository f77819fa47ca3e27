//! Imports records of other systems' calls to a person's number: facts that caps count, but never dials of
//! ours and never a consent.

use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::past_call::{HistorySource, PAST_CALLS_MAX, PAST_CALLS_OF_EVENT_MAX, PastCall, PastCallFault};
use crate::time::Timestamp;
use values::ids::NumberId;

/// Imported records of other systems' calls to one number of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastCallImport {
    pub source: HistorySource,
    pub number: NumberId,
    pub calls: Vec<PastCall>,
}

pub(super) fn import(
    state: &CustomerState,
    order: PastCallImport,
    now: Timestamp,
) -> Result<Vec<CustomerEvent>, CustomerRefusal> {
    super::decider_support::check_not_erased(state)?;
    let PastCallImport {
        source,
        number,
        calls,
    } = order;
    if state.phone(&number).is_none() {
        return Err(CustomerRefusal::NotTheirNumber);
    }
    super::decider_support::check_count(calls.len(), PAST_CALLS_OF_EVENT_MAX, "records of one request")?;
    let news = state.history().filter_new_calls(Some(&number), calls, now);
    let calls = news.map_err(|fault| match fault {
        PastCallFault::InFuture => CustomerRefusal::PastCallInFuture,
        PastCallFault::TooMany => CustomerRefusal::TooMany {
            count: PAST_CALLS_MAX,
            of: "imported calls",
        },
    })?;
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![CustomerEvent::HistoryImported {
        source,
        number,
        calls,
    }])
}
