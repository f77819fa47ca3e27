//! The rules of turn-taking: how long a pause ends a turn, and when the callee may interrupt.

use crate::ports::recognizer::UtteranceSegmenter;

/// Silence in milliseconds that ends a short answer, which is complete as soon as it is said.
const SHORT_SILENCE_MS: u64 = 500;
/// Silence in milliseconds that ends an open answer. People breathe within it.
const OPEN_SILENCE_MS: u64 = 800;
/// Silence in milliseconds that ends digits or an address, which are said in groups.
const GROUPS_SILENCE_MS: u64 = 1_200;
/// Milliseconds of voice, from its first voiced packet, that count as an interruption.
pub(super) const BARGE_IN_MS: u64 = 300;
/// Milliseconds of voice that count as an interruption if the engine sends partial texts and has sent none
/// yet.
pub(super) const BARGE_IN_UNHEARD_MS: u64 = 500;
/// Milliseconds of voice that always count as an interruption, whatever was recognized: longer than any
/// back-channel.
pub(super) const BARGE_IN_ANY_MS: u64 = 1_200;
/// Longest turn of the callee, in milliseconds; after it the robot answers although the callee speaks on.
pub(super) const TURN_MS_MAX: u64 = 15_000;

/// The kind of answer that a node expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedAnswer {
    /// Yes or no, or a choice as with keys.
    Short,
    Open,
    /// Digits or an address, which are said in groups.
    Groups,
}

impl ExpectedAnswer {
    /// Returns the silence in milliseconds that ends a turn with this kind of answer.
    pub const fn end_silence_ms(self) -> u64 {
        match self {
            Self::Short => SHORT_SILENCE_MS,
            Self::Open => OPEN_SILENCE_MS,
            Self::Groups => GROUPS_SILENCE_MS,
        }
    }
}

/// Whether the callee may interrupt the prompt that is playing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BargeIn {
    /// Never: a notice or disclosure plays to its end, and speech during it does not count as a turn.
    Never,
    /// Voice does not stop the prompt; a complete utterance during it counts.
    Words,
    Allowed,
}

/// The turn-taking rules of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnRules {
    pub expected: ExpectedAnswer,
    pub barge_in: BargeIn,
    /// The recognizer sends partial texts.
    pub hears_partials: bool,
    /// Who splits the audio into segments: the engine or this program.
    pub cuts: UtteranceSegmenter,
}
