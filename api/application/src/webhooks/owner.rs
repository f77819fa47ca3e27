//! Delivery by the rights of the webhook's owner: they are checked before each attempt. A webhook with an
//! owner who lost them is disabled.

use super::attempt::{AttemptResult, Settings, attempt};
use super::queue::Item;
use super::sender::SenderEnd;
use crate::installation::Installation;
use crate::owners::{LostOwner, lost_owner};
use actors::AskError;
use domain::problem::Problem;
use domain::stored_event::Cause;
use domain::webhook::{WebhookCommand, WebhookRefusal};

/// Why a message was not sent. This does not count as an attempt.
pub(super) enum NotSentReason {
    /// The log, the owner's stream or the log of disclosures is unavailable.
    Away(Problem),
    OwnerLost(LostOwner),
}

impl From<Problem> for NotSentReason {
    fn from(problem: Problem) -> Self {
        Self::Away(problem)
    }
}

/// Makes one attempt to deliver an event, if the webhook's owner has the rights for it now. Otherwise
/// nothing is sent.
pub(super) async fn attempt_delivery(
    installation: &Installation,
    settings: &Settings,
    item: &Item,
) -> Result<AttemptResult, NotSentReason> {
    if let Some(lost) = lost_owner(installation, &settings.facts).await? {
        return Err(NotSentReason::OwnerLost(lost));
    }
    Ok(attempt(installation, settings, item.position, item.stored.clone()).await?)
}

/// Disables a webhook because its owner lost the rights, until another user takes it over. If it was
/// changed or taken over in the meantime, nothing is disabled and the new owner is checked instead.
pub(super) async fn disable(installation: &Installation, settings: &Settings, lost: LostOwner) -> SenderEnd {
    let (owner, fault) = (lost.owner.clone(), lost.fault);
    let command = WebhookCommand::Disable {
        reason: fault,
        owner: lost.owner,
        read: settings.revision,
    };
    let cause = Cause::outside(installation.new_command());
    let asked = installation
        .entities
        .webhooks
        .ask(&settings.id, command, cause)
        .await;
    match asked {
        Ok(answer) if answer.state.is_disabled() => {
            tracing::warn!(webhook = %settings.id, %owner, fault = fault.code(), "a webhook is disabled");
            SenderEnd::Nothing
        }
        Ok(_) => SenderEnd::Broken("its owner is judged again".to_owned()),
        Err(AskError::Refused(WebhookRefusal::Removed | WebhookRefusal::Unknown)) => SenderEnd::Nothing,
        Err(error) => SenderEnd::Broken(error.to_string()),
    }
}
