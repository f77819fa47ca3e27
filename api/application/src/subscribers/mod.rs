//! Named subscribers: who follows the events under a name, where they are, and how far behind.
//!
//! A name is an entity whose position its reader moves by acknowledging; this process knows beside it who
//! follows now, so that one reader at a time has a name: whoever comes later takes it over, for a connection
//! that broke off unheard would else hold it.

mod acknowledging;
mod lag;
mod managing;

pub use acknowledging::{Acknowledging, Heard};
pub use lag::Lag;
pub use managing::{
    Following, SubscriberChanged, SubscriberList, SubscriberShown, acknowledge, all, begin, one, reached,
    remove, reset,
};
