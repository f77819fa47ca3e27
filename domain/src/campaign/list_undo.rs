//! List undo: withdraws a mistaken list, and from that event on its customers are not dialed. Each customer's
//! own stream decides about the withdrawal, which may take a while; meanwhile the facts of every grant name
//! the list.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use values::ids::ListId;

/// The most bytes of an undo's reason; a longer one is refused. It is stored permanently and must not
/// contain personal data.
pub const UNDO_REASON_BYTES_MAX: usize = 256;

/// The most undone lists of one campaign; a further undo is refused. Each is in the facts of every grant,
/// at 16 bytes.
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

/// Returns true if a closed list may be closed again with a larger count. Another process may still have been
/// importing when the list was undone; the customers it enrolled meanwhile must be counted, or the campaign
/// never completes.
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

    /// Another process imports for a moment longer: its customers are counted, and settle.
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
