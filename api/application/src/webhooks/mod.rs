//! Webhooks (事件推送) send events to external receivers; alert channels (告警通道) send alerts in the same way.
//!
//! Each is an entity with events that record how far it has delivered. The process that may dial runs a
//! sender for each. Messages are sent through the port `Courier`, which alone knows sockets, names and
//! certificates.

mod addresses;
mod attempt;
mod contact;
pub mod courier;
mod event_filter;
mod kinds;
mod letter;
mod management;
mod outcome_storage;
mod owner;
mod owner_takeover;
mod queue;
mod requests;
mod responses;
mod sender;
mod sender_pool;
mod signature;
mod text;
mod trial;
mod webhook_changes;
mod webhook_index;

pub use management::{
    NewWebhookResponse, WebhookChanged, WebhookEditor, add_webhook, load_webhook, remove, replay, rotate,
};
pub use owner_takeover::{WebhookTakenOver, take_over};
pub use requests::{
    SECRET_BYTES_MAX, TARGET_BYTES_MAX, WebhookChangeRequest, WebhookRemoval, WebhookRequest,
};
pub use responses::{DeadLetters, WebhookList, WebhookQuery, WebhookResponse, all, dead_letters, one};
pub use sender_pool::begin;
pub use signature::{is_signing_secret, signed_headers};
pub use trial::{WebhookTested, test};
pub use webhook_changes::{WebhookReplaced, change_webhook};
pub(crate) use webhook_index::{named_streams, streams_behind};
