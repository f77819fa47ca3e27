//! Text conversations with a customer, and messages that were sent.
//!
//! In clear as stored. Masked: without our texts, which contain values, with addresses starred, and with the
//! messages to one question of a flow masked as one text.

use super::context::PersonalValueForm;
use super::gather::{CALLS_MAX, InspectionEvents, InspectionScope};
use super::response::EventReference;
use crate::event_bundles::Selection;
use crate::log_walk::{FilteredEventReader, unreadable};
use application::conversations::{TextAuthor, mask_theirs, texts_of, transcript};
use application::installation::Installation;
use application::transcript_masking::own_words;
use domain::conversation::{Channel, Conversation, ConversationEvent, ConversationInitiator};
use domain::decider::Decider;
use domain::disposition::Outcome;
use domain::ids::{CampaignId, ConversationId, CustomerId, MessageId};
use domain::message::{Message, MessageEvent, MessageMethod};
use domain::personal::Personal;
use domain::phone_number::mask_e164;
use domain::ports::event_store::EventStore;
use domain::ports::vault::VaultError;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::{Position, StoredEvent, read_event, read_opened_event};
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use store::proof::bundle::Reason;

/// One text conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionConversationResponse {
    pub conversation: ConversationId,
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub channel: Channel,
    pub begun_by: ConversationInitiator,
    pub opened_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    pub lines: Vec<InspectionLineResponse>,
    #[serde(flatten)]
    pub event: EventReference,
}

/// One text of a conversation.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionLineResponse {
    pub at: Timestamp,
    pub side: TextAuthor,
    /// Text; null if the customer's key is gone, and for our texts if values are masked.
    #[schemars(example = &"好的，不再联系您。")]
    pub text: Option<String>,
}

/// One message that was ordered, its result, or a reply to one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectionMessageResponse {
    pub message: Option<MessageId>,
    pub customer: CustomerId,
    pub campaign: Option<CampaignId>,
    /// Channel of the message; absent for a reply.
    pub way: Option<MessageMethod>,
    /// Kind of the event: `ordered`, `sent`, `failed` or `replied`.
    #[schemars(extend("enum" = ["ordered", "sent", "failed", "replied"]))]
    pub what: &'static str,
    pub at: Timestamp,
    #[schemars(example = &"138****8000")]
    pub to: Option<String>,
    pub subject: Option<String>,
    #[schemars(example = &"您的还款计划已更新。")]
    pub text: Option<String>,
    #[serde(flatten)]
    pub event: EventReference,
}

/// Adds the whole streams of the customers' text conversations to the selection and returns the ids of the
/// conversations.
pub(super) async fn read_conversations(
    store: &dyn EventStore,
    ask: &InspectionScope,
    selection: &mut Selection,
    reached: Position,
) -> Result<Vec<ConversationId>, Problem> {
    let mut found = Vec::new();
    let mut log =
        FilteredEventReader::of_kinds(store, &[ConversationEvent::OPENED]).between(Position(0), reached);
    while let Some(page) = log.next().await? {
        for stored in page {
            let envelope = stored.envelope().map_err(unreadable)?;
            let is_theirs = envelope
                .customer
                .as_ref()
                .is_some_and(|one| ask.persons.contains(one));
            if !is_theirs || !ask.holds(envelope.at) {
                continue;
            }
            let event =
                read_event::<Conversation>(&envelope).map_err(|error| Problem::fault(error.to_string()))?;
            let ConversationEvent::Opened(opened) = event else {
                continue;
            };
            if ask.number.as_ref().is_some_and(|number| *number != opened.number) {
                continue;
            }
            if found.len() == CALLS_MAX {
                let detail =
                    format!("there are more than {CALLS_MAX} conversations: give a time (at, within_hours)");
                return Err(Problem::new(ProblemKind::Refused, "too-many-calls", detail));
            }
            if let Ok(id) = envelope.stream.id().parse() {
                found.push(id);
            }
        }
    }
    for id in &found {
        for stored in store.read_whole_stream(&Conversation::stream(id)).await? {
            selection.add(stored, Reason::Subject)?;
        }
    }
    Ok(found)
}

/// Adds the whole message streams of the customers to the selection and returns their events.
pub(super) async fn read_messages(
    store: &dyn EventStore,
    persons: &BTreeSet<CustomerId>,
    selection: &mut Selection,
) -> Result<Vec<StoredEvent>, Problem> {
    let mut all = Vec::new();
    for person in persons {
        for stored in store.read_whole_stream(&Message::stream(person)).await? {
            selection.add(stored.clone(), Reason::Subject)?;
            all.push(stored);
        }
    }
    Ok(all)
}

