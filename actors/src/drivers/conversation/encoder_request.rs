//! Asks the installation's encoder before the linear model's reading is used. The event of what was
//! understood names which of the two decided. Without an answer in time, the linear model's reading stays.

use super::session::ConversationSession;
use domain::flow::{FlowInput, UnderstandingResult};
use domain::ports::encoder::is_for_models;
use domain::ports::recognizer::Utterance;
use domain::spoken_turn::{Certainty, EncoderShare, REFUSE_CALL};
use std::sync::Arc;

impl ConversationSession<'_> {
    /// Asks the encoder about an utterance, and replaces the linear model's reading in `understood` if the
    /// encoder is surer. `None` if the encoder was not asked: before the recording notice was heard, if the
    /// text is not for models, or if it may not be asked now.
    pub(super) async fn rank(
        &mut self,
        said: &Utterance,
        understood: &mut UnderstandingResult,
    ) -> Option<Box<EncoderShare>> {
        let kit = Arc::clone(&self.kit);
        let encode = kit.ports.hearing.as_ref()?.encode.as_ref()?;
        let run = self.run.as_ref()?;
        // Until the recording notice has been heard, no word of the callee leaves the process for this.
        if !self.kept.words || !is_for_models(understood) || self.refuses_already(understood) {
            return None;
        }
        let since_said_ms = self.ear.as_ref().map_or(0, |ear| ear.ms_since(said.end_ms));
        let clock = kit.environment.clock.as_ref();
        let asked = encode
            .rank(clock, &said.text, run.language(), since_said_ms)
            .await?;
        let mut share = EncoderShare {
            model: encode.model().to_owned(),
            decided: false,
            took_ms: asked.took_ms,
            failure: None,
        };
        match asked.ranked {
            Err(failure) => share.failure = Some(failure.name().to_owned()),
            Ok(ranking) => {
                let over = ranking.over(&understood.reading);
                let refuses = ranking.refuses();
                share.model = ranking.model;
                // An intent that leads nowhere at this node does not count; a refusal counts in every flow.
                let counts = |intent: &str| run.takes_intent(intent) || (refuses && intent == REFUSE_CALL);
                if let Some(mut over) = over.filter(|over| over.intent().is_some_and(counts)) {
                    // Candidates that the flow does not take are not stored in the event.
                    over.candidates.retain(|one| counts(&one.intent));
                    share.decided = true;
                    understood.opt_out = refuses;
                    understood.reading = over;
                }
            }
        }
        Some(Box::new(share))
    }

    /// Returns true if the reading is an opt-out or may be one; then no other model reads it.
    fn refuses_already(&self, understood: &UnderstandingResult) -> bool {
        let reading = &understood.reading;
        let may_refuse = reading.certainty != Certainty::Abstained && reading.intent() == Some(REFUSE_CALL);
        may_refuse || self.means_opt_out(FlowInput::Spoken(understood))
    }
}
