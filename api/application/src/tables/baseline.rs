//! The cost of the same calls if agents alone made them, by a baseline (DEP-8) from the request or else
//! from the installation's settings, compared with the actual usage. It includes the tariffs of agents and
//! engines. Costs are integers in whole fen. The baseline is not measured.

use domain::decider::Decider;
use domain::ports::event_store::{EventStore, PAGE_EVENTS_MAX};
use domain::problem::Problem;
use domain::setting::{Setting, SettingName, SettingState};
use domain::stored_event::{Position, StoredEvent, StreamVersion, read_event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What agents cost and do without a robot. Values that are not given are those of DEP-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Baseline {
    /// Cost of an agent per year, in fen: wages, seat and line.
    pub agent_year_fen: u64,
    pub work_days_per_year: u64,
    /// Effective calls of an agent per day: least and most.
    pub calls_per_agent_day_min: u64,
    pub calls_per_agent_day_max: u64,
    /// Earlier cost of a minute on the line, in fen. If absent, it is not compared.
    pub line_minute_fen_before: Option<u64>,
    /// Cost of a billed minute, if the request does not give it. This and the following tariffs are not
    /// priced if absent.
    pub line_minute_fen: Option<u64>,
    /// A minute of an agent in a call.
    pub agent_minute_fen: Option<u64>,
    /// Cost of an hour of recognized speech, in fen.
    pub recognition_hour_fen: Option<u64>,
    /// Cost of ten thousand synthesized characters, in fen.
    pub synthesis_ten_thousand_chars_fen: Option<u64>,
    /// A thousand questions to an assistant, and a million of its tokens.
    pub assistant_thousand_requests_fen: Option<u64>,
    pub assistant_million_tokens_fen: Option<u64>,
}

impl Default for Baseline {
    /// ¥80,000 per agent and year, 150–200 effective calls per agent and day (DEP-8); 250 working days.
    fn default() -> Self {
        Self {
            agent_year_fen: 8_000_000,
            work_days_per_year: 250,
            calls_per_agent_day_min: 150,
            calls_per_agent_day_max: 200,
            line_minute_fen_before: None,
            line_minute_fen: None,
            agent_minute_fen: None,
            recognition_hour_fen: None,
            synthesis_ten_thousand_chars_fen: None,
            assistant_thousand_requests_fen: None,
            assistant_million_tokens_fen: None,
        }
    }
}

/// Highest yearly cost of an agent that is accepted, in fen: ten million yuan.
const AGENT_YEAR_FEN_MAX: u64 = 1_000_000_000;
/// Days of a leap year.
const DAYS_MAX: u64 = 366;
/// Most calls of an agent per day that are accepted: one every half minute of a day.
const CALLS_MAX: u64 = 2_880;
/// Highest tariff of anything, in fen: a hundred thousand yuan.
const TARIFF_FEN_MAX: u64 = 10_000_000;

/// The baseline compared with one sum. Amounts in fen are null if there is nothing to divide by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BaselineComparison {
    /// Effective calls: calls that a carrier bills.
    pub effective_calls: u64,
    /// The range of what agents alone would cost for these calls.
    pub people_cost_fen_min: u64,
    pub people_cost_fen_max: u64,
    pub people_per_conversion_fen_min: Option<u64>,
    pub people_per_conversion_fen_max: Option<u64>,
    /// Line costs, per thousand of the lowest cost of agents alone; null without a tariff.
    pub line_cost_per_mille: Option<u64>,
    /// The same for all costs with a tariff: lines, agents, engines.
    pub total_cost_per_mille: Option<u64>,
    /// Cost of a billed minute, now and earlier, in fen.
    pub line_minute_fen: Option<u64>,
    pub line_minute_fen_before: Option<u64>,
}

/// The actual usage and cost that the baseline is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct ActualUsage {
    pub(super) effective_calls: u64,
    pub(super) conversions: u64,
    pub(super) billed_seconds: u64,
    pub(super) cost_fen: Option<u64>,
    pub(super) total_fen: Option<u64>,
}

impl Baseline {
    /// Returns the baseline from the installation's settings as of a log position; `None`: as of now.
    pub async fn stored(store: &dyn EventStore, until: Option<Position>) -> Result<Self, Problem> {
        let stored = StoredSettings { store, until };
        Ok(Self {
            agent_year_fen: stored.value(SettingName::CostAgentYear).await?,
            work_days_per_year: stored.value(SettingName::CostWorkDays).await?,
            calls_per_agent_day_min: stored.value(SettingName::CostAgentCallsMin).await?,
            calls_per_agent_day_max: stored.value(SettingName::CostAgentCallsMax).await?,
            line_minute_fen_before: stored.tariff(SettingName::CostLineBefore).await?,
            line_minute_fen: stored.tariff(SettingName::CostLine).await?,
            agent_minute_fen: stored.tariff(SettingName::CostAgentMinute).await?,
            recognition_hour_fen: stored.tariff(SettingName::CostRecognition).await?,
            synthesis_ten_thousand_chars_fen: stored.tariff(SettingName::CostSynthesis).await?,
            assistant_thousand_requests_fen: stored.tariff(SettingName::CostAssistant).await?,
            assistant_million_tokens_fen: stored.tariff(SettingName::CostTokens).await?,
        })
    }

