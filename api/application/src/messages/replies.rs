//! Replies of customers to messages. An opt-out is stored on the number first, even if the customer is
//! unknown.

use crate::conversations::is_unsubscription;
use crate::installation::{Installation, follow};
use crate::transcript_masking::masked_words;
use domain::ids::{CustomerId, EventId, MessageId, NumberId};
use domain::message::{MessageCommand, MessageRepliedFact};
use domain::number::{NumberCommand, OptOutSource};
use domain::personal::Personal;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Cause;
use schemars::JsonSchema;
use serde::Serialize;

/// The stored reason of an opt-out by a reply.
const OPT_OUT_REASON: &str = "message_reply";

/// A reply as reported by a gateway.
#[derive(Debug)]
pub struct MessageReplyRequest {
    /// The gateway's own id of the reply.
    pub reply: String,
    /// Id of the message that is answered.
    pub message: Option<MessageId>,
    /// The number that replied, if the gateway reports it; several if its country is unknown.
    pub numbers: Vec<NumberId>,
    pub text: String,
}

/// The result of a reply.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageReplyResult {
    #[schemars(example = &"r-1")]
    pub reply: String,
    /// True if the number opted out: no further calls or messages.
    pub opted_out: bool,
    /// True if the reply is stored with the customer's messages. False for a reply without a known message;
    /// an opt-out is stored all the same.
    pub kept: bool,
    pub customer: Option<CustomerId>,
}

/// Processes a customer's reply to a message. An opt-out is stored first, on each of the numbers. A
/// repeated reply (same id) changes nothing.
pub async fn reply(
    installation: &Installation,
    order: MessageReplyRequest,
    cause: Cause,
) -> Result<MessageReplyResult, Problem> {
    let refuses = is_unsubscription(&order.text);
    let mut opted_out = false;
    // Before the message is looked up: an opt-out counts, whichever message the gateway names.
    for number in order.numbers.iter().filter(|_| refuses) {
        opt_out(installation, number, cause).await?;
        opted_out = true;
    }
    let answered = match order.message {
        None => None,
        Some(message) => match person_of(installation, message).await {
            Err(problem) if opted_out && problem.kind == ProblemKind::Missing => None,
            found => Some(found?),
        },
    };
    let of_message = answered.as_ref().map(|(_, number)| number);
    if refuses && let Some(number) = of_message.filter(|number| !order.numbers.contains(number)) {
        opt_out(installation, number, cause).await?;
        opted_out = true;
    }
    let Some((customer, _)) = answered else {
        return Ok(MessageReplyResult {
            reply: order.reply,
            opted_out,
            kept: false,
            customer: None,
        });
    };
    let command = MessageCommand::Reply {
        replied: MessageRepliedFact {
            reply: order.reply.clone(),
            message: order.message,
            text: Personal::open(masked_words(&order.text)),
            opt_out: refuses,
        },
        opt_out_stored: opted_out,
    };
    installation
        .entities
        .messages
        .ask(&customer, command, follow(cause, "reply"))
        .await?;
    Ok(MessageReplyResult {
        reply: order.reply,
        opted_out,
        kept: true,
        customer: Some(customer),
    })
}

/// Returns customer and number of a sent message, from the event that ordered it, which has the message's
/// id. Fails with `Missing`.
async fn person_of(
    installation: &Installation,
    message: MessageId,
) -> Result<(CustomerId, NumberId), Problem> {
    let missing = || Problem::missing("this message");
    let stored = installation.store().find(EventId::new(message.uuid())).await?;
    let stored = stored.ok_or_else(missing)?;
    let envelope = stored
        .envelope()
        .map_err(|error| Problem::fault(error.to_string()))?;
    let customer = envelope.customer.ok_or_else(missing)?;
    let state = installation.entities.messages.state(&customer).await?.state;
    let kept = state.message(message).ok_or_else(missing)?;
    Ok((customer, kept.number.clone()))
}

/// Stores an opt-out on the number's stream, before anything else about the reply is stored.
async fn opt_out(installation: &Installation, number: &NumberId, cause: Cause) -> Result<(), Problem> {
    let command = NumberCommand::OptOut {
        reason: OPT_OUT_REASON.to_owned(),
        source: OptOutSource::Text,
        call: None,
    };
    let cause = follow(cause, &format!("opt-out/{number}"));
    installation.entities.numbers.ask(number, command, cause).await?;
    Ok(())
}
