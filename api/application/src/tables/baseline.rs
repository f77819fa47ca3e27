//! What people alone would cost for the same calls: a baseline that the reader sets (DEP-8), beside the
//! lines' own cost. Whole fen, integers all the way; nothing here is known, it is what was said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What agents cost and do without a robot, as the reader says it; what is not said is DEP-8's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Baseline {
    /// An agent costs so many fen a year: wages, seat and line.
    pub agent_year_fen: u64,
    pub work_days_per_year: u64,
    /// Effective calls of an agent in a day: at least, and at most.
    pub calls_per_agent_day_min: u64,
    pub calls_per_agent_day_max: u64,
    /// What a minute on the line cost before, in fen; absent: it is not compared.
    pub line_minute_fen_before: Option<u64>,
}

impl Default for Baseline {
    /// ¥80,000 per agent and year, 150–200 effective calls per agent-day (DEP-8); 250 working days.
    fn default() -> Self {
        Self {
            agent_year_fen: 8_000_000,
            work_days_per_year: 250,
            calls_per_agent_day_min: 150,
            calls_per_agent_day_max: 200,
            line_minute_fen_before: None,
        }
    }
}

/// Beyond this a number was mistyped: ten million yuan.
const AGENT_YEAR_FEN_MAX: u64 = 1_000_000_000;
/// The days of a leap year.
const DAYS_MAX: u64 = 366;
/// A call every half minute of a day.
const CALLS_MAX: u64 = 2_880;

/// The baseline beside one sum; fen are null where there is nothing to divide by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BesideBaseline {
    /// Effective calls: those that a carrier bills.
    pub effective_calls: u64,
    /// What people alone would cost for them, between these.
    pub people_cost_fen_min: u64,
    pub people_cost_fen_max: u64,
    pub people_per_conversion_fen_min: Option<u64>,
    pub people_per_conversion_fen_max: Option<u64>,
    /// What the lines cost, of a thousand of the least that people would; null without a tariff.
    pub line_cost_per_mille: Option<u64>,
    /// What a billed minute costs, and cost before, in fen.
    pub line_minute_fen: Option<u64>,
    pub line_minute_fen_before: Option<u64>,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ours {
    pub(super) effective_calls: u64,
    pub(super) conversions: u64,
    pub(super) billed_seconds: u64,
    pub(super) cost_fen: Option<u64>,
}

impl Baseline {
    /// What is wrong with it.
    pub fn fault(&self) -> Option<&'static str> {
        let Self {
            agent_year_fen: year,
            work_days_per_year: days,
            calls_per_agent_day_min: fewest,
            calls_per_agent_day_max: most,
            ..
        } = *self;
        let is_possible = (1..=AGENT_YEAR_FEN_MAX).contains(&year)
            && (1..=DAYS_MAX).contains(&days)
            && (1..=CALLS_MAX).contains(&fewest)
            && (fewest..=CALLS_MAX).contains(&most);
        (!is_possible)
            .then_some("a year's cost, its working days, and at least and at most so many calls a day")
    }

    /// Fen of so many calls at so many a day, up to the next whole fen.
    fn people_fen(&self, calls: u64, per_day: u64) -> u64 {
        let days_of_year = u128::from(self.work_days_per_year)
            .saturating_mul(u128::from(per_day))
            .max(1);
        let fen = u128::from(calls).saturating_mul(u128::from(self.agent_year_fen));
        u64::try_from(fen.div_ceil(days_of_year)).unwrap_or(u64::MAX)
    }

    pub(super) fn beside(&self, ours: Ours) -> BesideBaseline {
        let least = self.people_fen(ours.effective_calls, self.calls_per_agent_day_max);
        let most = self.people_fen(ours.effective_calls, self.calls_per_agent_day_min);
        let minutes = ours.billed_seconds.div_ceil(60);
        BesideBaseline {
            effective_calls: ours.effective_calls,
            people_cost_fen_min: least,
            people_cost_fen_max: most,
            people_per_conversion_fen_min: least.checked_div(ours.conversions),
            people_per_conversion_fen_max: most.checked_div(ours.conversions),
            line_cost_per_mille: ours
                .cost_fen
                .and_then(|fen| fen.saturating_mul(1_000).checked_div(least)),
            line_minute_fen: ours.cost_fen.and_then(|fen| fen.checked_div(minutes)),
            line_minute_fen_before: self.line_minute_fen_before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_cost_what_the_requirement_says_unless_the_reader_says_otherwise() {
        // ¥80,000 over 250 days: ¥320 a day, over 200 calls ¥1.60 and over 150 ¥2.13⅓ each.
        let ours = Ours {
            effective_calls: 3_000,
            conversions: 60,
            billed_seconds: 180_000,
            cost_fen: Some(30_000),
        };
        let beside = Baseline::default().beside(ours);
        assert_eq!(
            (beside.people_cost_fen_min, beside.people_cost_fen_max),
            (480_000, 640_000)
        );
        assert_eq!(beside.people_per_conversion_fen_min, Some(8_000));
        assert_eq!(beside.line_cost_per_mille, Some(62));
        assert_eq!(
            (beside.line_minute_fen, beside.line_minute_fen_before),
            (Some(10), None)
        );
        let dearer = Baseline {
            agent_year_fen: 16_000_000,
            line_minute_fen_before: Some(15),
            ..Baseline::default()
        };
        let beside = dearer.beside(ours);
        assert_eq!(
            (beside.people_cost_fen_min, beside.line_minute_fen_before),
            (960_000, Some(15))
        );
    }

    #[test]
    fn of_no_call_nothing_is_divided_and_an_impossible_baseline_is_told() {
        let none = Ours {
            effective_calls: 0,
            conversions: 0,
            billed_seconds: 0,
            cost_fen: Some(0),
        };
        let beside = Baseline::default().beside(none);
        assert_eq!(
            (beside.people_cost_fen_min, beside.line_cost_per_mille),
            (0, None)
        );
        assert_eq!(
            (beside.people_per_conversion_fen_min, beside.line_minute_fen),
            (None, None)
        );
        assert_eq!(Baseline::default().fault(), None);
        for wrong in [
            Baseline {
                agent_year_fen: 0,
                ..Baseline::default()
            },
            Baseline {
                work_days_per_year: 367,
                ..Baseline::default()
            },
            Baseline {
                calls_per_agent_day_min: 201,
                ..Baseline::default()
            },
        ] {
            assert!(wrong.fault().is_some());
        }
    }
}
