//! What a vacancy check says of a number (空号检测, LIN-6), and what a campaign wants of it before it dials.
//!
//! Somebody else's library answers with one of six states. The answer is a fact of the number with its time;
//! a campaign that demands a check lets nobody be dialed whose number was not checked lately. Campaigns that
//! demand none ask nothing.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Oldest answer that a campaign may count on: numbers are given out again after half a year.
pub const CHECK_AGE_DAYS_MAX: u32 = 180;

/// Age to which an answer counts unless it is said: operators take numbers back by the month.
const CHECK_AGE_DAYS: u32 = 30;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// How long before a campaign's end a number that waits for its check is asked about once more: a call that
/// is granted then can still be placed.
const LAST_LOOK_MS: u64 = 60_000;

/// When a number that waits for its check is asked about again, which would be `at`: before the campaign's
/// end where there is time left, and at its end otherwise. Who waits then is settled by the end: a check that
/// has not come settles nobody.
pub fn check_asked_again(at: Timestamp, ends_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    match ends_at {
        Some(ends_at) if at >= ends_at && now < ends_at => {
            let last_look = ends_at.minus_ms(LAST_LOOK_MS);
            if last_look > now { last_look } else { ends_at }
        }
        Some(_) | None => at,
    }
}

/// The six states of a vacancy check, in the order of their numbers.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckedState {
    /// 空号: nobody has the number.
    Vacant,
    /// 实号: somebody has it.
    Live,
    /// 停机: somebody has it and cannot be called.
    Suspended,
    /// 库无: the library does not know it.
    NotInLibrary,
    /// 沉默: nobody has used it for long.
    Silent,
    /// 风险: who has it is known to complain.
    Risky,
}

impl CheckedState {
    pub const ALL: [Self; 6] = [
        Self::Vacant,
        Self::Live,
        Self::Suspended,
        Self::NotInLibrary,
        Self::Silent,
        Self::Risky,
    ];

    /// As libraries number them; `None` of another number.
    pub fn of_number(number: u64) -> Option<Self> {
        let index = usize::try_from(number).ok()?;
        Self::ALL.get(index).copied()
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Vacant => "vacant",
            Self::Live => "live",
            Self::Suspended => "suspended",
            Self::NotInLibrary => "not_in_library",
            Self::Silent => "silent",
            Self::Risky => "risky",
        }
    }

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Vacant => "空号",
            Self::Live => "实号",
            Self::Suspended => "停机",
            Self::NotInLibrary => "库无",
            Self::Silent => "沉默",
            Self::Risky => "风险",
        }
    }
}

/// The last answer about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub state: CheckedState,
    pub at: Timestamp,
}

impl Checked {
    /// Whether it still counts; the last instant of its age does.
    pub fn is_fresh(&self, age_days_max: u32, now: Timestamp) -> bool {
        now.ms_since(self.at) <= DAY_MS.saturating_mul(u64::from(age_days_max))
    }
}

/// What a campaign demands. Without it nobody asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberCheckPlan {
    /// Numbers of these states are not dialed: 空号 and 停机 unless it is said.
    #[serde(default = "vacant_and_suspended")]
    #[schemars(extend("examples" = [["vacant", "suspended", "risky"]]))]
    pub refuse: Vec<CheckedState>,
    /// An older answer counts as none.
    #[serde(default = "usual_age")]
    #[schemars(range(min = 1, max = CHECK_AGE_DAYS_MAX), example = 30)]
    pub max_age_days: u32,
}

impl NumberCheckPlan {
    /// What makes no sense of it.
    pub fn fault(&self) -> Option<&'static str> {
        if self.refuse.contains(&CheckedState::Live) {
            return Some("refuses live numbers: nobody would be called");
        }
        if !(1..=CHECK_AGE_DAYS_MAX).contains(&self.max_age_days) {
            return Some("counts answers of 1 to 180 days");
        }
        None
    }
}

fn vacant_and_suspended() -> Vec<CheckedState> {
    vec![CheckedState::Vacant, CheckedState::Suspended]
}

const fn usual_age() -> u32 {
    CHECK_AGE_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_states_have_the_numbers_that_libraries_give_them() {
        let codes = CheckedState::ALL.map(CheckedState::code);
        let named = ["vacant", "live", "suspended", "not_in_library", "silent", "risky"];
        assert_eq!(codes, named);
        for (number, state) in (0..).zip(CheckedState::ALL) {
            assert_eq!(CheckedState::of_number(number), Some(state));
            assert_eq!(serde_json::json!(state), state.code());
        }
        assert_eq!(CheckedState::of_number(6), None);
    }

    #[test]
    fn an_answer_counts_to_the_last_instant_of_its_age() {
        let at = Timestamp::from_millis(1_000_000_000_000);
        let checked = Checked {
            state: CheckedState::Live,
            at,
        };
        assert!(checked.is_fresh(1, at.plus_ms(DAY_MS)));
        assert!(!checked.is_fresh(1, at.plus_ms(DAY_MS + 1)));
    }

    #[test]
    fn a_demand_is_read_with_what_is_usual_and_refused_where_it_calls_nobody() {
        let read = |text: &str| serde_json::from_str::<NumberCheckPlan>(text);
        let usual = read("{}").unwrap();
        assert_eq!((usual.refuse.len(), usual.max_age_days), (2, 30));
        assert_eq!(usual.fault(), None);
        assert!(read(r#"{"refuse":["live"]}"#).unwrap().fault().is_some());
        assert!(read(r#"{"max_age_days":0}"#).unwrap().fault().is_some());
        assert!(read(r#"{"max_age_days":181}"#).unwrap().fault().is_some());
        for wrong in [r#"{"refuse":["empty"]}"#, r#"{"age":3}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
