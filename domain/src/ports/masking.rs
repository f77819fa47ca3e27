//! The Masking port: words of a person without what identifies them, before anything is stored of them.
//!
//! **What every implementation promises.** It answers from memory and never waits. Runs of seven or more
//! digits, announced secrets, mail addresses and spoken names are starred, in digits and in words; equal
//! texts have equal answers; what was masked is masked no further.

/// What a caller's words answer, as far as masking goes by it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedWords {
    /// Texts, intents and options of the flow: their words are no names.
    pub own_words: String,
    /// A number is asked for, and may come in parts: each part is masked.
    pub asks_for_digits: bool,
}

/// Stars what identifies somebody.
pub trait Masking: Send + Sync {
    fn masked(&self, text: &str) -> String;

    /// An answer to a question of a flow.
    fn masked_answer(&self, text: &str, _asked: &AskedWords) -> String {
        self.masked(text)
    }

    /// Turns that followed each other: a number that was dictated over several of them is masked as a whole.
    fn masked_turns(&self, turns: &[&str]) -> Vec<String> {
        turns.iter().map(|turn| self.masked(turn)).collect()
    }
}
