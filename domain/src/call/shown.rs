//! What others look for in a call's event, and which of them tell of nobody.

use super::event::CallEvent;
use super::turn_fact::{BargedInFact, EngineFailedFact, SaidFact, SilenceFact};
use crate::personal::Personal;
use crate::spoken_turn::TurnDecision;

/// What is searched for in answers and streams, so that a search need not know every other event.
impl CallEvent {
    /// The robot entered this node.
    pub const fn node_entered(&self) -> Option<&String> {
        let Self::NodeEntered { node } = self else {
            return None;
        };
        Some(node)
    }

    /// The callee pressed this key.
    pub const fn keypressed(&self) -> Option<&Personal<String>> {
        let Self::Keypressed { digit, .. } = self else {
            return None;
        };
        Some(digit)
    }

    /// The flow handed over to a colleague at this node.
    pub const fn transfer_requested(&self) -> Option<&String> {
        let Self::TransferRequested { node, .. } = self else {
            return None;
        };
        Some(node)
    }

    /// Whether its words are the transcript's: what the callee said, and what was made of it.
    pub const fn is_of_transcript(&self) -> bool {
        matches!(
            self,
            Self::Heard(_) | Self::Understood(_) | Self::SensitiveWordMatched(_)
        )
    }

    /// True where nothing in it tells of a person, a line, a time or this installation, so that it may be
    /// shown to strangers as it is. Every member is named here: a new one has to be judged.
    pub const fn is_anonymous(&self) -> bool {
        match self {
            Self::Ringing {
                leg: _,
                sip_code: _,
                early_media: _,
            }
            | Self::NoticePlayed {
                leg: _,
                notice: _,
                recorded_ms: _,
            }
            | Self::NodeEntered { node: _ }
            | Self::TransferRequested { node: _, reason: _ }
            | Self::CancelRequested { leg: _, reason: _ }
            | Self::HangupRequested { leg: _, reason: _ }
            | Self::RecordingDisposed {
                disposal: _,
                preset: _,
                days: _,
            }
            | Self::TranscriptDisposed {
                disposal: _,
                preset: _,
                days: _,
            } => true,
            Self::Said(SaidFact {
                leg: _,
                node: _,
                prompt: _,
                variant: _,
                spoken_chars: _,
                prompt_chars: _,
                engine: _,
            })
            | Self::BargedIn(BargedInFact {
                leg: _,
                node: _,
                said_ms: _,
                voiced_ms: _,
                chars: _,
            })
            | Self::SilenceTimedOut(SilenceFact {
                node: _,
                silence_ms: _,
            })
            | Self::Decided(TurnDecision {
                node: _,
                rule: _,
                explanation: _,
            }) => true,
            Self::EngineFailed(fact) => fact.is_anonymous(),
            Self::AssistantAsked(fact) => fact.is_anonymous(),
            Self::AssistantAnswered(fact) => fact.is_anonymous(),
            Self::ModelChosen(fact) => fact.is_anonymous(),
            // A reason is what somebody wrote, a seller is an institution by name.
            Self::SellerMessagePlayed(_)
            | Self::Permitted { .. }
            | Self::Dialing { .. }
            | Self::LegFailed { .. }
            | Self::Answered { .. }
            | Self::Keypressed { .. }
            | Self::Heard(_)
            | Self::Understood(_)
            | Self::SensitiveWordMatched(_)
            | Self::OfferChosen(_)
            | Self::AgentConnected { .. }
            | Self::EndOrdered { .. }
            | Self::Ended { .. }
            | Self::LateAnswered { .. }
            | Self::Corrected { .. } => false,
        }
    }
}

impl EngineFailedFact {
    /// Every member is named here too.
    const fn is_anonymous(&self) -> bool {
        let Self {
            leg: _,
            node: _,
            engine_kind: _,
            engine: _,
            class: _,
            answer_by: _,
        } = self;
        true
    }
}
