//! How long a pause ends a turn, and what may cut us short.

use crate::ports::recognizer::Cuts;

/// Silence after a short answer: one that is complete as soon as it is said.
const SHORT_SILENCE_MS: u64 = 500;
/// Silence after an open answer, in which people breathe.
const OPEN_SILENCE_MS: u64 = 800;
/// Silence after digits or an address, which are said in groups.
const GROUPS_SILENCE_MS: u64 = 1_200;
/// Voice that counts as cutting in, from its first voiced packet (issue: 300 ms).
pub(super) const BARGE_IN_MS: u64 = 300;
/// The same where an engine tells what is said while it is said, and has not yet: 200 ms more.
pub(super) const BARGE_IN_UNHEARD_MS: u64 = 500;
/// Longer than any sound of listening: whoever speaks on is cutting in, whatever was made out.
pub(super) const BARGE_IN_ANY_MS: u64 = 1_200;
/// The longest turn: whoever says more is answered all the same.
pub(super) const TURN_MS_MAX: u64 = 15_000;

/// What kind of answer a node asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Yes or no, or a choice as by keys.
    Short,
    Open,
    /// Digits, an address: said in groups.
    Groups,
}

impl Expected {
    /// Silence after which the turn is over.
    pub const fn end_silence_ms(self) -> u64 {
        match self {
            Self::Short => SHORT_SILENCE_MS,
            Self::Open => OPEN_SILENCE_MS,
            Self::Groups => GROUPS_SILENCE_MS,
        }
    }
}

/// Whether what is being said may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BargeIn {
    /// A notice, a disclosure: heard to its end, and nothing that is said over it counts as a turn.
    Never,
    /// Voice cuts nothing; what was said over it counts once it is complete.
    Words,
    Allowed,
}

/// The rules of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnRules {
    pub expected: Expected,
    pub barge_in: BargeIn,
    /// The recognizer tells what is said while it is said.
    pub hears_partials: bool,
    /// Who cuts what it hears into texts.
    pub cuts: Cuts,
}
