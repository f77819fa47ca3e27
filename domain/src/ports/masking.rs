//! The Masking port: words of a person without what identifies them, before anything is stored of them.
//!
//! **What every implementation promises.** It answers from memory and never waits. Phones, cards, identity
//! numbers and told names are starred, in digits and in words; equal texts have equal answers; what was
//! masked is masked no further.

/// Stars what identifies somebody.
pub trait Masking: Send + Sync {
    fn masked(&self, text: &str) -> String;
}
