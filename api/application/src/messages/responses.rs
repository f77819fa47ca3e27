//! Replies about the messages of one customer: time, way and result, without text.

use crate::installation::Installation;
use domain::ids::{CampaignId, CustomerId, MessageId};
use domain::message::{MessageMethod, OrderedMessage, SendResult};
use domain::problem::Problem;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

/// One message as shown over the API.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MessageResponse {
    pub id: MessageId,
    pub campaign: CampaignId,
    pub way: MessageMethod,
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
pub struct MessagesResponse {
    pub customer: CustomerId,
    pub items: Vec<MessageResponse>,
}

/// Returns one ordered message with its result for the API.
pub(super) fn describe(id: MessageId, kept: &OrderedMessage) -> MessageResponse {
    let (status, class, http_status) = match &kept.sent {
        None => ("unclear", None, None),
        Some(SendResult::Taken { status, .. }) => ("sent", None, *status),
        Some(SendResult::Failed {
            class,
            status,
            may_have_left,
            ..
        }) => {
            let code = if *may_have_left { "unclear" } else { "failed" };
            (code, Some(class.clone()), *status)
        }
    };
    MessageResponse {
        id,
        campaign: kept.campaign.clone(),
        way: kept.way,
        ordered_at: kept.at,
        status,
        class,
        http_status,
    }
}

/// Returns the messages to one customer, oldest first.
pub async fn messages_of(
    installation: &Installation,
    customer: CustomerId,
) -> Result<MessagesResponse, Problem> {
    let state = installation.entities.messages.state(&customer).await?.state;
    let mut items: Vec<MessageResponse> = state
        .messages()
        .iter()
        .map(|(id, kept)| describe(*id, kept))
        .collect();
    items.sort_by_key(|shown| (shown.ordered_at, shown.id));
    Ok(MessagesResponse { customer, items })
}
