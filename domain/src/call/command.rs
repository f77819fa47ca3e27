//! Requests to one call: its permit, its legs, the conversation and its end. A request may be refused.

use super::correction::Correction;
use super::end_cause::EndCause;
use super::event::{CallEvent, EndReason, Notice};
use super::state::CallState;
use super::transcript_disposal::Disposal;
use super::turn_fact::TurnFact;
use crate::caller_number::CallerNumber;
use crate::calling_plan::{FlowRef, Preset};
use crate::compliance::{CustomerGrant, NumberGrant};
use crate::personal::Personal;
use crate::ports::line::{AnsweredDialog, LegFailure};
use crate::ports::recording::RecordingFacts;
use crate::time::Timestamp;
use values::disposition::{Disposition, Outcome};
use values::ids::{CallId, UserId};
use values::transfer_reason::TransferReason;

#[derive(Debug, Clone, PartialEq, Eq, derive::CommandName)]
#[command(aggregate = "call")]
pub enum CallCommand {
    /// Begins the stream with the grants of customer and number. `callee` is E.164.
    Permit {
        call: CallId,
        attempt: u32,
        callee: String,
        customer_grant: Box<CustomerGrant>,
        number_grant: Box<NumberGrant>,
        flow: FlowRef,
    },
    /// Records that leg `leg` is about to be dialed. Leg 1 is refused after the grants' `valid_until`. A
    /// further leg is refused unless the leg before failed definitely, the time for further legs is not over
    /// and the call was not withdrawn.
    Dial {
        leg: u8,
        trunk: String,
        sip_call_id: String,
        local: String,
        caller: Option<CallerNumber>,
        hold_off_ms: u64,
    },
    NoteRinging {
        leg: u8,
        sip_code: u16,
        early_media: bool,
    },
    FailLeg {
        leg: u8,
        failure: LegFailure,
    },
    Answer {
        leg: u8,
        dialog: AnsweredDialog,
    },
    NoteNoticePlayed {
        leg: u8,
        notice: Notice,
        /// Length of the recording, in milliseconds, when the notice's last frame had been sent.
        recorded_ms: Option<u64>,
    },
    EnterNode {
        node: String,
    },
    NoteKeypress {
        leg: u8,
        node: String,
        digit: char,
    },
    /// Records one fact of a turn of a spoken conversation.
    NoteTurn(TurnFact),
    RequestTransfer {
        node: String,
        reason: Option<TransferReason>,
    },
    /// Records the agent who took the call. Repeated for the same agent it makes no event; for another agent
    /// it is refused.
    ConnectAgent {
        leg: u8,
        agent: UserId,
    },
    RequestCancel {
        leg: u8,
        reason: EndReason,
    },
    RequestHangup {
        leg: u8,
        reason: EndReason,
    },
    /// Orders the end of this call on request of a user or program. With `hang_up` an answered call ends too.
    /// No event if the same or a stronger order exists.
    OrderEnd {
        hang_up: bool,
        reason: String,
    },
    /// Ends a permitted call that was never dialed, with the disposition `withdrawn`. Refused once
    /// `call.dialing` exists.
    Withdraw {
        reason: EndReason,
    },
    /// Ends the call. The decider derives the disposition from the call's own events (`call::progress`).
    End(CallEnding),
    NoteLateAnswer {
        leg: u8,
        dialog: AnsweredDialog,
    },
    /// Corrects the recorded disposition or outcome of an ended call. Refused before `call.ended`.
    Correct(Correction),
    /// Records that the call's recording was destroyed because its retention period was over.
    DisposeRecording {
        disposal: u64,
        preset: Preset,
        days: u32,
    },
    /// Records that the key of the call's transcript was destroyed because its retention period was over.
    DisposeTranscript(Disposal),
}

