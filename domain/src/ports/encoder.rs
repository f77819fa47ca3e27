//! The Encoder port: a model of the installation's own that ranks intents before the linear model does.
//!
//! **What every implementation promises.** What it is handed is masked already. It answers within the time it
//! is given, whatever the other side does; it asks once. What comes back is a ranking whose chances lie
//! between 0 and 1, or a failure. It logs no word.

use super::assistant::AssistantFailure;
use crate::spoken_turn::{Certainty, IntentCandidate, REFUSE_CALL, ReadBy, SpokenReading, Understood};
use async_trait::async_trait;

/// How it fails: as an assistant does.
pub type EncoderFailure = AssistantFailure;

/// Candidates that a reading keeps.
pub const RANKED_MAX: usize = 3;

/// What an encoder makes of an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderRanking {
    /// Which model ranked, as its server calls it.
    pub model: String,
    /// Best first.
    pub candidates: Vec<IntentCandidate>,
    /// From which chance on it is taken for what it says; its own, fitted on lines held out.
    pub accept_permille: u16,
    /// From which on it is asked back.
    pub confirm_permille: u16,
}

impl EncoderRanking {
    /// Whether it is sure that further calls are refused: that counts, wherever a flow leads.
    pub fn refuses(&self) -> bool {
        let best = self.candidates.first();
        best.is_some_and(|best| best.intent == REFUSE_CALL && best.score_permille >= self.accept_permille)
    }

    /// The reading by it, in place of the one that stands; `None` where it is not sure enough to take its
    /// place. What the linear model accepts, a doubt of the encoder does not undo.
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
            read_by: ReadBy::Model,
            candidates: self.candidates.iter().take(RANKED_MAX).cloned().collect(),
            accept_permille: Some(self.accept_permille),
            confirm_permille: Some(self.confirm_permille),
            ..standing.clone()
        })
    }
}

/// Whether an utterance is left to models: no exact line, rule, answer or sound of listening read it, and
/// nobody refused further calls by it.
pub fn is_for_models(understood: &Understood) -> bool {
    let reading = &understood.reading;
    let by_model = matches!(reading.read_by, ReadBy::Model | ReadBy::Nothing);
    by_model && reading.certainty != Certainty::BackChannel && !understood.opt_out
}

/// Ranks.
#[async_trait]
pub trait Encoder: Send + Sync {
    /// What it is called where it did not answer.
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

    fn reading(certainty: Certainty, read_by: ReadBy) -> SpokenReading {
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
            let over = ranked(score).over(&reading(standing, ReadBy::Model));
            assert_eq!(over.map(|one| one.certainty), then, "{score} over {standing:?}");
        }
        let none = EncoderRanking {
            candidates: vec![],
            ..ranked(900)
        };
        assert_eq!(none.over(&reading(abstained, ReadBy::Nothing)), None);
    }
}
