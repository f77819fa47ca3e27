//! The groups for which a clearly better hour follows later on the campaign's day. Other customers are called
//! before them.

use super::hour_choice::is_better_ahead;
use super::hour_counts::LearntTimes;
use super::hours::HourOfDay;
use super::plan::BestTimesPlan;

/// The set of customer groups for which a clearly better hour is still to come on the campaign's day. Empty
/// if no answer times are learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BetterHourGroups(u16);

impl BetterHourGroups {
    /// Computes the set for the remaining hours of the campaign's day, `hours`, with the current hour
    /// first.
    pub fn of(plan: &BestTimesPlan, learnt: Option<&LearntTimes>, hours: &[HourOfDay]) -> Self {
        let Some(learnt) = learnt else {
            return Self::default();
        };
        let groups = 0..=u8::try_from(plan.groups.len()).unwrap_or(0);
        let waiting = groups.filter(|group| is_better_ahead(&learnt.counted, hours, *group));
        Self(waiting.fold(0, |all, group| all | bit(group)))
    }

    pub const fn has(self, group: u8) -> bool {
        self.0 & bit(group) != 0
    }
}

const fn bit(group: u8) -> u16 {
    match group {
        0..=15 => 1 << group,
        _ => 0,
    }
}
