//! Messages to customers (后续消息): checked by the compliance rules, stored, sent, with the results and the
//! replies.

mod following;
mod in_text;
mod replying;
pub mod room;
mod sending;
mod shown;

pub use following::begin;
pub use replying::{ReplyOrder, ReplyTaken, reply};
pub use sending::{Destination, MessageDraft, MessageSent, destination, send_ordered};
pub use shown::{MessageShown, MessagesShown, messages_of};
