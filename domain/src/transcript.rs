//! The transcript of one call or conversation: its words as one unit with its own retention period.
//!
//! It is sealed under two keys at once: the person's, and its own, named here. Without either it is
//! unreadable: erasing a person makes their transcripts unreadable, and a transcript past its period can be
//! destroyed alone. Older transcripts are sealed only under the person's key.

use uuid::Uuid;
use values::ids::{CallId, ConversationId, CustomerId, NAMESPACE};

/// The call or conversation to which a transcript belongs. The words of a summary belong to its call or
/// conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TranscriptParent {
    Call(CallId),
    Conversation(ConversationId),
}

impl TranscriptParent {
    /// Returns the name of the transcript's own key in the key store. Its form is that of a person's id (32
    /// hexadecimal digits), but no person has it.
    pub fn key(self) -> CustomerId {
        let of = match self {
            Self::Call(call) => format!("transcript/call/{call}"),
            Self::Conversation(conversation) => format!("transcript/conversation/{conversation}"),
        };
        let digits = Uuid::new_v5(&NAMESPACE, of.as_bytes()).simple().to_string();
        digits
            .try_into()
            .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transcript_has_a_key_of_its_own_that_never_changes() {
        let id = Uuid::from_u128(1);
        let call = TranscriptParent::Call(CallId::new(id)).key();
        let conversation = TranscriptParent::Conversation(ConversationId::new(id)).key();
        assert_ne!(call, conversation);
        // Stored records name this key.
        assert_eq!(call.as_str(), "0d018d09669f545faecc7d981bbc5447");
    }
}
