//! Named subscribers: who follows events under a name, at which position, and how far behind.
//!
//! A subscriber is an entity; its position moves when its reader acknowledges. This process also tracks
//! the current reader of each name: there is one at a time, and a later one replaces it. Otherwise a
//! connection that broke unnoticed would block the name.

mod acknowledgments;
mod lag;
mod management;

pub use acknowledgments::{AcknowledgmentBuffer, AcknowledgmentResult};
pub use lag::Lag;
pub use management::{
    FollowStart, SubscriberChanged, SubscriberList, SubscriberResponse, acknowledge, all, begin, one, remove,
    reset, resolve_subscriber,
};
