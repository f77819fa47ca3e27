//! Timeline lines of voiceprints, text conversations and messages.

use super::{facts, say};
use crate::database::Tx;
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::ViewEvent;
use domain::conversation::{Conversation, ConversationEvent};
use domain::decider::Decider;
use domain::message::{Message, MessageEvent};
use domain::voiceprint::{Voiceprint, VoiceprintEvent};

/// Appends a line if the event is of a voiceprint, a text conversation or a message. Returns false for all
/// others.
pub(super) fn append_line(tx: &mut dyn Tx, event: &ViewEvent) -> Result<bool, ProjectionError> {
    let aggregate = event.envelope.stream.aggregate();
    if aggregate == Voiceprint::AGGREGATE {
        apply_voiceprint(tx, event, &event.read_as::<VoiceprintEvent>()?)?;
    } else if aggregate == Conversation::AGGREGATE {
        apply_conversation(tx, event, &event.read_as::<ConversationEvent>()?)?;
    } else if aggregate == Message::AGGREGATE {
        apply_message(tx, event, &event.read_as::<MessageEvent>()?)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn apply_voiceprint(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    fact: &VoiceprintEvent,
) -> Result<(), ProjectionError> {
    let (customer, campaign) = (event.envelope.stream.id(), event.envelope.campaign.as_ref());
    let (campaign, facts) = (Val::maybe_text(campaign), facts::of_voiceprint(fact));
    say(tx, event, Val::text(customer), campaign, Val::Null, &facts)
}

/// Appends the line of a text conversation to its customer's timeline, without the texts.
fn apply_conversation(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    fact: &ConversationEvent,
) -> Result<(), ProjectionError> {
    let Some(customer) = &event.envelope.customer else {
        return Ok(());
    };
    let campaign = Val::maybe_text(event.envelope.campaign.as_ref());
    let facts = facts::of_conversation(event.envelope.stream.id(), fact);
    say(tx, event, Val::text(customer), campaign, Val::Null, &facts)
}

/// Appends the line of a message to its customer's timeline, without its text and address. The id of a
/// message's stream is the customer's id.
fn apply_message(tx: &mut dyn Tx, event: &ViewEvent, fact: &MessageEvent) -> Result<(), ProjectionError> {
    let (customer, campaign) = (event.envelope.stream.id(), event.envelope.campaign.as_ref());
    let (campaign, facts) = (Val::maybe_text(campaign), facts::of_message(fact));
    say(tx, event, Val::text(customer), campaign, Val::Null, &facts)
}
