//! Decides the commands of a text conversation. The replies to a message are decided here and stored
//! completely before any of them is sent.

use super::command::{ConversationCommand, EvaluatedMessage, FlowResult};
use super::event::{ClosedFact, ConversationEvent, OpenedFact, TextHeardFact};
use super::refusal::ConversationRefusal;
use super::state::{ConversationState, TextInput};
use crate::calling_plan::Preset;
use crate::personal::Personal;
use crate::spoken_turn::UnderstandingFact;
use crate::text_channel::CloseReason;
use crate::time::Timestamp;

/// Most messages of the customer in one conversation; at the limit it is closed. About as many as a flow
/// has steps.
pub const MESSAGES_MAX: usize = 200;

/// Longest message of a customer, in characters; a longer one is refused. It is the limit of one stored
/// utterance of a call.
pub const TEXT_CHARS_MAX: usize = 600;

/// Longest message id of a sender, in bytes; a longer one is refused.
pub const MESSAGE_ID_BYTES_MAX: usize = 128;

type DecideResult = Result<Vec<ConversationEvent>, ConversationRefusal>;

pub(super) fn decide(
    state: &ConversationState,
    command: ConversationCommand,
    now: Timestamp,
) -> DecideResult {
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

/// Records that the key of the conversation's transcript was destroyed. No event if that is recorded
/// already; refused unless the conversation is closed.
fn dispose_transcript(state: &ConversationState, disposal: u64, preset: Preset, days: u32) -> DecideResult {
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

/// Opens the conversation with the flow's first replies. No event if it was opened before. Refused if the
/// flow opts the customer out at once.
fn open(state: &ConversationState, opened: Box<OpenedFact>, follows: FlowResult) -> DecideResult {
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

/// Takes a message of the customer and stores the flow's replies. No event for a message that was taken
/// before, also if the conversation is closed by now. Refused if it is closed, unreadable, has had another
/// input since the evaluation, or if an opt-out is not stored yet.
fn hear(state: &ConversationState, hearing: EvaluatedMessage) -> DecideResult {
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
    // An opt-out is taken, however many messages came before.
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
        let fact = UnderstandingFact::of(node, understood, hearing.model);
        events.push(ConversationEvent::Understood(fact));
    }
    events.extend(hearing.sensitive.map(ConversationEvent::SensitiveWordMatched));
    events.extend(closing(hearing.follows, count(state).saturating_add(1)));
    Ok(events)
}

/// Returns the events that the flow caused, followed by the close of the conversation if the flow ended.
fn closing(follows: FlowResult, messages_count: u32) -> Vec<ConversationEvent> {
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

fn readable(hearing: &EvaluatedMessage) -> Result<(), ConversationRefusal> {
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

fn close_idle(state: &ConversationState, now: Timestamp) -> DecideResult {
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

fn close(state: &ConversationState) -> DecideResult {
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
