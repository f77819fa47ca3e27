//! Messages to customers (后续消息): checked by the compliance rules, stored, sent, with the results and the
//! replies.

mod conversation_messages;
mod flow_messages;
mod message_delivery;
pub mod messenger_service;
mod replies;
mod responses;

pub use flow_messages::begin;
pub use message_delivery::{Destination, MessageDraft, MessageSent, destination, send_ordered};
pub use replies::{MessageReplyRequest, MessageReplyResult, reply};
pub use responses::{MessageResponse, MessagesResponse, messages_of};
