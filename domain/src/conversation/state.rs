//! The state of a text conversation, folded from its events: its customer and flow, its inputs, and its end.

use super::event::{ClosedFact, ConversationEvent, OpenedFact};
use crate::personal::Personal;
use crate::spoken_turn::{UnderstandingFact, UnderstandingResult};
use crate::text_channel::Channel;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One message of the customer as an input of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextInput {
    /// A written key of a menu.
    Key(char),
    Words(UnderstandingResult),
    /// The message has a sensitive word. The rest of it has no effect.
    SensitiveWord,
}

/// The state of one text conversation.
#[derive(Debug, Clone, Default)]
pub struct ConversationState {
    opened: Option<Box<OpenedFact>>,
    inputs: Vec<TextInput>,
    messages: BTreeSet<String>,
    last_at: Option<Timestamp>,
    closed: Option<(Timestamp, ClosedFact)>,
    /// Part of it cannot be decrypted, because the customer's key is destroyed.
    unreadable: bool,
    transcript_disposed: bool,
}

impl ConversationState {
    pub fn opened(&self) -> Option<&OpenedFact> {
        self.opened.as_deref()
    }
    pub const fn closed(&self) -> Option<&(Timestamp, ClosedFact)> {
        self.closed.as_ref()
    }
    pub const fn is_open(&self) -> bool {
        self.opened.is_some() && self.closed.is_none()
    }
    pub const fn is_unreadable(&self) -> bool {
        self.unreadable
    }
    pub const fn is_transcript_disposed(&self) -> bool {
        self.transcript_disposed
    }
    /// Returns the customer's messages as inputs of the flow, in order.
    pub fn inputs(&self) -> &[TextInput] {
        &self.inputs
    }
    pub fn messages_count(&self) -> usize {
        self.messages.len()
    }
    /// Returns true if the message with this sender's id was taken already.
    pub fn has_message(&self, message: &str) -> bool {
        self.messages.contains(message)
    }
    /// Returns when the customer or the robot last wrote; `None` before the first text.
    pub const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }
    /// Returns from when the conversation counts as idle, by its channel; `None` before it is opened.
    pub fn idle_at(&self) -> Option<Timestamp> {
        let channel: Channel = self.opened()?.channel;
        Some(self.last_at?.plus_ms(channel.idle_ms()))
    }

    pub(super) fn apply(&mut self, event: &ConversationEvent, at: Timestamp) {
        match event {
            ConversationEvent::Opened(fact) => {
                self.unreadable |= fact.variables.values().any(|value| value.value().is_none());
                self.opened = Some(fact.clone());
                self.last_at = Some(at);
            }
            ConversationEvent::Heard(fact) => {
                self.messages.insert(fact.message.clone());
                self.last_at = Some(at);
                if fact.as_key {
                    match fact.text.value().and_then(|text| text.chars().next()) {
                        Some(key) => self.inputs.push(TextInput::Key(key)),
                        None => self.unreadable = true,
                    }
                }
            }
            ConversationEvent::Understood(fact) => match understood(fact) {
                Some(understood) => self.inputs.push(TextInput::Words(understood)),
                None => self.unreadable = true,
            },
            // A sensitive word leads to the end; it is no input.
            ConversationEvent::SensitiveWordMatched(_) | ConversationEvent::Decided(_) => {}
            ConversationEvent::Said(_) => self.last_at = Some(at),
            ConversationEvent::TranscriptDisposed { .. } => self.transcript_disposed = true,
            ConversationEvent::Closed(fact) => {
                self.closed = Some((at, fact.clone()));
                // The flow takes no further input, so the inputs are removed from memory.
                self.inputs = Vec::new();
                if let Some(opened) = &mut self.opened {
                    opened.variables = BTreeMap::new();
                }
            }
        }
    }
}

/// Returns an interpreted message as an input of the flow; `None` if one of its slot values cannot be
/// decrypted.
fn understood(fact: &UnderstandingFact) -> Option<UnderstandingResult> {
    let readable = |(name, value): (&String, &Personal<String>)| Some((name.clone(), value.value()?.clone()));
    let slots: Option<BTreeMap<String, String>> = fact.slots.iter().map(readable).collect();
    Some(UnderstandingResult {
        reading: fact.reading.clone(),
        slots: slots?,
        interest: fact.interest.clone(),
        opt_out: fact.opt_out,
        answers: BTreeMap::new(),
        emotion: fact.emotion.clone(),
    })
}
