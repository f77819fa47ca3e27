//! Text conversations: opening, messages, transcript, summary, and closing after an idle time. All texts
//! are stored before they are sent.

mod hearing;
mod idle;
mod listening;
mod opening;
mod summary;
mod transcript;
pub mod under_way;
mod unsubscribing;

pub use hearing::{HandedOver, MessageAnswered, MessageOrder, close, hear};
pub use idle::begin;
pub use opening::{ConversationOrder, open};
pub(crate) use opening::{Judged, hashed_lists_of};
pub use summary::{TextSummaryShown, text_summary};
pub use transcript::{
    ConversationShown, LineShown, Side, Texted, WhyShown, describe, known, mask_theirs, texts_of, transcript,
};
pub use under_way::{CONVERSATIONS_OPEN_MAX, OPEN_PER_CUSTOMER_MAX, UnderWay};
pub use unsubscribing::is_unsubscription;
