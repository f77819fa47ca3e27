//! The Masking port: removes identifying parts from a person's words before they are stored.
//!
//! **Guarantees of every implementation.** It answers from memory and never waits. Runs of seven or more
//! digits, announced secrets, mail addresses and spoken names are replaced by stars, in digits and in words.
//! Equal texts have equal results; masking a masked text does not change it.

/// The question that an utterance answers, as far as masking needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskingContext {
    /// Texts, intents and options of the flow: their words are not masked as names.
    pub own_words: String,
    /// The question asks for a number, which the callee may say in parts: each part is masked.
    pub asks_for_digits: bool,
}

/// Replaces identifying parts of texts (numbers, secrets, mail addresses, names) by stars.
pub trait Masking: Send + Sync {
    fn masked(&self, text: &str) -> String;

    /// Masks a callee's answer to a question of a flow. By default the question has no influence.
    fn masked_answer(&self, text: &str, _asked: &MaskingContext) -> String {
        self.masked(text)
    }

    /// Masks consecutive turns: a number dictated over several of them is masked as a whole.
    fn masked_turns(&self, turns: &[&str]) -> Vec<String> {
        turns.iter().map(|turn| self.masked(turn)).collect()
    }
}