impl CallCommand {
    /// Rebuilds the command that led to a stored event, given the state before it. Used to decide a recorded
    /// call again.
    pub fn behind(event: &CallEvent, state: &CallState) -> Self {
        match event.clone() {
            CallEvent::Permitted {
                attempt,
                callee,
                customer_grant,
                number_grant,
                flow,
            } => Self::Permit {
                call: customer_grant.call,
                attempt,
                callee: callee.value().cloned().unwrap_or_default(),
                customer_grant,
                number_grant,
                flow,
            },
            CallEvent::Corrected { .. } => Self::corrected(event),
            CallEvent::Ringing {
                leg,
                sip_code,
                early_media,
            } => Self::rang(leg, sip_code, early_media),
            CallEvent::LegFailed { leg, failure } => Self::FailLeg { leg, failure },
            // Both events follow from the same command; the decider says if the answer came too late.
            CallEvent::Answered { leg, dialog, .. } | CallEvent::LateAnswered { leg, dialog } => {
                Self::Answer { leg, dialog }
            }
            CallEvent::NoticePlayed {
                leg,
                notice,
                recorded_ms,
            } => Self::notice_played(leg, notice, recorded_ms),
            CallEvent::NodeEntered { node } => Self::EnterNode { node },
            CallEvent::Keypressed { leg, node, digit } => Self::pressed(leg, node, &digit),
            CallEvent::Heard(fact) => Self::NoteTurn(TurnFact::Heard(fact)),
            CallEvent::Understood(fact) => Self::NoteTurn(TurnFact::Understood(fact)),
            CallEvent::Decided(fact) => Self::NoteTurn(TurnFact::Decided(fact)),
            CallEvent::Said(fact) => Self::NoteTurn(TurnFact::Said(fact)),
            CallEvent::BargedIn(fact) => Self::NoteTurn(TurnFact::BargedIn(fact)),
            CallEvent::SilenceTimedOut(fact) => Self::NoteTurn(TurnFact::SilenceTimedOut(fact)),
            CallEvent::SensitiveWordMatched(fact) => Self::NoteTurn(TurnFact::SensitiveWordMatched(fact)),
            CallEvent::EngineFailed(fact) => Self::NoteTurn(TurnFact::EngineFailed(fact)),
            CallEvent::AssistantAsked(fact) => Self::NoteTurn(TurnFact::AssistantAsked(fact)),
            CallEvent::AssistantAnswered(fact) => Self::NoteTurn(TurnFact::AssistantAnswered(fact)),
            CallEvent::OfferChosen(fact) => Self::NoteTurn(TurnFact::OfferChosen(fact)),
            CallEvent::ModelChosen(fact) => Self::NoteTurn(TurnFact::ModelChosen(fact)),
            CallEvent::SellerMessagePlayed(fact) => Self::NoteTurn(TurnFact::SellerMessagePlayed(fact)),
            CallEvent::TransferRequested { node, reason } => Self::RequestTransfer { node, reason },
            CallEvent::AgentConnected { leg, agent } => Self::ConnectAgent { leg, agent },
            CallEvent::CancelRequested { leg, reason } => Self::RequestCancel { leg, reason },
            CallEvent::HangupRequested { leg, reason } => Self::RequestHangup { leg, reason },
            CallEvent::EndOrdered { hang_up, reason } => Self::OrderEnd { hang_up, reason },
            CallEvent::Ended { q850, .. } => Self::End(CallEnding::behind(event, state, q850)),
            CallEvent::Dialing { .. } => Self::dialed(event),
            CallEvent::RecordingDisposed {
                disposal,
                preset,
                days,
            } => Self::dispose_recording(disposal, preset, days),
            CallEvent::TranscriptDisposed {
                disposal,
                preset,
                days,
            } => Self::DisposeTranscript(Disposal {
                disposal,
                preset,
                days,
            }),
        }
    }

