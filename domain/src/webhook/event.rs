//! Facts about one webhook. Stored kinds and versions; never changed, only added to. Who acted stands in the
//! envelope.

use super::format::Format;
use super::owner_fault::OwnerFault;
use crate::decider::{EventData, UnreadableEvent, read_current};
use crate::personal::Personal;
use crate::record::stored_event::Position;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use values::ids::{CampaignId, CustomerId, EventId, UserId};
use values::permission::CampaignScope;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "data")]
pub enum WebhookEvent {
    /// Somebody is told from now on.
    #[serde(rename = "webhook.added")]
    Added {
        #[serde(flatten)]
        facts: Box<WebhookFacts>,
    },
    /// It is told of other kinds, in another form or elsewhere.
    #[serde(rename = "webhook.changed")]
    Changed {
        before: Box<WebhookTerms>,
        after: Box<WebhookTerms>,
        /// The address, where it is another: sealed as that of `webhook.added`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<Personal<String>>,
        /// What is sent as `Authorization: Bearer`, where it is another. Beside another address without one,
        /// nothing is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bearer: Option<Personal<String>>,
        /// The owner from now on: the user who changed it, where that user holds every right it needs. Left
        /// out for the directory's owner, and by older versions; the envelope names who changed it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        reason: String,
    },
    /// Another secret signs; the one before signs beside it for a while.
    #[serde(rename = "webhook.rotated")]
    Rotated {
        secret: Personal<String>,
        old_until: Timestamp,
    },
    /// Nothing is sent there any more.
    #[serde(rename = "webhook.removed")]
    Removed { reason: String },
    /// Nothing is sent: the receiver answered 410, until a replay, or the owner lost the right, until another
    /// user takes it over. Events wait meanwhile.
    #[serde(rename = "webhook.disabled")]
    Disabled {
        /// The receiver's answer; left out where the owner is the reason.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Left out where the receiver is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<OwnerFault>,
        /// The owner that the reason is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
    },
    /// Another user answers for it; what waited is sent.
    #[serde(rename = "webhook.taken_over")]
    TakenOver {
        /// Left out for the directory's owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<UserId>,
        reason: String,
    },
    /// Everything after a position is sent again.
    #[serde(rename = "webhook.replay_asked")]
    ReplayAsked { after: Position, run: u32 },
    /// A message that tells of nothing was sent, to see whether it arrives.
    #[serde(rename = "webhook.tested")]
    Tested {
        #[serde(flatten)]
        attempt: Attempted,
    },
    /// An event was sent and taken.
    #[serde(rename = "webhook.delivered")]
    Delivered {
        #[serde(flatten)]
        delivery: Delivery,
        #[serde(flatten)]
        attempt: Attempted,
    },
    /// An event was sent, or tried to be, and not taken; it is tried again.
    #[serde(rename = "webhook.delivery_failed")]
    DeliveryFailed {
        #[serde(flatten)]
        delivery: Delivery,
        #[serde(flatten)]
        attempt: Attempted,
        due_at: Timestamp,
    },
    /// An event waits behind an earlier one about the same person or thing, which is tried again.
    #[serde(rename = "webhook.delivery_deferred")]
    DeliveryDeferred {
        #[serde(flatten)]
        delivery: Delivery,
        behind: Position,
    },
    /// An event was tried for the last time, and not taken.
    #[serde(rename = "webhook.dead_lettered")]
    DeadLettered {
        #[serde(flatten)]
        delivery: Delivery,
        #[serde(flatten)]
        attempt: Attempted,
    },
}

/// What a webhook is: whom it tells, of what, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhookFacts {
    pub format: Format,
    /// The URL or mail address, sealed under the webhook's own key: it may open a door, or name a person.
    pub target: Personal<String>,
    /// What of the target is shown: no query, no user, of group robots the host alone.
    pub shown: String,
    /// Of which events, by kind.
    pub kinds: BTreeSet<String>,
    /// Of which campaigns; left out where it is all, and then also of what is about none.
    #[serde(default, skip_serializing_if = "CampaignScope::is_all")]
    pub campaigns: CampaignScope,
    /// Neither https nor a global address is demanded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// What signs (`whsec_…`), or what its kind of receiver knows as its secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Personal<String>>,
    /// Sent as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Personal<String>>,
    /// The number that a gateway of short messages is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Personal<String>>,
    /// The mail server, `host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smtp: Option<String>,
    /// Where the receiver reaches this server: links to recordings begin with it. Left out where none are
    /// told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recordings_from: Option<String>,
    /// It is told of events after this position.
    pub after: Position,
    /// It is a channel of alerts, and listed there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_channel: bool,
    /// The user with the rights by which it delivers. Left out for the directory's owner, and by older
    /// versions; the envelope names who added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}

/// What of a webhook can be changed, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WebhookTerms {
    pub format: Format,
    pub shown: String,
    pub kinds: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
}