    /// Returns the name of a value that is out of range; `None` if the baseline can be used.
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
            && (fewest..=CALLS_MAX).contains(&most)
            && self
                .tariffs()
                .into_iter()
                .flatten()
                .all(|fen| fen <= TARIFF_FEN_MAX);
        (!is_possible)
            .then_some("the cost and working days of a year, least and most calls a day, and tariffs")
    }

    const fn tariffs(&self) -> [Option<u64>; 7] {
        [
            self.line_minute_fen_before,
            self.line_minute_fen,
            self.agent_minute_fen,
            self.recognition_hour_fen,
            self.synthesis_ten_thousand_chars_fen,
            self.assistant_thousand_requests_fen,
            self.assistant_million_tokens_fen,
        ]
    }

    /// Returns the baseline if all its values are in range; otherwise fails with `baseline-invalid`.
    /// Settings that were changed one after the other may not fit together.
    pub fn possible(self) -> Result<Self, Problem> {
        match self.fault() {
            None => Ok(self),
            Some(fault) => Err(Problem::refused(
                "baseline-invalid",
                format!("the baseline is invalid: {fault} must be within range"),
            )),
        }
    }

    /// Returns what `calls` calls cost if each agent makes `per_day` a day, in fen, rounded up.
    fn people_fen(&self, calls: u64, per_day: u64) -> u64 {
        let days_of_year = u128::from(self.work_days_per_year)
            .saturating_mul(u128::from(per_day))
            .max(1);
        let fen = u128::from(calls).saturating_mul(u128::from(self.agent_year_fen));
        u64::try_from(fen.div_ceil(days_of_year)).unwrap_or(u64::MAX)
    }

    pub(super) fn beside(&self, ours: ActualUsage) -> BaselineComparison {
        let least = self.people_fen(ours.effective_calls, self.calls_per_agent_day_max);
        let most = self.people_fen(ours.effective_calls, self.calls_per_agent_day_min);
        let minutes = ours.billed_seconds.div_ceil(60);
        let per_mille = |fen: Option<u64>| fen.and_then(|fen| fen.saturating_mul(1_000).checked_div(least));
        BaselineComparison {
            effective_calls: ours.effective_calls,
            people_cost_fen_min: least,
            people_cost_fen_max: most,
            people_per_conversion_fen_min: least.checked_div(ours.conversions),
            people_per_conversion_fen_max: most.checked_div(ours.conversions),
            line_cost_per_mille: per_mille(ours.cost_fen),
            total_cost_per_mille: per_mille(ours.total_fen),
            line_minute_fen: ours.cost_fen.and_then(|fen| fen.checked_div(minutes)),
            line_minute_fen_before: self.line_minute_fen_before,
        }
    }
}

/// Settings of the installation at a log position, read from their own streams.
struct StoredSettings<'a> {
    store: &'a dyn EventStore,
    until: Option<Position>,
}

impl StoredSettings<'_> {
    async fn value(&self, name: SettingName) -> Result<u64, Problem> {
        let unreadable = |error: &dyn std::error::Error| Problem::fault(error.to_string());
        let stream = Setting::stream(&name);
        let (mut state, mut after) = (SettingState::default(), StreamVersion(0));
        loop {
            let page = self.store.read_stream(&stream, after, PAGE_EVENTS_MAX).await?;
            if page.is_empty() {
                return Ok(state.value(name));
            }
            after = StreamVersion(after.0 + page.len() as u64);
            let is_known = |stored: &&StoredEvent| self.until.is_none_or(|until| stored.position <= until);
            for stored in page.iter().filter(is_known) {
                let envelope = stored.envelope().map_err(|error| unreadable(&error))?;
                let event = read_event::<Setting>(&envelope).map_err(|error| unreadable(&error))?;
                Setting::evolve(&mut state, &event, envelope.at);
            }
        }
    }

    /// Returns a tariff in fen; `None` if it is 0, which means not priced.
    async fn tariff(&self, name: SettingName) -> Result<Option<u64>, Problem> {
        Ok(Some(self.value(name).await?).filter(|fen| *fen > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_cost_what_the_requirement_says_unless_the_reader_says_otherwise() {
        // ¥80,000 over 250 days: ¥320 a day, over 200 calls ¥1.60 and over 150 ¥2.13⅓ each.
        let ours = ActualUsage {
            effective_calls: 3_000,
            conversions: 60,
            billed_seconds: 180_000,
            cost_fen: Some(30_000),
            total_fen: Some(48_000),
        };
        let beside = Baseline::default().beside(ours);
        assert_eq!(
            (beside.people_cost_fen_min, beside.people_cost_fen_max),
            (480_000, 640_000)
        );
        assert_eq!(beside.people_per_conversion_fen_min, Some(8_000));
        assert_eq!(
            (beside.line_cost_per_mille, beside.total_cost_per_mille),
            (Some(62), Some(100))
        );
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
    fn nothing_is_divided_by_no_calls_and_an_impossible_baseline_is_a_fault() {
        let none = ActualUsage {
            effective_calls: 0,
            conversions: 0,
            billed_seconds: 0,
            cost_fen: Some(0),
            total_fen: Some(0),
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
            Baseline {
                recognition_hour_fen: Some(10_000_001),
                ..Baseline::default()
            },
        ] {
            assert!(wrong.fault().is_some());
        }
    }
}
