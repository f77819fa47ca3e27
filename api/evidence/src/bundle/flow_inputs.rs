//! Stores the inputs that a replay gave to the flow, so that another flow version gets the same ones.

use domain::flow::{FlowInput, Interruption, UnderstandingResult};

/// An input of the flow that owns its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OwnedFlowInput {
    Played,
    Keypress(char),
    Spoken(Box<UnderstandingResult>),
    Unheard,
    BargedIn(Interruption),
    SensitiveWord,
    Deaf,
    Silence,
    Fault,
}

impl OwnedFlowInput {
    pub(super) fn of(input: FlowInput<'_>) -> Self {
        match input {
            FlowInput::Played => Self::Played,
            FlowInput::Keypress(digit) => Self::Keypress(digit),
            FlowInput::Spoken(said) => Self::Spoken(Box::new(said.clone())),
            FlowInput::Unheard => Self::Unheard,
            FlowInput::BargedIn(heard) => Self::BargedIn(heard),
            FlowInput::SensitiveWord => Self::SensitiveWord,
            FlowInput::Deaf => Self::Deaf,
            FlowInput::Silence => Self::Silence,
            FlowInput::Fault => Self::Fault,
        }
    }

    pub(crate) fn input(&self) -> FlowInput<'_> {
        match self {
            Self::Played => FlowInput::Played,
            Self::Keypress(digit) => FlowInput::Keypress(*digit),
            Self::Spoken(said) => FlowInput::Spoken(said),
            Self::Unheard => FlowInput::Unheard,
            Self::BargedIn(heard) => FlowInput::BargedIn(*heard),
            Self::SensitiveWord => FlowInput::SensitiveWord,
            Self::Deaf => FlowInput::Deaf,
            Self::Silence => FlowInput::Silence,
            Self::Fault => FlowInput::Fault,
        }
    }

    /// Returns true if the callee caused the input; false for played texts and faults, which come from us.
    pub(crate) const fn is_of_callee(&self) -> bool {
        !matches!(self, Self::Played | Self::Fault)
    }
}
