//! Calls, whoever asks: what is shown of one, and its own events.

use crate::as_of::{CorrectionShown, Known, TrueThen};
use crate::logged_recording::Logged;
use crate::masked::masked;
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

/// How a call ended, with its labels.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingShown {
    disposition: Disposition,
    disposition_zh: &'static str,
    disposition_en: &'static str,
    outcome: Option<Outcome>,
    outcome_zh: Option<&'static str>,
    outcome_en: Option<&'static str>,
}

/// A finding with its labels.
pub(crate) fn describe_finding(finding: Finding) -> FindingShown {
    FindingShown {
        disposition: finding.disposition,
        disposition_zh: finding.disposition.label_zh(),
        disposition_en: finding.disposition.label_en(),
        outcome: finding.outcome,
        outcome_zh: finding.outcome.map(Outcome::label_zh),
        outcome_en: finding.outcome.map(Outcome::label_en),
    }
}

/// The stored events of one call: all of them, since a history that is cut passes for a whole one.
pub async fn stream_of(store: &dyn EventStore, call: CallId) -> Result<Vec<StoredEvent>, Problem> {
    let stream = Call::stream(&call);
    Ok(store.read_whole_stream(&stream).await?)
}

/// A call as shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallShown {
    pub id: CallId,
    pub campaign: Option<CampaignId>,
    pub customer: Option<CustomerId>,
    /// Of the enrolment, from 1.
    pub attempt: Option<u32>,
    /// The number dialed, masked; null where its key is not at hand, and in the answer to a command.
    pub callee: Option<String>,
    pub state: FourState,
    pub flow: Option<FlowRef>,
    /// Where in the flow it is, or ended.
    #[schemars(example = &"greeting")]
    pub node: Option<String>,
    pub answered_at: Option<Timestamp>,
    pub transfer_requested: bool,
    /// Why it was handed over; null where it was not, or the call was stored before reasons were.
    pub transfer_reason: Option<TransferReason>,
    pub legs: Vec<LegShown>,
    pub ended: Option<EndShown>,
    /// Of a call that was recorded: the digest of the recording, and whether its time is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recording: Option<Logged>,
    /// What was corrected after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections: Option<Vec<CorrectionShown>>,
    /// Of the past: where the answer lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// What was true at the instant asked for, by what is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_then: Option<TrueThen>,
}

/// One leg of a call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "a reply's members, not states")]
pub struct LegShown {
    leg: u8,
    trunk: String,
    #[schemars(example = &"6b2f1f0e-1@ledgerline")]
    sip_call_id: String,
    caller: Option<String>,
    dialing_at: Timestamp,
    rang: bool,
    answered: bool,
    /// Answered after it was given up.
    late_answered: bool,
    sip_code: Option<u16>,
    q850: Option<u16>,
}

/// The end of a call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EndShown {
    #[serde(flatten)]
    finding: FindingShown,
    at: Timestamp,
    talk_ms: u64,
    reason: EndReason,
    /// What was recorded first, where a correction says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<FindingShown>,
}

/// A call as shown, without the number: who puts the read on record first shows it (`masked_callee_of`).
pub fn describe(call: CallId, state: &CallState) -> CallShown {
    let ended = state.ended().zip(state.finding()).map(|(ended, found)| {
        let recorded = Finding {
            disposition: ended.disposition,
            outcome: ended.outcome,
        };
        EndShown {
            finding: describe_finding(found),
            at: ended.at,
            talk_ms: ended.talk_ms,
            reason: ended.reason,
            recorded: (found != recorded).then(|| describe_finding(recorded)),
        }
    });
    CallShown {
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

/// The number of a call, masked; nothing where its key is not at hand. Only for a read that is on record.
pub fn masked_callee_of(state: &CallState) -> Option<String> {
    masked(state.callee(), mask_e164)
}

fn describe_leg(leg: &LegState) -> LegShown {
    let failure = leg.failure.as_ref();
    LegShown {
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
