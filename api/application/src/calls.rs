//! The API's form of one call (`CallResponse`), and the reading of a call's own events.

use crate::as_of::{CallAtInstant, CorrectionResponse, PastMomentInfo};
use crate::logged_recording::LoggedRecording;
use crate::value_masking::masked;
use domain::call::FourState;
use domain::call::event::EndReason;
use domain::call::{Call, CallState, Finding, LegState};
use domain::calling_plan::FlowRef;
use domain::decider::Decider;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CampaignId, CustomerId};
use domain::phone_number::mask_e164;
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::stored_event::StoredEvent;
use domain::time::Timestamp;
use domain::transfer_reason::TransferReason;
use schemars::JsonSchema;
use serde::Serialize;

/// How a call ended: disposition and outcome, each with its Chinese and English label.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingResponse {
    disposition: Disposition,
    disposition_zh: &'static str,
    disposition_en: &'static str,
    outcome: Option<Outcome>,
    outcome_zh: Option<&'static str>,
    outcome_en: Option<&'static str>,
}

/// Returns a finding with the labels of its disposition and outcome.
pub(crate) fn describe_finding(finding: Finding) -> FindingResponse {
    FindingResponse {
        disposition: finding.disposition,
        disposition_zh: finding.disposition.label_zh(),
        disposition_en: finding.disposition.label_en(),
        outcome: finding.outcome,
        outcome_zh: finding.outcome.map(Outcome::label_zh),
        outcome_en: finding.outcome.map(Outcome::label_en),
    }
}

/// Returns all stored events of one call, in order. There is no limit: a truncated history would look
/// complete.
pub async fn stream_of(store: &dyn EventStore, call: CallId) -> Result<Vec<StoredEvent>, Problem> {
    let stream = Call::stream(&call);
    Ok(store.read_whole_stream(&stream).await?)
}

/// One call with its legs, its place in the flow and its end.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallResponse {
    pub id: CallId,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    /// Number of this attempt within the enrolment, from 1.
    pub attempt: Option<u32>,
    /// The number dialed, masked. Null if the customer's key is not available, and in the reply to a
    /// command.
    pub callee: Option<String>,
    pub state: FourState,
    pub flow: Option<FlowRef>,
    /// The flow node at which the call is, or at which it ended.
    #[schemars(example = &"greeting")]
    pub node: Option<String>,
    pub answered_at: Option<Timestamp>,
    pub transfer_requested: bool,
    /// Why the call was transferred. Null if it was not, or if it was stored before reasons were recorded.
    pub transfer_reason: Option<TransferReason>,
    pub legs: Vec<LegResponse>,
    pub ended: Option<CallEndResponse>,
    /// Digest of the recording and, if its retention period is over, its disposal. Absent if the call was
    /// not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<LoggedRecording>,
    /// Corrections of the finding after the end of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections: Option<Vec<CorrectionResponse>>,
    /// For a question about the past: the log position and time up to which this reply was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<PastMomentInfo>,
    /// For a question about the past: what was true at the requested instant, by what is known today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_then: Option<CallAtInstant>,
}

/// One leg of a call: its trunk, SIP call id, caller number and how far it came.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "a reply's members, not states")]
pub struct LegResponse {
    leg: u8,
    trunk: String,
    #[schemars(example = &"6b2f1f0e-1@ledgerline")]
    sip_call_id: String,
    caller: Option<String>,
    dialing_at: Timestamp,
    rang: bool,
    answered: bool,
    /// True if the callee's side answered after the leg had been given up.
    late_answered: bool,
    sip_code: Option<u16>,
    q850: Option<u16>,
}

/// The end of a call: its current finding, time, talk time and reason.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallEndResponse {
    #[serde(flatten)]
    finding: FindingResponse,
    at: Timestamp,
    talk_ms: u64,
    reason: EndReason,
    /// The finding recorded when the call ended, if a later correction differs from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<FindingResponse>,
}

/// Returns a call for the API from its state, without the callee's number. The caller of this function adds
/// the number with `masked_callee_of` after it has logged the read.
pub fn describe(call: CallId, state: &CallState) -> CallResponse {
    let ended = state.ended().zip(state.finding()).map(|(ended, found)| {
        let recorded = Finding {
            disposition: ended.disposition,
            outcome: ended.outcome,
        };
        CallEndResponse {
            finding: describe_finding(found),
            at: ended.at,
            talk_ms: ended.talk_ms,
            reason: ended.reason,
            recorded: (found != recorded).then(|| describe_finding(recorded)),
        }
    });
    CallResponse {
        id: call,
        campaign: state.campaign().cloned(),
        customer: state.customer().cloned(),
        attempt: state.permitted().map(|permitted| permitted.attempt),
        callee: None,
        state: state.four_state(),
        flow: state.flow().cloned(),
        node: state.node().map(str::to_owned),
        answered_at: state.answered_at(),
        transfer_requested: state.transfer_requested(),
        transfer_reason: state.transfer_reason(),
        legs: state.legs().iter().map(describe_leg).collect(),
        ended,
        recording: None,
        corrections: None,
        known: None,
        true_then: None,
    }
}

/// Returns the masked number of a call's callee; `None` if the customer's key is not available. Call it
/// only for a read that is logged.
pub fn masked_callee_of(state: &CallState) -> Option<String> {
    masked(state.callee(), mask_e164)
}

fn describe_leg(leg: &LegState) -> LegResponse {
    let failure = leg.failure.as_ref();
    LegResponse {
        leg: leg.leg,
        trunk: leg.trunk.clone(),
        sip_call_id: leg.sip_call_id.clone(),
        caller: leg.caller.clone(),
        dialing_at: leg.dialing_at,
        rang: leg.rang,
        answered: leg.answered.is_some(),
        late_answered: leg.late_answered.is_some(),
        sip_code: failure.and_then(|failure| failure.sip_code),
        q850: failure.and_then(|failure| failure.q850),
    }
}
