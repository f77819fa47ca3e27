//! Sending of one message to one customer: filled in, signed, checked, stored, sent once, result stored.

use super::responses::{MessageResponse, describe};
use crate::contact_gate::may_be_reached;
use crate::conversations::{MessageFacts, hashed_lists_of};
use crate::flows::definition_of;
use crate::installation::{Installation, follow};
use actors::AskError;
use domain::approval_requirements::ApprovalRequirement;
use domain::customer::CustomerState;
use domain::flow::{FlowSelector, MessageTemplate, address_column, fill_strict, variables_of};
use domain::ids::{CampaignId, CustomerId, EventId, MessageId, NumberId};
use domain::message::{MessageCommand, MessageMethod, MessageOrderedFact, MessageRefusal, SendResult};
use domain::personal::Personal;
use domain::ports::messenger::{Messenger, OutgoingMessage};
use domain::problem::{MemberError, Problem};
use domain::stored_event::{Cause, Position, StreamVersion};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Opt-out instruction that is appended to a text message that has none.
const HOW_TO_REFUSE: &str = "回T退订";

/// Name of the variable that is filled with the message's link.
const LINK: &str = "link";

/// A message to be sent.
#[derive(Debug)]
pub struct MessageDraft {
    pub campaign: CampaignId,
    pub customer: CustomerId,
    pub way: MessageMethod,
    /// Mail address, for a mail.
    pub to: Option<String>,
    pub subject: Option<String>,
    /// Text with `{{variables}}`, which are filled in from the customer's enrolment and from `variables`.
    pub text: String,
    pub variables: BTreeMap<String, String>,
    pub link: Option<String>,
    pub attachments: Vec<String>,
}

impl MessageDraft {
    /// Returns the draft of a flow's message to a customer of its call or conversation.
    pub(super) fn of_flow(
        template: &MessageTemplate,
        campaign: CampaignId,
        customer: CustomerId,
        variables: BTreeMap<String, String>,
    ) -> Self {
        let MessageTemplate {
            way,
            text,
            link,
            to,
            subject,
            attachments,
            when: _,
        } = template;
        Self {
            campaign,
            customer,
            way: *way,
            to: to.clone(),
            subject: subject.clone(),
            text: text.clone(),
            variables,
            link: link.clone(),
            attachments: attachments.clone(),
        }
    }
}

/// A message that was ordered, with its result.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageSent {
    #[serde(flatten)]
    pub message: MessageResponse,
    #[serde(serialize_with = "Position::as_text")]
    #[schemars(with = "String")]
    pub position: Position,
    #[serde(skip)]
    pub version: StreamVersion,
}

/// The kind of destination of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// The customer's own: the enrolment's number, an address of the customer's row, or the institution's
    /// own app. `message.sent` is the log entry.
    Own,
    /// A mail address that is not from the customer's row; `columns` are the customer's values in the text.
    Other { columns: Vec<String> },
}

/// Returns the kind of destination that the message would have. Nothing is stored or sent.
pub async fn destination(installation: &Installation, draft: &MessageDraft) -> Result<Destination, Problem> {
    if draft.way != MessageMethod::Mail {
        return Ok(Destination::Own);
    }
    let person = installation
        .entities
        .customers
        .state(&draft.customer)
        .await?
        .state;
    let own = own_values(draft, &person);
    let to = draft.to.as_deref().unwrap_or_default();
    // A value that the order supplies under the column's name is an address chosen by the caller.
    let is_own = address_column(to).is_some_and(|column| own.contains(column));
    if is_own {
        return Ok(Destination::Own);
    }
    let texts = [Some(draft.text.as_str()), draft.subject.as_deref(), Some(to)];
    let asked = texts.into_iter().flatten().flat_map(variables_of);
    let columns: BTreeSet<String> = asked
        .filter(|name| own.contains(*name))
        .map(str::to_owned)
        .collect();
    Ok(Destination::Other {
        columns: columns.into_iter().collect(),
    })
}

/// Returns the columns of the customer's row in the campaign for which the order supplies no value.
fn own_values(draft: &MessageDraft, person: &CustomerState) -> BTreeSet<String> {
    let enrolment = person.enrolment(&draft.campaign);
    let names = enrolment
        .into_iter()
        .flat_map(|enrolment| enrolment.variables.iter().map(|(name, _)| name));
    names
        .filter(|name| !draft.variables.contains_key(*name))
        .cloned()
        .collect()
}

