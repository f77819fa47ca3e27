//! Replies about the messages of one customer: time, way and result, without text.

use crate::installation::Installation;
use domain::ids::{CampaignId, CustomerId, MessageId};
use domain::message::{KeptMessage, SentAs, Way};
use domain::problem::Problem;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One message as shown over the API.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MessageShown {
    pub id: MessageId,
    pub campaign: CampaignId,
    pub way: Way,
    pub ordered_at: Timestamp,
    /// `sent`, `failed`, or `unclear` if the result is unknown; it is not sent again then.
    #[schemars(example = &"sent")]
    pub status: &'static str,
    /// Class of the failure, if the message failed.
    #[schemars(example = &"unreachable")]
    pub class: Option<String>,
    /// HTTP status of the answer.
    pub http_status: Option<u16>,
}

/// The messages of one customer, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessagesShown {
    pub customer: CustomerId,
    pub items: Vec<MessageShown>,
}

/// Returns one message for the API.
pub(super) fn describe(id: MessageId, kept: &KeptMessage) -> MessageShown {
    let (status, class, http_status) = match &kept.sent {
        None => ("unclear", None, None),
        Some(SentAs::Taken { status, .. }) => ("sent", None, *status),
        Some(SentAs::Failed {
            class,
            status,
            may_have_left,
            ..
        }) => {
            let told = if *may_have_left { "unclear" } else { "failed" };
            (told, Some(class.clone()), *status)
        }
    };
    MessageShown {
        id,
        campaign: kept.campaign.clone(),
        way: kept.way,
        ordered_at: kept.at,
        status,
        class,
        http_status,
    }
}

/// Returns the messages of one customer.
pub async fn messages_of(
    installation: &Installation,
    customer: CustomerId,
) -> Result<MessagesShown, Problem> {
    let state = installation.entities.messages.state(&customer).await?.state;
    let mut items: Vec<MessageShown> = state
        .messages()
        .iter()
        .map(|(id, kept)| describe(*id, kept))
        .collect();
    items.sort_by_key(|shown| (shown.ordered_at, shown.id));
    Ok(MessagesShown { customer, items })
}
