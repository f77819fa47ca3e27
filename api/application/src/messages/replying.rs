//! What comes back: a reply that refuses stands on the number first, whoever it is of.

use crate::conversations::is_unsubscription;
use crate::installation::{Installation, follow};
use crate::transcript_words::masked_words;
use domain::ids::{CustomerId, EventId, MessageId, NumberId};
use domain::message::{MessageCommand, RepliedFact};
use domain::number::{NumberCommand, OptOutSource};
use domain::personal::Personal;
use domain::problem::{Kind, Problem};
use domain::stored_event::Cause;
use schemars::JsonSchema;
use serde::Serialize;

/// The stored reason of an opt-out by a reply.
const OPT_OUT_REASON: &str = "message_reply";

/// What a gateway tells.
#[derive(Debug)]
pub struct ReplyOrder {
    /// Its own id of the reply.
    pub reply: String,
    /// The message that is answered, by the id it was given.
    pub message: Option<MessageId>,
    /// The number that answers, where the gateway says it; several where its country is not known.
    pub numbers: Vec<NumberId>,
    pub text: String,
}

/// What a reply led to.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReplyTaken {
    #[schemars(example = &"r-1")]
    pub reply: String,
    /// Its number is called and written to no more.
    pub opted_out: bool,
    /// Stored with the person's messages; false of a number alone, whose opt-out is stored all the same.
    pub kept: bool,
    pub customer: Option<CustomerId>,
}

/// Takes a reply; the same one again changes nothing.
pub async fn reply(
    installation: &Installation,
    order: ReplyOrder,
    cause: Cause,
) -> Result<ReplyTaken, Problem> {
    let refuses = is_unsubscription(&order.text);
    let mut opted_out = false;
    // Before the message is looked for: a refusal counts whatever message the gateway thinks it answers.
    for number in order.numbers.iter().filter(|_| refuses) {
        opt_out(installation, number, cause).await?;
        opted_out = true;
    }
    let answered = match order.message {
        None => None,
        Some(message) => match person_of(installation, message).await {
            Err(problem) if opted_out && problem.kind == Kind::Missing => None,
            found => Some(found?),
        },
    };
    let of_message = answered.as_ref().map(|(_, number)| number);
    if refuses && let Some(number) = of_message.filter(|number| !order.numbers.contains(number)) {
        opt_out(installation, number, cause).await?;
        opted_out = true;
    }
    let Some((customer, _)) = answered else {
        return Ok(ReplyTaken {
            reply: order.reply,
            opted_out,
            kept: false,
            customer: None,
        });
    };
    let command = MessageCommand::Reply {
        replied: RepliedFact {
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
    Ok(ReplyTaken {
        reply: order.reply,
        opted_out,
        kept: true,
        customer: Some(customer),
    })
}

/// Whose message it was, and of which number: its id is that of the event that ordered it.
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

/// On the number's own stream before anything else of it is stored.
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
