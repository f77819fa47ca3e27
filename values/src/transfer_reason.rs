//! The reason why a call is transferred to an agent.

use serde::{Deserialize, Serialize};

/// The reason why a call was transferred to an agent. Metrics of requested transfers count `Requested` and
/// calls from before reasons were stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TransferReason {
    /// The callee asked for it, by key or speech.
    Requested,
    /// Silence or unclear answers, up to the end of a reprompt ladder.
    Ladder,
    /// A recognizer, a synthesizer or another component on our side failed.
    EngineFailure,
    /// The callee's emotion.
    Emotion,
    /// The flow transfers by itself, before any answer of the callee.
    #[default]
    Flow,
}

impl TransferReason {
    /// Returns the name in events.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Ladder => "ladder",
            Self::EngineFailure => "engine_failure",
            Self::Emotion => "emotion",
            Self::Flow => "flow",
        }
    }

    /// Returns true if the callee asked for an agent. `None` (a call from before reasons were stored)
    /// counts as requested.
    pub fn is_request(reason: Option<Self>) -> bool {
        reason.is_none_or(|reason| reason == Self::Requested)
    }
}

#[cfg(test)]
mod tests {
    use super::TransferReason;
    use TransferReason::{Emotion, EngineFailure, Flow, Ladder, Requested};

    #[test]
    fn the_code_is_the_serialized_name_and_only_a_request_is_one() {
        for reason in [Requested, Ladder, EngineFailure, Emotion, Flow] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert_eq!(TransferReason::is_request(Some(reason)), reason == Requested);
        }
        assert!(TransferReason::is_request(None));
    }
}