/// Which event was, or is to be, delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Delivery {
    pub event: EventId,
    pub position: Position,
    /// Whom and what the event is about, as its envelope says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// After how many replays.
    #[serde(default, skip_serializing_if = "is_first")]
    pub run: u32,
    /// Everything up to here is delivered, dead or known to wait.
    pub through: Position,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_first(run: &u32) -> bool {
    *run == 0
}

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Attempted {
    /// Why it was not taken; absent where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<DeliveryFault>,
    /// HTTP status, or reply code of a mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    pub elapsed_ms: u64,
    /// What was answered, cut to `ANSWER_KEPT_BYTES_MAX`; sealed, for it may repeat what it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Personal<String>>,
    /// How long the answer was, as far as it was read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub answer_bytes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(bytes: &u64) -> bool {
    *bytes == 0
}

/// Why a message was not taken. Further faults are added at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFault {
    /// The name does not resolve.
    Unresolved,
    /// The name, or the address itself, is not of the open internet.
    PrivateAddress,
    /// Nobody accepts a connection.
    Unreachable,
    /// The other side is not believed, or speaks no TLS.
    Tls,
    /// No answer within its time.
    TimedOut,
    /// It answered with another status than 2xx.
    Status,
    /// It answered with a redirect, which is not followed.
    Redirected,
    /// Its answer was longer than is read, or broke off.
    AnswerCut,
    /// It answered 2xx and said in its body that it did not take it.
    Declined,
    /// What was to be sent could not be made.
    Unmade,
}

impl DeliveryFault {
    /// As stored and as shown.
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

    /// Nobody was there to take anything: every other event would fare the same.
    pub const fn is_nobody_there(self) -> bool {
        match self {
            Self::Unresolved | Self::PrivateAddress | Self::Unreachable | Self::Tls | Self::TimedOut => true,
            Self::Status | Self::Redirected | Self::AnswerCut | Self::Declined | Self::Unmade => false,
        }
    }
}

/// Stored kinds, each named for its variant. They never change.
impl WebhookEvent {
    pub const ADDED: &'static str = "webhook.added";
    pub const CHANGED: &'static str = "webhook.changed";
    pub const ROTATED: &'static str = "webhook.rotated";
    pub const REMOVED: &'static str = "webhook.removed";
    pub const DISABLED: &'static str = "webhook.disabled";
    pub const TAKEN_OVER: &'static str = "webhook.taken_over";
    pub const REPLAY_ASKED: &'static str = "webhook.replay_asked";
    pub const TESTED: &'static str = "webhook.tested";
    pub const DELIVERED: &'static str = "webhook.delivered";
    pub const DELIVERY_FAILED: &'static str = "webhook.delivery_failed";
    pub const DELIVERY_DEFERRED: &'static str = "webhook.delivery_deferred";
    pub const DEAD_LETTERED: &'static str = "webhook.dead_lettered";

    /// The delivery that it tells of.
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

impl EventData for WebhookEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::Added { .. } => Self::ADDED,
            Self::Changed { .. } => Self::CHANGED,
            Self::Rotated { .. } => Self::ROTATED,
            Self::Removed { .. } => Self::REMOVED,
            Self::Disabled { .. } => Self::DISABLED,
            Self::TakenOver { .. } => Self::TAKEN_OVER,
            Self::ReplayAsked { .. } => Self::REPLAY_ASKED,
            Self::Tested { .. } => Self::TESTED,
            Self::Delivered { .. } => Self::DELIVERED,
            Self::DeliveryFailed { .. } => Self::DELIVERY_FAILED,
            Self::DeliveryDeferred { .. } => Self::DELIVERY_DEFERRED,
            Self::DeadLettered { .. } => Self::DEAD_LETTERED,
        }
    }

    fn version(&self) -> u16 {
        1
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        match self {
            Self::Added { facts } => facts.personal(),
            Self::Changed { target, bearer, .. } => {
                let fields = [("/target", target.as_mut()), ("/bearer", bearer.as_mut())];
                let fields = fields.into_iter();
                fields
                    .filter_map(|(pointer, field)| Some((pointer.to_owned(), field?)))
                    .collect()
            }
            Self::Rotated { secret, .. } => vec![("/secret".to_owned(), secret)],
            Self::Tested { attempt }
            | Self::Delivered { attempt, .. }
            | Self::DeliveryFailed { attempt, .. }
            | Self::DeadLettered { attempt, .. } => {
                let answer = attempt.answer.as_mut();
                answer
                    .map(|answer| ("/answer".to_owned(), answer))
                    .into_iter()
                    .collect()
            }
            Self::Removed { .. }
            | Self::Disabled { .. }
            | Self::TakenOver { .. }
            | Self::ReplayAsked { .. }
            | Self::DeliveryDeferred { .. } => Vec::new(),
        }
    }

    fn read(kind: &str, version: u16, data: &RawValue) -> Result<Self, UnreadableEvent> {
        read_current(kind, version, data)
    }
}

impl WebhookFacts {
    /// What of it can be changed.
    pub fn terms(&self) -> WebhookTerms {
        WebhookTerms {
            format: self.format,
            shown: self.shown.clone(),
            kinds: self.kinds.clone(),
            allow_private: self.allow_private,
        }
    }

    fn personal(&mut self) -> Vec<(String, &mut Personal<String>)> {
        let mut fields = vec![("/target".to_owned(), &mut self.target)];
        let others = [
            ("/secret", &mut self.secret),
            ("/bearer", &mut self.bearer),
            ("/to", &mut self.to),
        ];
        for (pointer, field) in others {
            fields.extend(field.as_mut().map(|field| (pointer.to_owned(), field)));
        }
        fields
    }
}
