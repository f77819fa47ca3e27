//! Opens a list, or resumes an interrupted one.

use super::decide::{DecideResult, LISTS_MAX};
use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::status::CampaignStatus;
use values::approval_requirements::ApprovalRequirement;
use values::ids::ListId;

/// Opens a list of a campaign, or resumes an interrupted import. No event for a list that is known already,
/// whichever request brings it. Refused for a stopped campaign, an undone list, and a request key that
/// brought another list. Every refusal comes before the first enrolment.
pub(super) fn open_list(
    state: &CampaignState,
    status: CampaignStatus,
    list: ListId,
    opened: CampaignEvent,
) -> DecideResult {
    let CampaignEvent::ListOpened {
        four_eyes,
        request_key,
        ..
    } = &opened
    else {
        return Ok(Vec::new());
    };
    if status == CampaignStatus::Stopped {
        return Err(CampaignRefusal::WrongStatus { status });
    }
    if state.undone_lists().contains(&list) {
        return Err(CampaignRefusal::ListUndone { list });
    }
    if let Some(other) = request_key.and_then(|key| state.other_list_of(key, list)) {
        return Err(CampaignRefusal::KeyOfOtherList { other });
    }
    if state.lists().contains_key(&list) {
        return Ok(Vec::new());
    }
    if state.lists().len() >= LISTS_MAX {
        return Err(CampaignRefusal::TooManyLists { lists_max: LISTS_MAX });
    }
    if four_eyes.is_none() && state.asks_for_approval_of(ApprovalRequirement::Lists) {
        return Err(CampaignRefusal::ListNotApproved { list });
    }
    if status != CampaignStatus::Completed {
        return Ok(vec![opened]);
    }
    let mut events = vec![CampaignEvent::Reopened { list }];
    let paused = state.completed_in_pause().cloned();
    events.extend(paused.map(|reason| CampaignEvent::Paused { reason }));
    events.push(opened);
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::super::tests::created;
    use super::super::{Campaign, CampaignCommand};
    use super::*;
    use crate::decider::{Context, Decider};
    use crate::record::stored_event::RequestMark;
    use crate::time::Timestamp;
    use uuid::Uuid;

    fn key(digit: &str) -> Option<RequestMark> {
        RequestMark::of(&crate::personal::LookupHash(digit.repeat(64)))
    }

    fn open(number: u128, request_key: Option<RequestMark>) -> CampaignCommand {
        CampaignCommand::OpenList {
            list: ListId::new(Uuid::from_u128(number)),
            source: "people.csv".to_owned(),
            four_eyes: None,
            request_key,
        }
    }

    /// Decides a command and applies its events to the state.
    fn given(state: &mut CampaignState, command: CampaignCommand) -> DecideResult {
        let now = Timestamp::EPOCH;
        let events = Campaign::decide(state, command, Context { now })?;
        for event in &events {
            Campaign::evolve(state, event, now);
        }
        Ok(events)
    }

    #[test]
    fn a_key_that_brought_one_list_brings_no_other_and_the_same_again_does_nothing() {
        let mut state = CampaignState::default();
        Campaign::evolve(&mut state, &created(), Timestamp::EPOCH);
        let first = given(&mut state, open(1, key("a"))).unwrap();
        assert!(
            matches!(first.as_slice(), [CampaignEvent::ListOpened { request_key, .. }] if *request_key == key("a"))
        );
        assert_eq!(given(&mut state, open(1, key("a"))), Ok(Vec::new()));
        assert_eq!(
            given(&mut state, open(2, key("a"))),
            Err(CampaignRefusal::KeyOfOtherList {
                other: ListId::new(Uuid::from_u128(1))
            })
        );
        assert_eq!(given(&mut state, open(2, key("b"))).unwrap().len(), 1);
        assert_eq!(given(&mut state, open(3, None)).unwrap().len(), 1);
        assert_eq!(
            given(&mut state, open(4, None)).unwrap().len(),
            1,
            "none is no key"
        );
    }
}
