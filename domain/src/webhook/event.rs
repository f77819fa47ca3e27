//! The events of a webhook. Stored kinds and versions never change; new ones are added. The envelope names
//! the actor.

use super::format::WebhookFormat;
use super::owner_fault::OwnerFault;
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use values::ids::{CampaignId, CustomerId, EventId, UserId};
use values::permission::CampaignScope;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventData)]
#[serde(tag = "kind", content = "data")]
pub enum WebhookEvent {
    /// A webhook was added and receives events from now on.
    #[serde(rename = "webhook.added")]
    Added {
        #[serde(flatten)]
        facts: Box<WebhookFacts>,
    },
    /// The event kinds, the format or the address changed.
    #[serde(rename = "webhook.changed")]
    #[open(reason)]
    Changed {
        before: Box<WebhookTerms>,
        after: Box<WebhookTerms>,
        /// The new address, if it changed, sealed as in `webhook.added`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Personal<String>>,
        /// The new token for `Authorization: Bearer`, if it changed. A new address without a new token has
        /// none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bearer: Option<Personal<String>>,
        /// The owner from now on: the user who made the change, if that user holds every permission the
        /// webhook needs. Absent for the owner of the data directory and in events of older versions; the
        /// envelope names the actor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        reason: String,
    },
    /// The signing secret was replaced. The old one signs as well until `old_until`.
    #[serde(rename = "webhook.rotated")]
    Rotated {
        secret: Personal<String>,
        old_until: Timestamp,
    },
    /// The webhook was removed. Nothing is sent to it any more.
    #[serde(rename = "webhook.removed")]
    #[open(reason)]
    Removed { reason: String },
    /// Deliveries stopped: the receiver answered 410 (until a replay), or the owner lost the right (until
    /// another user takes it over). Events wait in the meantime.
    #[serde(rename = "webhook.disabled")]
    #[open(status)]
    Disabled {
        /// The receiver's HTTP status. Absent if the owner is the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The owner's fault. Absent if the receiver is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<OwnerFault>,
        /// The owner that the reason refers to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
    },
    /// The webhook has a new owner. Waiting events are sent.
    #[serde(rename = "webhook.taken_over")]
    #[open(reason)]
    TakenOver {
        /// Absent for the owner of the data directory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        reason: String,
    },
    /// A replay was requested: every event after a position is sent again.
    #[serde(rename = "webhook.replay_asked")]
    #[open(run)]
    ReplayAsked { after: Position, run: u32 },
    /// A test message without event data was sent.
    #[serde(rename = "webhook.tested")]
    Tested {
        #[serde(flatten)]
        attempt: DeliveryAttempt,
    },
    /// An event was sent and the receiver accepted it.
    #[serde(rename = "webhook.delivered")]
    Delivered {
        #[serde(flatten)]
        delivery: Delivery,
        #[serde(flatten)]
        attempt: DeliveryAttempt,
    },
    /// An event was not accepted, or could not be sent. It is retried.
    #[serde(rename = "webhook.delivery_failed")]
    DeliveryFailed {
        #[serde(flatten)]
        delivery: Delivery,
        #[serde(flatten)]
        attempt: DeliveryAttempt,
        due_at: Timestamp,
    },
    /// An event waits behind an earlier event about the same customer or subject, which is being retried.
    #[serde(rename = "webhook.delivery_deferred")]
    DeliveryDeferred {
        #[serde(flatten)]
        delivery: Delivery,
        behind: Position,
    },
    /// The last attempt for an event failed. The event is now a dead letter.
    #[serde(rename = "webhook.dead_lettered")]
    DeadLettered {
        #[serde(flatten)]
        delivery: Delivery,
        #[serde(flatten)]
        attempt: DeliveryAttempt,
    },
}

