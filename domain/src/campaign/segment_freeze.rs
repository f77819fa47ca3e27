//! Freezes a campaign's segment: stores the condition and the selected customers, once.

use super::event::{CampaignEvent, FrozenSegment};
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use super::status::CampaignStatus;

type DecideResult = Result<Vec<CampaignEvent>, CampaignRefusal>;

pub(super) fn freeze(state: &CampaignState, status: CampaignStatus, segment: FrozenSegment) -> DecideResult {
    match status {
        CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Running | CampaignStatus::Paused => {}
        CampaignStatus::Completed | CampaignStatus::Stopped => {
            return Err(CampaignRefusal::WrongStatus { status });
        }
    }
    if let Some(frozen) = state.frozen_segment() {
        let same = frozen.sha256 == segment.sha256 && frozen.members_sha256 == segment.members_sha256;
        return match same {
            true => Ok(Vec::new()),
            false => Err(CampaignRefusal::SegmentFrozen {
                position: frozen.position,
            }),
        };
    }
    if segment.count == 0 {
        return Err(CampaignRefusal::EmptySegment);
    }
    Ok(vec![CampaignEvent::SegmentFrozen { segment }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::sample_values::at;
    use crate::record::stored_event::Position;

    fn segment(members_sha256: &str, count: u64) -> FrozenSegment {
        FrozenSegment {
            sql: "SELECT * FROM customers".to_owned(),
            sha256: "ab".to_owned(),
            position: Position(7),
            asked_at: at(),
            count,
            members_sha256: members_sha256.to_owned(),
        }
    }

    #[test]
    fn a_segment_is_frozen_once_and_never_when_empty_or_in_a_campaign_that_is_over() {
        let mut state = CampaignState::default();
        let draft = CampaignStatus::Draft;
        assert_eq!(
            freeze(&state, draft, segment("01", 0)),
            Err(CampaignRefusal::EmptySegment)
        );
        for status in [CampaignStatus::Completed, CampaignStatus::Stopped] {
            let refused = freeze(&state, status, segment("01", 1));
            assert_eq!(refused, Err(CampaignRefusal::WrongStatus { status }));
        }
        let events = freeze(&state, draft, segment("01", 1)).unwrap();
        assert_eq!(events.len(), 1);
        for event in &events {
            state.apply(event, at());
        }
        assert_eq!(freeze(&state, draft, segment("01", 1)), Ok(Vec::new()));
        assert_eq!(
            freeze(&state, draft, segment("02", 1)),
            Err(CampaignRefusal::SegmentFrozen {
                position: Position(7)
            })
        );
    }
}