/// Returns the text conversations with their texts, in this form. If values are masked, our own texts are
/// left out.
pub(super) async fn conversations(
    installation: &Installation,
    found: &InspectionEvents,
    values: PersonalValueForm,
) -> Result<Vec<InspectionConversationResponse>, Problem> {
    let mut shown = Vec::new();
    for id in &found.conversations {
        let stream = Conversation::stream(id);
        let first = installation
            .store()
            .read_whole_stream(&stream)
            .await?
            .into_iter()
            .next();
        let texted = transcript(installation, *id).await?;
        let Some((first, opening)) = first.zip(texted.first()) else {
            continue;
        };
        let ConversationEvent::Opened(opened) = &opening.event else {
            continue;
        };
        let closed = texted.iter().find_map(|one| match &one.event {
            ConversationEvent::Closed(closed) => Some((one.at, closed.outcome)),
            _ => None,
        });
        let mut lines = texts_of(&texted);
        if values == PersonalValueForm::Masked {
            let own_words = own_words(installation, Some(&opened.flow)).await;
            mask_theirs(&mut lines, &own_words);
        }
        let lines = lines.into_iter().map(|line| InspectionLineResponse {
            at: line.at,
            side: line.side,
            // Our texts contain filled-in values.
            text: line
                .text
                .filter(|_| values == PersonalValueForm::Clear || line.side == TextAuthor::Customer),
        });
        shown.push(InspectionConversationResponse {
            conversation: *id,
            campaign: opened.campaign.clone(),
            customer: opened.customer.clone(),
            channel: opened.channel,
            begun_by: opened.begun_by,
            opened_at: opening.at,
            closed_at: closed.map(|(at, _)| at),
            outcome: closed.and_then(|(_, outcome)| outcome),
            lines: lines.collect(),
            event: EventReference {
                position: first.position.to_string(),
                event: first.envelope().map_err(unreadable)?.id,
            },
        });
    }
    Ok(shown)
}

/// Returns the messages to the customers, the result of each, and the replies, in log order.
pub(super) async fn messages(
    installation: &Installation,
    found: &InspectionEvents,
    values: PersonalValueForm,
) -> Result<Vec<InspectionMessageResponse>, Problem> {
    let vault = installation.vault();
    let mut keys = BTreeMap::new();
    for person in &found.ask.persons {
        let key = match vault.existing_key(person).await {
            Err(VaultError::Destroyed(_)) => None,
            other => other?,
        };
        keys.insert(person.clone(), key);
    }
    let mut shown = Vec::new();
    for stored in &found.messages {
        let envelope = stored.envelope().map_err(unreadable)?;
        let Some(customer) = envelope.customer.clone().filter(|_| found.ask.holds(envelope.at)) else {
            continue;
        };
        let key = keys.get(&customer).and_then(Option::as_ref);
        let event = read_opened_event::<Message>(&envelope, vault, key)?;
        let written = MessageFields::of(&event, values);
        shown.push(InspectionMessageResponse {
            message: event.message(),
            customer,
            campaign: envelope.campaign.clone(),
            way: written.way,
            what: written.what,
            at: envelope.at,
            to: written.to,
            subject: written.subject,
            text: written.text,
            event: EventReference {
                position: stored.position.to_string(),
                event: envelope.id,
            },
        });
    }
    Ok(shown)
}

/// What the reply shows of one message event.
#[derive(Default)]
struct MessageFields {
    what: &'static str,
    way: Option<MessageMethod>,
    to: Option<String>,
    subject: Option<String>,
    text: Option<String>,
}

impl MessageFields {
    fn of(event: &MessageEvent, values: PersonalValueForm) -> Self {
        let clear = |value: &Personal<String>| {
            value
                .value()
                .cloned()
                .filter(|_| values == PersonalValueForm::Clear)
        };
        match event {
            MessageEvent::Ordered(fact) => Self {
                what: "ordered",
                way: Some(fact.way),
                to: values.of(Some(&fact.to), mask_address),
                subject: fact.subject.as_ref().and_then(clear),
                text: clear(&fact.text),
            },
            MessageEvent::Sent { .. } => Self {
                what: "sent",
                ..Self::default()
            },
            MessageEvent::Failed { .. } => Self {
                what: "failed",
                ..Self::default()
            },
            // It was starred before it was stored.
            MessageEvent::Replied(fact) => Self {
                what: "replied",
                text: fact.text.value().cloned(),
                ..Self::default()
            },
        }
    }
}

/// Masks a phone number; shows only the first character and the domain of a mail address.
fn mask_address(address: &str) -> String {
    match address.split_once('@') {
        None => mask_e164(address),
        Some((name, domain)) => {
            let first: String = name.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_starred_but_for_its_beginning_and_domain() {
        assert_eq!(mask_address("li.si@example.com"), "l***@example.com");
        assert_eq!(mask_address("+8613800138000"), "138****8000");
    }
}
