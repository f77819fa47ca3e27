//! Judges the variants of a text: by the metric and after the number of calls that the flow states.
//!
//! Only the first calls to end count, as many as the flow states, so that looking earlier or later does not
//! change the result. A variant is better if its interval does not overlap with any other.

use super::coverage::{COVERED_CALLS_MAX, events_of};
use application::calls::stream_of;
use application::figures::{Proportion, wilson};
use application::flows::definition_of;
use application::installation::Installation;
use domain::call::event::CallEvent;
use domain::calling_plan::FlowRef;
use domain::disposition::Outcome;
use domain::flow::{FlowDefinition, FlowSelector, Node, VariantMetric, Variants};
use domain::ids::{CallId, CampaignId};
use domain::problem::Problem;
use domain::stored_event::{Position, StoredEvent};
use projections::views::call_history::{self, CALLS_MAX, CallFilter};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The results of a flow's variants.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VariantsResponse {
    #[schemars(example = &"decide@1")]
    pub flow: String,
    /// Answered calls of this version that have ended.
    pub calls: u64,
    /// True if there are more calls than were read; then nothing is decided.
    pub truncated: bool,
    pub texts: Vec<VariedText>,
}

/// One text with several variants.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VariedText {
    #[schemars(example = &"hello")]
    pub node: String,
    pub metric: VariantMetric,
    pub stop_after_calls: u32,
    /// Calls that count: the first to end, of those that reached this text.
    pub calls: u64,
    pub verdict: VariantVerdict,
    /// The better variant, if there is one.
    #[schemars(example = &"b")]
    pub winner: Option<String>,
    pub arms: Vec<VariantArmResponse>,
}

/// Whether the comparison is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VariantVerdict {
    /// Fewer calls than the flow states, or not all of them could be read.
    NotDecided,
    /// One variant is better.
    Better,
    /// The intervals overlap.
    NoDifference,
}

/// One variant.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct VariantArmResponse {
    #[schemars(example = &"b")]
    pub arm: String,
    #[schemars(example = &"打扰了，我是客服。")]
    pub text: String,
    pub weight: u32,
    pub calls: u64,
    /// Calls that the metric counts.
    pub hits: u64,
    /// With its 95 % bounds (Wilson); null if there are too few calls.
    pub ratio: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// Compares the variants of the texts of a flow version by its recorded calls.
pub async fn variants(
    installation: &Installation,
    named: &FlowSelector,
) -> Result<VariantsResponse, Problem> {
    let (found, flow) = definition_of(installation, named).await?;
    let mut trying = VariantTrials {
        flow: &flow,
        version: &found.flow_ref,
        read: 0,
        calls: 0,
        trials: BTreeMap::new(),
    };
    let mut truncated = false;
    if flow.nodes.values().any(|node| node.variants().is_some()) {
        for row in installation.boards().await? {
            let state = installation.entities.campaigns.state(&row.campaign).await?.state;
            if state.flow() == Some(&found.flow_ref) {
                truncated |= !trying.take_campaign(installation, &row.campaign).await?;
            }
        }
    }
    let named = FlowSelector {
        flow: found.flow_ref.flow.clone(),
        version: Some(found.flow_ref.version),
    };
    Ok(trying.shown(named.to_string(), truncated))
}

/// One call that reached a text: the variant it heard, and whether the metric counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trial {
    arm: String,
    hit: bool,
}

struct VariantTrials<'a> {
    flow: &'a FlowDefinition,
    version: &'a FlowRef,
    read: u64,
    calls: u64,
    /// By node, in the order in which the calls ended.
    trials: BTreeMap<String, BTreeMap<Position, Trial>>,
}

