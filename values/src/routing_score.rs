//! The routing score of a call: `0.4·rfm + 0.3·robot_match + 0.2·agent_skill + 0.1·line_quality` for each
//! robot or agent. The highest total wins; of equal ones the first (CAL-4).
//!
//! Pure integer arithmetic: each part is 0 to 1,000 and the weights are thousandths, so a total is 0 to
//! 1,000,000 and the same on every machine. Weights have versions; the breakdown names the version used.

use serde::{Deserialize, Serialize};

/// The largest value of one part of a routing score, and the sum of all weights.
pub const WHOLE: u32 = 1_000;

/// Most candidates of one routing decision.
pub const CANDIDATES_MAX: usize = 1_000;

/// Weights within `robot_match`, in thousandths: same industry, same region, and success of earlier similar
/// calls.
const INDUSTRY: u32 = 500;
const REGION: u32 = 200;
const HISTORY: u32 = 300;

/// The weights of the parts of a routing score, in thousandths. Their sum is 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "RoutingWeights")]
#[serde(deny_unknown_fields)]
pub struct Weights {
    #[schemars(example = Self::PRINTED.version)]
    pub version: u32,
    #[schemars(example = Self::PRINTED.rfm)]
    pub rfm: u32,
    #[schemars(example = Self::PRINTED.robot_match)]
    pub robot_match: u32,
    #[schemars(example = Self::PRINTED.agent_skill)]
    pub agent_skill: u32,
    #[schemars(example = Self::PRINTED.line_quality)]
    pub line_quality: u32,
}

impl Weights {
    /// The weights that the requirement CAL-4 states.
    pub const PRINTED: Self = Self {
        version: 1,
        rfm: 400,
        robot_match: 300,
        agent_skill: 200,
        line_quality: 100,
    };

    /// Returns what is wrong with the weights (sum other than 1,000, or version 0); `None` if they are
    /// valid.
    pub fn fault(&self) -> Option<&'static str> {
        let parts = [self.rfm, self.robot_match, self.agent_skill, self.line_quality];
        let sum = parts.into_iter().fold(0_u32, u32::saturating_add);
        (sum != WHOLE || self.version == 0)
            .then_some("weights are parts of 1,000 that add up to it, with a version from 1")
    }
}

/// A robot or agent that can take a call, with the properties that the routing score uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingCandidate {
    /// The id. It is stored and must not name a person.
    #[schemars(example = &"agent-7")]
    pub id: String,
    pub kind: CandidateKind,
    #[serde(default)]
    pub industries: Vec<String>,
    #[serde(default)]
    pub regions: Vec<String>,
    /// Successful calls per thousand earlier calls with similar customers.
    #[serde(default)]
    pub history: u32,
    /// The agent's skill for this call; 0 for a robot.
    #[serde(default)]
    pub skill: u32,
    /// Quality of the line to this candidate.
    #[serde(default)]
    pub line_quality: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum CandidateKind {
    Robot,
    Agent,
}

/// The callee's properties that the routing score uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingCustomer {
    /// The customer's value, 0 to 1,000.
    pub rfm: u32,
    #[serde(default)]
    pub industry: Option<String>,
    #[serde(default)]
    pub region: Option<String>,
}

/// The parts of one candidate's routing score, each 0 to 1,000, and the weighted total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(rename = "RoutingBreakdown")]
pub struct Breakdown {
    #[schemars(example = &"agent-7")]
    pub candidate: String,
    pub kind: CandidateKind,
    pub weights_version: u32,
    /// True if the callee's industry (and region, next member) is among the candidate's. The match consists
    /// of both and of the results of earlier similar calls.
    pub industry_fits: bool,
    pub region_fits: bool,
    pub rfm: u32,
    pub robot_match: u32,
    pub agent_skill: u32,
    pub line_quality: u32,
    /// The total, 0 to 1,000,000.
    pub total: u32,
}

