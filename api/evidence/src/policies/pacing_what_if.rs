//! The recorded answer rate on a floor of agents under another pacer. It runs the trial of the crate
//! `pacing`, with days from seeds: once with the recorded share of answers and once at each end of its
//! interval.
//!
//! The record has answers. It has ringing and talk times on a floor of agents only where agents took calls,
//! so the trial uses its own times and the answer says so.

use super::campaign_record::CampaignDialRecord;
use super::interval::{Share, bounds, round_to_integer};
use domain::problem::Problem;
use pacing::baselines::{
    AdaptivePacer, ErlangPacer, FixedRatioPacer, NaivePacer, ProgressivePacer, SafeBurstPacer,
};
use pacing::floor::TimeDistributions;
use pacing::trial::{AnswerRateCourse, DropLimitPeriod, Trial, TrialOutcome, run};
use pacing::{Pacer, PredictivePacer};
use schemars::JsonSchema;
use serde::Serialize;

/// Seeds of the simulated days of each trial. The answer shows how much the days differ.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Most agents in one question; more are refused. The work of a trial grows with them, and a request waits
/// for it.
pub const WHAT_IF_AGENTS_MAX: u32 = 50;

/// Accepted pacers; `fixed:N` dials N tenths of a call for each free agent.
pub const PACERS: [&str; 7] = [
    "ledgerline",
    "progressive",
    "naive",
    "adaptive",
    "erlang",
    "safe_burst",
    "fixed:15",
];

/// What changes under another pacer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PacingWhatIf {
    pub agents: u32,
    /// Recorded answers as a share of the calls; null if there are too few.
    pub answered: Option<Share>,
    #[schemars(extend("examples" = [[]]))]
    pub pacers: Vec<PacedOutcome>,
    #[schemars(extend("examples" = [["ring_and_talk_times_of_the_trial"]]))]
    pub assumed: Vec<&'static str>,
    /// Results that the record cannot give.
    #[schemars(extend("examples" = [["too_few_calls"]]))]
    pub unknown: Vec<&'static str>,
}

/// The results of one pacer over the trial's days, lowest and highest.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PacedOutcome {
    #[schemars(example = &"progressive")]
    pub pacer: &'static str,
    /// Per 1,000: the part of their time in which agents talked or wrapped up.
    pub occupancy_low_per_mille: u64,
    pub occupancy_high_per_mille: u64,
    /// Per 1,000 answers, how many found no agent.
    pub abandoned_low_per_mille: u64,
    pub abandoned_high_per_mille: u64,
    /// Answers that agents took in a day.
    pub served_low: u64,
    pub served_high: u64,
}

/// Returns the pacer with this name; `None` if there is none.
fn pacer_of(named: &str) -> Option<Box<dyn Pacer>> {
    Some(match named {
        "ledgerline" => Box::new(PredictivePacer::new(TimeDistributions::default())),
        "progressive" => Box::new(ProgressivePacer),
        "naive" => Box::new(NaivePacer::default()),
        "adaptive" => Box::new(AdaptivePacer::fast()),
        "erlang" => Box::new(ErlangPacer::default()),
        "safe_burst" => Box::new(SafeBurstPacer::default()),
        other => {
            let tenths: u32 = other.strip_prefix("fixed:")?.parse().ok()?;
            let ratio = f64::from(tenths) / 10.0;
            (10..=100)
                .contains(&tenths)
                .then(|| Box::new(FixedRatioPacer { ratio }))?
        }
    })
}

/// The recorded figures that a trial uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnswersOnRecord {
    answered: u64,
    calls: u64,
}

impl AnswersOnRecord {
    pub(super) const fn of(recorded: &CampaignDialRecord) -> Self {
        Self {
            answered: recorded.answered,
            calls: recorded.calls,
        }
    }
}

