//! The Encoder port: a model run by the installation that ranks intents for an utterance, besides the linear
//! model.
//!
//! **Guarantees of every implementation.** The text it receives is masked already. It answers within the
//! given time, whatever the server does, and sends one request. The result is a ranking with probabilities
//! between 0 and 1, or a failure. It does not log the text.

use super::assistant::AssistantFailure;
use crate::spoken_turn::{
    Certainty, IntentCandidate, REFUSE_CALL, ReadingSource, SpokenReading, UnderstandingResult,
};
use async_trait::async_trait;

/// The failure of an encoder; the same classes as an assistant's.
pub type EncoderFailure = AssistantFailure;

/// The most ranked intents that a reading keeps.
pub const RANKED_MAX: usize = 3;

/// An encoder's ranking of intents for an utterance, with its thresholds in thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderRanking {
    /// Name of the model that ranked, as its server uses it.
    pub model: String,
    /// The ranked intents, best first.
    pub candidates: Vec<IntentCandidate>,
    /// The score from which the best intent is accepted; the encoder's own, fitted on held-out lines.
    pub accept_permille: u16,
    /// The score from which the flow asks the callee to confirm the intent.
    pub confirm_permille: u16,
}

impl EncoderRanking {
    /// Returns true if the best intent is the refusal of further calls and its score is accepted. This
    /// counts at every node of a flow.
    pub fn refuses(&self) -> bool {
        let best = self.candidates.first();
        best.is_some_and(|best| best.intent == REFUSE_CALL && best.score_permille >= self.accept_permille)
    }

    /// Returns the encoder's reading of the utterance, to replace the linear model's reading `standing`.
    /// `None` if the best score is below the confirmation threshold, or below the acceptance threshold
    /// while `standing` is accepted.
    pub fn over(&self, standing: &SpokenReading) -> Option<SpokenReading> {
        let best = self.candidates.first()?;
        let certainty = match best.score_permille {
            score if score >= self.accept_permille => Certainty::Accepted,
            score if score >= self.confirm_permille => Certainty::ToConfirm,
            _ => return None,
        };
        if certainty == Certainty::ToConfirm && standing.certainty == Certainty::Accepted {
            return None;
        }
        Some(SpokenReading {
            certainty,
            read_by: ReadingSource::Model,
            candidates: self.candidates.iter().take(RANKED_MAX).cloned().collect(),
            accept_permille: Some(self.accept_permille),
            confirm_permille: Some(self.confirm_permille),
            ..standing.clone()
        })
    }
}

/// Returns true if an utterance is left to encoder and assistant: no exact line, rule, answer or
/// back-channel matched it, and it is not an opt-out.
pub fn is_for_models(understood: &UnderstandingResult) -> bool {
    let reading = &understood.reading;
    let by_model = matches!(reading.read_by, ReadingSource::Model | ReadingSource::Nothing);
    by_model && reading.certainty != Certainty::BackChannel && !understood.opt_out
}

/// A model that ranks the intents of an utterance.
#[async_trait]
pub trait Encoder: Send + Sync {
    /// Returns the model's name for reports of a failure, when no answer names it.
    fn model(&self) -> &str;
    async fn rank(
        &self,
        said: &str,
        language: &str,
        within_ms: u64,
    ) -> Result<EncoderRanking, EncoderFailure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(certainty: Certainty, read_by: ReadingSource) -> SpokenReading {
        SpokenReading {
            certainty,
            read_by,
            candidates: vec![],
            accept_permille: None,
            confirm_permille: None,
            knowledge: None,
            picked: None,
        }
    }

    #[test]
    fn it_takes_the_linear_readings_place_where_it_is_surer() {
        let ranked = |score_permille| EncoderRanking {
            model: "m".to_owned(),
            candidates: vec![IntentCandidate {
                intent: "busy".to_owned(),
                score_permille,
            }],
            accept_permille: 900,
            confirm_permille: 500,
        };
        let (accepted, abstained) = (Certainty::Accepted, Certainty::Abstained);
        for (score, standing, then) in [
            (900, accepted, Some(accepted)),
            (900, abstained, Some(accepted)),
            (899, accepted, None),
            (899, abstained, Some(Certainty::ToConfirm)),
            (500, Certainty::ToConfirm, Some(Certainty::ToConfirm)),
            (499, abstained, None),
        ] {
            let over = ranked(score).over(&reading(standing, ReadingSource::Model));
            assert_eq!(over.map(|one| one.certainty), then, "{score} over {standing:?}");
        }
        let none = EncoderRanking {
            candidates: vec![],
            ..ranked(900)
        };
        assert_eq!(none.over(&reading(abstained, ReadingSource::Nothing)), None);
    }
}