/// The settings of a webhook: its receiver, its events and its format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(shown, kinds, smtp, recordings_from)]
pub struct WebhookFacts {
    pub format: WebhookFormat,
    /// URL or mail address, sealed under the webhook's own key. It may contain a credential or name a person.
    pub target: Personal<String>,
    /// The part of the target that responses show: without query and user; for group robots only the host.
    pub shown: String,
    /// The event kinds that are sent.
    pub kinds: BTreeSet<String>,
    /// The campaigns that events are sent for. Absent for all campaigns; then events without a campaign are
    /// sent too.
    #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
    pub campaigns: CampaignScope,
    /// Permits plain HTTP and private addresses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// The signing secret (`whsec_…`), or the secret of the receiver's own scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Personal<String>>,
    /// The token that is sent as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Personal<String>>,
    /// The phone number that the SMS gateway sends to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Personal<String>>,
    /// The mail server, `host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<String>,
    /// The base URL of this server as the receiver reaches it; links to recordings begin with it. Absent if
    /// recordings are not linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings_from: Option<String>,
    /// Events after this position are sent.
    pub after: Position,
    /// The webhook is also a channel for alerts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_channel: bool,
    /// The user with the permissions by which it delivers. Absent for the owner of the data directory and in
    /// events of older versions; the envelope names the user who added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}

/// The settings of a webhook that can be changed, as responses show them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(shown, kinds)]
pub struct WebhookTerms {
    pub format: WebhookFormat,
    pub shown: String,
    pub kinds: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
}

/// The event of a delivery and its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(attempts, run)]
pub struct Delivery {
    pub event: EventId,
    pub position: Position,
    /// Campaign of the event, from its envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Number of attempts, including this one.
    pub attempts: u32,
    /// Number of replays before this attempt.
    #[serde(default, skip_serializing_if = "is_first")]
    pub run: u32,
    /// Position up to which every event is delivered, a dead letter or known to wait.
    pub through: Position,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_first(run: &u32) -> bool {
    *run == 0
}

/// The result of one delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[open(status, elapsed_ms, answer_bytes)]
pub struct DeliveryAttempt {
    /// The reason why the receiver did not accept it. Absent if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<DeliveryFault>,
    /// HTTP status, or reply code of the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    pub elapsed_ms: u64,
    /// The receiver's answer, cut to `ANSWER_KEPT_BYTES_MAX`. It is sealed, because it may repeat event data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Personal<String>>,
    /// Length of the answer in bytes, as far as it was read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub answer_bytes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

/// Why a message was not accepted. New faults are added at the end.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFault {
    /// The host name does not resolve.
    Unresolved,
    /// The host name resolves to, or the URL has, an address that is not on the public internet.
    PrivateAddress,
    /// The connection is refused or times out.
    Unreachable,
    /// The TLS handshake fails: the certificate is not trusted, or the receiver does not speak TLS.
    Tls,
    /// No answer within the timeout.
    TimedOut,
    /// The HTTP status is not 2xx.
    Status,
    /// The answer is a redirect. Redirects are not followed.
    Redirected,
    /// The answer is longer than the limit or incomplete.
    AnswerCut,
    /// The status is 2xx, but the body says that the message was not accepted.
    Declined,
    /// The message could not be built.
    Unmade,
}

impl DeliveryFault {
    /// Returns the code that is stored and shown.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::PrivateAddress => "private_address",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::TimedOut => "timed_out",
            Self::Status => "status",
            Self::Redirected => "redirected",
            Self::AnswerCut => "answer_cut",
            Self::Declined => "declined",
            Self::Unmade => "unmade",
        }
    }

    /// Returns true if the receiver could not be reached at all, so that every other event would fail as
    /// well.
    pub const fn is_unreachable(self) -> bool {
        match self {
            Self::Unresolved | Self::PrivateAddress | Self::Unreachable | Self::Tls | Self::TimedOut => true,
            Self::Status | Self::Redirected | Self::AnswerCut | Self::Declined | Self::Unmade => false,
        }
    }
}

impl WebhookEvent {
    /// Returns the delivery of this event; `None` for events that are not about a delivery.
    pub const fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Delivered { delivery, .. }
            | Self::DeliveryFailed { delivery, .. }
            | Self::DeliveryDeferred { delivery, .. }
            | Self::DeadLettered { delivery, .. } => Some(delivery),
            Self::Added { .. }
            | Self::Changed { .. }
            | Self::Rotated { .. }
            | Self::Removed { .. }
            | Self::Disabled { .. }
            | Self::TakenOver { .. }
            | Self::ReplayAsked { .. }
            | Self::Tested { .. } => None,
        }
    }
}

impl WebhookFacts {
    /// Returns the settings that can be changed.
    pub fn terms(&self) -> WebhookTerms {
        WebhookTerms {
            format: self.format,
            shown: self.shown.clone(),
            kinds: self.kinds.clone(),
            allow_private: self.allow_private,
        }
    }
}
