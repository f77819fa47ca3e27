//! Best call times of a campaign. A driver counts answers per hour in the log after the last position, and
//! the campaign stores the sums before any decision uses them, at most once a day.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use crate::best_times::{CountedTimes, LearntTimes};
use crate::record::stored_event::Position;
use crate::time::Timestamp;

/// Milliseconds between two updates of a campaign's learned times: a day.
pub const LEARN_EVERY_MS: u64 = 86_400_000;

/// Adds answers counted in the log after `after` up to `through` to the campaign's learned times. No event
/// if the last update is less than a day old, if `after` is not its position, or if nothing was counted.
/// Refused for a campaign without best times.
pub(super) fn learn(
    state: &CampaignState,
    counted: &CountedTimes,
    after: Position,
    through: Position,
    now: Timestamp,
) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    let groups = match state.plan() {
        Some(plan) if plan.best_times.is_some() => plan.times_groups_count(),
        Some(_) | None => return Err(CampaignRefusal::LearnsNothing),
    };
    if !counted.is_within(groups) {
        return Err(CampaignRefusal::GroupBeyond { groups });
    }
    let last_position = Position(state.learnt().map_or(0, |learnt| learnt.through));
    let is_due = state.learns_at().is_none_or(|at| now >= at);
    if !is_due || after != last_position || through <= after || counted.is_empty() {
        return Ok(Vec::new());
    }
    let mut learnt = state.learnt().cloned().unwrap_or_default();
    learnt.counted.add(counted);
    learnt.dials = learnt.counted.dials();
    learnt.through = through.0;
    Ok(vec![CampaignEvent::TimesLearnt { learnt }])
}

impl CampaignState {
    /// Returns the answer counts learned so far; `None` before the first update.
    pub fn learnt(&self) -> Option<&LearntTimes> {
        self.learnt.as_deref()
    }

    /// Returns from when the next update is accepted: a day after the last one. `None` before the first
    /// one, which is accepted at once.
    pub fn learns_at(&self) -> Option<Timestamp> {
        self.learnt_at.map(|at| at.plus_ms(LEARN_EVERY_MS))
    }

    /// Returns the time of the last update.
    pub const fn learnt_at(&self) -> Option<Timestamp> {
        self.learnt_at
    }
}

#[cfg(test)]
mod tests {
    use super::super::Campaign;
    use super::super::command::CampaignCommand;
    use super::super::test_support::{now as at, plan};
    use super::*;
    use crate::best_times::{BestTimesGrouping, BestTimesPlan, CallHour, DaySort};
    use crate::calling_plan::FlowRef;
    use crate::decider::{Context, Decider};

    fn counted(group: u8, answered: u64) -> CountedTimes {
        let mut counted = CountedTimes::default();
        let (hour, day) = (19, DaySort::Workday);
        for _ in 0..answered {
            counted.note_own(CallHour { hour, day, group }, true);
        }
        counted
    }

    fn learn(counted: CountedTimes, after: u64, through: u64) -> CampaignCommand {
        CampaignCommand::LearnTimes {
            counted: Box::new(counted),
            after: Position(after),
            through: Position(through),
        }
    }

    fn learnt(counted: CountedTimes, dials: u64, through: u64) -> CampaignEvent {
        CampaignEvent::TimesLearnt {
            learnt: LearntTimes {
                through,
                dials,
                counted,
            },
        }
    }

    fn created(best_times: Option<BestTimesPlan>) -> CampaignEvent {
        let mut plan = plan();
        plan.best_times = best_times.map(Box::new);
        CampaignEvent::Created {
            campaign: "c1".parse().unwrap(),
            customer_segment: None,
            flow: FlowRef {
                flow: "reminder".parse().unwrap(),
                version: 1,
                content_hash: "5e".repeat(32),
            },
            plan,
        }
    }

    fn learning() -> CampaignEvent {
        created(Some(BestTimesPlan {
            by: BestTimesGrouping::Industry,
            groups: vec!["retail".to_owned()],
            ..BestTimesPlan::default()
        }))
    }

    fn check(
        given: &[CampaignEvent],
        command: CampaignCommand,
        now: Timestamp,
        expected: Result<Vec<CampaignEvent>, CampaignRefusal>,
    ) {
        let mut state = CampaignState::default();
        for event in given {
            Campaign::evolve(&mut state, event, at());
        }
        assert_eq!(Campaign::decide(&state, command, Context { now }), expected);
    }

    #[test]
    fn counts_are_added_once_a_day_and_from_the_last_position() {
        let first = learnt(counted(1, 3), 3, 40);
        let soon = at().plus_ms(LEARN_EVERY_MS - 1);
        let next_day = at().plus_ms(LEARN_EVERY_MS);
        check(
            &[learning()],
            learn(counted(1, 3), 0, 40),
            at(),
            Ok(vec![first.clone()]),
        );
        for (given, command, now, expected) in [
            // Another process stored first, nothing was dialed, or it is too early.
            (vec![learning()], learn(counted(1, 3), 7, 40), at(), vec![]),
            (
                vec![learning()],
                learn(CountedTimes::default(), 0, 40),
                at(),
                vec![],
            ),
            (
                vec![learning(), first.clone()],
                learn(counted(0, 2), 40, 90),
                soon,
                vec![],
            ),
            (
                vec![learning(), first.clone()],
                learn(counted(0, 2), 0, 90),
                next_day,
                vec![],
            ),
        ] {
            check(&given, command, now, Ok(expected));
        }
        let mut both = counted(1, 3);
        both.add(&counted(0, 2));
        check(
            &[learning(), first],
            learn(counted(0, 2), 40, 90),
            next_day,
            Ok(vec![learnt(both, 5, 90)]),
        );
    }

    #[test]
    fn a_campaign_that_learns_nothing_or_lacks_the_group_is_refused() {
        let plain = created(None);
        let refused = Err(CampaignRefusal::LearnsNothing);
        check(&[plain], learn(counted(0, 1), 0, 40), at(), refused);
        let beyond = Err(CampaignRefusal::GroupBeyond { groups: 1 });
        check(&[learning()], learn(counted(2, 1), 0, 40), at(), beyond);
    }
}
