//! Named subscribers: who follows events under a name, at which position, and how far behind.
//!
//! A subscriber is an entity whose position moves when its reader acknowledges. This process also tracks
//! the current reader of each name: there is one at a time, and a later one replaces it. Otherwise a
//! connection that broke unnoticed would block the name.

mod acknowledging;
mod lag;
mod managing;

pub use acknowledging::{Acknowledging, Heard};
pub use lag::Lag;
pub use managing::{
    Following, SubscriberChanged, SubscriberList, SubscriberShown, acknowledge, all, begin, one, reached,
    remove, reset,
};