/// Simulates the named pacer and, for comparison, one dial for each free agent, at the recorded answer rate
/// and at both ends of its interval.
pub(super) fn evaluate_pacing(
    recorded: AnswersOnRecord,
    named: &str,
    agents: u32,
) -> Result<PacingWhatIf, Problem> {
    if pacer_of(named).is_none() {
        let known = PACERS.join(", ");
        let detail = format!("{named:?} is not a pacer: {known} (fixed:10 to fixed:100)");
        return Err(Problem::invalid("pacer-unknown", detail));
    }
    if agents == 0 || agents > WHAT_IF_AGENTS_MAX {
        let detail = format!("agents must be 1 to {WHAT_IF_AGENTS_MAX}");
        return Err(Problem::invalid("pacer-unknown", detail));
    }
    let mut what_if = PacingWhatIf {
        agents,
        answered: Share::of(recorded.answered, recorded.calls),
        pacers: Vec::new(),
        assumed: vec!["ring_and_talk_times_of_the_trial", "somebody_is_always_due"],
        unknown: Vec::new(),
    };
    let Some((share, low, high)) = bounds(recorded.answered, recorded.calls) else {
        what_if.unknown.push("too_few_calls");
        return Ok(what_if);
    };
    if share <= 0.0 {
        what_if.unknown.push("nobody_answered");
        return Ok(what_if);
    }
    what_if.unknown.push("answers_by_hour_on_that_floor");
    let mut names = vec![named];
    if named != "progressive" {
        names.push("progressive");
    }
    for name in names {
        let outcomes = tried(name, agents, [share, low.max(RATE_MIN), high.min(RATE_MAX)]);
        what_if.pacers.extend(outcomes.map(|(name, all)| of(name, &all)));
    }
    Ok(what_if)
}

/// Lowest answer rate that a trial simulates.
const RATE_MIN: f64 = 0.01;
/// Highest answer rate that a trial simulates.
const RATE_MAX: f64 = 0.98;

fn tried(named: &str, agents: u32, rates: [f64; 3]) -> Option<(&'static str, Vec<TrialOutcome>)> {
    let mut name = None;
    let mut outcomes = Vec::new();
    for (seed, rate) in SEEDS.into_iter().zip(rates) {
        let mut pacer = pacer_of(named)?;
        name = Some(pacer.name());
        let trial = Trial {
            agents,
            rate,
            course: AnswerRateCourse::Steady,
            ledger: DropLimitPeriod::ThirtyDays,
            days: 1,
            seed,
        };
        outcomes.push(run(&trial, pacer.as_mut()));
    }
    name.map(|name| (name, outcomes))
}

fn of(pacer: &'static str, all: &[TrialOutcome]) -> PacedOutcome {
    let ends = |of: &dyn Fn(&TrialOutcome) -> f64| {
        let values = || all.iter().map(of);
        let (low, high) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
        (round_to_integer(low), round_to_integer(high))
    };
    let (occupancy_low_per_mille, occupancy_high_per_mille) = ends(&|one| one.occupancy_ratio * 1_000.0);
    let (abandoned_low_per_mille, abandoned_high_per_mille) = ends(&|one| one.abandon_ratio_max * 1_000.0);
    let (served_low, served_high) = ends(&|one| super::interval::float(one.served));
    PacedOutcome {
        pacer,
        occupancy_low_per_mille,
        occupancy_high_per_mille,
        abandoned_low_per_mille,
        abandoned_high_per_mille,
        served_low,
        served_high,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(calls: u64, answered: u64) -> AnswersOnRecord {
        AnswersOnRecord { calls, answered }
    }

    #[test]
    fn another_pacer_is_compared_with_one_call_for_one_agent() {
        let what_if = evaluate_pacing(recorded(1_000, 300), "naive", 3).unwrap();
        let [naive, progressive] = what_if.pacers.as_slice() else {
            panic!("{what_if:?}");
        };
        assert_eq!((naive.pacer, progressive.pacer), ("naive", "progressive"));
        assert!(
            naive.occupancy_low_per_mille > progressive.occupancy_high_per_mille,
            "{what_if:?}"
        );
        assert!(naive.abandoned_low_per_mille > 30, "{what_if:?}");
        assert_eq!(progressive.abandoned_high_per_mille, 0, "{what_if:?}");
    }

    #[test]
    fn few_calls_and_unknown_pacers_say_so() {
        let few = evaluate_pacing(recorded(29, 9), "naive", 3).unwrap();
        assert!(few.pacers.is_empty() && few.unknown == ["too_few_calls"]);
        for (named, agents) in [("faster", 3), ("naive", 0), ("naive", 51), ("fixed:9", 3)] {
            assert!(
                evaluate_pacing(recorded(1_000, 300), named, agents).is_err(),
                "{named}"
            );
        }
    }
}