impl VariantTrials<'_> {
    /// Adds the calls of a campaign that ran the flow version. Returns false if not every call was read.
    async fn take_campaign(
        &mut self,
        installation: &Installation,
        campaign: &CampaignId,
    ) -> Result<bool, Problem> {
        let filter = CallFilter {
            campaign: Some(campaign.clone()),
            ..CallFilter::default()
        };
        let mut below: Option<Position> = None;
        loop {
            let db = installation.rows.db();
            let rows = call_history::list(db.as_ref(), &filter, below, CALLS_MAX).await?;
            for row in &rows {
                if self.read >= COVERED_CALLS_MAX {
                    return Ok(false);
                }
                self.read += 1;
                let stored = stream_of(installation.store(), row.call).await?;
                self.take(row.call, &stored, &events_of(&stored)?);
            }
            match rows.last() {
                Some(last) if rows.len() >= CALLS_MAX => below = Some(last.first_position),
                _ => return Ok(true),
            }
        }
    }

    fn take(&mut self, call: CallId, stored: &[StoredEvent], events: &[CallEvent]) {
        let Some(course) = CompletedCall::of(stored, events, self.version) else {
            return;
        };
        self.calls += 1;
        let key = format!("{call}/{}", self.version.version);
        for (node, variants) in varied(self.flow) {
            let chosen = variants.chosen(&key, node);
            if let Some((arm, _)) = chosen.filter(|_| course.nodes.contains(node)) {
                let trial = Trial {
                    arm: arm.to_owned(),
                    hit: counts(variants.metric, course.outcome),
                };
                let trials = self.trials.entry(node.to_owned()).or_default();
                trials.insert(course.at, trial);
            }
        }
    }

    fn shown(mut self, flow: String, truncated: bool) -> VariantsResponse {
        let definition = self.flow;
        let texts = varied(definition).map(|(node, variants)| {
            let trials = self.trials.remove(node).unwrap_or_default();
            let trials: Vec<Trial> = trials.into_values().collect();
            judged(node, variants, &trials, truncated)
        });
        let texts = texts.collect();
        VariantsResponse {
            flow,
            calls: self.calls,
            truncated,
            texts,
        }
    }
}

/// Returns the nodes of a flow that have text variants, with these.
fn varied(flow: &FlowDefinition) -> impl Iterator<Item = (&str, &Variants)> {
    let nodes = flow.nodes.iter();
    nodes.filter_map(|(name, node): (&String, &Node)| Some((name.as_str(), node.variants()?)))
}

/// An answered call that has ended.
struct CompletedCall<'a> {
    at: Position,
    outcome: Option<Outcome>,
    nodes: BTreeSet<&'a str>,
}

impl<'a> CompletedCall<'a> {
    fn of(stored: &[StoredEvent], events: &'a [CallEvent], version: &FlowRef) -> Option<Self> {
        let ran = |event: &CallEvent| matches!(event, CallEvent::Permitted { flow, .. } if flow == version);
        if !events.first().is_some_and(ran) {
            return None;
        }
        let (mut at, mut outcome, mut nodes) = (None, None, BTreeSet::new());
        for (event, stored) in events.iter().zip(stored) {
            match event {
                CallEvent::NodeEntered { node } => {
                    nodes.insert(node.as_str());
                }
                CallEvent::Ended { outcome: ended, .. } => (at, outcome) = (Some(stored.position), *ended),
                CallEvent::Corrected { after, .. } => outcome = after.outcome,
                _ => {}
            }
        }
        Some(Self {
            at: at?,
            outcome,
            nodes,
        })
    }
}

/// Returns true if this metric counts a call with this outcome as a hit.
const fn counts(metric: VariantMetric, outcome: Option<Outcome>) -> bool {
    match metric {
        VariantMetric::Conversion => matches!(outcome, Some(Outcome::Success)),
        VariantMetric::Completion => {
            let fell_short = matches!(outcome, Some(Outcome::HungUp | Outcome::Failed));
            outcome.is_some() && !fell_short
        }
        VariantMetric::OptOut => matches!(outcome, Some(Outcome::OptedOut)),
    }
}

/// Compares the variants of one text over the first calls that reached it, as many as the flow states.
fn judged(node: &str, variants: &Variants, trials: &[Trial], truncated: bool) -> VariedText {
    let wanted = usize::try_from(variants.stop_after_calls).unwrap_or(usize::MAX);
    let first = trials.get(..wanted).unwrap_or(trials);
    let arms: Vec<VariantArmResponse> = variants
        .arms
        .iter()
        .map(|(name, arm)| {
            let mine = || first.iter().filter(|trial| trial.arm == *name);
            let (calls, hits) = (
                count(mine().count()),
                count(mine().filter(|trial| trial.hit).count()),
            );
            let found = wilson(Proportion { hits, cases: calls });
            let found = found.as_ref();
            VariantArmResponse {
                arm: name.clone(),
                text: arm.text.clone(),
                weight: arm.weight,
                calls,
                hits,
                ratio: found.map(|share| rounded(share.value)),
                low: found.map(|share| rounded(share.low)),
                high: found.map(|share| rounded(share.high)),
            }
        })
        .collect();
    let is_decided = first.len() >= wanted && !truncated;
    let winner = is_decided.then(|| better(variants.metric, &arms)).flatten();
    VariedText {
        node: node.to_owned(),
        metric: variants.metric,
        stop_after_calls: variants.stop_after_calls,
        calls: count(first.len()),
        verdict: match (is_decided, &winner) {
            (false, _) => VariantVerdict::NotDecided,
            (true, Some(_)) => VariantVerdict::Better,
            (true, None) => VariantVerdict::NoDifference,
        },
        winner,
        arms,
    }
}

