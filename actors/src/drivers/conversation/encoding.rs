//! What models are left with is asked of the installation's own encoder first. Which of the two decided is on
//! record with what was understood; without an answer in time the linear model's reading stands.

use super::talk::Talk;
use domain::flow::{FlowInput, Understood};
use domain::ports::encoder::is_for_models;
use domain::ports::recognizer::Utterance;
use domain::spoken_turn::{Certainty, EncoderShare, REFUSE_CALL};
use std::sync::Arc;

impl Talk<'_> {
    /// Puts the encoder's reading in place of the linear model's, where it is surer; `None` where it was not
    /// asked.
    pub(super) async fn rank(
        &mut self,
        said: &Utterance,
        understood: &mut Understood,
    ) -> Option<Box<EncoderShare>> {
        let kit = Arc::clone(&self.kit);
        let encode = kit.ports.hearing.as_ref()?.encode.as_ref()?;
        let run = self.run.as_ref()?;
        // Before the recording notice was heard, no word of theirs leaves the house for this.
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
                // What has no way on here is nothing that it is surer of; a refusal counts in every flow.
                let counts = |intent: &str| run.takes_intent(intent) || (refuses && intent == REFUSE_CALL);
                if let Some(mut over) = over.filter(|over| over.intent().is_some_and(counts)) {
                    // The words of no flow of ours stand in an event.
                    over.candidates.retain(|one| counts(&one.intent));
                    share.decided = true;
                    understood.opt_out = refuses;
                    understood.reading = over;
                }
            }
        }
        Some(Box::new(share))
    }

    /// Whether what stands refuses further calls, or may: nobody is asked to read it as something else.
    fn refuses_already(&self, understood: &Understood) -> bool {
        let reading = &understood.reading;
        let may_refuse = reading.certainty != Certainty::Abstained && reading.intent() == Some(REFUSE_CALL);
        may_refuse || self.means_opt_out(FlowInput::Spoken(understood))
    }
}
