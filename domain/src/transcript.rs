//! What was said in one call or conversation, as one thing that is kept for a time of its own.
//!
//! It is sealed under two keys at once: its person's and one that is its own, named here. Without either it
//! is noise: whoever is erased takes their transcripts along, and a transcript that is past its time goes
//! alone. What was stored before there were such keys is under the person's alone.

use uuid::Uuid;
use values::ids::{CallId, ConversationId, CustomerId, NAMESPACE};

/// Whose words. A summary's are those of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TranscriptOf {
    Call(CallId),
    Conversation(ConversationId),
}

impl TranscriptOf {
    /// The name of its key. Keys are named as persons are, by 32 hexadecimal digits; nobody's are these.
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
        let call = TranscriptOf::Call(CallId::new(id)).key();
        let conversation = TranscriptOf::Conversation(ConversationId::new(id)).key();
        assert_ne!(call, conversation);
        // Stored records name it.
        assert_eq!(call.as_str(), "0d018d09669f545faecc7d981bbc5447");
    }
}