/// Sends a message that a user ordered. A campaign that requires approved messages sends only those of its
/// flow, unchanged: the approved text, with the customer's values and none from the order.
pub async fn send_ordered(
    installation: &Installation,
    draft: MessageDraft,
    cause: Cause,
) -> Result<MessageSent, Problem> {
    let campaign = installation
        .entities
        .campaigns
        .state(&draft.campaign)
        .await?
        .state;
    if campaign.asks_for_approval_of(ApprovalRequirement::Messages) {
        let own = campaign.flow().ok_or_else(|| Problem::missing("this campaign"))?;
        let named = FlowSelector {
            flow: own.flow.clone(),
            version: Some(own.version),
        };
        let (_, flow) = definition_of(installation, &named).await?;
        if !flow.messages.values().any(|template| draft.is_of(template)) {
            return Err(Problem::refused(
                "message-not-approved",
                format!(
                    "the messages of this campaign need approval: only the messages of {named} can be sent, \
                     unchanged"
                ),
            ));
        }
    }
    send(installation, draft, cause).await
}

impl MessageDraft {
    /// Returns true if the draft is exactly a flow's message and supplies no values.
    fn is_of(&self, template: &MessageTemplate) -> bool {
        self.way == template.way
            && self.text == template.text
            && self.subject == template.subject
            && self.link == template.link
            && self.attachments == template.attachments
            && self.variables.is_empty()
    }
}

/// Checks a message by the compliance rules, stores the order, sends it once and stores the result. A
/// repeated request returns the first result and sends nothing.
pub(super) async fn send(
    installation: &Installation,
    draft: MessageDraft,
    cause: Cause,
) -> Result<MessageSent, Problem> {
    let id = MessageId::derive(cause.command);
    let customer = draft.customer.clone();
    let messages = &installation.entities.messages;
    if messages.state(&customer).await?.state.message(id).is_none() {
        let messenger = messenger_for(installation, draft.way)?;
        let (fact, outgoing) = prepared(installation, id, draft, messenger.as_ref()).await?;
        let command = MessageCommand::Order(Box::new(fact));
        let ordered = messages.ask(&customer, command, cause).await;
        let ordered = ordered.map_err(capped)?;
        // A concurrent request finds the order, so the message is sent once.
        if !ordered.repeated && !ordered.events.is_empty() {
            let began = installation.now();
            let carried = messenger.carry(outgoing).await;
            let duration_ms = installation.now().ms_since(began);
            let sent = match carried {
                Ok(carried) => SendResult::Taken {
                    status: carried.status,
                    duration_ms,
                },
                Err(not) => SendResult::Failed {
                    class: not.class,
                    status: not.status,
                    duration_ms,
                    may_have_left: not.may_have_left,
                },
            };
            let cause = Cause {
                causation: Some(EventId::new(id.uuid())),
                ..follow(cause, "sent")
            };
            let command = MessageCommand::Settle { message: id, sent };
            messages.ask(&customer, command, cause).await?;
        }
    }
    let loaded = messages.state(&customer).await?;
    let kept = loaded.state.message(id);
    let kept = kept.ok_or_else(|| Problem::fault("a message that was just ordered is not there"))?;
    Ok(MessageSent {
        message: describe(id, kept),
        position: loaded.position,
        version: loaded.version,
    })
}

/// Converts a refusal to a problem. A reached cap has its own code: a later day may permit the message.
fn capped(error: AskError<MessageRefusal>) -> Problem {
    match error {
        AskError::Refused(refusal @ MessageRefusal::Cap { .. }) => {
            Problem::refused("messages-capped", refusal.to_string())
        }
        AskError::Refused(refusal @ MessageRefusal::NotPermitted { .. }) => {
            Problem::refused("text-not-permitted", refusal.to_string())
        }
        other => other.into(),
    }
}

fn messenger_for(installation: &Installation, way: MessageMethod) -> Result<Arc<dyn Messenger>, Problem> {
    let messenger = installation.messages.messenger();
    let messenger = messenger.filter(|messenger| messenger.ways().contains(&way));
    messenger.map(Arc::clone).ok_or_else(|| {
        Problem::refused(
            "no-such-way",
            "this server has no messenger for this channel: start it with --message-gateway, --message-smtp \
             or --message-webhook",
        )
    })
}