/// Returns the variant with an interval that is better than, and does not overlap with, those of all others
/// that were played; `None` if there is none.
fn better(metric: VariantMetric, arms: &[VariantArmResponse]) -> Option<String> {
    let heard: Vec<(&str, f64, f64)> = arms
        .iter()
        .filter_map(|arm| Some((arm.arm.as_str(), arm.low?, arm.high?)))
        .collect();
    let beats =
        |(_, low, high): &(&str, f64, f64), (_, other_low, other_high): &(&str, f64, f64)| match metric {
            VariantMetric::Conversion | VariantMetric::Completion => low > other_high,
            VariantMetric::OptOut => high < other_low,
        };
    let wins = |one: &&(&str, f64, f64)| heard.iter().all(|other| other.0 == one.0 || beats(one, other));
    let winner = heard.iter().find(wins).filter(|_| heard.len() > 1);
    winner.map(|(arm, _, _)| (*arm).to_owned())
}

fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// Rounds a number to four decimals.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::flow::Arm;

    fn held(metric: VariantMetric, stop_after_calls: u32) -> Variants {
        let arm = |text: &str| Arm {
            text: text.to_owned(),
            weight: 1,
        };
        Variants {
            metric,
            stop_after_calls,
            arms: [("a".to_owned(), arm("甲")), ("b".to_owned(), arm("乙"))].into(),
        }
    }

    /// `a` is counted in `of_a` of a hundred calls, `b` in `of_b`; they alternate.
    fn trials(of_a: usize, of_b: usize, calls: usize) -> Vec<Trial> {
        let one = |number: usize| {
            let (arm, hits) = if number.is_multiple_of(2) {
                ("a", of_a)
            } else {
                ("b", of_b)
            };
            Trial {
                arm: arm.to_owned(),
                hit: (number / 2) % 100 < hits,
            }
        };
        (0..calls).map(one).collect()
    }

    fn verdict(metric: VariantMetric, stop_after: u32, trials: &[Trial]) -> (VariantVerdict, Option<String>) {
        let judgement = judged("hello", &held(metric, stop_after), trials, false);
        (judgement.verdict, judgement.winner)
    }

    #[test]
    fn nothing_is_called_better_before_the_number_of_calls_that_the_flow_states() {
        let clear = trials(10, 60, 399);
        let conversion = VariantMetric::Conversion;
        assert_eq!(
            verdict(conversion, 400, &clear),
            (VariantVerdict::NotDecided, None)
        );
        let one_more = trials(10, 60, 400);
        let better = (VariantVerdict::Better, Some("b".to_owned()));
        assert_eq!(verdict(conversion, 400, &one_more), better);
        let unread = judged("hello", &held(conversion, 400), &one_more, true);
        assert_eq!(
            (unread.verdict, unread.winner),
            (VariantVerdict::NotDecided, None)
        );
    }

    #[test]
    fn what_comes_after_that_number_changes_nothing() {
        let mut more = trials(30, 30, 400);
        let before = judged("hello", &held(VariantMetric::Conversion, 400), &more, false);
        more.extend(trials(0, 100, 4_000));
        let after = judged("hello", &held(VariantMetric::Conversion, 400), &more, false);
        assert_eq!((before.arms, before.calls), (after.arms, after.calls));
        assert_eq!(after.verdict, VariantVerdict::NoDifference);
    }

    #[test]
    fn intervals_have_to_part_and_of_refusals_fewer_are_better() {
        let near = trials(30, 36, 400);
        let none = (VariantVerdict::NoDifference, None);
        assert_eq!(verdict(VariantMetric::Conversion, 400, &near), none);
        let refusals = trials(20, 2, 400);
        let better = (VariantVerdict::Better, Some("b".to_owned()));
        assert_eq!(verdict(VariantMetric::OptOut, 400, &refusals), better);
        let one_arm: Vec<Trial> = trials(10, 60, 400).into_iter().step_by(2).collect();
        assert_eq!(
            verdict(VariantMetric::Conversion, 200, &one_arm),
            none,
            "the other was not heard"
        );
    }

    #[test]
    fn a_hang_up_and_a_fault_of_ours_come_to_no_end_of_the_flow() {
        let completion = |outcome| counts(VariantMetric::Completion, outcome);
        assert!(completion(Some(Outcome::Declined)) && completion(Some(Outcome::OptedOut)));
        assert!(!completion(Some(Outcome::HungUp)) && !completion(Some(Outcome::Failed)));
        assert!(!completion(None));
    }
}
