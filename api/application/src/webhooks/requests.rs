//! The requests to add, change and remove a webhook or an alert channel.

use domain::call::event::CallEvent;
use domain::external_address::{BEARER_BYTES_MAX, URL_BYTES_MAX};
use domain::ids::CampaignId;
use domain::number::event::NumberEvent;
use domain::stored_event::Position;
use domain::webhook::{REASON_BYTES_MAX, WebhookFormat};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// Longest address, in bytes: that of a URL.
pub const TARGET_BYTES_MAX: usize = URL_BYTES_MAX;

/// Longest secret of a receiver, in bytes: that of a bearer token.
pub const SECRET_BYTES_MAX: usize = BEARER_BYTES_MAX;

/// A request to add a webhook or channel.
#[derive(Debug, Clone, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [
    { "url": "https://example.com/hooks", "format": "standard" },
    { "url": "https://api.example.com/crm/customers", "format": "crm", "bearer": "secret" }
]))]
pub struct WebhookRequest {
    /// The URL of the receiver, or the address of a mail.
    #[schemars(length(min = 1, max = TARGET_BYTES_MAX))]
    pub url: String,
    /// Event kinds to send. Default: the usual ones.
    #[schemars(example = [CallEvent::ENDED])]
    pub events: Option<Vec<String>>,
    /// Format of the messages. Default: `standard`.
    #[schemars(with = "Option<WebhookFormat>")]
    #[member(parse, or = WebhookFormat::Standard)]
    pub format: WebhookFormat,
    /// Campaigns of the events. Default: all that the caller may see.
    pub campaigns: Option<Vec<CampaignId>>,
    /// Token that is sent as `Authorization: Bearer`.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub bearer: Option<String>,
    /// Secret of a group robot, token of a gateway, or `user:password` of a mail server. The secret that
    /// signs our own formats is generated here and shown once.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub secret: Option<String>,
    /// The phone number to which an SMS gateway sends.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub to: Option<String>,
    /// The mail server, `host:port`.
    #[schemars(length(max = SECRET_BYTES_MAX), example = &"mail.example.com:587")]
    pub smtp: Option<String>,
    /// Permits plain http and private addresses.
    #[schemars(with = "Option<bool>")]
    pub allow_private: bool,
    /// URL at which the receiver reaches this server. `call.ended` then contains a link to the recording,
    /// valid for an hour.
    #[schemars(length(max = TARGET_BYTES_MAX), example = &"https://calls.example.com")]
    pub recordings_from: Option<String>,
    /// Log position after which events are sent. Default: the current end of the log.
    #[schemars(with = "Option<String>", example = &"0")]
    #[member(parse)]
    pub after: Option<Position>,
}

/// A request to change a webhook. Members that are absent stay as they are.
#[derive(Debug, Clone, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [
    { "events": [CallEvent::ENDED, NumberEvent::OPTED_OUT], "reason": "opt-outs too" }
]))]
pub struct WebhookChangeRequest {
    /// New address. The bearer token is not sent to it unless it is given again.
    #[schemars(length(min = 1, max = TARGET_BYTES_MAX), example = &"https://example.com/hooks/2")]
    pub url: Option<String>,
    /// Event kinds to send from now on. With a new format and without kinds: the usual ones of that format.
    #[schemars(example = [CallEvent::ENDED])]
    pub events: Option<Vec<String>>,
    /// One of `standard`, `call_ended` and `crm`. For another kind of receiver, add another webhook.
    #[member(parse)]
    pub format: Option<WebhookFormat>,
    /// Permits plain http and private addresses.
    pub allow_private: Option<bool>,
    /// Token that is sent as `Authorization: Bearer` from now on.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub bearer: Option<String>,
    /// Reason, stored permanently. It must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

/// A request to remove a webhook or channel, with the reason.
#[derive(Debug, Clone, ApiRequest, JsonSchema)]
pub struct WebhookRemoval {
    /// Reason, stored permanently. It must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}
