//! For which groups a clearly better hour is still to come on a campaign's day: others go before them now.

use super::choosing::is_better_ahead;
use super::hours::HourOfDay;
use super::learnt::LearntTimes;
use super::plan::BestTimesPlan;

/// Groups whose better hour is still to come; none where nothing is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HoursAhead(u16);

impl HoursAhead {
    /// By the hours of the day that are left, the present one first.
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
