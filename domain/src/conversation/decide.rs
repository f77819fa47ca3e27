//! Decides commands to a conversation: what a message leads to is decided here and stored whole, before any
//! of it leaves.

use super::command::{ConversationCommand, Follows, Hearing};
use super::event::{ClosedFact, ConversationEvent, OpenedFact, TextHeardFact};
use super::refusal::ConversationRefusal;
use super::state::{ConversationState, TextInput};
use crate::calling_plan::Preset;
use crate::personal::Personal;
use crate::spoken_turn::UnderstoodFact;
use crate::text_channel::CloseReason;
use crate::time::Timestamp;

/// Most messages of theirs in one conversation: what a flow has steps for.
pub const MESSAGES_MAX: usize = 200;

/// Longest message, in characters: what is kept of one utterance of a call.
pub const TEXT_CHARS_MAX: usize = 600;

/// Longest id that a sender gives a message.
pub const MESSAGE_ID_BYTES_MAX: usize = 128;

type Decided = Result<Vec<ConversationEvent>, ConversationRefusal>;

pub(super) fn decide(state: &ConversationState, command: ConversationCommand, now: Timestamp) -> Decided {
    match command {
        ConversationCommand::Open { opened, follows } => open(state, opened, follows),
        ConversationCommand::Hear(hearing) => hear(state, *hearing),
        ConversationCommand::CloseIdle => close_idle(state, now),
        ConversationCommand::Close => close(state),
        ConversationCommand::DisposeTranscript {
            disposal,
            preset,
            days,
        } => dispose_transcript(state, disposal, preset, days),
    }
}

/// Its key is gone: it is said once, and only of a conversation that is over.
fn dispose_transcript(state: &ConversationState, disposal: u64, preset: Preset, days: u32) -> Decided {
    if state.is_transcript_disposed() {
        return Ok(Vec::new());
    }
    if state.closed().is_none() {
        return Err(ConversationRefusal::NotClosed);
    }
    Ok(vec![ConversationEvent::TranscriptDisposed {
        disposal,
        preset,
        days,
    }])
}

/// Whoever opens it again has it already.
fn open(state: &ConversationState, opened: Box<OpenedFact>, follows: Follows) -> Decided {
    if state.opened().is_some() {
        return Ok(Vec::new());
    }
    if follows.opts_out {
        return Err(ConversationRefusal::OptOutFirst);
    }
    let mut events = vec![ConversationEvent::Opened(opened)];
    events.extend(closing(follows, 0));
    Ok(events)
}

/// A message that was taken is answered without an event, also when the conversation is closed by now.
fn hear(state: &ConversationState, hearing: Hearing) -> Decided {
    if state.opened().is_none() {
        return Err(ConversationRefusal::Unknown);
    }
    if state.has_message(&hearing.message) {
        return Ok(Vec::new());
    }
    if state.closed().is_some() {
        return Err(ConversationRefusal::Closed);
    }
    readable(&hearing)?;
    if state.is_unreadable() {
        return Err(ConversationRefusal::Unreadable);
    }
    if hearing.inputs_before != state.inputs().len() {
        return Err(ConversationRefusal::WentOn);
    }
    let refuses = hearing.follows.opts_out;
    if refuses && !hearing.opt_out_stored {
        return Err(ConversationRefusal::OptOutFirst);
    }
    // Whoever refuses is heard, however much they wrote before.
    if state.messages_count() >= MESSAGES_MAX && !refuses {
        let closed = closed(state, CloseReason::TooLong, None);
        return Ok(vec![ConversationEvent::Closed(closed)]);
    }
    let node = hearing.node;
    let mut events = vec![ConversationEvent::Heard(TextHeardFact {
        message: hearing.message,
        node: node.clone(),
        text: Personal::open(hearing.text),
        as_key: matches!(hearing.input, TextInput::Key(_)),
    })];
    if let TextInput::Words(understood) = &hearing.input {
        let fact = UnderstoodFact::of(node, understood, hearing.model);
        events.push(ConversationEvent::Understood(fact));
    }
    events.extend(hearing.sensitive.map(ConversationEvent::SensitiveWordMatched));
    events.extend(closing(hearing.follows, count(state).saturating_add(1)));
    Ok(events)
}

/// What follows, and the close behind it where the flow came to its end.
fn closing(follows: Follows, messages_count: u32) -> Vec<ConversationEvent> {
    let mut events = follows.events;
    if let Some(outcome) = follows.outcome {
        let reason = if follows.hands_over {
            CloseReason::HandedOver
        } else {
            CloseReason::FlowEnded
        };
        events.push(ConversationEvent::Closed(ClosedFact {
            reason,
            outcome: Some(outcome),
            messages_count,
            idle_since: None,
        }));
    }
    events
}

fn readable(hearing: &Hearing) -> Result<(), ConversationRefusal> {
    let id = hearing.message.as_bytes();
    let printable = id.iter().all(u8::is_ascii_graphic);
    if id.is_empty() || id.len() > MESSAGE_ID_BYTES_MAX || !printable {
        return Err(ConversationRefusal::MessageId {
            bytes_max: MESSAGE_ID_BYTES_MAX,
        });
    }
    let chars = hearing.text.chars().count();
    if hearing.text.trim().is_empty() || chars > TEXT_CHARS_MAX {
        return Err(ConversationRefusal::Text {
            chars_max: TEXT_CHARS_MAX,
        });
    }
    Ok(())
}

fn close_idle(state: &ConversationState, now: Timestamp) -> Decided {
    let until = state.idle_at().ok_or(ConversationRefusal::Unknown)?;
    if state.closed().is_some() {
        return Ok(Vec::new());
    }
    if now < until {
        return Err(ConversationRefusal::NotIdle { until });
    }
    let closed = closed(state, CloseReason::Idle, state.last_at());
    Ok(vec![ConversationEvent::Closed(closed)])
}

fn close(state: &ConversationState) -> Decided {
    if state.opened().is_none() {
        return Err(ConversationRefusal::Unknown);
    }
    if state.closed().is_some() {
        return Ok(Vec::new());
    }
    let closed = closed(state, CloseReason::Requested, None);
    Ok(vec![ConversationEvent::Closed(closed)])
}

fn closed(state: &ConversationState, reason: CloseReason, idle_since: Option<Timestamp>) -> ClosedFact {
    ClosedFact {
        reason,
        outcome: None,
        messages_count: count(state),
        idle_since,
    }
}

fn count(state: &ConversationState) -> u32 {
    u32::try_from(state.messages_count()).unwrap_or(u32::MAX)
}
