//! The four-state view of one call (CAL-1): a small state machine over call events, derived and never stored.
//!
//! `INIT -answer→ CONVERSATION -hangup→ END / -transfer→ MANUAL`; any other signal leads to `ERROR`. `END`
//! and `MANUAL` are final. A call that ends without an answer is therefore in `ERROR`.

use super::event::CallEvent;
use serde::{Deserialize, Serialize};

/// The state of a call in the four-state view of CAL-1; `Error` after any other sequence of signals.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum FourState {
    #[default]
    Init,
    Conversation,
    Manual,
    End,
    Error,
}

/// The signals of the four-state view. Events without a signal (dialing, ringing, keypresses …) do not
/// change the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FourSignal {
    Answer,
    Hangup,
    Transfer,
}

impl FourSignal {
    /// Returns the signal of a call event; `None` if it has none.
    pub const fn of(event: &CallEvent) -> Option<Self> {
        if matches!(event, CallEvent::Answered { .. }) {
            return Some(Self::Answer);
        }
        if matches!(event, CallEvent::Ended { .. }) {
            return Some(Self::Hangup);
        }
        if matches!(event, CallEvent::TransferRequested { .. }) {
            return Some(Self::Transfer);
        }
        None
    }
}

impl FourState {
    pub const ALL: &'static [Self] = &[
        Self::Init,
        Self::Conversation,
        Self::Manual,
        Self::End,
        Self::Error,
    ];

    /// Returns the state after one signal; a signal that the current state does not expect leads to
    /// `Error`.
    #[must_use]
    pub const fn after(self, signal: FourSignal) -> Self {
        match (self, signal) {
            (Self::End | Self::Manual, _) => self,
            (Self::Init, FourSignal::Answer) => Self::Conversation,
            (Self::Conversation, FourSignal::Hangup) => Self::End,
            (Self::Conversation, FourSignal::Transfer) => Self::Manual,
            (Self::Init, FourSignal::Hangup | FourSignal::Transfer)
            | (Self::Conversation, FourSignal::Answer)
            | (Self::Error, _) => Self::Error,
        }
    }

    /// Returns the state after the call's next event; unchanged if the event has no signal.
    #[must_use]
    pub const fn after_event(self, event: &CallEvent) -> Self {
        match FourSignal::of(event) {
            Some(signal) => self.after(signal),
            None => self,
        }
    }

    /// Returns the state's name as users and integrators see it, for example `CONVERSATION`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Conversation => "CONVERSATION",
            Self::Manual => "MANUAL",
            Self::End => "END",
            Self::Error => "ERROR",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FourSignal::{Answer, Hangup, Transfer};
    use FourState::{Conversation, End, Error, Init, Manual};

    #[test]
    fn every_state_and_signal_goes_where_the_requirement_says() {
        let table = [
            (Init, [Conversation, Error, Error]),
            (Conversation, [Error, End, Manual]),
            (Manual, [Manual, Manual, Manual]),
            (End, [End, End, End]),
            (Error, [Error, Error, Error]),
        ];
        for (from, to) in table {
            for (signal, expected) in [Answer, Hangup, Transfer].into_iter().zip(to) {
                assert_eq!(from.after(signal), expected, "{from:?} {signal:?}");
            }
        }
    }

    #[test]
    fn the_code_is_the_serialized_name() {
        for state in FourState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.code());
        }
    }
}
