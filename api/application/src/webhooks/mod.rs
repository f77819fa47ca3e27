//! Webhooks: whoever outside is told of events, and channels of alerts, which are told the same way.
//!
//! Each is an entity whose events say how far it was told; the process that may dial runs a sender for each.
//! What leaves goes by the `Courier`, a port: sockets, names and certificates are known there alone.

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
