//! The part of a campaign's plan about the assistant: what it may be asked in calls, and how often.

use crate::spoken_turn::PickKind;
use serde::{Deserialize, Serialize};

/// The most questions that a campaign may allow: more would cost more than the calls.
pub const ASKS_MAX: u32 = 1_000_000;

/// What an assistant may be asked in a campaign's calls. By default nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistPlan {
    /// The kinds of ids that the assistant may pick, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2), example = ["answer"])]
    pub picks: Vec<PickKind>,
    /// The most questions in all of the campaign's calls, counted per process and from zero after each start.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(max = ASKS_MAX))]
    pub asks_max: u32,
    /// For how many calls a model may also word the summary, counted likewise; none by default.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schemars(range(max = ASKS_MAX))]
    pub summaries_max: u32,
}

impl AssistPlan {
    /// Returns true if the assistant may select ids of this kind in the campaign's calls.
    pub fn allows(&self, pick_of: PickKind) -> bool {
        self.picks.contains(&pick_of)
    }

    /// Returns what is wrong with the plan; `None` if it is valid.
    pub fn fault(&self) -> Option<&'static str> {
        let mut picks = self.picks.clone();
        picks.sort_unstable();
        picks.dedup();
        if picks.len() != self.picks.len() || picks.is_empty() && self.summaries_max == 0 {
            return Some("picks names intent, answer, or both, each once");
        }
        if self.summaries_max > ASKS_MAX {
            return Some("summaries_max is at most 1000000");
        }
        let asks_min = u32::from(!picks.is_empty());
        (!(asks_min..=ASKS_MAX).contains(&self.asks_max)).then_some("asks_max is 1 to 1000000")
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(picks: &[PickKind], asks_max: u32, summaries_max: u32) -> Option<&'static str> {
        let picks = picks.to_vec();
        AssistPlan {
            picks,
            asks_max,
            summaries_max,
        }
        .fault()
    }

    #[test]
    fn a_plan_picks_or_words_something_and_says_how_often() {
        assert_eq!(fault(&[PickKind::Answer], 1, 0), None);
        assert_eq!(fault(&[], 0, 1), None);
        assert_eq!(fault(&[PickKind::Answer], ASKS_MAX, ASKS_MAX), None);
        for wrong in [
            fault(&[], 0, 0),
            fault(&[], 5, 0),
            fault(&[PickKind::Answer], 0, 5),
            fault(&[PickKind::Answer, PickKind::Answer], 5, 5),
            fault(&[], 0, ASKS_MAX + 1),
        ] {
            assert!(wrong.is_some());
        }
        let stored: AssistPlan = serde_json::from_str(r#"{"picks":["answer"],"asks_max":3}"#).unwrap();
        assert_eq!(
            serde_json::to_string(&stored).unwrap(),
            r#"{"picks":["answer"],"asks_max":3}"#
        );
    }
}
