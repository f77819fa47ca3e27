//! Accessors for call events in API responses and event streams, and the test for events without personal
//! data.

use super::event::CallEvent;
use super::turn_fact::{BargedInFact, EngineFailedFact, SaidFact, SilenceFact};
use crate::personal::Personal;
use crate::spoken_turn::TurnDecision;

/// Accessors for members that API responses and streams show, so that their code need not match every
/// event.
impl CallEvent {
    /// Returns the node of a `call.node_entered`.
    pub const fn node_entered(&self) -> Option<&String> {
        let Self::NodeEntered { node } = self else {
            return None;
        };
        Some(node)
    }

    /// Returns the digit of a `call.keypressed`.
    pub const fn keypressed(&self) -> Option<&Personal<String>> {
        let Self::Keypressed { digit, .. } = self else {
            return None;
        };
        Some(digit)
    }

    /// Returns the node of a `call.transfer_requested`.
    pub const fn transfer_requested(&self) -> Option<&String> {
        let Self::TransferRequested { node, .. } = self else {
            return None;
        };
        Some(node)
    }

    /// Returns true if the event's words belong to the call's transcript: what the callee said and how it
    /// was understood.
    pub const fn is_of_transcript(&self) -> bool {
        matches!(
            self,
            Self::Heard(_) | Self::Understood(_) | Self::SensitiveWordMatched(_)
        )
    }

    /// Returns true if the event's members say nothing about a person, a line, a time or this installation,
    /// so that they may be published unchanged. Every member is named here, so that a new one has to be
    /// judged.
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
            // An order's reason is free text by a user; a seller is an institution by name.
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
    /// Returns true: no member identifies a person. Every member is named here, so that a new one has to be
    /// judged.
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
