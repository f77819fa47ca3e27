//! Number checks (空号检测, LIN-6): the states that an external library returns, and the check that a campaign
//! requires before a dial.
//!
//! A library returns one of six states. The state is a fact of the number with its time. A campaign that
//! requires a check does not dial numbers that were not checked recently. Campaigns without this requirement
//! check no numbers.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest age of a check, in days, that a campaign may accept: numbers are reassigned after half a
/// year.
pub const CHECK_AGE_DAYS_MAX: u32 = 180;

/// The default largest age of a check, in days: operators take numbers back by the month.
const CHECK_AGE_DAYS: u32 = 30;

/// One day in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// Milliseconds before a campaign's end at which a number without a check is judged once more: a call
/// granted then can still be placed.
const LAST_LOOK_MS: u64 = 60_000;

/// Returns when a dial to a number without a check is judged again: at `at`; if the campaign ends by then,
/// shortly before its end, and then at its end. Enrolments that still wait then are settled by the end: a
/// missing check settles no enrolment.
pub fn check_asked_again(at: Timestamp, ends_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    match ends_at {
        Some(ends_at) if at >= ends_at && now < ends_at => {
            let last_look = ends_at.minus_ms(LAST_LOOK_MS);
            if last_look > now { last_look } else { ends_at }
        }
        Some(_) | None => at,
    }
}

/// The six states of a number check, in the order of their numbers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckedState {
    /// 空号: the number is not assigned.
    Vacant,
    /// 实号: the number is in use.
    Live,
    /// 停机: the number is assigned but cannot be called.
    Suspended,
    /// 库无: the library does not know the number.
    NotInLibrary,
    /// 沉默: the number has not been used for long.
    Silent,
    /// 风险: the number's holder is known to complain.
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

    /// Returns the state with the number that libraries use; `None` for another number.
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

/// The last result of a check of a number, with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberCheckResult {
    pub state: CheckedState,
    pub at: Timestamp,
}

impl NumberCheckResult {
    /// Returns true if the check is at most `age_days_max` days old at `now`.
    pub fn is_fresh(&self, age_days_max: u32, now: Timestamp) -> bool {
        now.ms_since(self.at) <= DAY_MS.saturating_mul(u64::from(age_days_max))
    }
}

/// The number check that a campaign requires. Without it no number is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberCheckPlan {
    /// Numbers in these states are not dialed; default 空号 and 停机.
    #[serde(default = "vacant_and_suspended")]
    #[schemars(extend("examples" = [["vacant", "suspended", "risky"]]))]
    pub refuse: Vec<CheckedState>,
    /// The most days since the check; an older one does not count.
    #[serde(default = "usual_age")]
    #[schemars(range(min = 1, max = CHECK_AGE_DAYS_MAX), example = 30)]
    pub max_age_days: u32,
}

impl NumberCheckPlan {
    /// Returns what is wrong with the requirement; `None` if it is valid.
    pub fn fault(&self) -> Option<&'static str> {
        if self.refuse.contains(&CheckedState::Live) {
            return Some("refuses live numbers: no customer would be called");
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
        let checked = NumberCheckResult {
            state: CheckedState::Live,
            at,
        };
        assert!(checked.is_fresh(1, at.plus_ms(DAY_MS)));
        assert!(!checked.is_fresh(1, at.plus_ms(DAY_MS + 1)));
    }

    #[test]
    fn a_demand_is_read_with_what_is_usual_and_refused_where_it_allows_no_call() {
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
