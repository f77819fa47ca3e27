//! Whether an assistant may be asked in a campaign's calls, for what, and how often.

use crate::spoken_turn::PickOf;
use serde::{Deserialize, Serialize};

/// Most questions that a campaign may allow: more would cost more than the calls.
pub const ASKS_MAX: u32 = 1_000_000;

/// What of a campaign's calls an assistant may be asked. Nobody is asked unless a campaign says so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssistPlan {
    /// What it may pick, each once.
    #[schemars(length(min = 1, max = 2), example = ["answer"])]
    pub picks: Vec<PickOf>,
    /// How often it may be asked in all of the campaign's calls, counted anew by each process that dials.
    #[schemars(range(min = 1, max = ASKS_MAX))]
    pub asks_max: u32,
}

impl AssistPlan {
    /// True where it may pick this.
    pub fn allows(&self, pick_of: PickOf) -> bool {
        self.picks.contains(&pick_of)
    }

    /// What is wrong with it, as it was sent.
    pub fn fault(&self) -> Option<&'static str> {
        let mut picks = self.picks.clone();
        picks.sort_unstable();
        picks.dedup();
        if picks.is_empty() || picks.len() != self.picks.len() {
            return Some("picks names intent, answer, or both, each once");
        }
        (!(1..=ASKS_MAX).contains(&self.asks_max)).then_some("asks_max is 1 to 1000000")
    }
}
