//! Webhooks (事件推送) send events to external receivers; alert channels (告警通道) send alerts in the same way.
//!
//! Each is an entity with events that record how far it has delivered. The process that may dial runs a
//! sender for each. Messages are sent through the port `Courier`, which alone knows sockets, names and
//! certificates.

mod addresses;
mod attempt;
mod changing;
mod contact;
pub mod courier;
mod found;
mod kinds;
mod letter;
mod managing;
mod order;
mod owner;
mod post_room;
mod queue;
mod sender;
mod shown;
mod signature;
mod storing;
mod taking_over;
mod text;
mod trial;
mod wanted;

pub use changing::{WebhookReplaced, change_webhook};
pub(crate) use found::{named_streams, streams_behind};
pub use managing::{Adding, WebhookChanged, WebhookMade, add_webhook, reached, remove, replay, rotate};
pub use order::{SECRET_BYTES_MAX, TARGET_BYTES_MAX, WebhookChangeOrder, WebhookOrder, WebhookRemoval};
pub use post_room::begin;
pub use shown::{DeadLetters, Sought, WebhookList, WebhookShown, all, dead_letters, one};
pub use signature::{is_signing_secret, signed_headers};
pub use taking_over::{WebhookTakenOver, take_over};
pub use trial::{WebhookTested, test};
