//! What somebody orders who adds a webhook or a channel of alerts.

use domain::call::event::CallEvent;
use domain::ids::CampaignId;
use domain::number::event::NumberEvent;
use domain::outside_address::{BEARER_BYTES_MAX, URL_BYTES_MAX};
use domain::stored_event::Position;
use domain::webhook::{Format, REASON_BYTES_MAX};
use intake::members::{Members, Order};
use schemars::JsonSchema;

/// Longest address: that of a URL.
pub const TARGET_BYTES_MAX: usize = URL_BYTES_MAX;

/// Longest secret of a receiver's making: that of a bearer token.
pub const SECRET_BYTES_MAX: usize = BEARER_BYTES_MAX;

/// Whom to tell, of what, and how.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(extend("examples" = [
    { "url": "https://example.com/hooks", "format": "standard" },
    { "url": "https://api.example.com/crm/customers", "format": "crm", "bearer": "secret" }
]))]
pub struct WebhookOrder {
    /// The URL, or of a mail the address.
    #[schemars(length(min = 1, max = TARGET_BYTES_MAX))]
    pub url: String,
    /// Which kinds of events; without them, the usual ones.
    #[schemars(example = [CallEvent::ENDED])]
    pub events: Option<Vec<String>>,
    /// Without it, standard.
    #[schemars(with = "Option<Format>")]
    pub format: Format,
    /// Only of these campaigns, of those that whoever asks may see.
    pub campaigns: Option<Vec<CampaignId>>,
    /// Sent as Authorization: Bearer.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub bearer: Option<String>,
    /// The secret of a group robot, the token of a gateway, or user:password of a mail server. What signs
    /// our own forms is made here, and shown once.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub secret: Option<String>,
    /// The number that a gateway of short messages is told.
    pub to: Option<String>,
    /// The mail server, host:port.
    #[schemars(example = &"mail.example.com:587")]
    pub smtp: Option<String>,
    /// Neither https nor a global address is demanded.
    #[schemars(with = "Option<bool>")]
    pub allow_private: bool,
    /// Where the receiver reaches this server: `call.ended` then tells a link to the recording, open for an
    /// hour.
    #[schemars(length(max = TARGET_BYTES_MAX), example = &"https://calls.example.com")]
    pub recordings_from: Option<String>,
    /// Tell of events behind this position; without it, of those from now on.
    #[schemars(with = "Option<String>", example = &"0")]
    pub after: Option<Position>,
}

impl Order for WebhookOrder {
    fn read(body: &mut Members) -> Self {
        let after = body.parsed::<u64>("after").map(Position);
        Self {
            url: body.needed_short_text("url", TARGET_BYTES_MAX),
            events: body.value("events"),
            format: body.parsed("format").unwrap_or(Format::Standard),
            campaigns: body.value("campaigns"),
            bearer: body.short_text("bearer", SECRET_BYTES_MAX),
            secret: body.short_text("secret", SECRET_BYTES_MAX),
            to: body.short_text("to", SECRET_BYTES_MAX),
            smtp: body.short_text("smtp", SECRET_BYTES_MAX),
            allow_private: body.value("allow_private").unwrap_or(false),
            recordings_from: body.short_text("recordings_from", TARGET_BYTES_MAX),
            after,
        }
    }
}

/// What of a webhook is to be otherwise; what is left out stays as it is.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(extend("examples" = [
    { "events": [CallEvent::ENDED, NumberEvent::OPTED_OUT], "reason": "opt-outs too" }
]))]
pub struct WebhookChangeOrder {
    /// Another address. What was sent there as a bearer is not sent to it, unless it is given again.
    #[schemars(length(min = 1, max = TARGET_BYTES_MAX), example = &"https://example.com/hooks/2")]
    pub url: Option<String>,
    /// Which kinds of events, from now on. Beside another form and without them, its usual ones.
    #[schemars(example = [CallEvent::ENDED])]
    pub events: Option<Vec<String>>,
    /// Among standard, call_ended and crm; for another kind of receiver, add another webhook.
    pub format: Option<Format>,
    /// Neither https nor a global address is demanded.
    pub allow_private: Option<bool>,
    /// Sent as Authorization: Bearer from now on.
    #[schemars(length(max = SECRET_BYTES_MAX))]
    pub bearer: Option<String>,
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

impl Order for WebhookChangeOrder {
    fn read(body: &mut Members) -> Self {
        Self {
            url: body.short_text("url", TARGET_BYTES_MAX),
            events: body.value("events"),
            format: body.parsed("format"),
            allow_private: body.value("allow_private"),
            bearer: body.short_text("bearer", SECRET_BYTES_MAX),
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}

/// Why a webhook or channel is removed.
#[derive(Debug, Clone, JsonSchema)]
pub struct WebhookRemoval {
    /// Stored for ever; name no person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

impl Order for WebhookRemoval {
    fn read(body: &mut Members) -> Self {
        Self {
            reason: body.needed_short_text("reason", REASON_BYTES_MAX),
        }
    }
}
