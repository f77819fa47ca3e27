//! What a conversation's events add up to: whom it is with, what came in, and where that led.

use super::event::{ClosedFact, ConversationEvent, OpenedFact};
use crate::personal::Personal;
use crate::spoken_turn::{Understood, UnderstoodFact};
use crate::text_channel::Channel;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What a message says to the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextInput {
    /// A key of a menu, written.
    Key(char),
    Words(Understood),
    /// It has a word of the campaign's lists: nothing follows from the rest of it.
    SensitiveWord,
}

/// State of one conversation.
#[derive(Debug, Clone, Default)]
pub struct ConversationState {
    opened: Option<Box<OpenedFact>>,
    inputs: Vec<TextInput>,
    messages: BTreeSet<String>,
    last_at: Option<Timestamp>,
    closed: Option<(Timestamp, ClosedFact)>,
    /// Something of it cannot be read any more: its person's key is gone.
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
    /// What came in, in order: what the flow was asked about.
    pub fn inputs(&self) -> &[TextInput] {
        &self.inputs
    }
    pub fn messages_count(&self) -> usize {
        self.messages.len()
    }
    /// Whether a message was taken already.
    pub fn has_message(&self, message: &str) -> bool {
        self.messages.contains(message)
    }
    /// When something was said last, by either side.
    pub const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }
    /// From then on it is idle.
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
            // What follows from a word of a list is the end.
            ConversationEvent::SensitiveWordMatched(_) | ConversationEvent::Decided(_) => {}
            ConversationEvent::Said(_) => self.last_at = Some(at),
            ConversationEvent::TranscriptDisposed { .. } => self.transcript_disposed = true,
            ConversationEvent::Closed(fact) => {
                self.closed = Some((at, fact.clone()));
                // Nothing follows from it any more: what was said leaves memory.
                self.inputs = Vec::new();
                if let Some(opened) = &mut self.opened {
                    opened.variables = BTreeMap::new();
                }
            }
        }
    }
}

/// What the step was told; nothing where a slot cannot be read any more.
fn understood(fact: &UnderstoodFact) -> Option<Understood> {
    let readable = |(name, value): (&String, &Personal<String>)| Some((name.clone(), value.value()?.clone()));
    let slots: Option<BTreeMap<String, String>> = fact.slots.iter().map(readable).collect();
    Some(Understood {
        reading: fact.reading.clone(),
        slots: slots?,
        interest: fact.interest.clone(),
        opt_out: fact.opt_out,
        answers: BTreeMap::new(),
        emotion: fact.emotion.clone(),
    })
}
