//! Why a call is handed over to a colleague.

use serde::{Deserialize, Serialize};

/// What led to the transfer. Metrics of requests count `Requested` alone, and calls stored before reasons
/// were.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TransferReason {
    /// The callee asked for it, by a key or by words.
    Requested,
    /// Silence, or answers that were not understood, up to the end of a ladder.
    Ladder,
    /// A recognizer, a voice or something else of ours failed.
    EngineFailure,
    /// How the callee sounded.
    Emotion,
    /// The flow hands over by itself, before the callee answered anything.
    #[default]
    Flow,
}

impl TransferReason {
    /// The name in events.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Ladder => "ladder",
            Self::EngineFailure => "engine_failure",
            Self::Emotion => "emotion",
            Self::Flow => "flow",
        }
    }

    /// Whether the callee asked for a colleague. An older call without a reason counts as a request.
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
