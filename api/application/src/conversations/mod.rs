//! Text conversations: opening, messages, transcript, summary, and closing after an idle time. All texts
//! are stored before they are sent.

mod idle_timeout;
mod incoming_message;
mod interpretation;
pub mod open_conversations;
mod opening;
mod opt_out_words;
mod summary;
mod transcript;

pub use idle_timeout::begin;
pub use incoming_message::{
    ConversationMessageRequest, ConversationMessageResponse, HandOffResult, close, hear,
};
pub use open_conversations::{CONVERSATIONS_OPEN_MAX, OPEN_PER_CUSTOMER_MAX, OpenConversations};
pub use opening::{ConversationRequest, open};
pub(crate) use opening::{MessageFacts, hashed_lists_of};
pub use opt_out_words::is_unsubscription;
pub use summary::{TextSummaryResponse, text_summary};
pub use transcript::{
    ConversationLineResponse, ConversationRecord, ConversationResponse, MessageUnderstandingResponse,
    TextAuthor, describe, known, mask_theirs, texts_of, transcript,
};
