//! Stores the facts of a spoken turn on the call's stream: decisions of the flow, silences, failures of
//! engines.

use super::offer_choice::OfferAndModel;
use super::session::ConversationSession;
use crate::drivers::driver_context::Halt;
use domain::call::command::CallCommand;
use domain::call::{SilenceFact, TurnFact};
use domain::flow::{FlowInput, FlowRun};

impl ConversationSession<'_> {
    /// Stores the offer and the model chosen for the call, before the first word.
    pub(super) async fn note_chosen(&mut self, chosen: OfferAndModel) -> Result<(), Halt> {
        if let Some(fact) = chosen.offer {
            self.note_turn(TurnFact::OfferChosen(Box::new(fact))).await?;
        }
        if let Some(fact) = chosen.model {
            self.note_turn(TurnFact::ModelChosen(fact)).await?;
        }
        Ok(())
    }

    /// Stores a fact of a turn before its consequences. If the call's stream accepts no more facts, the
    /// call has lasted too long and is ended.
    pub(super) async fn note_turn(&mut self, fact: TurnFact) -> Result<(), Halt> {
        self.note_engines(&fact);
        match self.attempt.ask(CallCommand::NoteTurn(fact)).await {
            Ok(_) => Ok(()),
            Err(Halt::Refused) => self.end_too_long().await,
            Err(halt) => Err(halt),
        }
    }

    /// Updates the health of the speech engines by a fact of a turn, also of a test call.
    fn note_engines(&self, fact: &TurnFact) {
        crate::drivers::engines::note(&self.kit, fact);
    }

    /// Handles a silence of the length that the node waits for. If a spoken answer was expected, it is
    /// stored as a fact.
    pub(super) async fn fall_silent(&mut self, waited_ms: Option<u64>) -> Result<(), Halt> {
        let asks = self.run.as_ref().and_then(FlowRun::asking).is_some();
        if asks && !self.ending {
            let silence = SilenceFact {
                node: self.node.clone(),
                silence_ms: waited_ms.unwrap_or_default(),
            };
            self.note_turn(TurnFact::SilenceTimedOut(silence)).await?;
        }
        self.step(FlowInput::Silence).await
    }
}
