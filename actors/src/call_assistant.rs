//! The assistant (a language model) as calls use it: only if a campaign allows it, within the campaign's
//! budget, not while it keeps failing, and never longer than the turn has time.

use crate::request_budget::RequestBudget;
use domain::assist_plan::AssistPlan;
use domain::ids::CampaignId;
use domain::ports::assistant::{
    Assistant, AssistantFailure, AssistantOption, AssistantPick, AssistantPrompt,
};
use domain::ports::clock::Clock;
use domain::ports::masking::Masking;
use domain::time::Timestamp;
use std::sync::Arc;

/// Timeout of a pick, in milliseconds: a callee notices a pause of a second (`speech.md` §7).
const ANSWER_MS_MAX: u64 = 800;
/// Least time that a request must have, in milliseconds; otherwise it is not sent.
const ANSWER_MS_MIN: u64 = 150;
/// Longest time from the end of the callee's words to our next words, in milliseconds: the callee must not
/// hear silence for three seconds, and network and playback take the rest (decision 0097).
const TURN_MS_MAX: u64 = 2_600;
/// The assistant (a language model) as calls use it, with the budget of its requests.
#[derive(Clone)]
pub struct CallAssistant {
    pub assistant: Arc<dyn Assistant>,
    pub masking: Arc<dyn Masking>,
    asked: Arc<RequestBudget>,
}

impl CallAssistant {
    /// Makes the assistant of a process. Its request budget is unused.
    pub fn new(assistant: Arc<dyn Assistant>, masking: Arc<dyn Masking>) -> Self {
        Self {
            assistant,
            masking,
            asked: Arc::default(),
        }
    }

    /// Returns the time for a pick in milliseconds, and counts the request. `None` if too little time is
    /// left, the campaign's budget is used up, or the assistant keeps failing.
    pub(crate) fn admits(
        &self,
        campaign: &CampaignId,
        plan: &AssistPlan,
        since_said_ms: u64,
        now: Timestamp,
    ) -> Option<u64> {
        let left = TURN_MS_MAX.saturating_sub(since_said_ms).min(ANSWER_MS_MAX);
        if left < ANSWER_MS_MIN {
            return None;
        }
        if !self.asked.admits(campaign, plan.asks_max, now) {
            return None;
        }
        Some(left)
    }

    /// Sends one request to the assistant; it fails after `within_ms`. An answer with an id that was not
    /// offered is a failure. The result is counted.
    pub(crate) async fn pick(
        &self,
        clock: &dyn Clock,
        prompt: &AssistantPrompt,
        options: &[AssistantOption],
        within_ms: u64,
    ) -> Result<AssistantPick, AssistantFailure> {
        let until = clock.now().plus_ms(within_ms);
        let picked = tokio::select! {
            biased;
            () = clock.wait_until(until) => Err(AssistantFailure::Late),
            picked = self.assistant.pick(prompt, within_ms) => picked,
        };
        let picked = picked.and_then(|pick| match &pick.choice {
            Some(choice) if !options.iter().any(|one| one.id == *choice) => Err(AssistantFailure::Outside),
            Some(_) | None => Ok(pick),
        });
        self.asked.note(picked.is_ok(), clock.now());
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request_budget::REST_MS;
    use crate::testing::assistant::{FakeAssistant, NoMasking};

    fn assist() -> CallAssistant {
        CallAssistant::new(Arc::new(FakeAssistant::default()), Arc::new(NoMasking))
    }

    fn plan(asks_max: u32) -> AssistPlan {
        AssistPlan {
            picks: vec![domain::spoken_turn::PickKind::Answer],
            asks_max,
            summaries_max: 0,
        }
    }

    #[test]
    fn a_pick_has_what_its_turn_has_left_and_no_more_than_its_own_time() {
        let assist = assist();
        let campaign = "a".parse().unwrap();
        let left = |since_said_ms| assist.admits(&campaign, &plan(100), since_said_ms, Timestamp::EPOCH);
        assert_eq!(left(0), Some(800));
        assert_eq!(left(2_000), Some(600));
        assert_eq!(left(2_450), Some(150));
        assert_eq!(left(2_451), None);
    }

    #[test]
    fn a_campaign_asks_as_often_as_it_says() {
        let assist = assist();
        let ask = |name: &str| assist.admits(&name.parse().unwrap(), &plan(2), 0, Timestamp::EPOCH);
        assert_eq!(
            [ask("a"), ask("a"), ask("a")].map(|one| one.is_some()),
            [true, true, false]
        );
        assert!(ask("b").is_some(), "each counts its own");
    }

    #[test]
    fn who_fails_five_times_in_a_row_rests_for_half_a_minute() {
        let assist = assist();
        let campaign = "a".parse().unwrap();
        let at = |ms| {
            assist
                .admits(&campaign, &plan(100), 0, Timestamp::EPOCH.plus_ms(ms))
                .is_some()
        };
        for _ in 0..4 {
            assist.asked.note(false, Timestamp::EPOCH);
        }
        assist.asked.note(true, Timestamp::EPOCH);
        for _ in 0..4 {
            assist.asked.note(false, Timestamp::EPOCH);
        }
        assert!(at(0), "four in a row");
        assist.asked.note(false, Timestamp::EPOCH);
        assert!(!at(0) && !at(REST_MS - 1) && at(REST_MS));
    }
}