    /// Returns the `Dial` command of a `call.dialing`. For any other event it returns a `Withdraw`, which the
    /// decider refuses for a dialed call.
    fn dialed(event: &CallEvent) -> Self {
        let CallEvent::Dialing {
            leg,
            trunk,
            sip_call_id,
            local,
            caller,
            hold_off_ms,
        } = event.clone()
        else {
            return Self::Withdraw {
                reason: EndReason::Fault,
            };
        };
        Self::Dial {
            leg,
            trunk,
            sip_call_id,
            local,
            caller: caller.map(CallerNumber::without_end),
            hold_off_ms,
        }
    }

    /// Returns the `Correct` command of a `call.corrected`. For any other event it returns a `Withdraw`,
    /// which the decider refuses for a dialed call.
    fn corrected(event: &CallEvent) -> Self {
        let CallEvent::Corrected {
            corrects,
            before,
            after,
            reason,
            by,
        } = event.clone()
        else {
            return Self::Withdraw {
                reason: EndReason::Fault,
            };
        };
        Self::Correct(Correction {
            corrects,
            before,
            after,
            reason,
            by,
        })
    }

    const fn rang(leg: u8, sip_code: u16, early_media: bool) -> Self {
        Self::NoteRinging {
            leg,
            sip_code,
            early_media,
        }
    }

    const fn dispose_recording(disposal: u64, preset: Preset, days: u32) -> Self {
        Self::DisposeRecording {
            disposal,
            preset,
            days,
        }
    }

    const fn notice_played(leg: u8, notice: Notice, recorded_ms: Option<u64>) -> Self {
        Self::NoteNoticePlayed {
            leg,
            notice,
            recorded_ms,
        }
    }

    /// Returns the `NoteKeypress` command of a `call.keypressed`. An unreadable digit becomes `?`, which the
    /// decider refuses.
    fn pressed(leg: u8, node: String, digit: &Personal<String>) -> Self {
        let digit = digit.value().and_then(|digit| digit.chars().next());
        Self::NoteKeypress {
            leg,
            node,
            digit: digit.unwrap_or('?'),
        }
    }
}

/// What the caller of `CallCommand::End` knows about the end of a call, beyond the call's own events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallEnding {
    pub reason: Option<EndReason>,
    /// The outcome of the conversation; `None` if there was none.
    pub outcome: Option<Outcome>,
    /// False if no RTP packet came from the callee (false answer supervision).
    pub heard_rtp: bool,
    pub reason_header: Option<String>,
    pub q850: Option<u16>,
    pub recording: Option<RecordingFacts>,
    /// Time at which the line received or sent the BYE. Talk time ends here, not when the recording has been
    /// hashed.
    pub hung_up_at: Option<Timestamp>,
    /// The technical cause of the end, if neither the callee nor the carrier ended the call.
    pub cause: Option<EndCause>,
}

impl CallEnding {
    /// Rebuilds the ending from a stored `call.ended` and the state before it; the default for any other
    /// event. `heard_rtp` is not stored: it is false exactly if the disposition is `AnsweredShort`.
    pub fn behind(event: &CallEvent, state: &CallState, q850: Option<u16>) -> Self {
        let CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            reason,
            reason_header,
            recording_sha256,
            recording_bytes,
            cause,
            recording_ms,
            callee_audio_from_ms,
            ..
        } = event
        else {
            return Self::default();
        };
        let recording = recording_sha256.clone().zip(*recording_bytes);
        Self {
            reason: Some(*reason),
            outcome: *outcome,
            heard_rtp: *disposition != Disposition::AnsweredShort,
            reason_header: reason_header.clone(),
            q850,
            recording: recording.map(|(sha256, bytes)| RecordingFacts {
                sha256,
                bytes,
                duration_ms: recording_ms.unwrap_or(0),
                callee_audio_from_ms: *callee_audio_from_ms,
            }),
            hung_up_at: state
                .answered_at()
                .map(|answered_at| answered_at.plus_ms(*talk_ms)),
            cause: *cause,
        }
    }
}
