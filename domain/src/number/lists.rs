//! Our own lists that contain a number: allowlists, which a campaign may require.

use super::decide::DecideResult;
use super::event::NumberEvent;
use super::refusal::NumberRefusal;
use super::state::NumberState;
use crate::screening::NumberListName;

/// The most lists of ours that one number is on; more are refused. Each is searched at every dial of the
/// number.
const LISTS_MAX: usize = 64;

pub(super) fn add_to_list(state: &NumberState, list: NumberListName, reason: String) -> DecideResult {
    if state.listed_on().contains(&list) {
        return Ok(Vec::new());
    }
    if state.listed_on().len() >= LISTS_MAX {
        return Err(NumberRefusal::TooManyLists { count: LISTS_MAX });
    }
    Ok(vec![NumberEvent::Listed { list, reason }])
}

pub(super) fn remove_from_list(
    state: &NumberState,
    list: NumberListName,
    reason: String,
) -> Vec<NumberEvent> {
    if state.listed_on().contains(&list) {
        return vec![NumberEvent::Unlisted { list, reason }];
    }
    Vec::new()
}
