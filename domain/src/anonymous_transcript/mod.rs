//! The anonymous transcript aggregate: the words of one call or conversation without identifying parts and
//! without a reference to the call.
//!
//! Guarantees: one stream per copy, stored once and never changed. Its envelope names the campaign and no
//! customer. Its words are sealed under a key of its own. Its id is derived from a secret that is destroyed
//! when the anonymization is complete, so that no reference leads from a call to it (decision 0142).

pub mod event;

#[cfg(test)]
mod tests;

pub use event::{AnonymousTranscriptEvent, AnonymousTranscriptFact, AnonymousTranscriptSource};

use crate::decider::{Context, Decider, Scope};
use crate::personal::Personal;
use crate::problem::DomainRefusal;
use crate::stored_event::Envelope;
use crate::time::Timestamp;
use values::ids::{AnonymousTranscriptId, CampaignId, CommandId, CustomerId, EventId};

/// Longest words of one copy, in bytes. Sealed and in base64 they fill three quarters of a record.
pub const ANONYMOUS_WORDS_BYTES_MAX: usize = 36_864;

/// Returns the name of the key that holds the secret of one anonymization, derived from the event that began
/// it. Like customer ids it has 32 hexadecimal digits, and it equals no customer's id.
pub fn secret_name(begun: EventId) -> CustomerId {
    let name = CommandId::derive_from_text(&format!("anonymization/{begun}"));
    let digits = name.uuid().simple().to_string();
    digits
        .try_into()
        .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
}

/// Returns the name of the secret that is destroyed after this event, which completes an anonymization.
pub fn secret_destroyed_by(anonymized: &Envelope) -> Option<CustomerId> {
    anonymized.causation.map(secret_name)
}

/// The command of an anonymous transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnonymousTranscriptCommand {
    /// Stores a copy. A repeated command stores no event.
    Keep(Box<AnonymousTranscriptFact>),
}

/// Refusals of an anonymous transcript command. No event is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnonymousTranscriptRefusal {
    #[error("a copy has words, and at most {ANONYMOUS_WORDS_BYTES_MAX} bytes of them")]
    NoOrTooManyWords,
}

impl DomainRefusal for AnonymousTranscriptRefusal {}

/// The state of a copy: its campaign, once it is stored. It does not hold the words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnonymousTranscriptState {
    campaign: Option<CampaignId>,
}

impl AnonymousTranscriptState {
    pub const fn is_kept(&self) -> bool {
        self.campaign.is_some()
    }
}

/// The decider of the anonymous transcript aggregate.
#[derive(Debug)]
pub struct AnonymousTranscript;

impl Decider for AnonymousTranscript {
    type Id = AnonymousTranscriptId;
    type Command = AnonymousTranscriptCommand;
    type Event = AnonymousTranscriptEvent;
    type State = AnonymousTranscriptState;
    type Refusal = AnonymousTranscriptRefusal;

    const AGGREGATE: &'static str = "anonymous_transcript";

    fn command_kind(command: &AnonymousTranscriptCommand) -> &'static str {
        match command {
            AnonymousTranscriptCommand::Keep(_) => "anonymous_transcript.keep",
        }
    }

    fn decide(
        state: &AnonymousTranscriptState,
        command: AnonymousTranscriptCommand,
        _: Context,
    ) -> Result<Vec<AnonymousTranscriptEvent>, AnonymousTranscriptRefusal> {
        let AnonymousTranscriptCommand::Keep(kept) = command;
        if state.is_kept() {
            return Ok(Vec::new());
        }
        let bytes = kept.words.value().map_or(0, String::len);
        if bytes == 0 || bytes > ANONYMOUS_WORDS_BYTES_MAX {
            return Err(AnonymousTranscriptRefusal::NoOrTooManyWords);
        }
        Ok(vec![AnonymousTranscriptEvent::Kept(kept)])
    }

    fn evolve(state: &mut AnonymousTranscriptState, event: &AnonymousTranscriptEvent, _: Timestamp) {
        let AnonymousTranscriptEvent::Kept(kept) = event;
        state.campaign = Some(kept.campaign.clone());
    }

    fn is_underway(_: &AnonymousTranscriptState) -> bool {
        false
    }

    /// Returns a scope with the campaign alone, and no customer.
    fn scope(
        _: &AnonymousTranscriptId,
        state: &AnonymousTranscriptState,
        _: &AnonymousTranscriptEvent,
    ) -> Scope {
        Scope {
            campaign: state.campaign.clone(),
            customer: None,
        }
    }

    /// Returns the copy's own key.
    fn sealed_under(id: &AnonymousTranscriptId, _: &Scope) -> Option<CustomerId> {
        Some(id.key())
    }
}

impl AnonymousTranscriptFact {
    /// Creates a copy without disposition and outcome.
    pub fn new(campaign: CampaignId, said_in: AnonymousTranscriptSource, words: String) -> Self {
        Self {
            campaign,
            said_in,
            disposition: None,
            outcome: None,
            words: Personal::open(words),
        }
    }
}
