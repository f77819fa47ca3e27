//! A list that was a mistake is undone: from that event on nobody whom it brought is dialed. Withdrawing
//! each of them is the person's own to decide, and may take a while; the facts of every grant name the list
//! meanwhile.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use values::ids::ListId;

/// Longest reason kept: it is stored for ever and must hold nothing personal.
pub const UNDO_REASON_BYTES_MAX: usize = 256;

/// Most lists of one campaign that are undone: each stands in the facts of every grant, at 16 bytes.
pub const LISTS_UNDONE_MAX: usize = 1_000;

pub(super) fn undo(
    state: &CampaignState,
    list: ListId,
    reason: String,
    by: Option<String>,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    if reason.trim().is_empty() || reason.len() > UNDO_REASON_BYTES_MAX {
        return Err(CampaignRefusal::NoReason {
            bytes_max: UNDO_REASON_BYTES_MAX,
        });
    }
    if !state.lists().contains_key(&list) {
        return Err(CampaignRefusal::UnknownList { list });
    }
    if state.undone_lists().contains(&list) {
        return Ok(Vec::new());
    }
    if state.undone_lists().len() >= LISTS_UNDONE_MAX {
        return Err(CampaignRefusal::TooManyUndone {
            lists_max: LISTS_UNDONE_MAX,
        });
    }
    Ok(vec![CampaignEvent::ListUndone { list, reason, by }])
}

/// Whether a list that is closed may be closed with more. Another process may have been importing a list that
/// was undone, and have found out later: whoever it enrolled meanwhile is counted too, or the campaign never
/// completes.
pub(super) fn may_grow(state: &CampaignState, list: ListId, closed: u64, count: u64) -> bool {
    count > closed && state.undone_lists().contains(&list)
}

#[cfg(test)]
mod tests {
    use super::super::tests::created;
    use super::super::{Campaign, CampaignCommand};
    use super::*;
    use crate::decider::{Context, Decider};
    use crate::time::Timestamp;
    use values::ids::CampaignId;

    fn list(name: &str) -> ListId {
        let campaign: CampaignId = "T".parse().unwrap();
        ListId::derive(&campaign, name)
    }

    fn given(events: &[CampaignEvent]) -> CampaignState {
        let mut state = CampaignState::default();
        for event in events {
            state.apply(event, Timestamp::EPOCH);
        }
        state
    }

    fn opened(list: ListId) -> CampaignEvent {
        CampaignEvent::ListOpened {
            list,
            source: "people.csv".to_owned(),
            four_eyes: None,
            request_key: None,
        }
    }

    #[test]
    fn a_list_that_was_opened_is_undone_once_and_for_a_reason() {
        let state = given(&[opened(list("a"))]);
        let undone = undo(&state, list("a"), "the wrong file".to_owned(), None).unwrap();
        assert!(matches!(undone.as_slice(), [CampaignEvent::ListUndone { .. }]));
        let state = given(&[opened(list("a")), undone[0].clone()]);
        assert_eq!(state.undone_lists().len(), 1);
        assert_eq!(undo(&state, list("a"), "again".to_owned(), None), Ok(vec![]));
        assert_eq!(
            undo(&state, list("b"), "x".to_owned(), None),
            Err(CampaignRefusal::UnknownList { list: list("b") })
        );
        for reason in [
            String::new(),
            " ".to_owned(),
            "x".repeat(UNDO_REASON_BYTES_MAX + 1),
        ] {
            assert!(undo(&state, list("a"), reason, None).is_err());
        }
    }

    /// Another process goes on importing for a moment: its people are counted, and settle.
    #[test]
    fn an_undone_list_is_closed_again_with_more_and_never_with_less() {
        let mut given = vec![created()];
        let undone = CampaignEvent::ListUndone {
            list: list("a"),
            reason: "x".to_owned(),
            by: None,
        };
        let closing = |count| CampaignCommand::CloseList {
            list: list("a"),
            count,
        };
        given.push(opened(list("a")));
        let decided = |given: &[CampaignEvent], count| {
            let now = Timestamp::EPOCH;
            Campaign::decide(&self::given(given), closing(count), Context { now })
        };
        let closed = decided(&given, 3).unwrap();
        given.extend(closed);
        let refused = decided(&given, 4);
        assert!(matches!(
            refused,
            Err(CampaignRefusal::ListClosedOtherwise { .. })
        ));
        given.push(undone);
        assert_eq!(decided(&given, 3), Ok(vec![]));
        let refused = decided(&given, 2);
        assert!(matches!(
            refused,
            Err(CampaignRefusal::ListClosedOtherwise { .. })
        ));
        let again = decided(&given, 5).unwrap();
        assert!(matches!(
            again.as_slice(),
            [CampaignEvent::ListClosed {
                count: 5,
                before: Some(3),
                ..
            }]
        ));
        given.extend(again);
        assert_eq!(self::given(&given).enrolled_count(), 5);
    }

    #[test]
    fn no_more_lists_are_undone_than_a_grant_may_carry() {
        let mut events = Vec::new();
        for index in 0..=LISTS_UNDONE_MAX {
            events.push(opened(list(&index.to_string())));
        }
        let mut state = given(&events);
        for index in 0..LISTS_UNDONE_MAX {
            let undone = undo(&state, list(&index.to_string()), "x".to_owned(), None).unwrap();
            state.apply(&undone[0], Timestamp::EPOCH);
        }
        let one_more = undo(&state, list(&LISTS_UNDONE_MAX.to_string()), "x".to_owned(), None);
        assert!(matches!(one_more, Err(CampaignRefusal::TooManyUndone { .. })));
    }
}