/// Returns a candidate's routing score for a customer: the parts and the total. Values above 1,000 count as
/// 1,000; a robot's skill as 0.
pub fn score(customer: &RoutingCustomer, candidate: &RoutingCandidate, weights: &Weights) -> Breakdown {
    let rfm = customer.rfm.min(WHOLE);
    let industry_fits = fits(&candidate.industries, customer.industry.as_ref());
    let region_fits = fits(&candidate.regions, customer.region.as_ref());
    // The candidate's match with the callee's industry and region, and its results in similar calls.
    let robot_match = INDUSTRY * u32::from(industry_fits)
        + REGION * u32::from(region_fits)
        + HISTORY * candidate.history.min(WHOLE) / WHOLE;
    let agent_skill = match candidate.kind {
        CandidateKind::Agent => candidate.skill.min(WHOLE),
        CandidateKind::Robot => 0,
    };
    let line_quality = candidate.line_quality.min(WHOLE);
    let total = [
        (weights.rfm, rfm),
        (weights.robot_match, robot_match),
        (weights.agent_skill, agent_skill),
        (weights.line_quality, line_quality),
    ];
    let weighed = total
        .into_iter()
        .map(|(weight, part)| weight.saturating_mul(part));
    Breakdown {
        candidate: candidate.id.clone(),
        kind: candidate.kind,
        weights_version: weights.version,
        industry_fits,
        region_fits,
        rfm,
        robot_match,
        agent_skill,
        line_quality,
        total: weighed.fold(0, u32::saturating_add),
    }
}

fn fits(known: &[String], wanted: Option<&String>) -> bool {
    wanted.is_some_and(|it| known.contains(it))
}

/// Returns the index of the candidate with the highest total (of equal ones the first), and the scores of
/// all candidates. `None` without candidates.
pub fn choose(
    customer: &RoutingCustomer,
    candidates: &[RoutingCandidate],
    weights: &Weights,
) -> Option<(usize, Vec<Breakdown>)> {
    let all: Vec<Breakdown> = candidates
        .iter()
        .map(|one| score(customer, one, weights))
        .collect();
    let best = all.iter().map(|one| one.total).max()?;
    let winner = all.iter().position(|one| one.total == best)?;
    Some((winner, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer() -> RoutingCustomer {
        RoutingCustomer {
            rfm: 800,
            industry: Some("retail".to_owned()),
            region: Some("浙江".to_owned()),
        }
    }

    fn candidate(id: &str, kind: CandidateKind) -> RoutingCandidate {
        RoutingCandidate {
            id: id.to_owned(),
            kind,
            industries: vec!["retail".to_owned()],
            regions: Vec::new(),
            history: 500,
            skill: 900,
            line_quality: 700,
        }
    }

    #[test]
    fn a_total_is_as_it_is_printed() {
        let robot = score(
            &customer(),
            &candidate("r", CandidateKind::Robot),
            &Weights::PRINTED,
        );
        assert_eq!((robot.robot_match, robot.agent_skill), (650, 0));
        assert_eq!(robot.total, 400 * 800 + 300 * 650 + 100 * 700);
        let agent = score(
            &customer(),
            &candidate("a", CandidateKind::Agent),
            &Weights::PRINTED,
        );
        assert_eq!(agent.total, robot.total + 200 * 900);
    }

    #[test]
    fn the_highest_total_wins_and_a_tie_goes_to_the_first() {
        let alike = ["b", "a"].map(|id| candidate(id, CandidateKind::Agent));
        assert_eq!(choose(&customer(), &alike, &Weights::PRINTED).unwrap().0, 0);
        let mut better = alike.to_vec();
        better[1].skill = 901;
        assert_eq!(choose(&customer(), &better, &Weights::PRINTED).unwrap().0, 1);
        assert_eq!(choose(&customer(), &[], &Weights::PRINTED), None);
    }

    #[test]
    fn what_is_beyond_the_whole_counts_as_the_whole_and_weights_add_up() {
        let mut above = candidate("a", CandidateKind::Agent);
        above.skill = u32::MAX;
        above.history = u32::MAX;
        above.line_quality = u32::MAX;
        above.regions = vec!["浙江".to_owned()];
        let customer = RoutingCustomer {
            rfm: u32::MAX,
            ..customer()
        };
        assert_eq!(score(&customer, &above, &Weights::PRINTED).total, 1_000_000);
        assert_eq!(Weights::PRINTED.fault(), None);
        let short = Weights {
            rfm: 399,
            ..Weights::PRINTED
        };
        assert!(short.fault().is_some());
    }
}