async fn prepared(
    installation: &Installation,
    id: MessageId,
    draft: MessageDraft,
    messenger: &dyn Messenger,
) -> Result<(MessageOrderedFact, OutgoingMessage), Problem> {
    let entities = &installation.entities;
    let campaign = entities.campaigns.state(&draft.campaign).await?.state;
    let facts = campaign
        .facts(draft.campaign.clone())
        .ok_or_else(|| Problem::missing("this campaign"))?;
    may_be_reached(installation, &facts).await?;
    let person = entities.customers.state(&draft.customer).await?.state;
    let number = number_of(&person, &draft.campaign)?;
    let number_state = entities.numbers.state(&number).await?.state;
    let hashed_on = hashed_lists_of(installation, &person, &number).await?;
    let judged = MessageFacts {
        facts: &facts,
        person: &person,
        number: &number,
        number_state: &number_state,
        hashed_on: &hashed_on,
    };
    let verdicts = judged.verdicts(false, installation.now())?;
    let values = values_of(&draft, &person);
    let text = text_of(&draft, &values, messenger)?;
    let to = address(&draft, &values, &person, &number)?;
    let subject = draft
        .subject
        .as_deref()
        .map(|text| filled(text, &values, "/subject"));
    let subject = subject.transpose()?;
    let fact = MessageOrderedFact {
        message: id,
        campaign: draft.campaign,
        number,
        way: draft.way,
        to: Personal::open(to.clone()),
        subject: subject.clone().map(Personal::open),
        text: Personal::open(text.clone()),
        attachments: draft.attachments.clone(),
        verdicts,
    };
    let outgoing = OutgoingMessage {
        message: id,
        way: draft.way,
        to,
        subject,
        text,
        attachments: draft.attachments,
    };
    Ok((fact, outgoing))
}

fn number_of(person: &CustomerState, campaign: &CampaignId) -> Result<NumberId, Problem> {
    let enrolment = person.enrolment(campaign).ok_or_else(|| {
        Problem::refused(
            "not-enrolled",
            format!("the customer is not in a list of campaign {campaign}"),
        )
    })?;
    Ok(enrolment.number.clone())
}

/// Returns a message's address by its method: phone number, mail address, or the institution's id.
fn address(
    draft: &MessageDraft,
    values: &BTreeMap<String, String>,
    person: &CustomerState,
    number: &NumberId,
) -> Result<String, Problem> {
    match draft.way {
        MessageMethod::Sms => {
            let phone = person.phone(number).and_then(Personal::value);
            phone.cloned().ok_or_else(|| {
                Problem::refused(
                    "text-not-permitted",
                    "the customer's number can no longer be read",
                )
            })
        }
        MessageMethod::Mail => match draft.to.as_deref() {
            Some(to) => filled(to, values, "/to"),
            None => Err(wrong("/to", "a mail needs an address")),
        },
        MessageMethod::Webhook => Ok(draft.customer.to_string()),
    }
}

/// Returns the values for a message's placeholders: the order's, else those of the customer's row.
fn values_of(draft: &MessageDraft, person: &CustomerState) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    if let Some(enrolment) = person.enrolment(&draft.campaign) {
        let known = enrolment.variables.iter();
        values.extend(known.filter_map(|(name, value)| Some((name.clone(), value.value()?.clone()))));
    }
    values.extend(draft.variables.clone());
    values.extend(draft.link.clone().map(|link| (LINK.to_owned(), link)));
    values
}

fn filled(text: &str, values: &BTreeMap<String, String>, pointer: &str) -> Result<String, Problem> {
    fill_strict(text, values).map_err(|fault| wrong(pointer, &fault.to_string()))
}

/// Returns the text to send: filled in and signed, and for a text message with the opt-out instruction.
/// Fails if a placeholder has no value.
fn text_of(
    draft: &MessageDraft,
    values: &BTreeMap<String, String>,
    messenger: &dyn Messenger,
) -> Result<String, Problem> {
    let mut text = filled(&draft.text, values, "/text")?;
    if let Some(link) = &draft.link
        && !text.contains(link.as_str())
    {
        text.push(' ');
        text.push_str(link);
    }
    if let Some(signature) = messenger.signature() {
        text = format!("【{signature}】{text}");
    }
    if draft.way == MessageMethod::Sms && !text.contains("退订") {
        text.push('，');
        text.push_str(HOW_TO_REFUSE);
    }
    Ok(text)
}

fn wrong(pointer: &str, detail: &str) -> Problem {
    Problem::members(vec![MemberError {
        pointer: pointer.to_owned(),
        detail: detail.to_owned(),
    }])
}
