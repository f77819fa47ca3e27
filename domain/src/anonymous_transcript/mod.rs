//! The anonymous transcript aggregate: what somebody said, without anything that tells who or in which call.
//!
//! Promises: one stream a copy, kept once and never changed; its envelope names the campaign and nobody; its
//! words are sealed under a key of its own that is no person's. Its id follows from a secret that is
//! destroyed when the order that made it is carried out, so that nothing leads from a call to it (decision
//! 0142).

pub mod event;

#[cfg(test)]
mod tests;

pub use event::{AnonymousTranscriptEvent, KeptFact, SaidIn};

use crate::decider::{Context, Decider, Scope};
use crate::personal::Personal;
use crate::problem::Explained;
use crate::stored_event::Envelope;
use crate::time::Timestamp;
use values::ids::{AnonymousTranscriptId, CampaignId, CommandId, CustomerId, EventId};

/// Longest words of one copy, in bytes: sealed and in base64 they fill three quarters of a record.
pub const ANONYMOUS_WORDS_BYTES_MAX: usize = 36_864;

/// The name of the key that holds the secret of one order, by the event that began it. Keys are named as
/// persons are, by 32 hexadecimal digits; nobody's are these.
pub fn secret_name(begun: EventId) -> CustomerId {
    let name = CommandId::derive_from_text(&format!("anonymization/{begun}"));
    let digits = name.uuid().simple().to_string();
    digits
        .try_into()
        .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
}

/// The secret that is destroyed where this event stands, which says that an order is carried out.
pub fn secret_destroyed_by(anonymized: &Envelope) -> Option<CustomerId> {
    anonymized.causation.map(secret_name)
}

/// Requests to a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnonymousTranscriptCommand {
    /// Whoever keeps it again has kept it already.
    Keep(Box<KeptFact>),
}

/// Why words are not kept: a rule said no, nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnonymousTranscriptRefusal {
    #[error("a copy has words, and at most {ANONYMOUS_WORDS_BYTES_MAX} bytes of them")]
    NoOrTooManyWords,
}

impl Explained for AnonymousTranscriptRefusal {}

/// Of which campaign it is; nothing before it is kept. Its words leave memory with the request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnonymousTranscriptState {
    campaign: Option<CampaignId>,
}

impl AnonymousTranscriptState {
    pub const fn is_kept(&self) -> bool {
        self.campaign.is_some()
    }
}

/// The decider of anonymous transcripts.
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

    /// About nobody: only the campaign is named.
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

    /// Its own key, which has its name.
    fn sealed_under(id: &AnonymousTranscriptId, _: &Scope) -> Option<CustomerId> {
        Some(id.key())
    }
}

impl KeptFact {
    /// Words under which nobody is found.
    pub fn new(campaign: CampaignId, said_in: SaidIn, words: String) -> Self {
        Self {
            campaign,
            said_in,
            disposition: None,
            outcome: None,
            words: Personal::open(words),
        }
    }
}
